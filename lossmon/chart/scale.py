"""Limits and ticks of the axes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from lossmon.history.columns import Floats
from lossmon.text import short_exponent

_GRAINS = 32
_BEYOND = 0.5  # of the core range: raw points further out are clipped, and counted


@dataclass(frozen=True)
class Scale:
    """The y axis: `low` and `high` are in drawn units (log10 on a log axis)."""

    low: float
    high: float
    log: bool

    def drawn(self, y: Floats) -> Floats:
        """Values in drawn units; what a log axis can't show is NaN."""
        if not self.log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0, np.log10(np.maximum(y, 1e-320)), np.nan)

    def share(self, value: float) -> float:
        """Where a value stands, 0 at the bottom, 1 at the top; NaN where it has no place."""
        return (float(self.drawn(np.array([value]))[0]) - self.low) / (self.high - self.low)


_DECADES = 3.0  # beyond which a linear axis shows the largest values alone


def _spans_decades(levels: Floats, extremes: Floats) -> bool:
    """Whether only a logarithmic axis shows all of them; never where a value has no place on it."""
    finite = levels[np.isfinite(levels)]
    lowest = min(finite.min(initial=np.inf), extremes.min(initial=np.inf))
    if not len(finite) or not lowest > 0:
        return False
    return bool(np.log10(finite.max()) - np.log10(finite.min()) > _DECADES)


def y_scale(levels: Floats, extremes: Floats, log: bool | None, whole: bool = False) -> Scale:
    """Limits in which one spike does not flatten the curve.

    Args:
        levels: typical values: column medians and smoothed curves, in data units.
        extremes: all drawn values, in data units.
        log: draw a log axis where any value allows it; None where the levels span decades.
        whole: every value inside, whatever it flattens.
    """
    if log is None:
        log = _spans_decades(levels, extremes)
    if whole:
        levels = np.concatenate((levels, extremes))
    log = log and bool(np.any(levels > 0))
    probe = Scale(0, 1, log)
    core, outer = probe.drawn(levels), probe.drawn(extremes)
    core, outer = core[np.isfinite(core)], outer[np.isfinite(outer)]
    if not len(core):
        return Scale(0.0, 1.0, False)
    low, high = float(core.min()), float(core.max())
    reach = _BEYOND * (high - low)
    if len(outer) and reach > 0:
        low = max(low - reach, min(low, float(outer.min())))
        high = min(high + reach, max(high, float(outer.max())))
    elif len(outer):
        low, high = min(low, float(outer.min())), max(high, float(outer.max()))
    if high - low <= 1e-12 * max(abs(high), abs(low), 1e-300):
        margin = abs(high) * 0.05 or 0.5
        return Scale(low - margin, high + margin, log)
    margin = 0.01 * (high - low)
    # On a grid: limits that follow each point would move the whole picture each time.
    step = grain(high - low, _GRAINS)
    low = step * math.floor((low - margin) / step)
    high = step * math.ceil((high + margin) / step)
    return Scale(low, high, log)


def grain(span: float, parts: int) -> float:
    """A power of two, at most 1/parts of a span."""
    return float(2.0 ** math.floor(math.log2(span / parts)))


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers (1, 2, 2.5 or 5 times a power of ten) within limits."""
    span = high - low
    if not span > 0 or most < 1 or not math.isfinite(span):
        return []
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50):
        step = factor * power
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [i * step for i in range(first, last + 1)]
    return []


def y_ticks(scale: Scale, most: int) -> list[tuple[float, str]]:
    """Ticks as (drawn position, label)."""
    if not scale.log:
        places = ticks(scale.low, scale.high, most)
        return list(zip(places, labels(places), strict=True))
    values: list[float] = []
    for power in range(max(-307, math.floor(scale.low)), min(307, math.ceil(scale.high)) + 1):
        values += [m * 10.0**power for m in (1, 2, 5)]
    inside = [v for v in values if scale.low <= math.log10(v) <= scale.high]
    decades = [v for v in inside if math.isclose(math.log10(v) % 1, 0, abs_tol=1e-9)]
    chosen = inside if len(inside) <= most else decades[:: max(1, -(-len(decades) // most))]
    if len(chosen) < 2:  # less than a decade: round numbers, at their places on the log axis
        low, high = (10 ** max(-307.0, min(307.0, end)) for end in (scale.low, scale.high))
        chosen = [v for v in ticks(low, high, most) if v > 0]
    names = [_short(v) for v in chosen]  # each by itself: 1, 0.01, 1e-4, not 1.0000
    if len(set(names)) < len(names):
        names = labels(chosen)
    return [(math.log10(v), name) for v, name in zip(chosen, names, strict=True)]


def _short(value: float) -> str:
    text = f"{value:.0e}" if value < 1e-3 else f"{value:.3g}"
    return short_exponent(text)


def labels(values: list[float]) -> list[str]:
    """Labels with as many decimals as tell them apart, and no more."""
    if not values:
        return []
    largest = max(abs(v) for v in values)
    if 1e-3 <= largest < 1e5:
        for decimals in range(7):
            texts = [f"{v:.{decimals}f}" for v in values]
            exact = all(
                abs(float(t) - v) <= 1e-6 * largest for t, v in zip(texts, values, strict=True)
            )
            if exact and len(set(texts)) == len(values):
                return texts
    for digits in range(3, 16):
        texts = [short_exponent(f"{v:.{digits}g}") for v in values]
        if len(set(texts)) == len(values):
            break
    return texts


def count_label(value: float) -> str:
    """A step or an epoch: 500, 1.5k, 20k, 3M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            short = value / (1e3 if sign == "k" else size)
            return f"{short:.4g}{sign}"
    return f"{value:.4g}"


def time_label(seconds: float) -> str:
    """Time since the first row: 40s, 12m, 3.5h, 2d."""
    for size, sign in ((86400.0, "d"), (3600.0, "h"), (60.0, "m")):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g}{sign}"
    return f"{seconds:.3g}s"


_ROUND_TIMES = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
    172800, 604800,
)  # fmt: skip


def time_ticks(low: float, high: float, most: int, shift: float = 0.0) -> list[float]:
    """Like `ticks`, at round seconds, minutes, hours and days of a clock ahead by `shift` s."""
    span = high - low
    for step in _ROUND_TIMES:
        if step < span <= step * most:
            first, last = math.ceil((low + shift) / step), math.floor((high + shift) / step)
            return [i * step - shift for i in range(first, last + 1)]
    return ticks(low, high, most)


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` of the numbers 1, 2 and 5 times a power of ten; round numbers in between."""
    values: list[float] = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        values += [m * 10.0**power for m in (1, 2, 5) if -307 < power < 307]
    inside = [v for v in values if low <= v <= high]
    if len(inside) > most:
        decades = [v for v in inside if math.isclose(math.log10(v) % 1, 0, abs_tol=1e-9)]
        inside = decades[:: max(1, -(-len(decades) // most))]
    return inside if len(inside) >= 2 else [v for v in ticks(low, high, most) if v > 0]


def clock_label(seconds: float, span: float) -> str:
    """A time of day, with seconds or the day where the span calls for it."""
    if not -1e11 < seconds < 1e11:
        return count_label(seconds)
    local = time.localtime(seconds)
    if span < 600:
        return time.strftime("%H:%M:%S", local)
    return time.strftime("%H:%M" if span < 86400 else "%m-%d %H:%M", local)
