"""A bounded sketch of a series: at most 1,024 buckets, however long the run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lossmon.history.columns import Floats, Ints, Series, SeriesView, Source

MAX_BUCKETS = 1024
HEAD = 64  # first values kept as they are
NEWEST = 512  # newest values kept as they are

# Of each bucket: what is summed up in it, and what a sketch holds of it.
_SUMS = range(10)
_COUNT, _TOTAL, _SQUARES, _JUMPS, _LOW, _HIGH, _FIRST, _LAST, _NONFINITE, _STEPS = _SUMS
_SHOWN = ("step", "mean", "deviation", "jump", "low", "high")
_MEAN = 1


@dataclass(frozen=True)
class Sketch:
    """The summary of a series at one moment; arrays have shape (k,), k <= 1,024, steps ascend.

    Attributes:
        n: points in the series, non-finite ones counted.
        width: points in a bucket (the last bucket may hold fewer).
        step: centre of each bucket, float64.
        mean: mean of the finite values.
        deviation: standard deviation of the finite values within each bucket.
        jump: root mean square of the differences between neighbours within each bucket.
        low, high: least and greatest finite value.
        nonfinite: number of values that are NaN or infinite, all buckets together.
        head: the first 64 values as logged.
        newest_step, newest: the newest 512 points as logged.
        logged: all rows that the log has of it, of whatever stage and sign, with those that a
            resumed run replaced: what is counted is counted there.
    """

    n: int
    width: int
    step: Floats
    mean: Floats
    deviation: Floats
    jump: Floats
    low: Floats
    high: Floats
    nonfinite: int
    head: Floats
    newest_step: Ints
    newest: Floats
    logged: SeriesView

    @property
    def negative(self) -> Sketch:
        """The summary of the same series with each value negated."""
        return replace(
            self,
            mean=-self.mean,
            low=-self.high,
            high=-self.low,
            head=-self.head,
            newest=-self.newest,
        )

    def since(self, step: float) -> Sketch:
        """The summary of the points from a step on; a bucket that begins before it is left out."""
        half = (
            0.5 * (self.width - 1) / self.width * float(np.median(np.diff(self.step)))
            if (len(self.step) > 1)
            else 0.0
        )
        keep = self.step - half >= step
        newest = self.newest_step >= step
        whole = self.n <= len(self.newest) or not newest.all()
        head = self.newest[newest] if whole else self.mean[keep]
        return replace(
            self,
            n=int(newest.sum()) if whole else int(self.width * keep.sum()),
            step=self.step[keep],
            mean=self.mean[keep],
            deviation=self.deviation[keep],
            jump=self.jump[keep],
            low=self.low[keep],
            high=self.high[keep],
            nonfinite=int(np.count_nonzero(~np.isfinite(self.newest[newest]))),
            head=head[:HEAD],
            newest_step=self.newest_step[newest],
            newest=self.newest[newest],
        )


class Summary:
    """Follows one series; amortised O(1) a point, since each point is folded into a bucket once.

    What sketches hold of whole buckets is worked out once, too, and shared by all of them: columns
    are only added behind those that a sketch has seen, and arrays that change are new ones.
    """

    def __init__(self) -> None:
        self._sketched: tuple[int, Sketch] | None = None  # points then, and the summary of them
        self._begins = -(2**62)  # the first step of the stage that it is of
        self._clear()

    def _clear(self) -> None:
        self._width = 1
        self._sums, self._shown = np.empty((len(_SUMS), 0)), np.empty((len(_SHOWN), 0))
        self._count = 0  # complete buckets
        self._folded = 0  # points in them
        self._nonfinite = 0  # of these points
        self._source: Source | None = None

    @np.errstate(over="ignore", invalid="ignore")
    def catch_up(self, series: Series) -> Sketch:
        """Fold in what is new and return the summary as of now."""
        if self._sketched is not None and self._sketched[0] == len(series):
            return self._sketched[1]
        view = series.kept()
        if series.begins != self._begins:  # an earlier stage is another training
            self._clear()
            self._begins = series.begins
        step, value = view.step, view.value
        first = int(step.searchsorted(series.begins))
        if first:
            step, value = step[first:], value[first:]
        if view.source is not self._source:
            # A resumed run replaces points that were folded already; what two ranks wrote counts
            # once as soon as that is seen. It happens a few times.
            self._clear()
            self._source = view.source
        if not self._folded and len(value) <= MAX_BUCKETS and np.isfinite(value).all():
            self._sketched = len(series), _plain(series.rows(), step, value)
            return self._sketched[1]
        while True:
            room = MAX_BUCKETS - self._count
            whole = (len(value) - self._folded) // self._width
            if whole <= room:
                break
            self._fold(step, value, room)
            self._merge()
        self._fold(step, value, whole)
        self._sketched = len(series), self._sketch(series.rows(), step, value)
        return self._sketched[1]

    def _fold(self, step: Ints, value: Floats, buckets: int) -> None:
        if buckets <= 0:
            return
        stop, end = self._folded + buckets * self._width, self._count + buckets
        fresh = _fold(step[self._folded : stop], value[self._folded : stop], self._width)
        self._sums = _put(self._sums, self._count, fresh)
        self._shown = _put(self._shown, self._count, _seen(fresh))
        self._nonfinite += int(np.add.reduce(fresh[_NONFINITE]))
        self._count, self._folded = end, stop

    def _merge(self) -> None:
        """Neighbours become one bucket, which is twice as wide."""
        even, odd = self._sums[:, : self._count : 2], self._sums[:, 1 : self._count : 2]
        merged = even + odd
        merged[_JUMPS] += np.nan_to_num((odd[_FIRST] - even[_LAST]) ** 2)
        merged[_LOW] = np.fmin(even[_LOW], odd[_LOW])
        merged[_HIGH] = np.fmax(even[_HIGH], odd[_HIGH])
        merged[_FIRST], merged[_LAST] = even[_FIRST], odd[_LAST]
        self._sums, self._shown, self._count = merged, _seen(merged), merged.shape[1]
        self._width *= 2

    def _sketch(self, logged: SeriesView, step: Ints, value: Floats) -> Sketch:
        shown, nonfinite = self._shown[:, : self._count], self._nonfinite
        if len(value) > self._folded:
            last, broken = _last(step[self._folded :], value[self._folded :])
            shown = np.concatenate((shown, last), axis=1)
            nonfinite += broken
        if nonfinite:  # buckets that hold nothing else
            shown = shown[:, shown[_MEAN] == shown[_MEAN]]
        shown.flags.writeable = False
        return _of_buckets(logged, step, value, shown, self._width, nonfinite)


def _of_buckets(
    logged: SeriesView,
    step: Ints,
    value: Floats,
    shown: Iterable[Floats],
    width: int,
    nonfinite: int,
) -> Sketch:
    """The sketch of some points; `shown` are its buckets, a row for each thing said of them."""
    centre, mean, deviation, jump, low, high = shown
    return Sketch(
        n=len(value),
        width=width,
        step=centre,
        mean=mean,
        deviation=deviation,
        jump=jump,
        low=low,
        high=high,
        nonfinite=nonfinite,
        head=value[:HEAD],
        newest_step=step[-NEWEST:],
        newest=value[-NEWEST:],
        logged=logged,
    )


def _plain(logged: SeriesView, step: Ints, value: Floats) -> Sketch:
    """What a sketch of few points says, each of which is a bucket of its own.

    They are folded when one comes that makes them too many, or is no number.
    """
    centre, nothing = step.astype(np.float64), np.zeros(len(value))
    centre.flags.writeable = nothing.flags.writeable = False
    return _of_buckets(logged, step, value, (centre, value, nothing, nothing, value, value), 1, 0)


def _last(step: Ints, value: Floats) -> tuple[Floats, int]:
    """What a sketch holds of the bucket that is not full yet, and its values that are no number.

    It is worked out at each look: with numbers where arrays of one column took ten times as long.
    """
    n, total = len(value), float(np.add.reduce(value))
    if not math.isfinite(total):
        sums = _fold(step, value, n)
        return _seen(sums), int(sums[_NONFINITE, 0])
    mean, moves = total / n, value[1:] - value[:-1]
    spread = float(np.add.reduce(value * value)) / n - mean * mean
    jump = float(np.add.reduce(moves * moves)) / max(n - 1, 1)
    centre = float(np.add.reduce(step, dtype=float)) / n
    low, high = np.minimum.reduce(value), np.maximum.reduce(value)
    shown = (centre, mean, math.sqrt(max(spread, 0.0)), math.sqrt(jump), low, high)
    return np.array(shown).reshape(len(_SHOWN), 1), 0


def _put(columns: Floats, at: int, more: Floats) -> Floats:
    """Columns with more of them from a place on; a new array where there is no room."""
    end = at + more.shape[1]
    if end > columns.shape[1]:
        if not at:
            return more
        grown = np.empty((len(columns), max(end, min(MAX_BUCKETS, 2 * end))))
        grown[:, :at] = columns[:, :at]
        columns = grown
    columns[:, at:end] = more
    return columns


def _seen(sums: Floats) -> Floats:
    """What a sketch holds of buckets, by what was summed up in them."""
    count = sums[_COUNT]
    n = np.maximum(count, 1)
    seen = np.empty((len(_SHOWN), len(count)))
    seen[0] = sums[_STEPS] / np.maximum(count + sums[_NONFINITE], 1)
    mean = seen[_MEAN] = sums[_TOTAL] / n
    seen[2] = np.sqrt(np.maximum(sums[_SQUARES] / n - mean * mean, 0.0))
    seen[3] = np.sqrt(sums[_JUMPS] / np.maximum(count - 1, 1))
    seen[4], seen[5] = sums[_LOW], sums[_HIGH]
    seen[_MEAN, count == 0] = np.nan
    return seen


def _fold(step: Ints, value: Floats, width: int) -> Floats:
    """The sums of buckets of `width` points, shape (10, k); len(value) is a multiple of width."""
    finite = np.isfinite(value)
    sums = np.empty((len(_SUMS), len(value) // width))
    if width == 1 and finite.all():
        sums[_COUNT], sums[_JUMPS], sums[_NONFINITE] = 1.0, 0.0, 0.0
        sums[_TOTAL] = sums[_LOW] = sums[_HIGH] = sums[_FIRST] = sums[_LAST] = value
        sums[_SQUARES], sums[_STEPS] = value * value, step
        return sums
    values, finite = value.reshape(-1, width), finite.reshape(-1, width)
    zeroed = np.where(finite, values, 0.0)
    jumps = np.where(finite[:, 1:] & finite[:, :-1], zeroed[:, 1:] - zeroed[:, :-1], 0.0)
    sums[_COUNT] = finite.sum(axis=1)
    sums[_TOTAL] = zeroed.sum(axis=1)
    sums[_SQUARES] = (zeroed**2).sum(axis=1)
    sums[_JUMPS] = (jumps**2).sum(axis=1)
    sums[_LOW] = np.where(finite, values, np.inf).min(axis=1)
    sums[_HIGH] = np.where(finite, values, -np.inf).max(axis=1)
    sums[_FIRST], sums[_LAST] = values[:, 0], values[:, -1]
    sums[_NONFINITE] = width - sums[_COUNT]
    sums[_STEPS] = step.reshape(-1, width).sum(axis=1, dtype=float)
    return sums
