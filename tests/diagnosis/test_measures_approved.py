"""What each measure says of curves of each kind, as approved: bounds between them are seen in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import (
    bets,
    chance,
    coincidence,
    dials,
    early,
    flat,
    offset,
    outlook,
    rates,
    risen,
    sawtooth,
    settled,
    short,
)
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.view import View
from tests import approved
from tests.diagnosis.test_bounds_table import view_of

pytestmark = pytest.mark.snapshot

N = 480


def noise(n: int, seed: int = 1) -> np.ndarray:
    """Uniform in [-1, 1], the same on each machine."""
    state, out = seed * 7919 + 12345, []
    for _ in range(n):
        state = (state * 1103515245 + 12345) % (1 << 31)
        out.append(state / (1 << 30) - 1.0)
    return np.array(out)


def remembered(n: int, share: float) -> np.ndarray:
    """Noise in which each value keeps a share of the one before."""
    out = noise(n, 3)
    for i in range(1, n):
        out[i] = share * out[i - 1] + (1 - share) * out[i]
    return out


T = np.arange(1, N + 1) / N
FALL = np.round(0.5 + 2 / (1 + 20 * T), 6)
KINDS: dict[str, np.ndarray] = {
    "falls": FALL,
    "falls in noise": FALL + 0.1 * noise(N),
    "falls, remembered noise": FALL + 0.2 * remembered(N, 0.9),
    "stays at guessing": np.full(N, 2.3026) + 0.01 * noise(N),
    "constant": np.full(N, 0.25),
    "rises": 0.5 + T + 0.05 * noise(N),
    "turns": np.where(T < 0.5, 2 - 3 * T, 3 * T - 1) + 0.02 * noise(N),
    "jumps": np.where(T < 0.6, FALL, FALL + 1.5) + 0.02 * noise(N),
    "spikes": FALL + np.where(np.arange(N) % 90 == 70, 5.0, 0.0),
    "swings": 1 + 0.5 * np.where(np.arange(N) // 8 % 2, 1.0, -1.0) + 0.05 * noise(N),
    "teeth": 1.5 - 0.5 * T - 0.4 * (np.arange(N) % 60) / 60 + 0.02 * noise(N),
    "two decimals": np.round(FALL + 0.05 * noise(N), 2),
    "through 0": 1 - 2 * T + 0.05 * noise(N),
    "up by decades": 10.0 ** np.round(4 * T, 3),
    "of few rows": FALL[::40],
    "of few that rise": FALL[::40][::-1],
    "of few that leap": np.array([2.0, 1.9, 9.0, 1.8, 14.0, 1.7, 1.65]),
    "not a number": np.where(np.arange(N) % 50 == 49, math.nan, FALL),
}


def told(value: Any) -> str:
    """A value as a person can compare it."""
    if isinstance(value, bool | np.bool_ | str | int | None):
        return str(value)
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}"
    if isinstance(value, np.ndarray):
        part = value if len(value) <= 6 else value[:: max(1, len(value) // 5)]
        return f"{len(value)}[{' '.join(map(told, part.tolist()))}]"
    if is_dataclass(value):
        parts = (f"{one.name}={told(getattr(value, one.name))}" for one in fields(value))
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Iterator | list | tuple):
        return f"({', '.join(map(told, value))})"
    return str(value)


def bank(values: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Each measure of bare values."""
    x = values[np.isfinite(values)]
    step = np.arange(1.0, len(x) + 1)
    return {
        "median, mean": lambda: (st.median(x), st.mean(x)),
        "quantiles": lambda: st.quantiles(x, (0.05, 0.5, 0.95)),
        "mad, noise, of a curve": lambda: (st.mad(x), st.noise(x), st.curve_noise(x)),
        "memory": lambda: st.memory(x - st.mean(x)),
        "blocks": lambda: st.blocks(x, 5),
        "detrended": lambda: st.detrend(x, 8),
        "median of three": lambda: st.median3(x),
        "end, low": lambda: (st.end_level(x), st.low_level(x)),
        "trend": lambda: (st.mann_kendall(x[-60:]), st.theil_sen(x[-60:]), st.line(x)),
        "von Neumann": lambda: (st.von_neumann(x), st.rank_von_neumann(x), st.variance_of(x)),
        "crossings": lambda: st.crossings(x, st.median(x)),
        "power law": lambda: st.power_law(step, x, 1.5),
        "noise of bets": lambda: bets.Noise.of(x),
        "quantile of bets": lambda: bets.quantile(x, 0.3),
    }


def of_view(view: View) -> dict[str, Callable[[], Any]]:
    """Each measure of a run."""
    train = view.train
    onset = int(train.step[len(train.step) // 2]) if train is not None else 0
    loss = [] if train is None else train.value
    return {
        "chance": lambda: chance.chance_of(view),
        "fell back": lambda: chance.fell_back(view, onset),
        "hidden offset": lambda: (offset.hidden(view), offset.note(view)),
        "outlook": lambda: None if train is None else outlook.outlook(train),
        "left": lambda: settled.left(view),
        "teeth": lambda: sawtooth.of(view),
        "few": lambda: (short.few(view), short.shape(view), short.blown(view), short.swings(view)),
        "few fall": lambda: (short.falls(view), short.falls_each(view), short.swings_evenly(view)),
        "risen by decades": lambda: risen.by_decades(view),
        "early": lambda: early.reasons(view),
        "leaps": lambda: early.leaps(np.asarray(loss)),
        "few trained": lambda: flat.few_trained(view),
        "saturated": lambda: (flat.saturated(view), flat.at_smallest(view)),
        "dial": lambda: dials.moved(view),
        "rate": lambda: (rates.rate_is_constant(view), rates.rise_of_rate(view, onset)),
        "of the rate": lambda: [
            *rates.rate_rose(view, onset), *rates.rate_stayed(view, onset),
            *rates.rate_fell(view, onset), *rates.rate_still_rising(view, onset),
        ],
        "at once": lambda: coincidence.at_onset(view, onset),
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_measured_is_as_approved(kind: str) -> None:
    values = KINDS[kind]
    lines = []
    with np.errstate(all="ignore"):
        for name, measure in bank(values).items():
            lines += [f"{name}: {_asked(measure)}"]
        rate = np.where(np.arange(len(values)) < len(values) // 2, 1e-3, 3e-3)
        norms = 1 + 0.1 * noise(len(values), 5) + np.where(rate > 2e-3, 4.0, 0.0)
        for more in ({}, {"lr": rate, "grad_norm": norms, "eval_loss": values[::4] + 0.2}):
            columns = {"loss": values, **more}
            view = view_of(**columns)
            lines += [f"- {' '.join(columns)}"]
            lines += [f"{name}: {_asked(one)}" for name, one in of_view(view).items()]
    approved.hold("measures", kind, "\n".join(lines))


def _asked(measure: Callable[[], Any]) -> str:
    try:
        return told(measure())
    except (AssertionError, IndexError, ValueError) as error:  # not asked of such curves
        return f"not asked: {type(error).__name__}"
