"""From where on each pattern holds, as approved: its logs cut at any row, stretched and scaled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from lossmon.diagnosis.finding import PATTERN_IDS, Finding
from lossmon.diagnosis.look import Looker
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.diagnosis.view import View
from lossmon.formats.names import choose, role
from lossmon.history.run import History
from tests import approved
from tests.diagnosis.curves import CURVES, evaluations
from tests.diagnosis.test_of_kinds import FALL, FLAT, NOISE, NOT_SAID, SAID, N, Prepare, T, every
from tests.diagnosis.test_signatures import TABLE

pytestmark = pytest.mark.snapshot
Columns = Mapping[str, np.ndarray]
# Few and many rows, and those around the bounds that there are.
CUTS = (
    2,
    3,
    4,
    5,
    6,
    8,
    10,
    11,
    12,
    16,
    19,
    20,
    21,
    25,
    30,
    31,
    39,
    40,
    50,
    60,
    80,
    99,
    100,
    120,
    150,
    180,
)
FACTORS = (0.0, 0.1, 0.8, 1.2, 10.0, -1.0)
PAIRS = {
    name: evaluations(name, 20)
    for name in (
        "overfitting",
        "underfitting",
        "train_high_eval_low",
        "eval_faster",
        "healthy_pair",
    )
}


def of_pair(name: str) -> Columns:
    train, evals = PAIRS[name]
    there = np.full(len(train), np.nan)
    there[len(train) // len(evals) - 1 :: len(train) // len(evals)] = evals
    return {"loss": train[::3], "eval_loss": there[2::3]}


LOGS: dict[str, tuple[Columns, Prepare | None]] = {
    **{name: (columns, None) for name, (columns, prepare) in SAID.items() if prepare is None},
    **{f"no {name}": (columns, None) for name, (columns, one) in NOT_SAID.items() if one is None},
    **{name: ({"loss": np.asarray(make(N))}, None) for name, make in CURVES.items()},
    **{name: (of_pair(name), None) for name in PAIRS},
    **{name: ({of: np.array(told, float) for of, told in one[0].items() if of != "epoch"}, None) for name, one in TABLE.items()},
    "a code that holds nothing": ({"loss": 80 + 40 * FALL, "kl_loss": 3 * np.exp(-12 * T) + 1e-4, "recon_loss": 80 + 30 * FALL}, None),
    "a discriminator that is sure": ({"D Loss": np.exp(-5 * T), "G Loss": 1 + 4 * T, "D(HR)": np.minimum(0.99, 0.5 + T), "D(SR)": np.maximum(0.01, 0.5 - T)}, None),
    "groups that are equal": ({"loss": 1e-4 * np.abs(NOISE), "reward": 0.5 + 0.1 * NOISE, "frac_reward_zero_std": np.minimum(1.0, 2 * T), "kl": 0.01 * FLAT}, None),
    "values unlearned": ({"ep_rew_mean": T, "value_loss": 500 + 9 * NOISE, "explained_variance": np.clip(0.02 * NOISE, -1, 1), "approx_kl": 0.01 * FLAT}, None),
    "a rate that ends": ({"loss": FALL, "lr": np.maximum(0.0, 1e-3 * (0.7 - T))}, None),
    "a probability": ({"loss": -0.2 - 0.1 * T + 0.01 * NOISE, "acc": 0.2 + 0.1 * T}, None),
    "rate": ({"loss": FALL + 0.5 * (T > 0.6), "lr": np.where(T > 0.58, 3e-3, 1e-3)}, None),
    "norms": ({"loss": FALL, "grad_norm": np.where(T > 0.6, 0.0, 1 + 0.1 * NOISE)}, None),
    "speed": ({"loss": FALL, "it/s": np.where(T > 0.7, 1.0, 3.0) + 0.05 * NOISE}, None),
    "scores": ({"loss": FALL, "eval_loss": every(10, FALL + 0.3), "eval_acc": every(10, 0.9 * T)}, None),
}  # fmt: skip


def looked_at(columns: Columns) -> View:
    """A run of these metrics; NaN is not logged."""
    history = History(role)
    for name, values in columns.items():
        there = np.flatnonzero(values == values)
        if not len(there):
            continue
        history.extend({name: values[there]}, there + 1)
    return Looker().look(history, choose(history.series), True)


def found(columns: Columns) -> dict[str, Finding]:
    """What holds of a run by the numbers alone, pattern by pattern."""
    return holding(looked_at(columns))


def holding(view: View) -> dict[str, Finding]:
    with np.errstate(all="ignore"):
        asked = ((name, PATTERNS[name].find) for name in PATTERN_IDS)
        held = ((name, find(view)) for name, find in asked if find is not None)
        return {name: one for name, one in held if one is not None}


def without(columns: Columns, name: str) -> dict[str, Columns]:
    """The same log where a metric is not there, or in part."""
    values, n = columns[name], len(columns[name])
    others = {of: told for of, told in columns.items() if of != name}
    first, second, torn = values.copy(), values.copy(), values.copy()
    first[n // 2 :], second[: n // 2], torn[n // 2] = np.nan, np.nan, np.inf
    alone = {"left out": others} if others else {}
    return alone | {
        "first half": {**columns, name: first},
        "second half": {**columns, name: second},
        "infinite once": {**columns, name: torn},
    }


def in_full(view: View) -> Iterator[str]:
    """What holds with its evidence, and what each pattern takes for its causes and figures."""
    for name, one in holding(view).items():
        pattern = PATTERNS[name]  # type: ignore[index]
        yield f"{name}: {one.evidence}"
        with np.errstate(all="ignore"):
            for reason in pattern.causes(one, view) if pattern.causes is not None else ():
                yield f"  {reason.id} {reason.weight:g} {reason.why}"
            figures = pattern.figures(one, view) if pattern.figures is not None else {}
        yield f"  {' '.join(f'{key}={value:.4g}' for key, value in figures.items())}".rstrip()


def in_brief(findings: Mapping[str, Finding]) -> str:
    return " ".join(
        f"{name}@{one.since_step}/{one.confidence:.2g}{one.severity[0]}"
        for name, one in findings.items()
    )


def runs(values: list[tuple[str, str]]) -> str:
    """Answers in their order, each where it is another than the one before."""
    told, before = [], None
    for at, answer in values:
        if answer != before:
            told.append(f"{at}: {answer or '-'}")
        before = answer
    return "\n  ".join(told)


@pytest.mark.parametrize("log", LOGS)
def test_where_each_pattern_begins_and_ends_is_as_approved(log: str) -> None:
    columns, _ = LOGS[log]
    lines = [*in_full(looked_at(columns))]
    most = max(map(len, columns.values()))
    cuts = [(str(n), found({name: v[:n] for name, v in columns.items()})) for n in CUTS if n < most]
    lines += ["rows\n  " + runs([(at, in_brief(one)) for at, one in cuts])]
    for name, values in columns.items():
        by_hand = () if log in TABLE else FACTORS
        scaled = [(f"x{by:g}", found({**columns, name: values * by})) for by in by_hand]
        lines += [f"{name}\n  " + runs([(at, in_brief(one)) for at, one in scaled])]
        partly = {how: found(other) for how, other in without(columns, name).items()}
        lines += [f"  {how}: {in_brief(one)}" for how, one in partly.items()]
    approved.hold("scan", log, "\n".join(lines))
