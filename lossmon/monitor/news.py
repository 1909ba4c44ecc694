"""What is worth a notice: a finding that starts, bad enough, and not told a moment ago.

The bell and desktop notices of the screen and the services of `lossmon.notify` tell the same news,
each at its own pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from lossmon.diagnosis.finding import SEVERITIES
from lossmon.monitor.changes import Change

AGAIN_S = 900.0  # a finding that comes back sooner is no news
_MOST_WAITING = 1000  # a fleet that fails at once: the rest is only counted


class News:
    """Collects what is news until it is taken, at most once in a while.

    Args:
        level: the mildest severity that is news.
        apart_s: seconds between two takings; what starts meanwhile shares the next.
        clock: monotonic seconds.

    Attributes:
        left_out: news that there was no room for since the last taking.
    """

    def __init__(
        self, level: str, apart_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.left_out = 0
        self._level = level
        self._apart_s = apart_s
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}  # run and pattern -> when
        self._waiting: list[Change] = []
        self._taken_at = float("-inf")

    def add(self, changes: Iterable[Change]) -> None:
        """Keep those of the changes that are news."""
        for change in changes:
            if change.event != "started" or not self._is_news(change):
                continue
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(change)
            else:
                self.left_out += 1

    def due_in(self) -> float | None:
        """Seconds until news may be taken; None where there is none."""
        if not self._waiting:
            return None
        return max(0.0, self._taken_at + self._apart_s - self._clock())

    def take(self) -> list[Change]:
        """All that waits, oldest first."""
        waiting, self._waiting, self.left_out = self._waiting, [], 0
        if waiting:
            self._taken_at = self._clock()
        return waiting

    def _is_news(self, change: Change) -> bool:
        finding = change.finding
        if SEVERITIES.index(finding.severity) < SEVERITIES.index(self._level):
            return False
        key, now = (change.update.run, finding.pattern), self._clock()
        told = self._told.get(key)
        self._told[key] = now
        recently = told is not None and now - told <= AGAIN_S
        return finding.pattern not in change.update.hushed and not recently
