"""A rise of the train loss, or of eval, that asks for a look before one is due."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lossmon.history.columns import Floats

_ALARM = 8.0  # of the Page-Hinkley sum, in sigmas
_DRIFT = 1.0  # sigmas that each point must exceed to add to it
_FORGET = 0.05  # weight of the newest point in the running level
_FEW = 8  # evaluations; fewer are gone over one by one
SOON_POINTS, SOON_MOST = 3, 8  # points between two alarms at first, and at most in a short run


class Alarm:
    """Goes over the train loss, O(1) a point.

    It is the test of Page (1954) and Hinkley (1971) on winsorised z-scores: several values stood
    above the running level. A value that is not finite alarms by itself.
    """

    def __init__(self) -> None:
        self._level = math.nan
        self._variance = math.nan
        self._risen = 0.0
        self._quiet_until = 0
        self._patience = SOON_POINTS

    def calm_down(self) -> None:
        """A look was due without an alarm: the next alarms may come soon again."""
        self._patience = SOON_POINTS

    def first(self, values: Sequence[float], n: int, diverged: bool) -> int | None:
        """The index of the first value that alarms; what follows it was not gone over.

        Args:
            values: in the order they were logged.
            n: points before them.
            diverged: that the loss is not finite is known, and news no more.

        Returns:
            None where none does.
        """
        level, variance, risen = self._level, self._variance, self._risen
        found = None
        for i, value in enumerate(values):
            if value - value != 0.0:  # not finite
                if diverged:
                    continue
                found = i
                break
            if level != level:
                level, variance = value, 0.01 * value * value
                continue
            sigma = math.sqrt(variance) or 1e-300
            away = value - level
            if not -3 * sigma <= away <= 3 * sigma:  # winsorised: a spike moves nothing
                away = 3 * sigma if away > 0 else -3 * sigma
            risen += away / sigma - _DRIFT
            if not risen > 0.0:
                risen = 0.0
            level += _FORGET * away
            variance += _FORGET * (away * away - variance)
            if risen >= _ALARM and n + i + 1 >= self._quiet_until:
                risen, found = 0.0, i
                self._rest(n + i + 1)
                break
        self._level, self._variance, self._risen = level, variance, risen
        return found

    def _rest(self, n: int) -> None:
        self._quiet_until = n + self._patience
        self._patience = min(2 * self._patience, max(SOON_MOST, n // 100))


class Turn:
    """Goes over the eval loss, O(1) an evaluation: it left its lowest level upwards.

    By the median of the newest three and the mean of two, as the pattern takes it, and by more than
    their noise: of an eval that scattered by a tenth each single one asked for a look, 400 of the
    580 that a run of 10,000 rows had. A slow climb is seen at the looks that are due in any case.

    Args:
        share: of the lowest level, by which it must stand above it.
        errors: of one evaluation, likewise.

    Attributes:
        noise: the error of one evaluation, as it was at the newest look.
    """

    def __init__(self, share: float, errors: float) -> None:
        self._share, self._errors = share, errors
        self._best = self._low = math.inf
        self._newest: list[float] = []
        self._quiet_until = 0
        self.noise = 0.0

    def asks(self, value: float, m: int, told: bool) -> bool:
        """Take in an evaluation; whether a look is due.

        Args:
            value: as it was logged.
            m: evaluations, this one included.
            told: that eval rises is said, and was of the best one: a better one is the news.
        """
        better = not value >= self._best
        if math.isfinite(value):
            self._best = min(self._best, value)
            self._newest = [*self._newest[-2:], value]
            level = sorted(self._newest)[(len(self._newest) - 1) // 2]
            self._low = min(self._low, level)
        if not (better if told else self._stands_above(value)) or m < self._quiet_until:
            return False
        self._rest(m)
        return True

    @np.errstate(all="ignore")  # any logged value is allowed
    def first(self, values: Floats, m: int, told: bool) -> int | None:
        """The index of the first evaluation that asks for a look; what follows was not taken in.

        Args:
            values: in the order they were logged.
            m: evaluations before them.
            told: see `asks`.

        Returns:
            None where none does.
        """
        if len(values) < _FEW or not np.isfinite(values).all():
            asked = (i for i, x in enumerate(values.tolist()) if self.asks(x, m + i + 1, told))
            return next(asked, None)
        known = self._newest[-2:]
        x = np.concatenate((known, values))
        middle, newest = x.copy(), x.copy()  # of the newest three the median, of two the mean
        middle[1:] = np.minimum(x[:-1], x[1:])
        between = np.minimum(np.maximum(x[:-2], x[1:-1]), x[2:])
        middle[2:] = np.maximum(np.minimum(x[:-2], x[1:-1]), between)
        newest[1:] = (x[:-1] + x[1:]) / 2
        middle, newest = middle[len(known) :], newest[len(known) :]
        low = np.minimum.accumulate(np.minimum(middle, self._low))
        best = np.minimum.accumulate(np.minimum(values, self._best))
        if told:
            asks = values < np.concatenate(((self._best,), best[:-1]))
        else:
            least = np.maximum(self._share * np.abs(low), self._errors * self.noise)
            asks = np.maximum(middle, newest) - low >= least
        asks[: max(0, self._quiet_until - m - 1)] = False
        found = int(asks.argmax()) if asks.any() else None
        last = len(values) - 1 if found is None else found
        self._low, self._best = float(low[last]), float(best[last])
        self._newest = x[: len(known) + last + 1][-3:].tolist()
        if found is not None:
            self._rest(m + found + 1)
        return found

    def _rest(self, m: int) -> None:
        self._quiet_until = m + max(1, m // 200)

    def _stands_above(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        middle = sorted(self._newest)[(len(self._newest) - 1) // 2]
        newest = sum(self._newest[-2:]) / len(self._newest[-2:])
        least = max(self._share * abs(self._low), self._errors * self.noise)
        return max(middle, newest) - self._low >= least
