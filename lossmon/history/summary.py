"""A bounded sketch of a series: at most 1,024 buckets, however long the run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lossmon.history.columns import Floats, Ints, Series, part_of

MAX_BUCKETS = 1024
HEAD = 64  # first values kept as they are
NEWEST = 512  # newest values kept as they are

_FIELDS = (
    "count", "total", "squares", "jumps", "low", "high", "first", "last", "nonfinite", "step_sum",
)  # fmt: skip


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
    """Follows one series; amortised O(1) a point, since each point is folded into a bucket once."""

    def __init__(self) -> None:
        self._sketched: tuple[int, Sketch] | None = None  # points then, and the summary of them
        self._begins = -(2**62)  # the first step of the stage that it is of
        self._clear()

    def _clear(self) -> None:
        self._width = 1
        self._buckets = {name: np.empty(0) for name in _FIELDS}
        self._folded = 0  # points in complete buckets
        self._restarts = 0

    @np.errstate(over="ignore", invalid="ignore")
    def catch_up(self, series: Series) -> Sketch:
        """Fold in what is new and return the summary as of now."""
        if self._sketched is not None and self._sketched[0] == len(series):
            return self._sketched[1]
        view = series.kept()
        if series.begins != self._begins:  # an earlier stage is another training
            self._clear()
            self._begins = series.begins
        view = part_of(view, int(np.searchsorted(view.step, series.begins)), len(view))
        if len(series.restarts) != self._restarts or len(view) < self._folded:
            # A resumed run replaces points that were folded already. It happens a few times.
            self._clear()
            self._restarts = len(series.restarts)
        step, value = view.step, view.value
        while True:
            room = MAX_BUCKETS - len(self._buckets["count"])
            whole = (len(value) - self._folded) // self._width
            if whole <= room:
                break
            self._fold(step, value, room)
            self._merge()
        self._fold(step, value, whole)
        self._sketched = len(series), self._sketch(step, value)
        return self._sketched[1]

    def _fold(self, step: Ints, value: Floats, buckets: int) -> None:
        if buckets <= 0:
            return
        stop = self._folded + buckets * self._width
        fresh = _fold(step[self._folded : stop], value[self._folded : stop], self._width)
        for name in _FIELDS:
            self._buckets[name] = np.concatenate((self._buckets[name], fresh[name]))
        self._folded = stop

    def _merge(self) -> None:
        """Neighbours become one bucket, which is twice as wide."""
        old = self._buckets
        even, odd = {k: v[0::2] for k, v in old.items()}, {k: v[1::2] for k, v in old.items()}
        merged = {
            name: even[name] + odd[name]
            for name in ("count", "total", "squares", "nonfinite", "step_sum")
        }
        across = np.nan_to_num((odd["first"] - even["last"]) ** 2)
        merged["jumps"] = even["jumps"] + odd["jumps"] + across
        merged["low"] = np.fmin(even["low"], odd["low"])
        merged["high"] = np.fmax(even["high"], odd["high"])
        merged["first"], merged["last"] = even["first"], odd["last"]
        self._buckets = merged
        self._width *= 2

    def _sketch(self, step: Ints, value: Floats) -> Sketch:
        buckets = self._buckets
        rest = len(value) - self._folded
        if rest:
            tail = _fold(step[self._folded :], value[self._folded :], rest)
            buckets = {name: np.concatenate((buckets[name], tail[name])) for name in _FIELDS}
        count = buckets["count"]
        some = count > 0
        n = np.maximum(count, 1)
        mean = np.where(some, buckets["total"] / n, np.nan)
        variance = np.maximum(buckets["squares"] / n - mean**2, 0.0)
        return Sketch(
            n=len(value),
            width=self._width,
            step=(buckets["step_sum"] / np.maximum(count + buckets["nonfinite"], 1))[some],
            mean=mean[some],
            deviation=np.sqrt(variance)[some],
            jump=np.sqrt(buckets["jumps"] / np.maximum(count - 1, 1))[some],
            low=buckets["low"][some],
            high=buckets["high"][some],
            nonfinite=int(buckets["nonfinite"].sum()),
            head=value[:HEAD],
            newest_step=step[-NEWEST:],
            newest=value[-NEWEST:],
        )


def _fold(step: Ints, value: Floats, width: int) -> dict[str, Floats]:
    """Buckets of `width` points; len(value) is a multiple of width."""
    values = value.reshape(-1, width)
    finite = np.isfinite(values)
    zeroed = np.where(finite, values, 0.0)
    jumps = np.where(finite[:, 1:] & finite[:, :-1], np.diff(zeroed, axis=1), 0.0)
    return {
        "count": finite.sum(axis=1).astype(float),
        "total": zeroed.sum(axis=1),
        "squares": (zeroed**2).sum(axis=1),
        "jumps": (jumps**2).sum(axis=1),
        "low": np.where(finite, values, np.inf).min(axis=1),
        "high": np.where(finite, values, -np.inf).max(axis=1),
        "first": values[:, 0],
        "last": values[:, -1],
        "nonfinite": (~finite).sum(axis=1).astype(float),
        "step_sum": step.reshape(-1, width).sum(axis=1, dtype=float),
    }
