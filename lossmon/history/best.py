"""The best evaluation of a run: the lowest value that was logged, exactly, whatever is thinned.

Everything that names it asks here. A long run was shown a mean of several evaluations as its best,
another number on the chart, and a checkpoint that moved back as the mean took in more.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lossmon.history.columns import Column, Series, Source


class Best(NamedTuple):
    """An evaluation that was logged.

    Attributes:
        metric: of what.
        step: at which it was logged, the first where several are as low.
        value: as logged.
    """

    metric: str
    step: int
    value: float


class Lows:
    """Where a series was lower than ever before; amortised O(1) a point.

    What a resumed run logged again counts as it was logged last, as in `Series.kept`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._clear(0, None)

    def _clear(self, begins: int, source: Source | None) -> None:
        self._begins, self._source = begins, source
        self._step, self._value = Column(np.int64), Column(np.float64)
        self._lowest = math.inf
        self._seen = 0

    def catch_up(self, series: Series, first: int) -> Lows:
        """Take in what is new.

        Args:
            series: its points.
            first: the step from which on they count; before it was another training.
        """
        view = series.kept()
        if first != self._begins or view.source is not self._source:  # other points count
            self._clear(first, view.source)  # it happens a few times
        start = max(self._seen, int(np.searchsorted(view.step, first)))
        if start < len(view):
            value = view.value[start:]
            value = np.where(np.isfinite(value), value, np.inf)
            before = np.minimum.accumulate(np.concatenate(((self._lowest,), value[:-1])))
            new = np.flatnonzero(value < before)
            if len(new):
                self._step.extend(view.step[start:][new])
                self._value.extend(value[new])
                self._lowest = float(value[new[-1]])
        self._seen = len(view)
        return self

    @property
    def newest(self) -> Best | None:
        """The best of all; None where nothing finite was logged."""
        return self.before(math.inf)

    def before(self, step: float) -> Best | None:
        """The best of those before a step."""
        at = int(np.searchsorted(self._step.view(), step)) - 1
        if at < 0:
            return None
        return Best(self._name, int(self._step.view()[at]), float(self._value.view()[at]))
