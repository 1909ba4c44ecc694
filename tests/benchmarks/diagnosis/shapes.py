"""What generated curves are made of: falls, noises and places in a run. All from one generator."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
Dice = np.random.Generator


# -- falls: f(u) for u in [0, 1], from 1 at the start towards 0 ------------------------------------


def exponential(u: Array, dice: Dice) -> Array:
    return np.exp(-dice.uniform(3, 9) * u)


def power_law(u: Array, dice: Dice) -> Array:
    t0, c = 10 ** dice.uniform(-3, -1), dice.uniform(0.3, 1.2)
    return (1 + u / t0) ** -c


def two_phases(u: Array, dice: Dice) -> Array:
    share = dice.uniform(0.3, 0.7)
    return share * np.exp(-dice.uniform(20, 60) * u) + (1 - share) * np.exp(-dice.uniform(2, 6) * u)


def delayed(u: Array, dice: Dice) -> Array:
    """A short flat start, then a fall: warm-up, or a symmetry that has to break first."""
    centre, width = dice.uniform(0.08, 0.25), dice.uniform(0.03, 0.08)
    fall = 1 / (1 + np.exp((u - centre) / width))
    return fall / fall[0]


def stepped(u: Array, dice: Dice) -> Array:
    """A step schedule: each cut of the rate brings another fall."""
    out, level, start = np.empty_like(u), 1.0, 0.0
    for end in (*sorted(dice.uniform(0.3, 0.75, 2)), 1.01):
        here = (u >= start) & (u < end)
        floor = level * dice.uniform(0.45, 0.7)
        out[here] = floor + (level - floor) * np.exp(-14 * (u[here] - start))
        level, start = floor, end
    return out


def cosine(u: Array, dice: Dice) -> Array:
    """A cosine schedule: a slow fall that steepens and flattens at its end."""
    fast = dice.uniform(0.4, 0.7)
    slow = (1 + np.cos(np.pi * np.minimum(u / dice.uniform(0.8, 0.95), 1))) / 2
    return fast * np.exp(-dice.uniform(12, 40) * u) + (1 - fast) * slow


FALLS = {f.__name__: f for f in (exponential, power_law, two_phases, delayed, stepped, cosine)}


# -- noises, of unit size ----------------------------------------------------------------------


def white(n: int, dice: Dice) -> Array:
    return dice.normal(0, 1, n)


def heavy(n: int, dice: Dice) -> Array:
    return dice.standard_t(4, n) / np.sqrt(2)


def skewed(n: int, dice: Dice) -> Array:
    """As losses of small batches are: a long upper tail."""
    return (dice.gamma(4, 1, n) - 4) / 2


def smoothed(n: int, dice: Dice) -> Array:
    """An exponential moving average of white noise."""
    return coloured(n, dice, dice.uniform(0.6, 0.95))


def coloured(n: int, dice: Dice, memory: float) -> Array:
    shocks = dice.normal(0, np.sqrt(1 - memory**2), n)
    out = np.empty(n)
    level = dice.normal()
    for i, shock in enumerate(shocks):
        level = memory * level + shock
        out[i] = level
    return out


NOISES = {f.__name__: f for f in (white, heavy, skewed, smoothed)}


def size(dice: Dice, low: int = 60, high: int = 3000) -> int:
    return int(np.exp(dice.uniform(np.log(low), np.log(high))))


def places(n: int, dice: Dice) -> tuple[Array, int]:
    """Steps of n rows at a fixed interval, and the last one."""
    every = int(dice.choice([1, 5, 10, 50, 100, 500]))
    return np.arange(1, n + 1) * every, n * every


def scale(dice: Dice) -> float:
    """Level of a loss at its start."""
    return float(10 ** dice.uniform(-0.7, 1.2))


def relative_noise(dice: Dice, low: float = 0.003, high: float = 0.08) -> float:
    return float(10 ** dice.uniform(np.log10(low), np.log10(high)))
