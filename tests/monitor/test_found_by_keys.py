"""Which logs are compared at all: those that share enough of the keys of their rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.logs.discover import run_directory
from lossmon.monitor import joining as joining_module
from lossmon.monitor.agreement import Curve, compare, may_agree
from lossmon.monitor.curves import Curves, Trace
from lossmon.monitor.joining import Joining
from lossmon.monitor.kinship import UNKNOWN, Kinship
from tests.monitor.test_joining import Written


@pytest.mark.parametrize(("alike", "compared"), [(0, 0), (1, 0), (2, 1), (8, 1)])
def test_one_value_that_happens_to_agree_has_no_two_logs_compared(
    alike: int, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row has a key for its step and one for the next: agreeing in both is agreeing once."""
    pairs: list[tuple[str, str]] = []

    def note(one: Curves, two: Curves, *_: str) -> Kinship:
        pairs.append((one.log.path, two.log.path))
        return UNKNOWN

    monkeypatch.setattr(joining_module, "kinship", note)
    rows = np.arange(20)
    first, second = 1.0 + rows / 100, 2.0 + rows / 100
    second[rows[::3][:alike]] = first[::3][:alike]
    logs = [
        Written(f"sweep/{name}/log.csv", "csv", losses.tolist(), rows.tolist(), at)
        for at, (name, losses) in enumerate((("a", first), ("b", second)))
    ]
    for log in logs:
        log.grow(20)
    Joining[Trace](run_directory).take(*(log.trace for log in logs))
    assert len(pairs) == compared


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(-4, 3),
    st.sampled_from([None, "%.2f", "%.4f", "%.4g", "%.6g"]),
    st.sampled_from([None, "%.3f", "%.4f", "%.5g"]),
)
def test_what_is_not_compared_has_nothing_in_common(
    seed: int, many: int, shared: int, size: int, form: str | None, other: str | None
) -> None:
    """However much two curves share, whatever digits they print and across powers of ten."""
    chance = np.random.default_rng(seed)
    first = 10.0**size * (1 + chance.standard_normal(many) * chance.choice([0.001, 0.1, 2.0]))
    second = 10.0**size * (1 + chance.standard_normal(90) * chance.choice([0.001, 0.1, 2.0]))
    second[: min(shared, many)] = first[: min(shared, many)]
    one, two = (
        Curve(np.arange(len(values)), values if how is None else np.array([*map(float, texts)]))
        for values, how in ((first, form), (second[:shared], other))
        for texts in [[(how or "%r") % value for value in values.tolist()]]
    )
    assert may_agree(one, two) or compare(one, two).agreed == 0
    assert may_agree(one, one)


def test_seeds_of_one_configuration_are_seldom_compared() -> None:
    """Two values at a step agree by chance: each of 400 runs met four others."""
    curves = []
    for seed in range(60):
        noise = np.random.default_rng(seed).standard_normal(20)
        curves.append(Curve(np.arange(20), 0.5 + np.exp(-np.arange(20) / 4) + 0.05 * noise))
    pairs = [(one, two) for at, one in enumerate(curves) for two in curves[:at]]
    assert sum(may_agree(*pair) for pair in pairs) < 0.1 * len(pairs)
