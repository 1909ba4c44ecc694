"""A rise of the train loss that asks for a look before one is due."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ALARM = 8.0  # of the Page-Hinkley sum, in sigmas
_DRIFT = 1.0  # sigmas that each point must exceed to add to it
_FORGET = 0.05  # weight of the newest point in the running level
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
