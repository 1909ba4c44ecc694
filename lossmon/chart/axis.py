"""The x axis: where a point stands by step, epoch, time, clock or tokens, and the scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.chart.growing import Course, course_of, known_of
from lossmon.chart.scale import grain
from lossmon.history.columns import Floats, Ints, SeriesView

X_AXES = ("step", "epoch", "time", "clock", "tokens")
_GRAINS = 32  # a growing axis ends at a multiple of at most this part of it
_SMALLEST = 1e-300
_APART = 1e-12  # of a number: what is nearer cannot be told apart on an axis


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

    def edges(self, columns: int) -> Floats:
        """Where each of so many columns begins, and where the last one ends, as x."""
        return self._back(np.linspace(*self.limits, columns + 1))

    def centres(self, columns: int) -> Floats:
        """What lies in the middle between cells whose centres reach from end to end, as x."""
        low, high = self.limits
        share = (np.arange(columns - 1) + 0.5) / max(1, columns - 1)
        return self._back(low + share * (high - low))

    def _back(self, drawn: Floats) -> Floats:
        return 10.0 ** np.minimum(307.0, drawn) if self.log else drawn

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
    firsts = [course_of(view, "time").least for view in views if view.time is not None]
    return min((first for first in firsts if math.isfinite(first)), default=0.0)


def places(
    view: SeriesView,
    axis: str,
    origin: float,
    tokens: SeriesView | None,
    which: Ints | slice = slice(None),
) -> Floats | None:
    """Where points of a view stand on an axis.

    Args:
        view: the points.
        axis: one of X_AXES; "time" is seconds since `origin`, "clock" since the Unix epoch.
        origin: the time of the first row.
        tokens: the metric that counts tokens.
        which: indices, shape (n,); all points when left out.

    Returns:
        shape (n,), NaN where unknown; None where the log does not carry this axis.
    """
    if axis == "step":
        return view.step[which].astype(float)
    if axis == "epoch":
        return None if view.epoch is None else view.epoch[which]
    if axis in ("time", "clock"):
        if view.time is None:
            return None
        return view.time[which] - origin if axis == "time" else view.time[which]
    counted = _count(tokens)
    return None if counted is None else _between(view.step[which], *counted)


def runs_on(view: SeriesView, axis: str, tokens: SeriesView | None) -> bool:
    """Whether each point has a place on an axis and they ascend, of a series that is kept."""
    if axis != "tokens":
        column = "time" if axis == "clock" else axis
        return getattr(view, column) is not None and course_of(view, column).tidy
    if tokens is None or known_of(tokens) is None or not course_of(view, "step").tidy:
        return False
    counts = course_of(tokens, "value").tidy and course_of(tokens, "step").tidy
    if not counts or tokens.value[0] < 0:
        return False
    return bool(tokens.step[0] <= view.step[0] and view.step[-1] <= tokens.step[-1])


def _count(tokens: SeriesView | None) -> tuple[Ints, Floats] | None:
    """Steps and the tokens seen by then; None where the metric does not count up from 0 or more."""
    if tokens is None:
        return None
    step, value = tokens.step, tokens.value
    course = course_of(tokens, "value")
    if not course.tidy:
        finite = np.isfinite(value)
        step, value = step[finite], value[finite]
        if (value[1:] < value[:-1]).any():  # the difference of two numbers may be too large for one
            return None
    return (step, value) if len(value) >= 2 and 0 <= value[0] < value[-1] else None


def _between(step: Ints, steps: Ints, value: Floats) -> Floats:
    """As `np.interp`, which would copy all of a long count each time; NaN outside of it."""
    at = np.clip(np.searchsorted(steps, step, side="right") - 1, 0, len(steps) - 2)
    gone = (step - steps[at]) / np.maximum(steps[at + 1] - steps[at], 1)
    inside = (step >= steps[0]) & (step <= steps[-1])
    return np.where(inside, value[at] + np.minimum(gone, 1.0) * (value[at + 1] - value[at]), np.nan)


def axes_of(views: Sequence[SeriesView], tokens: SeriesView | None) -> tuple[str, ...]:
    """The axes on which at least one view has two different places."""
    others = X_AXES[1:]
    return ("step", *(axis for axis in others if any(_differ(v, axis, tokens) for v in views)))


def _differ(view: SeriesView, axis: str, tokens: SeriesView | None) -> bool:
    if axis == "tokens":
        if runs_on(view, axis, tokens):
            return bool(view.step[-1] > view.step[0])
        x = places(view, axis, 0.0, tokens)
        course = Course().take(x) if x is not None else None
    else:
        column = "time" if axis == "clock" else axis
        course = course_of(view, column) if getattr(view, column) is not None else None
    return course is not None and course.greatest > course.least


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
    around = max(0.5, _APART * max(abs(low), abs(high)))  # steps beyond 2^53 look alike
    return (
        XScale(low, high) if high - low > around * _APART else XScale(low - around, high + around)
    )
