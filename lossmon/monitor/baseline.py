"""Behind or ahead of another run at the same step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats, SeriesView
from lossmon.monitor.update import RunUpdate

_BLOCKS = 128  # at most, that the baseline's curve is reduced to
_OF_A_BLOCK = 16  # points at least: of fewer, the lowest is what noise made it
_SHARE = 0.02  # of a run: the newest points that its level is the mean of
_LEAST, _MOST = 5, 500
_LONG = 100  # parts of the baseline: it is taken anew when it has grown by one of them


@dataclass(frozen=True)
class Gap:
    """How a run stands against the baseline.

    Attributes:
        step: the newest step that both have.
        loss: its loss less the baseline's there; negative is better.
        share: the same as a part of the baseline's loss; None where that is 0.
        steps: how many steps sooner it got there than the baseline; negative is later, None where
            the baseline never was so low.
    """

    step: int
    loss: float
    share: float | None
    steps: int | None

    @property
    def ahead(self) -> bool:
        """Its loss is lower."""
        return self.loss < 0


class Baseline:
    """The run that others are compared with.

    Losses are compared as levels, the mean of the newest points and of the baseline's over the
    same steps, so that the noise of a single batch says nothing.

    Args:
        update: the run, as it is now.
    """

    def __init__(self, update: RunUpdate) -> None:
        self.run = update.run
        self.revision = update.revision
        view = curve_of(update)
        self._view = view
        self._known = 0 if view is None else len(view)
        if view is None:
            return
        finite = np.isfinite(view.value)
        value, step = view.value[finite], view.step[finite]
        if not len(value):
            self._view = None
            return
        blocks = max(min(len(value), 4), min(_BLOCKS, len(value) // _OF_A_BLOCK))
        starts = st.distinct(np.linspace(0, len(value), blocks + 1).astype(int)[:-1])
        ends = np.append(starts[1:], len(value))
        means = np.add.reduceat(value, starts) / (ends - starts)
        self._lowest = np.minimum.accumulate(means)  # the level reached so far
        self._reached = step[(starts + ends - 1) // 2]

    def outgrown(self, update: RunUpdate) -> bool:
        """Whether the run has grown by so much that it is worth to be taken anew."""
        view = curve_of(update)
        return view is None or len(view) >= self._known + 1 + self._known // _LONG

    def gap(self, update: RunUpdate) -> Gap | None:
        """How a run stands; None for the baseline itself and where nothing can be compared."""
        base, view = self._view, curve_of(update)
        if base is None or view is None or update.run == self.run:
            return None
        last = min(int(view.step[-1]), int(base.step[-1]))
        first = max(int(view.step[0]), int(base.step[0]))
        end = int(np.searchsorted(view.step, last, side="right"))
        if end == 0 or last < first:
            return None
        count = max(_LEAST, min(_MOST, int(end * _SHARE)))
        start = max(0, end - count, int(np.searchsorted(view.step, first)))
        mine = _level(view.value[start:end])
        theirs = self._at(int(view.step[start]), last)
        if mine is None or theirs is None:
            return None
        loss = mine - theirs
        steps = None
        if mine >= self._lowest[-1]:
            reached = float(np.interp(-mine, -self._lowest, self._reached))
            steps = round(reached) - int(view.step[(start + end - 1) // 2])
        return Gap(last, loss, loss / abs(theirs) if theirs else None, steps)

    def _at(self, first: int, last: int) -> float | None:
        """The baseline's level over some steps."""
        assert self._view is not None
        step = self._view.step
        start, end = np.searchsorted(step, first), np.searchsorted(step, last, side="right")
        if end - start < 1:  # it logs more rarely
            return _level(self._view.value[max(0, int(start) - 1) : int(start) + 1])
        return _level(self._view.value[int(start) : int(end)])


def curve_of(update: RunUpdate) -> SeriesView | None:
    """What a run is compared by: its train loss, else its eval loss."""
    for name in (update.train, update.eval):
        view = update.series.get(name) if name else None
        if view is not None and len(view):
            return view
    return None


def _level(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else None
