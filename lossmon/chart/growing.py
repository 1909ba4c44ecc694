"""What was found out about a long series; while it grows, only its new points cost anything."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from lossmon.chart.peaks import Count, Peaks, Sums, pieces
from lossmon.chart.smoothing import START, continued
from lossmon.history.columns import Column, Floats, Ints, SeriesView, Source, part_of

_LONG = 20_000  # points from which on anything is kept
_SMOOTHED = 3  # ways to smooth a series that are kept
_COUNTS = 8  # and counts of its points
_THIN = 1 << 14  # points at most of a curve that is worked out anew for each picture

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_known: WeakKeyDictionary[Source, Known] = WeakKeyDictionary()
_LOCK = threading.RLock()


class Values(NamedTuple):
    """A column to draw, shape (n,), and where its peaks stand; None of a short one."""

    value: Floats
    peaks: Peaks | None

    def picks(self, start: int, stop: int, *cuts: Ints) -> Ints:
        """Indices in a range that hold the peaks between cuts, see `Peaks.picks`."""
        if self.peaks is None:
            return np.arange(start, stop)
        return self.peaks.picks(start, stop, np.concatenate(cuts) if cuts else np.empty(0, int))

    def range(self, start: int, stop: int) -> tuple[float, float] | None:
        """The least and the greatest value that is finite; None where none is."""
        value = self.value[self.picks(start, stop)]
        value = value[np.isfinite(value)]
        return (float(value.min()), float(value.max())) if len(value) else None


class Course:
    """How a column runs.

    Attributes:
        tidy: it ascends and all of it is finite.
        least, greatest: of what is finite; infinity and less where nothing is.
    """

    def __init__(self) -> None:
        self.tidy = True
        self.least, self.greatest = float("inf"), float("-inf")
        self._seen = 0

    def take(self, column: Floats | Ints) -> Course:
        """Take in what is new; `column` is all of it."""
        for piece in pieces(self._seen, len(column)):
            part = column[max(0, piece.start - 1) : piece.stop]
            finite = np.isfinite(part)
            whole = bool(finite.all())
            self.tidy = self.tidy and whole and bool((part[1:] >= part[:-1]).all())
            part = part if whole else part[finite]
            if len(part):
                self.least = min(self.least, float(part.min()))
                self.greatest = max(self.greatest, float(part.max()))
        self._seen = max(self._seen, len(column))
        return self


class _Smoothed:
    """The smoothed values of a series, and where an average stands at their end."""

    def __init__(self) -> None:
        self.value, self.peaks, self.state, self.length = Column(np.float64), Peaks(), START, 0


class Known:
    """What is kept of one source; views of it may be asked about in any order."""

    def __init__(self) -> None:
        self._peaks, self._sums = Peaks(), Sums()
        self._courses: dict[str, Course] = {}
        self._smoothed: OrderedDict[tuple[float, bool], _Smoothed] = OrderedDict()
        self._counts: OrderedDict[Hashable, Count] = OrderedDict()
        self._backs: list[int] = []
        self._looked = 1
        self._parts: dict[tuple[int, int], SeriesView] = {}

    def values(self, view: SeriesView) -> Values:
        """The values as logged."""
        with _LOCK:
            self._peaks.take(view.value)
        return Values(view.value, self._peaks)

    def smoothed(self, view: SeriesView, weight: float, log: bool) -> Values:
        """The smoothed values; see `smooth`."""
        if weight <= 0:
            return self.values(view)
        with _LOCK:
            kept = _newest(self._smoothed, (weight, log), _Smoothed, _SMOOTHED)
            if kept.length < len(view):
                new, kept.state = continued(view.value[kept.length :], weight, log, kept.state)
                kept.value.extend(new)
                kept.length = len(view)
            value = kept.value.view()
            kept.peaks.take(value)
        return Values(value[: len(view)], kept.peaks)

    def course(self, view: SeriesView, column: str) -> Course:
        """How a column runs ("step", "value", "epoch", "time"), which must be there."""
        with _LOCK:
            return self._courses.setdefault(column, Course()).take(getattr(view, column))

    def count(
        self, view: SeriesView, key: Hashable, test: Callable[[Floats], NDArray[np.bool_]]
    ) -> Count:
        """How many values answer to a test; equal keys are equal tests."""
        with _LOCK:
            count = _newest(self._counts, key, lambda: Count(test), _COUNTS)
            count.take(view.value)
        return count

    def sums(self, view: SeriesView) -> Floats:
        """Sums of the values by blocks."""
        with _LOCK:
            return self._sums.take(view.value)

    def backs(self, view: SeriesView) -> list[int]:
        """Where the step goes back."""
        with _LOCK:
            for piece in pieces(self._looked, len(view)):
                step = view.step[piece.start - 1 : piece.stop]
                self._backs += (np.flatnonzero(step[1:] < step[:-1]) + piece.start).tolist()
            self._looked = max(self._looked, len(view))
            return [at for at in self._backs if at < len(view)]

    def part(self, view: SeriesView, start: int, stop: int) -> SeriesView:
        """A part that is complete, as a series of its own: of that, too, something may be kept."""
        with _LOCK:
            if (start, stop) not in self._parts:
                self._parts[start, stop] = part_of(view, start, stop, Source())
            return self._parts[start, stop]


def _newest(kept: OrderedDict[_K, _V], key: _K, make: Callable[[], _V], most: int) -> _V:
    """What is kept under a key, made where it is new; of more than `most` the oldest goes."""
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]


def known_of(view: SeriesView) -> Known | None:
    """What is kept of a series; None of a short one, and of one that stands alone."""
    if view.source is None or len(view) < _LONG:
        return None
    with _LOCK:
        return _known.setdefault(view.source, Known())


def course_of(view: SeriesView, column: str) -> Course:
    """How a column of a series runs, which must be there."""
    known = known_of(view)
    return Course().take(getattr(view, column)) if known is None else known.course(view, column)


def thinned(view: SeriesView) -> SeriesView:
    """Of a long series evenly spaced points, which keep their places as it grows, and the last."""
    apart = 1 << max(0, (len(view) - 1) // _THIN).bit_length()
    if apart == 1:
        return view
    index = np.append(np.arange(0, len(view) - 1, apart), len(view) - 1)
    epoch, time = (None if c is None else c[index] for c in (view.epoch, view.time))
    return SeriesView(view.name, view.role, view.step[index], view.value[index], epoch, time)
