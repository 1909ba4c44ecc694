"""What is held of all logs of which it is not known yet what they are: one bound for the sum.

A folder of a data set has thousands of texts that are no logs. Each may still become one with its
next line, so a piece of it is kept; together they must not fill the memory.
"""

from __future__ import annotations

from lossmon.monitor.log import Log

_MOST = 1 << 25  # bytes of all together; then those that were quiet longest give way
_LEAST = 1 << 9  # of each that had to: the line that is not complete


class Undecided:
    """The logs whose format is not known, those that grew last at the end."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._held: dict[Log, int] = {}
        self._sum = 0

    def forget(self, log: Log) -> None:
        """A log is no more."""
        self._sum -= self._held.pop(log, 0)

    def note(self, log: Log) -> None:
        """A log was fed: it may be known now, or hold more."""
        self._sum -= self._held.pop(log, 0)
        if log.held > _LEAST:
            self._held[log] = log.held
            self._sum += log.held
        while self._sum > self._most and self._held:
            quiet = next(iter(self._held))
            self._sum -= self._held.pop(quiet)
            quiet.let_go(_LEAST)
