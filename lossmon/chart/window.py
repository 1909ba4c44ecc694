"""The part of the x axis that is looked at: zoom, pan, follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lossmon.chart.axis import XScale

_LEAST = 1e-7  # of the whole axis: no window is narrower
_JUMPS = 8  # a window that follows moves by this part of it: not at each point


@dataclass(frozen=True)
class Window:
    """From `low` to `high` in the units of the axis.

    Attributes:
        follows: it keeps its width and moves with the newest point.
    """

    low: float
    high: float
    follows: bool = False


def shown(window: Window, newest: float, log: bool) -> XScale:
    """The limits of a window where the newest point stands at this x."""
    if log and window.low <= 0:
        window = Window(max(window.high, 1e-300) * 1e-3, max(window.high, 1e-299), window.follows)
    scale = XScale(window.low, window.high, log)
    if not window.follows:
        return scale
    low, high = scale.limits
    end = XScale(newest, newest, log).limits[1]
    jump = (high - low) / _JUMPS
    ahead = math.ceil((end - high) / jump) * jump
    return _scale(low + ahead, high + ahead, log)


def zoomed(scale: XScale, whole: XScale, factor: float, at: float | None = None) -> Window | None:
    """A window `factor` times as wide; `at` (an x) keeps its place.

    Without `at` the right end keeps its place where it shows the newest point, else the middle.

    Returns:
        None where the window would hold the whole axis.
    """
    low, high = scale.limits
    first, last = whole.limits
    if at is not None:
        fixed = low + scale.share(at) * (high - low)
    else:
        fixed = high if high >= last - 0.01 * (high - low) else (low + high) / 2
    width = max((high - low) * factor, _LEAST * (last - first))
    factor = width / (high - low)
    low, high = fixed - (fixed - low) * factor, fixed + (high - fixed) * factor
    return _within(low, high, first, last, scale.log)


def panned(scale: XScale, whole: XScale, share: float) -> Window | None:
    """The window moved by a share of its width, at most to the ends of the axis."""
    low, high = scale.limits
    by = share * (high - low)
    return _within(low + by, high + by, *whole.limits, scale.log)


def around(scale: XScale, whole: XScale, x: float) -> Window | None:
    """The window moved as little as shows an x well inside."""
    share = scale.share(x)
    if 0.0 <= share <= 1.0:
        low, high = scale.limits
        return _within(low, high, *whole.limits, scale.log)
    return panned(scale, whole, share - 0.2 if share < 0 else share - 0.8)


def between(a: float, b: float, whole: XScale) -> Window | None:
    """The window from one x to another."""
    low, high = XScale(min(a, b), max(a, b), whole.log).limits
    first, last = whole.limits
    return _within(low, max(high, low + _LEAST * (last - first)), first, last, whole.log)


def _within(low: float, high: float, first: float, last: float, log: bool) -> Window | None:
    """Moved into the axis; None where it holds all of it."""
    width = high - low
    if not math.isfinite(width) or width >= (last - first) * (1 - 1e-9):
        return None
    low = min(max(low, first), last - width)
    scale = _scale(low, low + width, log)
    return Window(scale.low, scale.high)


def _scale(low: float, high: float, log: bool) -> XScale:
    if log:
        return XScale(10.0 ** max(-300.0, low), 10.0 ** min(307.0, high), True)
    return XScale(low, high)
