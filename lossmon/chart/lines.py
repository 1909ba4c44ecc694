"""Curves on their way to the canvas: placed, smoothed, cut to what is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from lossmon.chart.axis import XScale, places, runs_on
from lossmon.chart.growing import Known, Values, known_of
from lossmon.chart.peaks import BLOCK
from lossmon.chart.reduce import levels, reduce, running_level
from lossmon.chart.scale import Scale
from lossmon.chart.smoothing import smooth as smooth_
from lossmon.chart.spec import Curve
from lossmon.history.columns import Floats, Ints, SeriesView

_HUGE = 1e100  # beyond it arithmetic on an axis may overflow; drawn as this, where it is clipped
_ALL = slice(None)
_MOST_DOTS = 1000
_SAMPLES = 64  # points of a column that tell its mean
_Places = Callable[[Ints | slice], Floats]


@dataclass(frozen=True)
class Track:
    """All points of a curve in the order of their places on an axis.

    Attributes:
        x_at: the places of points, by their indices.
        step: shape (n,).
        logged: their values.
        known: what is kept of the series; None where places are at hand for all points.
    """

    curve: Curve
    x_at: _Places
    step: Ints
    logged: Values
    known: Known | None

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The first and the last place."""
        first, last = self.x_at(np.array([0, len(self.step) - 1])).tolist()
        return first, last

    def find(self, x: Floats, side: str = "left") -> Ints:
        """As `np.searchsorted` among the places."""
        if self.known is None:
            return np.asarray(np.searchsorted(self.x_at(_ALL), x, side))  # type: ignore[call-overload]
        low, high = np.zeros(len(x), dtype=np.int64), np.full(len(x), len(self.step))
        for _ in range(len(self.step).bit_length()):
            middle = np.minimum((low + high) // 2, len(self.step) - 1)
            stands = self.x_at(middle)
            behind = (stands < x if side == "left" else stands <= x) & (low < high)
            low, high = np.where(behind, middle + 1, low), np.where(behind, high, middle)
        return low

    def covers(self, step: int) -> bool:
        """Whether a step lies between the first and the last one."""
        steps, _ = self._by_step
        return bool(steps[0] <= step <= steps[-1])

    def place_of(self, step: int) -> tuple[float, bool]:
        """Where a step stands, and whether it was logged; between its neighbours where not."""
        steps, order = self._by_step
        at = int(np.searchsorted(steps, step))
        around = np.clip([at - 1, at], 0, len(steps) - 1)
        before, after = self.x_at(around if order is None else order[around]).tolist()
        first, last = steps[around].tolist()
        if step >= last or step <= first:
            return (after, last == step) if step >= last else (before, first == step)
        return before + (after - before) * (step - first) / (last - first), False

    @cached_property
    def _by_step(self) -> tuple[Ints, Ints | None]:
        """The steps, ascending; how the points are ordered by them where they are not."""
        if self.known is not None or bool(np.all(self.step[1:] >= self.step[:-1])):
            return self.step, None
        order = np.argsort(self.step, kind="stable")
        return self.step[order], order

    def smoothed(self, weight: float, log: bool) -> Values:
        """The values, smoothed."""
        if self.known is not None:
            return self.known.smoothed(self.curve.view, weight, log)
        return Values(smooth_(self.logged.value, weight, log=log), None)


def track_of(curve: Curve, axis: str, origin: float, tokens: SeriesView | None) -> Track | None:
    """The points of a curve on an axis; None where it has none."""
    view = curve.view
    if not len(view):
        return None
    known = known_of(view)
    if known is not None and runs_on(view, axis, tokens):
        course = known.course(view, "value")
        if max(-course.least, course.greatest) <= _HUGE:
            x_at = cast(_Places, partial(places, view, axis, origin, tokens))
            return Track(curve, x_at, view.step, known.values(view), known)
    x = places(view, axis, origin, tokens)
    if x is None:
        return None
    y, step = view.value, view.step
    finite = np.isfinite(x)
    if not finite.all():
        x, y, step = x[finite], y[finite], step[finite]
    if np.any(x[1:] < x[:-1]):
        order = np.argsort(x, kind="stable")
        x, y, step = x[order], y[order], step[order]
    huge = np.isfinite(y) & (np.abs(y) > _HUGE)
    if huge.any():
        y = np.where(huge, np.copysign(_HUGE, y), y)
    return Track(curve, x.__getitem__, step, Values(y, None), None) if len(x) else None


def ends(tracks: Sequence[Track]) -> list[float]:
    """First and last x of each track."""
    return [end for track in tracks for end in track.ends]


@dataclass(frozen=True)
class Line:
    """What is shown of a curve: the points in sight and one beyond either end.

    Attributes:
        start, stop: they are those from `start` to before `stop` of the track.
        first, last: those in sight are from `first` to before `last`.
        smooth: the values, smoothed; None where they are not.
        even: drawn x and values of one smoothed point a column, where there are more points than
            columns: a line at any length, where points smoothed one by one are a cloud.
    """

    track: Track
    scale: XScale
    start: int
    first: int
    last: int
    stop: int
    smooth: Values | None
    even: tuple[Floats, Floats] | None = None

    @property
    def smoothed(self) -> bool:
        """Whether a smoothed line is drawn over the points."""
        return self.smooth is not None or self.even is not None

    @property
    def curve(self) -> Curve:
        """What it is of."""
        return self.track.curve

    @cached_property
    def seen(self) -> tuple[float, float] | None:
        """Least and greatest finite value in sight; None where none is."""
        return self.track.logged.range(self.first, self.last) if self.last > self.first else None

    @cached_property
    def range(self) -> tuple[float, float] | None:
        """The same; where nothing is in sight, of the points on either side."""
        return self.seen or (
            self.track.logged.range(self.start, self.stop) if self.stop > self.start else None
        )

    @cached_property
    def _finite(self) -> tuple[int, int]:
        """The first and the last point whose value is finite; there must be one."""
        value = self.track.logged.value
        return _first(value, self.start, self.stop), _last(value, self.start, self.stop)

    def levels(self, columns: int) -> Floats:
        """Typical values of the columns that hold points; there must be some that are finite."""
        a, b = (self.first, self.last) if self.seen else (self.start, self.stop)
        value = self.track.logged.value
        if b - a <= 2 * columns:
            part = value[a:b]
            return running_level(part[np.isfinite(part)])
        bounds = self.track.find(self.scale.edges(columns)[1:-1])
        return levels(value, np.concatenate(([a], np.clip(bounds, a, b), [b])))

    def drawn(self, columns: int, smoothed: bool = False) -> tuple[Floats, Floats]:
        """What a stroke in so many columns needs: drawn x, and values in data units."""
        if smoothed and self.even is not None:
            return self.even
        values = self.smooth if smoothed and self.smooth is not None else self.track.logged
        few = self.stop - self.start <= 2 * columns
        if few or values.peaks is None:
            index = np.arange(self.start, self.stop)
        else:
            cuts = self.track.find(self.scale.edges(columns)[1:-1])
            first, last = self._finite
            index = values.picks(self.start, self.stop, cuts, np.array([first + 1, last]))
        index = index[np.isfinite(self.track.logged.value[index])]
        x, y = self.x(index), values.value[index]
        return (x, y) if few or not len(x) else reduce(x, y, self.scale.limits, columns)

    def x(self, index: Ints) -> Floats:
        """Drawn places of points."""
        return self.scale.drawn(self.track.x_at(index))

    @cached_property
    def x_ends(self) -> Floats:
        """Drawn places of the first and the last finite point."""
        return self.x(np.array(self._finite))

    def newest(self) -> tuple[float, float] | None:
        """Drawn x and value, smoothed where it is, of the last finite point in sight."""
        if self.seen is None:
            return None
        if self.even is not None and len(self.even[0]):
            return float(self.even[0][-1]), float(self.even[1][-1])
        at = _last(self.track.logged.value, self.first, self.last)
        values = self.smooth or self.track.logged
        return float(self.x(np.array([at]))[0]), float(values.value[at])

    def newest_value(self) -> float | None:
        """The last finite value, as logged."""
        return float(self.track.logged.value[self._finite[1]]) if self.range else None

    def dots(self) -> tuple[Floats, Floats]:
        """Drawn x and values of the finite points in sight, of few."""
        index = np.arange(self.first, min(self.last, self.first + _MOST_DOTS))
        index = index[np.isfinite(self.track.logged.value[index])]
        return self.x(index), self.track.logged.value[index]

    def clipped(self, y: Scale, columns: int) -> tuple[Ints, Ints]:
        """How many points in sight lie above and how many below a range, by columns."""
        low, high = (10.0**end if y.log else end for end in (y.low, y.high))
        nothing = np.zeros(columns, dtype=np.int64)
        above, below = nothing, nothing
        if self.seen is not None and self.seen[1] > high:
            above = self._counts(columns, ("above", high), lambda v: np.isfinite(v) & (v > high))
        if self.seen is not None and self.seen[0] < low:
            below = self._counts(columns, ("below", low), lambda v: np.isfinite(v) & (v < low))
        return above, below

    def not_finite(self, columns: int) -> Ints:
        """How many values in sight are not finite, by columns."""
        return self._counts(columns, "not finite", lambda v: ~np.isfinite(v))

    def _counts(
        self, columns: int, key: object, test: Callable[[Floats], NDArray[np.bool_]]
    ) -> Ints:
        """How many points in sight answer to a test, in each cell: where a dot of theirs stands."""
        cells = self.scale.centres(columns)
        bounds = np.clip(self.track.find(cells), self.first, self.last)
        bounds = np.concatenate(([self.first], bounds, [self.last]))
        track, value = self.track, self.track.logged.value
        if track.known is not None:
            return np.diff(track.known.count(track.curve.view, key, test).before(value, bounds))
        before = np.concatenate(([0], np.cumsum(test(value[self.first : self.last]))))
        return np.asarray(np.diff(before[bounds - self.first]))


def line_of(
    track: Track, scale: XScale, smoothing: float = 0.0, log_y: bool = False, columns: int = 0
) -> Line:
    """The part of a track that a scale shows, smoothed.

    By points; by columns where those hold several points each.
    """
    curve, n = track.curve, len(track.step)
    a = int(track.find(np.array([scale.low]))[0])
    b = int(track.find(np.array([scale.high]), "right")[0])
    a0, b0 = max(0, a - 1), min(n, b + 1)
    if scale.log:  # what stands at or below 0 has no place
        a0 = max(a0, int(track.find(np.array([0.0]), "right")[0]))
        a, b, b0 = max(a, a0), max(b, a0), max(b0, a0)
    smooth, even = None, None
    as_logged = curve.points or curve.faint or curve.guide
    if smoothing > 0 and not as_logged and n > 4:
        if b0 - a0 > 2 * columns > 0:
            even = _by_columns(track, scale, a0, b0, columns, smoothing, log_y)
        else:
            smooth = track.smoothed(smoothing, log_y)
    return Line(track, scale, a0, a, b, b0, smooth, even)


def _by_columns(
    track: Track, scale: XScale, start: int, stop: int, columns: int, weight: float, log: bool
) -> tuple[Floats, Floats]:
    """The means of the columns, smoothed from one to the next; the last stands at its end."""
    cuts = np.clip(track.find(scale.edges(columns)[1:-1]), start, stop)
    bounds = np.concatenate(([start], cuts, [stop]))
    starts, lengths = bounds[:-1], np.diff(bounds)
    starts, lengths = starts[lengths > 0], lengths[lengths > 0]
    rows = track.logged.value[starts[:, None] + np.arange(_SAMPLES) * lengths[:, None] // _SAMPLES]
    usable = np.isfinite(rows) & (rows > 0 if log else True)
    kept = usable.any(axis=1)
    starts, lengths, rows, usable = starts[kept], lengths[kept], rows[kept], usable[kept]
    values = np.where(usable, rows, 1.0)
    values = np.where(usable, np.log(values) if log else values, 0.0)
    means = values.sum(axis=1) / usable.sum(axis=1)
    at = starts + lengths // 2
    if len(at):
        at[0], at[-1] = starts[0], starts[-1] + lengths[-1] - 1
    averaged = smooth_(means, weight)
    return scale.drawn(track.x_at(at)), np.exp(averaged) if log else averaged


def _last(value: Floats, start: int, stop: int) -> int:
    """The last point of a range that is finite; its first where none is."""
    size = BLOCK
    while stop > start:
        begin = max(start, stop - size)
        found = np.flatnonzero(np.isfinite(value[begin:stop]))
        if len(found):
            return begin + int(found[-1])
        stop, size = begin, min(2 * size, 1 << 20)
    return start


def _first(value: Floats, start: int, stop: int) -> int:
    n = len(value)
    return n - 1 - _last(value[::-1], n - stop, n - start)
