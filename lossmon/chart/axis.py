"""The x axis: where a point stands by step, epoch, time, clock or tokens, and the scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.chart.scale import grain
from lossmon.history.columns import Floats, SeriesView

X_AXES = ("step", "epoch", "time", "clock", "tokens")
_GRAINS = 32  # a growing axis ends at a multiple of at most this part of it
_SMALLEST = 1e-300


@dataclass(frozen=True)
class XScale:
    """`low` and `high` in the units of the axis; places on it are shares of it, 0 at the left."""

    low: float
    high: float
    log: bool = False

    def drawn(self, x: Floats) -> Floats:
        """Places in drawn units (log10 on a logarithmic axis, where x must be above 0)."""
        return np.asarray(np.log10(np.maximum(x, _SMALLEST))) if self.log else x

    @property
    def limits(self) -> tuple[float, float]:
        """Both ends in drawn units."""
        low, high = self.drawn(np.array([self.low, self.high])).tolist()
        return low, high

    def share(self, x: float) -> float:
        """Where an x stands, 0 at the left end, 1 at the right."""
        low, high = self.limits
        place = float(self.drawn(np.array([x]))[0])
        return (place - low) / (high - low) if high > low else 0.5

    def at(self, share: float) -> float:
        """The x at a share of the axis."""
        low, high = self.limits
        place = low + share * (high - low)
        return 10.0 ** min(307.0, place) if self.log else place


def origin_of(views: Sequence[SeriesView]) -> float:
    """The time of the first row; 0 where none is logged."""
    firsts = [
        float(np.nanmin(view.time))
        for view in views
        if view.time is not None and len(view) and np.isfinite(view.time).any()
    ]
    return min(firsts, default=0.0)


def places(view: SeriesView, axis: str, origin: float, tokens: SeriesView | None) -> Floats | None:
    """Where the points of a view stand on an axis.

    Args:
        view: the points.
        axis: one of X_AXES; "time" is seconds since `origin`, "clock" since the Unix epoch.
        origin: the time of the first row.
        tokens: the metric that counts tokens.

    Returns:
        shape (n,), NaN where unknown; None where the log does not carry this axis.
    """
    if axis == "step":
        return view.step.astype(float)
    if axis == "epoch":
        return view.epoch
    if axis in ("time", "clock"):
        if view.time is None:
            return None
        return view.time - origin if axis == "time" else view.time
    counted = _count(tokens)
    if counted is None:
        return None
    return np.interp(view.step, *counted, left=np.nan, right=np.nan)


def _count(tokens: SeriesView | None) -> tuple[Floats, Floats] | None:
    """Steps and the tokens seen by then; None where the metric does not count up."""
    if tokens is None:
        return None
    finite = np.isfinite(tokens.value)
    step, value = tokens.step[finite].astype(float), tokens.value[finite]
    if len(value) < 2 or value[-1] <= value[0] or np.any(np.diff(value) < 0):
        return None
    return step, value


def axes_of(views: Sequence[SeriesView], tokens: SeriesView | None) -> tuple[str, ...]:
    """The axes on which at least one view has two different places."""
    found = ["step"]
    for name in X_AXES[1:]:
        for view in views:
            x = places(view, name, 0.0, tokens) if len(view) else None
            if x is not None and _differ(x):
                found.append(name)
                break
    return tuple(found)


def _differ(x: Floats) -> bool:
    if np.isfinite(x[0]) and np.isfinite(x[-1]) and x[0] != x[-1]:
        return True
    finite = x[np.isfinite(x)]
    return bool(len(finite) and finite.max() > finite.min())


def whole(ends: Sequence[float], *, log: bool, growing: bool) -> XScale:
    """The scale of all points: from the least of their ends to the greatest.

    A growing axis ends at a round place, so that it need not move at each point.
    """
    low, high = float(min(ends)), float(max(ends))
    if log and high > 0:
        low = low if low > 0 else min(end for end in ends if end > 0)
        scale = XScale(low, high, True)
        if growing and high > low:
            first, last = scale.limits
            step = grain(last - first, _GRAINS)
            high = 10.0 ** min(307.0, first + step * math.ceil((last - first) / step))
        return XScale(low, high, True) if high > low else XScale(low * 0.5, low * 2.0, True)
    if growing and high > low:
        step = grain(high - low, _GRAINS)
        high = low + step * math.ceil((high - low) / step)
    return XScale(low, high) if high > low else XScale(low - 0.5, high + 0.5)
