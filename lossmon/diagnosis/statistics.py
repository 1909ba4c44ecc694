"""The statistics that patterns are judged by. Plain functions on float64 arrays of shape (n,).

Most arrays have some tens of values: what numpy's functions do around their work then takes longer
than the work, so methods, slices and ufuncs stand here where they give the same number.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Floats, Ints

_POWERS = np.array((0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0))
_KEPT_PAIRS, _KEPT_PLACES = 64, 2048  # values up to which what depends on their number is kept
_SORTED = 512  # values up to which all are sorted sooner than the middle is found
_TO_SIGMA = 1.4826  # median absolute deviation to standard deviation, for a normal distribution


def median(values: Floats) -> float:
    """Median of finite values; a tenth of the time of numpy's, which checks more."""
    n = len(values)
    if not n:
        return math.nan
    middle, ordered = n // 2, values.copy()
    if n <= _SORTED:
        ordered.sort()
    else:
        ordered.partition(middle if n % 2 else (middle - 1, middle))
    if n % 2:
        return float(ordered[middle])
    return float(ordered[middle - 1] + ordered[middle]) / 2


def mean(values: Floats) -> float:
    """The mean, as numpy's."""
    return float(np.add.reduce(values)) / len(values) if len(values) else math.nan


def steps(values: Floats) -> Floats:
    """What each value differs by from the one before."""
    return np.asarray(values[1:] - values[:-1])


def distinct(values: Ints) -> Ints:
    """The values that are there, ascending; numpy's brings in masked arrays, a tenth of a start."""
    ordered = values.copy()
    ordered.sort()
    new = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.asarray(ordered[new])


def row_medians(rows: Floats) -> Floats:
    """Medians along the last axis of finite values, shape (k, w) -> (k,)."""
    ordered, width = rows.copy(), rows.shape[-1]
    ordered.sort(axis=-1)
    middle = width // 2
    if width % 2:
        return np.asarray(ordered[..., middle])
    return np.asarray((ordered[..., middle - 1] + ordered[..., middle]) / 2)


def quantiles(values: Floats, shares: tuple[float, ...]) -> Floats:
    """Quantiles by linear interpolation, as numpy's."""
    ordered = values.copy()
    ordered.sort()
    place = np.array(shares) * (len(ordered) - 1)
    return np.asarray(np.interp(place, np.arange(len(ordered)), ordered))


def mad(values: Floats) -> float:
    """Robust standard deviation: 1.4826 x the median absolute deviation."""
    return _TO_SIGMA * median(np.abs(values - median(values))) if len(values) else 0.0


def noise(values: Floats) -> float:
    """Standard deviation of the noise on a smooth curve, from its first differences."""
    return mad(steps(values)) / math.sqrt(2) if len(values) > 2 else 0.0


def curve_noise(values: Floats) -> float:
    """The same from second differences, which a straight slope does not touch."""
    return mad(steps(steps(values))) / math.sqrt(6) if len(values) > 3 else 0.0


def detrend(values: Floats, count: int) -> Floats:
    """What is left of a curve without its trend: lines between the medians of `count` blocks."""
    knots = blocks(values, count)
    at = (np.arange(len(knots)) + 0.5) * (len(values) / len(knots)) - 0.5
    return values - np.interp(np.arange(len(values)), at, knots)


def memory(rest: Floats) -> float:
    """How many successive values of a noise carry the news of one independent value; 1 for white.

    The integrated autocorrelation time, 1 + 2 (r1 + r2 + ...), summed while the coefficients stand
    clear of chance (Sokal 1997). Smoothed logs have more than 1.
    """
    n, bound = len(rest), 3 * mad(rest)
    if n < 16 or bound <= 0:
        return 1.0
    clipped = np.minimum(np.maximum(rest, -bound), bound)  # spikes say nothing of the noise
    clipped -= mean(clipped)
    power, total = float(clipped @ clipped), 1.0
    least = max(0.1, 2.0 / n**0.5)
    if not power:  # the squares of a noise of 1e-200 are 0
        return 1.0
    for lag in range(1, min(n // 3, 64)):
        r = float(clipped[lag:] @ clipped[:-lag]) / power
        if r < least:
            break
        total += 2 * r
    return total


def blocks(values: Floats, count: int) -> Floats:
    """Medians of `count` blocks of about equal length; fewer where there are fewer values."""
    count = max(1, min(count, len(values)))
    size, longer = divmod(len(values), count)
    if not longer:
        return row_medians(values.reshape(count, size))
    cut = longer * (size + 1)  # the first blocks hold one value more, where it does not divide
    return np.concatenate(
        (
            row_medians(values[:cut].reshape(longer, size + 1)),
            row_medians(values[cut:].reshape(count - longer, size)),
        )
    )


def median3(values: Floats) -> Floats:
    """Running median of three; the ends stay."""
    if len(values) < 3:
        return values
    a, b, c = values[:-2], values[1:-1], values[2:]
    middle = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return np.concatenate((values[:1], middle, values[-1:]))


def log_drop(start: float, end: float) -> float:
    """The fall from one level to another as ln(start / end); relative where not both positive."""
    if start > 0 and end > 0:
        return float(np.log(start / end))
    return (start - end) / max(abs(start), abs(end), 1e-300)


def end_level(values: Floats) -> float:
    """The level at which a curve ends: the median of its last tenth."""
    return median(values[-max(3, len(values) // 10) :])


def low_level(values: Floats) -> float:
    """The lowest level that a curve held for a while."""
    window = max(3, len(values) // 40)
    if len(values) < 3 * window:
        return float(np.minimum.reduce(median3(values)))
    return float(np.minimum.reduce(blocks(values, len(values) // window)))


def mann_kendall(values: Floats) -> float:
    """Mann-Kendall trend test: z, negative for a fall (Mann 1945; normal approximation)."""
    n = len(values)
    if n < 4:
        return 0.0
    i, j = _pairs(n)
    s = float(np.add.reduce(np.sign(values[j] - values[i])))
    variance = n * (n - 1) * (2 * n + 5) / 18
    return (s - math.copysign(1, s)) / math.sqrt(variance) if s else 0.0


def theil_sen(values: Floats) -> float:
    """Median slope between all pairs, per position (Theil 1950, Sen 1968); n <= 64 is meant."""
    n = len(values)
    if n < 2:
        return 0.0
    i, j = _pairs(n)
    return median((values[j] - values[i]) / (j - i))


def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of n places, in order."""
    i, j = _few_pairs(n) if n <= _KEPT_PAIRS else np.triu_indices(n, 1)
    return i, j


@lru_cache(maxsize=64)
def _few_pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    i, j = np.triu_indices(n, 1)
    return i, j


def line(values: Floats) -> tuple[float, float]:
    """Fall of a straight line through a curve from end to end, and its t statistic.

    The error allows for residuals that follow one another, as those of an AR(1) process do.
    """
    n = len(values)
    if n < 4:
        return 0.0, 0.0
    place, spread = places(n)
    slope = float(place @ values) / spread
    rest = values - mean(values) - slope * place
    power = float(rest @ rest)
    memory = min(max(float(rest[1:] @ rest[:-1]) / power, 0.0), 0.95) if power > 0 else 0.0
    error = math.sqrt(power / (n - 2) / spread * (1 + memory) / (1 - memory))
    if not error:
        return -slope, math.copysign(math.inf, -slope) if slope else 0.0
    return -slope, -slope / error


def places(n: int) -> tuple[Floats, float]:
    """Places over a run, shape (n,), from -1/2 to 1/2, and the sum of their squares."""
    return _places(n) if n <= _KEPT_PLACES else _places.__wrapped__(n)


@lru_cache(maxsize=64)
def _places(n: int) -> tuple[Floats, float]:
    place = spread(-0.5, 0.5, n)
    place.flags.writeable = False
    return place, float(place @ place)


def spread(first: float, last: float, n: int) -> Floats:
    """So many numbers from one to another, evenly; to the bit what numpy's `linspace` gives."""
    if n < 2:
        return np.linspace(first, last, n)
    found = np.arange(n) * ((last - first) / (n - 1)) + first
    found[-1] = last
    return np.asarray(found)


def von_neumann(values: Floats) -> float:
    """Mean squared successive difference over variance: 2 for white noise, 4 for alternation."""
    variance = variance_of(values) if len(values) > 3 else 0.0
    return mean(steps(values) ** 2) / variance if variance > 0 else 2.0


def rank_von_neumann(values: Floats) -> float:
    """The same of ranks: 2 for independent values of any distribution (Bartels 1982).

    Skewed and heavy-tailed noise moves neither its mean, 2, nor its standard error, 2 / sqrt(n).
    """
    n = len(values)
    ranks = np.empty(n)
    ranks[np.argsort(values, kind="stable")] = np.arange(n)
    return von_neumann(ranks)


def variance_of(values: Floats) -> float:
    """The variance, as numpy's."""
    return mean((values - mean(values)) ** 2)


def crossings(values: Floats, level: float) -> int:
    """How often a curve crosses a level."""
    above = values > level
    return int(np.count_nonzero(above[1:] != above[:-1]))


def power_law(step: Floats, value: Floats, more: float) -> tuple[float, float] | None:
    """Gain to expect from training on, by a + b t^-c fitted to a falling curve.

    Args:
        step: shape (n,), positive, ascending.
        value: shape (n,), block medians.
        more: steps more, as a share of those made.

    Returns:
        (gain, its half interval over the exponents that fit about as well); None where the fit
        says nothing. Power laws extrapolate published curves better than learned models.
    """
    keep = step > 0.05 * step[-1]
    t, y = step[keep] / step[-1], value[keep]
    if len(y) < 8:
        return None
    basis = t ** -_POWERS[:, None]
    basis -= np.add.reduce(basis, axis=1, keepdims=True) / len(t)
    away = y - mean(y)
    slope = basis @ away / np.add.reduce(basis * basis, axis=1)  # least squares, for each power
    errors = np.add.reduce((slope[:, None] * basis - away) ** 2, axis=1)
    falls = slope > 0
    if not falls.any():
        return None
    errors, gains = errors[falls], (slope * (1 - (1 + more) ** -_POWERS))[falls]
    fitting = gains[errors <= 1.5 * errors.min() + 1e-300]
    return float(gains[errors.argmin()]), float(fitting.max() - fitting.min()) / 2
