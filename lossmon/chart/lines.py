"""Curves on their way to the canvas: placed, smoothed, cut to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.chart.axis import XScale, places
from lossmon.chart.smoothing import smooth_growing
from lossmon.chart.spec import Curve
from lossmon.history.columns import Floats, SeriesView

_HUGE = 1e100  # beyond it arithmetic on an axis may overflow; drawn as this, where it is clipped


@dataclass(frozen=True)
class Track:
    """All points of a curve with their places, ascending: x and y of shape (n,)."""

    curve: Curve
    x: Floats
    y: Floats
    untouched: bool  # y is the metric's own column: what was computed of it may be continued


@dataclass(frozen=True)
class Line:
    """What is shown of a curve, in drawn x.

    Attributes:
        x, y: shape (m,), finite; the points in sight and one beyond either end.
        smooth: the same smoothed; None where it is not.
        first, stop: the points in sight are those from `first` to before `stop`.
        bad_x: where in sight a value is not finite.
    """

    curve: Curve
    x: Floats
    y: Floats
    smooth: Floats | None
    first: int
    stop: int
    bad_x: Floats

    @property
    def seen_x(self) -> Floats:
        """Places of the points in sight."""
        return self.x[self.first : self.stop]

    @property
    def seen_y(self) -> Floats:
        """Values of the points in sight."""
        return self.y[self.first : self.stop]


def track_of(curve: Curve, axis: str, origin: float, tokens: SeriesView | None) -> Track | None:
    """The points of a curve on an axis; None where it has none."""
    view = curve.view
    x = places(view, axis, origin, tokens) if len(view) else None
    if x is None:
        return None
    y, untouched = view.value, True
    finite = np.isfinite(x)
    if not finite.all():
        x, y, untouched = x[finite], y[finite], False
    if np.any(x[1:] < x[:-1]):
        order = np.argsort(x, kind="stable")
        x, y, untouched = x[order], y[order], False
    huge = np.isfinite(y) & (np.abs(y) > _HUGE)
    if huge.any():
        y, untouched = np.where(huge, np.copysign(_HUGE, y), y), False
    return Track(curve, x, y, untouched) if len(x) else None


def ends(tracks: Sequence[Track]) -> list[float]:
    """First and last x of each track."""
    return [float(end) for track in tracks for end in (track.x.min(), track.x.max())]


def line_of(track: Track, scale: XScale, smoothing: float, log_y: bool) -> Line:
    """The part of a track that a scale shows."""
    curve, x, y = track.curve, track.x, track.y
    smooth = None
    as_logged = curve.points or curve.faint or curve.guide
    if smoothing > 0 and not as_logged and len(y) > 4:
        smooth = smooth_growing(y, smoothing, log=log_y, keep=track.untouched)
    a, b = np.searchsorted(x, [scale.low, scale.high], side="left").tolist()
    b = int(np.searchsorted(x, scale.high, side="right"))
    a0, b0 = max(0, a - 1), min(len(x), b + 1)
    if scale.log:  # what stands at or below 0 has no place
        a0 = max(a0, int(np.searchsorted(x, 0.0, side="right")))
        a, b, b0 = max(a, a0), max(b, a0), max(b0, a0)
    drawn, values = scale.drawn(x[a0:b0]), y[a0:b0]
    smooth = smooth[a0:b0] if smooth is not None else None
    finite = np.isfinite(values)
    if finite.all():
        return Line(curve, drawn, values, smooth, a - a0, b - a0, np.empty(0))
    seen = np.zeros(len(values), dtype=bool)
    seen[a - a0 : b - a0] = True
    return Line(
        curve,
        drawn[finite],
        values[finite],
        smooth[finite] if smooth is not None else None,
        int(np.count_nonzero(finite[: a - a0])),
        int(np.count_nonzero(finite[: b - a0])),
        drawn[~finite & seen],
    )
