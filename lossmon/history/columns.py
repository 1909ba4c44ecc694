"""Append-only columns: all points of one metric, as logged."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from operator import lt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_REPEATS = 0.75  # of the points: where more share a step, it is no step
_EARLY = 8  # steps from the start on, of which each is written twice by two ranks
_TELLING = 3  # steps
_PAGED = 1 << 18  # bytes from which on an array has pages of its own
_STAGED = 1024  # points kept in lists before they move into the arrays: cheaper by a factor of 3


class Source:
    """What views are taken of; it only grows. It says nothing but which one it is."""


@dataclass(frozen=True)
class SeriesView:
    """A snapshot of a series, without a copy. Later appends do not show in it.

    Attributes:
        name: the metric's name as logged.
        role: what the metric is (see `lossmon.formats.names`).
        step: int64, shape (n,), as logged or as placed on the train axis.
        value: float64, shape (n,), as logged; NaN and infinity kept.
        epoch: float64, shape (n,), NaN where not logged; None where no point has one.
        time: float64, shape (n,), seconds since the Unix epoch; NaN and None likewise.
        source: what it was taken of: of two views of one source the longer begins with the
            shorter, so that what was found out about one holds for the other. None: a view alone.
    """

    name: str
    role: str
    step: Ints
    value: Floats
    epoch: Floats | None
    time: Floats | None
    source: Source | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.step)


def part_of(view: SeriesView, start: int, stop: int, source: Source | None = None) -> SeriesView:
    """The points from `start` to before `stop`, without a copy."""
    part = slice(start, stop)
    epoch, time = (None if c is None else c[part] for c in (view.epoch, view.time))
    return SeriesView(view.name, view.role, view.step[part], view.value[part], epoch, time, source)


def joined(views: Sequence[SeriesView]) -> SeriesView:
    """The points of views one behind the other, called as the first; NaN where a column lacks."""
    return replace(
        views[0],
        step=np.concatenate([view.step for view in views]),
        value=np.concatenate([view.value for view in views]),
        epoch=_behind_one_another([(view.epoch, len(view)) for view in views]),
        time=_behind_one_another([(view.time, len(view)) for view in views]),
        source=None,
    )


def _behind_one_another(columns: Sequence[tuple[Floats | None, int]]) -> Floats | None:
    if all(column is None for column, _ in columns):
        return None
    return np.concatenate([or_nan(column, rows) for column, rows in columns])


def or_nan(column: Floats | None, rows: int) -> Floats:
    """A column of so many rows; NaN in each where there is none."""
    return np.full(rows, np.nan) if column is None else column


def among(steps: Ints, known: Ints) -> NDArray[np.bool_]:
    """Which steps are among those known, which ascend."""
    if not len(known):
        return np.zeros(len(steps), bool)
    found: NDArray[np.bool_] = known[np.minimum(known.searchsorted(steps), len(known) - 1)] == steps
    return found


def counts_epochs(step: Ints, epoch: Floats | None) -> bool:
    """Whether rows are an epoch each: their steps are its number."""
    return epoch is not None and bool((step == epoch).all())


def _room(n: int, dtype: np.dtype) -> np.ndarray:
    """An array to be filled. A large one has pages of its own, which count once they are touched.

    They also go back to the system at once when it has been outgrown; the heap of a thread that
    reads a long log would keep the holes.
    """
    if n * dtype.itemsize < _PAGED:
        return np.empty(n, dtype)
    pages = mmap.mmap(-1, n * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, dtype)


class Column:
    """A growing array of one dtype; doubling, so that an append is O(1) amortised."""

    __slots__ = ("_data", "_fill", "_n")

    def __init__(self, dtype: type, fill: float = 0) -> None:
        self._data: np.ndarray = np.empty(0, dtype=dtype)
        self._fill = fill
        self._n = 0

    def extend(self, values: list[float] | list[int] | Floats | Ints) -> None:
        """Append many values."""
        need = self._n + len(values)
        if need > len(self._data):
            # What comes at once may be all there is: of 10,000 small logs room was a tenth of all.
            room = max(need, len(self._data) * 3 // 2 + 64) if self._n else need
            grown = _room(room, self._data.dtype)
            grown[: self._n] = self._data[: self._n]
            self._data = grown
        self._data[self._n : need] = values
        self._n = need

    def pad(self, n: int) -> None:
        """Grow to length n with the fill value (for a column that starts later than the others)."""
        if n > self._n:
            self.extend(np.full(n - self._n, self._fill))

    def view(self) -> np.ndarray:
        """A read-only view of what is there now, shape (n,)."""
        view = self._data[: self._n]
        view.flags.writeable = False
        return view


class Series:
    """All points of one metric in the order they were logged.

    Nothing is ever deleted here. Where a run was resumed from an earlier step, `kept` leaves out
    the points that the resumed part logged again (TensorBoard's "preemption" rule).
    """

    __slots__ = (
        "_counted", "_counted_as", "_counted_to", "_early_repeats", "_epoch", "_kept", "_last_step",
        "_n", "_repeated", "_source",
        "_staged_epoch", "_staged_step", "_staged_time", "_staged_value", "_step", "_time",
        "_value", "_whole", "begins", "last_value", "name", "repeats", "restarts", "role",
    )  # fmt: skip

    def __init__(self, name: str, role: str) -> None:
        self.name = name
        self.role = role
        self.restarts: list[int] = []  # indices at which the step went back
        self.repeats = 0  # points at the step of the one before
        self._repeated = -(2**62)  # the newest step that was written again
        self._early_repeats = 0  # of the first steps, those that were written twice
        self.begins = -(2**62)  # the first step of the newest stage: what is judged
        self.last_value = float("nan")
        self._step = Column(np.int64)
        self._value = Column(np.float64)
        self._epoch: Column | None = None
        self._time: Column | None = None
        self._staged_step: list[int] = []
        self._staged_value: list[float] = []
        self._staged_epoch: list[float | None] = []
        self._staged_time: list[float | None] = []
        self._last_step = -(2**62)
        self._n = 0
        self._source = Source()
        self._whole: SeriesView | None = None
        self._kept: list[tuple[int, int]] = []  # closed [start, stop) slices before the open one
        self._counted: Series | None = None  # what counts, where that is not all
        self._counted_as, self._counted_to = (0, False), 0

    def __len__(self) -> int:
        return self._n

    @property
    def last_step(self) -> int:
        """The step of the newest point; very negative when there is none."""
        return self._last_step

    @property
    def restart_steps(self) -> tuple[int, ...]:
        """The steps from which on the run was resumed."""
        if not self.restarts:
            return ()
        steps = self.view().step
        return tuple(int(steps[at]) for at in self.restarts)

    def append(
        self, step: int, value: float, epoch: float | None = None, time: float | None = None
    ) -> None:
        """Append one point; a step below the newest one marks a restart."""
        if step <= self._last_step:
            if step < self._last_step:
                self._restart(step)
            else:
                if self._repeated != step:  # twice; more often says no more
                    self._early_repeats += self._n - self.repeats <= _EARLY
                    self._repeated = step
                self.repeats += 1
        self._whole = None
        self._staged_step.append(step)
        self._staged_value.append(value)
        self._staged_epoch.append(epoch)
        self._staged_time.append(time)
        self._last_step = step
        self.last_value = value
        self._n += 1
        if len(self._staged_step) >= _STAGED:
            self._settle()

    def append_all(
        self,
        step: list[int],
        value: list[float],
        epoch: list[float | None],
        time: list[float | None],
    ) -> None:
        """Append some points, one at least; what appending them one by one gives."""
        if step[0] <= self._last_step or not all(map(lt, step, islice(step, 1, None))):
            for point in zip(step, value, epoch, time, strict=True):
                self.append(*point)
            return
        self._whole = None
        self._staged_step += step
        self._staged_value += value
        self._staged_epoch += epoch
        self._staged_time += time
        self._last_step, self.last_value = step[-1], value[-1]
        self._n += len(step)
        if len(self._staged_step) >= _STAGED:
            self._settle()

    def extend(
        self, step: Ints, value: Floats, epoch: Floats | None = None, time: Floats | None = None
    ) -> None:
        """Append many points; all arrays have shape (k,), k > 0.

        It is what appending them one by one would give.
        """
        if step[0] <= self._last_step or (len(step) > 1 and np.diff(step).min() <= 0):
            epochs = repeat(None) if epoch is None else epoch.tolist()
            times = repeat(None) if time is None else time.tolist()
            for point in zip(step.tolist(), value.tolist(), epochs, times, strict=False):
                self.append(*point)
            return
        self._settle()
        self._whole = None
        self._step.extend(step)
        self._value.extend(value)
        self._epoch = _extend_optional(self._epoch, epoch, self._n, len(step))
        self._time = _extend_optional(self._time, time, self._n, len(step))
        self._n += len(step)
        self._last_step = int(step[-1])
        self.last_value = float(value[-1])

    def view(self) -> SeriesView:
        """Everything that was logged, in log order; the same object until a point is added."""
        if self._whole is None:
            self._settle()
            self._whole = SeriesView(
                self.name,
                self.role,
                self._step.view(),
                self._value.view(),
                None if self._epoch is None else self._epoch.view(),
                None if self._time is None else self._time.view(),
                self._source,
            )
        return self._whole

    def rows(self) -> SeriesView:
        """What a person counts in the log: also rows that a resumed run wrote again.

        Where two ranks wrote each of them, the first of each.
        """
        return self.kept() if self._is_doubled else self.view()

    def kept(self) -> SeriesView:
        """What counts; steps ascend.

        Where a resumed run logged steps again, the later values; where two ranks or two handlers
        wrote each step from the start, the first of each.
        """
        whole = self.view()
        doubled = self._is_doubled
        if not self.restarts and not doubled:
            return whole
        asked = (len(self.restarts), doubled)
        counted, slices = self._counted, [(self._counted_to, self._n)]
        if counted is None or self._counted_as != asked:
            counted = self._counted = Series(self.name, self.role)
            self._counted_as = asked
            slices = [*self._kept, (self._open_start, self._n)]
        for start, stop in slices:
            counted.take(part_of(whole, start, stop), doubled)
        self._counted_to = self._n
        return counted.view()

    @property
    def _is_doubled(self) -> bool:
        """Two ranks or two handlers write each step, and did so from the start.

        Steps that a logger rounds ("1.23e+04") begin to repeat when they no longer fit its digits:
        there each point counts.
        """
        early = min(self._n - self.repeats, _EARLY)
        often = self.repeats <= _MOST_REPEATS * self._n
        return often and early >= _TELLING and self._early_repeats >= early - 1

    def take(self, part: SeriesView, doubled: bool) -> None:
        """Append points of another series.

        Where rows are doubled, of those that share a step only the first.
        """
        keep: slice | NDArray[np.bool_] = slice(None)
        if doubled:
            keep = np.diff(part.step, prepend=self._last_step) != 0
        if len(part.step[keep]):
            epoch, time = (None if c is None else c[keep] for c in (part.epoch, part.time))
            self.extend(part.step[keep], part.value[keep], epoch, time)

    @property
    def _open_start(self) -> int:
        return self.restarts[-1] if self.restarts else 0

    def _restart(self, step: int) -> None:
        """Close the open slice and drop what it and those before it hold at or after `step`."""
        self._settle()
        steps = self._step.view()
        slices = [*self._kept, (self._open_start, self._n)]
        kept: list[tuple[int, int]] = []
        for start, stop in slices:
            cut = start + int(np.searchsorted(steps[start:stop], step, side="left"))
            if cut > start:
                kept.append((start, cut))
        self._kept = kept
        self.restarts.append(self._n)

    def _settle(self) -> None:
        """Move the staged points into the arrays."""
        if not self._staged_step:
            return
        settled = self._n - len(self._staged_step)
        self._step.extend(self._staged_step)
        self._value.extend(self._staged_value)
        self._epoch = _settle_optional(self._epoch, self._staged_epoch, settled)
        self._time = _settle_optional(self._time, self._staged_time, settled)
        for staged in (
            self._staged_step, self._staged_value, self._staged_epoch, self._staged_time,
        ):  # fmt: skip
            staged.clear()


def _settle_optional(
    column: Column | None, staged: list[float | None], settled: int
) -> Column | None:
    nan = float("nan")
    cells = None
    if any(value is not None for value in staged):
        cells = np.array([nan if value is None else value for value in staged])
    return _extend_optional(column, cells, settled, len(staged))


def _extend_optional(
    column: Column | None, cells: Floats | None, n: int, more: int
) -> Column | None:
    """Optional columns cost nothing until the first value shows up."""
    if cells is None or np.isnan(cells).all():
        if column is not None:
            column.pad(n + more)
        return column
    if column is None:
        column = Column(np.float64, fill=float("nan"))
        column.pad(n)
    column.extend(cells)
    return column
