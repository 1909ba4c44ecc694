"""Generated curves of every single-curve pattern, outside the grey zones of its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.benchmarks.diagnosis import shapes
from tests.benchmarks.diagnosis.case import Case
from tests.benchmarks.diagnosis.shapes import Array, Dice


def share(trend: Array, q: float) -> float:
    """The part of the drop made after fraction q, of a curve without noise."""
    tail = max(1, len(trend) // 20)
    end = float(np.median(trend[-tail:]))
    return (trend[int(q * len(trend))] - end) / (trend[0] - end)


def _fall(n: int, dice: Dice, low: float, high: float) -> tuple[Array, str]:
    """A fall from 1 to an end level between low and high."""
    name = str(dice.choice(list(shapes.FALLS)))
    f = shapes.FALLS[name](np.arange(n) / n, dice)
    end = dice.uniform(low, high)
    return end + (1 - end) * f, name


def healthy(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    trend, name = _fall(n, dice, 0.03, 0.75)
    ok = share(trend, 0.8) <= 0.05 and share(trend, 0.4) >= 0.06
    return (trend, name, None) if ok else None


def not_converged(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    u = np.arange(n) / n
    kind = str(dice.choice(["line", "slow", "power", "late"]))
    depth = dice.uniform(0.2, 0.9)
    f = {
        "line": 1 - u,
        "slow": np.exp(-dice.uniform(0.5, 2) * u),
        "power": (1 + 20 * u) ** -dice.uniform(0.2, 0.5),
        "late": 1 - u ** dice.uniform(1.2, 2.5),
    }[kind]
    trend = 1 - depth * (1 - (f - f[-1]) / (f[0] - f[-1]))
    return (trend, kind, None) if share(trend, 0.8) >= 0.10 else None


def not_decreasing(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    u = np.arange(n) / n
    kind = str(dice.choice(["flat", "drift", "blip"]))
    drop = {"flat": 0.0, "drift": dice.uniform(-0.01, 0.015), "blip": 0.0}[kind]
    trend = 1 - drop * u
    if kind == "blip":  # the first steps of a fresh network: a moment of settling
        trend = trend + dice.uniform(0.005, 0.012) * np.exp(-60 * u)
    return trend, kind, None


def plateau(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    u = np.arange(n) / n
    end = dice.uniform(0.42, 0.85)
    kind = str(dice.choice(["abrupt", "early", "creeping"]))
    at = dice.uniform(0.02, 0.06) if kind == "abrupt" else dice.uniform(0.05, 0.09)
    trend = end + (1 - end) * np.exp(-u / at)
    if kind == "creeping":
        trend = trend - 0.012 * end * u
    ok = share(trend, 0.4) <= 0.03
    return (trend, kind, None) if ok else None


def rebound(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    trend, _ = _fall(n, dice, 0.03, 0.6)
    onset = int(n * dice.uniform(0.3, 0.85))
    low = float(np.min(trend[:onset]))
    lost = dice.uniform(0.4, 1.1) * (trend[0] - low)
    if lost < 0.2 * low or trend[0] - low < 0.25:
        return None
    after = np.arange(n - onset)
    width = max(1.0, n * dice.uniform(0, 0.03))
    kind = str(dice.choice(["stays", "sinks", "climbs"]))
    course = {
        "stays": 1.0 + 0 * after,
        "sinks": 1 - 0.3 * after / max(1, n - onset),
        "climbs": 0.6 + 0.4 * np.minimum(1, after / (0.3 * (n - onset) + 1)),
    }[kind]
    trend = trend.copy()
    trend[onset:] = low + lost * course * (1 - np.exp(-(after + 1) / width))
    return trend, kind, onset


def diverged(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    trend, _ = _fall(n, dice, 0.05, 0.7)
    onset = int(n * dice.uniform(0.15, 0.95))
    kind = str(dice.choice(["nan", "inf", "grows", "jumps"]))
    after = np.arange(n - onset)
    trend = trend.copy()
    if kind in ("nan", "inf"):
        trend[onset:] = np.nan if kind == "nan" else np.inf
    elif kind == "grows":
        if len(after) < 12:
            return None
        rate = dice.uniform(0.05, 0.5)
        trend[onset:] *= np.minimum(np.exp(rate * after), 1e6)
        if np.mean(trend > 4) * n < max(6, 0.06 * n):
            return None
    else:
        if len(after) < max(8, 0.06 * n):
            return None
        trend[onset:] = dice.uniform(4, 100)
    return trend, kind, onset


def oscillating(n: int, dice: Dice) -> tuple[Array, str, int | None] | None:
    u = np.arange(n) / n
    kind = str(dice.choice(["waves", "wander", "alternating", "bursts", "after_fall"]))
    amplitude = dice.uniform(0.3, 0.7)
    beat = 1 + 0.5 * np.sin(2 * np.pi * u * dice.uniform(2, 5))
    periods = dice.uniform(8, max(9.0, min(60.0, n / 8)))
    wave = np.sin(2 * np.pi * u * periods + dice.uniform(0, 6)) * beat
    if kind == "wander":
        wave = shapes.coloured(n, dice, dice.uniform(0.6, 0.9)) * 0.8
    elif kind == "alternating":
        wave = (-1.0) ** np.arange(n) * beat
    elif kind == "bursts":
        wave = np.abs(shapes.coloured(n, dice, 0.7)) ** 1.5
    head = 1 + (dice.uniform(0.2, 0.5) * np.exp(-30 * u) if kind == "after_fall" else 0)
    return np.maximum(head + amplitude * wave, 0.03 * (1 + 0.2 * np.cos(u * 50))), kind, None


MAKERS: dict[str, Callable[[int, Dice], tuple[Array, str, int | None] | None]] = {
    f.__name__: f
    for f in (healthy, not_converged, not_decreasing, plateau, rebound, diverged, oscillating)
}
# Kinds that are held back from tuning, beside other seeds.
HELD = {"two_phases", "cosine", "late", "blip", "creeping", "sinks", "jumps", "bursts", "inf"}


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` curves of each pattern."""
    dice = np.random.default_rng(seed)
    for label, make in MAKERS.items():
        made = 0
        while made < count:
            n = shapes.size(dice)
            found = make(n, dice)
            if found is None:
                continue
            trend, kind, onset = found
            yield _case(label, kind, trend, onset, dice)
            made += 1


def _case(label: str, kind: str, trend: Array, onset: int | None, dice: Dice) -> Case:
    n = len(trend)
    steps, total = shapes.places(n, dice)
    noise = str(dice.choice(list(shapes.NOISES)))
    finite = trend[np.isfinite(trend)]
    sigma = shapes.relative_noise(
        dice, high=0.03 if label in ("plateau", "not_decreasing") else 0.12
    )
    if label not in ("not_decreasing", "oscillating"):  # what is looked for must show
        sigma = min(sigma, 0.12 * float(np.ptp(finite[: max(8, int(0.95 * len(finite)))])))
    level = np.abs(trend) ** dice.uniform(0.3, 1.0)  # noise falls with the level, more or less
    with np.errstate(invalid="ignore"):
        values = trend + sigma * level * shapes.NOISES[noise](n, dice)
    values = np.where(np.isfinite(trend), np.maximum(values, 0.02 * np.abs(trend)), trend)
    return Case(
        "generated",
        kind,
        (steps, shapes.scale(dice) * values),
        total=total,
        label=label,
        onset=None if onset is None else int(steps[onset]),
        name=f"{label}/{kind}/{noise}/{n}",
    )
