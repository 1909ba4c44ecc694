"""A second generator, by the letter of the definitions, written apart from the first.

Its trends, noises, lengths and cadences are its own; a curve is kept only where its trend without
noise is of its class by the words, and outside the grey zones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.benchmarks.diagnosis.case import Case

Array = np.ndarray
Dice = np.random.Generator
Trend = tuple[Array, str, float | None]  # values from about 1, kind, share of the run at onset


def _share(m: Array, q: float) -> float:
    end = float(np.median(m[-max(1, len(m) // 10) :]))
    return (float(m[int(q * len(m))]) - end) / (float(m[0]) - end)


def _tail(m: Array) -> float:
    end = float(np.median(m[-max(1, len(m) // 10) :]))
    return (float(m[int(0.4 * len(m))]) - end) / end


def _between(f: Array, low: float) -> Array:
    """A falling shape, stretched so that it goes from 1 to `low`."""
    return low + (1 - low) * (f - f[-1]) / (f[0] - f[-1])


def healthy(u: Array, dice: Dice) -> Trend | None:
    kind = int(dice.integers(5))
    f = [
        lambda: np.exp(-u / dice.uniform(0.13, 0.28)),
        lambda: (1 + u / dice.uniform(0.01, 0.2)) ** -dice.uniform(0.5, 2.0),
        lambda: 0.5 * np.exp(-u / 0.03) + 0.5 * np.exp(-u / dice.uniform(0.15, 0.3)),
        lambda: (1 - u) ** dice.uniform(2.2, 4),
        lambda: 1 / (1 + np.exp((u - dice.uniform(0.15, 0.4)) / 0.08)),
    ][kind]()
    m = _between(f, dice.uniform(0.03, 0.75))
    return (m, str(kind), None) if _share(m, 0.8) <= 0.05 and _share(m, 0.4) >= 0.06 else None


def not_converged(u: Array, dice: Dice) -> Trend | None:
    kind = int(dice.integers(5))
    f = [
        lambda: 1 - u,
        lambda: np.exp(-u / dice.uniform(0.5, 3)),
        lambda: (1 + u / dice.uniform(0.02, 0.2)) ** -dice.uniform(0.15, 0.4),
        lambda: -np.log(1 + u * dice.uniform(2, 8)),
        lambda: 1 - np.sqrt(u),
    ][kind]()
    m = _between(f, dice.uniform(0.2, 0.85))
    return (m, str(kind), None) if _share(m, 0.8) >= 0.11 else None


def plateau(u: Array, dice: Dice) -> Trend | None:
    low = dice.uniform(0.4, 0.88)
    kind = int(dice.integers(3))
    f = [
        lambda: np.exp(-u / dice.uniform(0.02, 0.1)),
        lambda: np.maximum(0, 1 - u / dice.uniform(0.05, 0.3)),
        lambda: np.exp(-((u / dice.uniform(0.05, 0.15)) ** 2)),
    ][kind]()
    m = _between(f, low) - dice.uniform(0, 0.01) * low * u
    return (m, str(kind), None) if abs(_share(m, 0.4)) <= 0.02 and _tail(m) <= 0.02 else None


def not_decreasing(u: Array, dice: Dice) -> Trend | None:
    return 1 - dice.uniform(-0.01, 0.018) * u ** dice.uniform(0.5, 2), "", None


def oscillating(u: Array, dice: Dice) -> Trend | None:
    n = len(u)
    swing = dice.uniform(0.45, 1.4)  # P95 - P5 over the level
    kind = int(dice.integers(6))
    if kind == 0:  # white and large
        wave = dice.normal(0, 1, n)
        swing = max(swing, 1.0)
    elif kind == 1:  # a sine
        wave = np.sin(2 * np.pi * u * dice.uniform(8, max(9, n / 6)) + dice.uniform(0, 6))
    elif kind == 2:  # up, down, up, down
        wave = np.where(np.arange(n) % 2, 1.0, -1.0) * dice.uniform(0.5, 1, n)
    elif kind == 3:  # a sum of two
        wave = np.sin(u * 2 * np.pi * 13) + np.sin(u * 2 * np.pi * dice.uniform(20, 40))
    elif kind == 4:  # a saw
        wave = (u * dice.uniform(8, max(9, n / 10))) % 1.0 + 0.2 * dice.normal(0, 1, n)
    else:  # levels that jump
        hold = max(2, n // int(dice.integers(15, 60)))
        wave = np.repeat(dice.uniform(-1, 1, n // hold + 1), hold)[:n]
    p5, p95 = np.percentile(wave, (5, 95))
    wave = (wave - np.median(wave)) / (p95 - p5) * swing
    head = dice.choice([0.0, 0.25]) * np.exp(-u / 0.03)
    return np.maximum(1 + head + wave, 0.02), str(kind), None


def rebound(u: Array, dice: Dice) -> Trend | None:
    m = _between(np.exp(-u / dice.uniform(0.08, 0.25)), dice.uniform(0.05, 0.6))
    at = dice.uniform(0.3, 0.85)
    low = float(np.min(m[u < at]))
    rise = dice.uniform(0.3, 1.2) * (1 - low)
    ramp = np.clip((u - at) / dice.choice([1e-9, dice.uniform(0.005, 0.08)]), 0, 1)
    sink = 1 - dice.choice([0.0, 0.2]) * np.clip((u - at) / (1 - at), 0, 1)
    m = np.where(u < at, m, low + rise * ramp * sink)
    rise = float(np.median(m[-max(1, len(m) // 10) :])) - low
    return (m, "", at) if rise >= 0.27 * (1 - low) and rise >= 0.12 * low else None


def diverged(u: Array, dice: Dice) -> Trend | None:
    m = _between(np.exp(-u / dice.uniform(0.08, 0.3)), dice.uniform(0.1, 0.6))
    at = dice.uniform(0.1, 0.85)
    kind = int(dice.integers(3))
    if kind < 2:
        return np.where(u < at, m, (np.nan, np.inf)[kind]), str(kind), at
    grown = m * np.exp(np.minimum((u - at) / dice.uniform(0.005, 0.03), 12))
    return np.where(u < at, m, grown), str(kind), at


SINGLE: dict[str, Callable[[Array, Dice], Trend | None]] = {
    f.__name__: f
    for f in (healthy, not_converged, plateau, not_decreasing, oscillating, rebound, diverged)
}


def _noise(n: int, dice: Dice) -> Array:
    """Of unit size: white, heavy-tailed, correlated, skewed or with a share of outliers."""
    kind = int(dice.integers(5))
    if kind == 1:
        return np.asarray(dice.laplace(0, 0.7, n))
    if kind == 2:
        memory, out, level = dice.uniform(0.3, 0.9), np.empty(n), 0.0
        for i, shock in enumerate(dice.normal(0, (1 - memory**2) ** 0.5, n)):
            out[i] = level = memory * level + shock
        return out
    if kind == 3:
        return np.asarray(dice.lognormal(0, 0.5, n) - np.exp(0.125)) / 0.6
    white = dice.normal(0, 1, n)
    return white * np.where(dice.random(n) < 0.02, 3, 1) if kind == 4 else np.asarray(white)


def _length(dice: Dice, low: int = 30, high: int = 50_000) -> int:
    """Between a few epochs and every step of a long training; most in between."""
    return int(np.clip(np.exp(dice.normal(np.log(400), 1.3)), low, high))


def _single(label: str, dice: Dice) -> Case | None:
    n = _length(dice, 50 if label in ("rebound", "diverged", "oscillating") else 30)
    made = SINGLE[label](np.arange(n) / n, dice)
    if made is None:
        return None
    m, kind, at = made
    finite = m[np.isfinite(m)]
    span = float(np.ptp(finite[: max(4, int(0.9 * len(finite)))]))
    # What is to be seen must be seen: noise is at most a part of it, or of the level.
    most = 0.05 if label == "not_decreasing" else 0.1 if label == "oscillating" else 0.15 * span
    size = dice.uniform(0.05, 1) * (most if label != "diverged" else min(most, 0.05))
    values = m + size * np.minimum(1, np.abs(m)) ** dice.choice([0, 0.5, 1]) * _noise(n, dice)
    keep = np.isfinite(m)
    values = np.where(keep, np.maximum(values, 0.3 * np.abs(m)), m)
    every = int(dice.choice([1, 2, 10, 25, 100, 1000]))
    steps = np.arange(n) * every + int(dice.choice([0, every]))
    factor = 10 ** dice.uniform(-3, 3)
    return Case(
        "literal",
        label,
        (steps, factor * values),
        total=int(steps[-1]) if dice.random() < 0.7 else None,
        label=label,
        onset=None if at is None else int(steps[int(at * n)]),
        name=f"{label}{kind}/{n}/{size:.3f}",
    )


# -- train and eval: each gives (train(u), eval(u), share of the run at the onset) ------------------

Pair = tuple[Array, Array, float | None]


def _log_fall(u: Array, depth: float, tau: float) -> Array:
    """From 1 down by a log drop of `depth`."""
    return np.asarray(np.exp(-depth * (1 - np.exp(-u / tau)) / (1 - np.exp(-1 / tau))))


def healthy_pair(u: Array, dice: Dice) -> Pair:
    depth, tau = dice.uniform(0.25, 2.5), dice.uniform(0.12, 0.6)
    train = _log_fall(u, depth, tau)
    evals = _log_fall(u, depth * dice.uniform(0.7, 1.3), tau)
    return train * dice.choice([1, dice.uniform(1.05, 1.4)]), evals * dice.uniform(0.95, 1.15), None


def overfitting(u: Array, dice: Dice) -> Pair:
    depth, at = dice.uniform(1, 3.5), dice.uniform(0.15, 0.7)
    train = _log_fall(u, depth, dice.uniform(0.2, 0.6))
    low, rise = dice.uniform(0.4, 0.85), dice.uniform(0.1, 0.9)
    v = np.clip((u - at) / (1 - at), 0, 1)
    down = low + (1 - low) * np.clip(1 - u / at, 0, 1) ** dice.uniform(1.5, 3)
    return train, down + low * rise * v ** dice.uniform(1, 2), at


def underfitting(u: Array, dice: Dice) -> Pair:
    a, b = dice.uniform(-0.01, 0.028, 2)
    return 1 - a * u, dice.uniform(0.95, 1.1) * (1 - b * u), None


def train_high_eval_low(u: Array, dice: Dice) -> Pair:
    depth = dice.uniform(0.3, 1.5)
    evals = _log_fall(u, depth, dice.uniform(0.15, 0.4))
    if dice.random() < 0.6:
        return 1 - dice.uniform(-0.01, 0.025) * u, evals * dice.uniform(0.9, 1), None
    return _log_fall(u, depth * dice.uniform(0.1, 0.28), 0.04), evals * dice.uniform(0.9, 1), None


def eval_faster(u: Array, dice: Dice) -> Pair:
    depth, tau = dice.uniform(0.15, 0.5), dice.uniform(0.4, 1.5)
    if dice.random() < 0.6:
        evals = _log_fall(u, depth * dice.uniform(2.7, 5), dice.uniform(0.15, 0.5))
        return _log_fall(u, depth, tau), evals, None
    depth = dice.uniform(0.6, 2)
    train = _log_fall(u, depth, tau)
    return train, np.interp(np.minimum(1, u * dice.uniform(2.2, 4)), u, train), None


# Kinds that are held back from tuning, beside other seeds.
HELD: set[str] = set()


PAIR: dict[str, Callable[[Array, Dice], Pair]] = {
    f.__name__: f
    for f in (healthy_pair, overfitting, underfitting, train_high_eval_low, eval_faster)
}


def _pair(label: str, dice: Dice) -> Case:
    m = int(dice.integers(10, 80))
    each = int(dice.choice([1, 1, 5, 20, 50]))  # train rows an evaluation; 1: both once an epoch
    n = max(m * each, 10)
    u = np.arange(n) / (n - 1)
    train, evals, at = PAIR[label](u, dice)
    rows = np.arange(m) * each if dice.random() < 0.3 else np.arange(1, m + 1) * each - 1
    quiet = dice.uniform(0.001, 0.02)
    loud = quiet if each == 1 else dice.uniform(0.005, 0.1)
    if label == "underfitting":
        loud = min(loud, 0.03)
    values = train * (1 + loud * dice.normal(0, 1, n))
    checked = evals[rows] * (1 + quiet * dice.normal(0, 1, m))
    every, factor = int(dice.choice([1, 10, 100])), 10 ** dice.uniform(-2, 2)
    steps = np.arange(1, n + 1) * every
    return Case(
        "literal",
        label,
        (steps, factor * np.maximum(values, 0.2 * train)),
        (steps[rows], factor * checked),
        total=int(steps[-1]) if dice.random() < 0.7 else None,
        pair=label,
        onset=None if at is None else int(steps[int(at * (n - 1))]),
        name=f"{label}/{n}/{m}",
    )


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` curves of each pattern of one curve, and of two."""
    dice = np.random.default_rng(seed + 7)
    for label in SINGLE:
        made = 0
        while made < count:
            case = _single(label, dice)
            if case is not None:
                made += 1
                yield case
    for label in PAIR:
        yield from (_pair(label, dice) for _ in range(count))
