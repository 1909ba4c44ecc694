"""What alone can't be read of a place whose other files can: why, and how long it is left alone."""

from __future__ import annotations

import time

from lossmon.words import said

CUT = said("the answer was broken off")
RESTS_S = (1.0, 30.0)  # until it is asked for again: at first, and at most
SLOW_S = (30.0, 480.0)  # likewise where each time costs seconds, in which all others stand still
_MOST = 1000


class Trouble(Exception):
    """What is in the way, in words.

    Args:
        words: why, in one line.
        slow: it took long to find out.
    """

    def __init__(self, words: str, slow: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.slow = slow


class Unreadable(Trouble, OSError):
    """A file or folder that alone can't be read; the others can."""


class Apart:
    """Paths in trouble, each left alone for twice as long as the last time."""

    def __init__(self) -> None:
        self._troubled: dict[str, tuple[Unreadable, float, float]] = {}  # why, until when, how long

    def resting(self, path: str) -> Unreadable | None:
        """Why a path is not to be asked for now; None where it is."""
        error, until, _ = self._troubled.get(path, (None, 0.0, 0.0))
        return error if time.monotonic() < until else None

    def last(self, path: str) -> Unreadable | None:
        """What was in the way when a path was asked for last; None where nothing was."""
        return self._troubled.get(path, (None, 0.0, 0.0))[0]

    def failed(self, path: str, error: Unreadable) -> Unreadable:
        """A path can't be read; the error."""
        first_s, most_s = SLOW_S if error.slow else RESTS_S
        before, _, rested_s = self._troubled.pop(path, (None, 0.0, 0.0))
        again = before is not None and before.slow == error.slow
        rest_s = min(2 * rested_s, most_s) if again else first_s
        while len(self._troubled) >= _MOST:
            del self._troubled[next(iter(self._troubled))]
        self._troubled[path] = error, time.monotonic() + rest_s, rest_s
        return error

    def passed(self, path: str) -> None:
        """A path could be read."""
        self._troubled.pop(path, None)

    def all_due(self) -> None:
        """Ask for each as soon as there is an occasion: who asks has waited already."""
        for path, (error, _, rest_s) in list(self._troubled.items()):
            if not error.slow:
                self._troubled[path] = error, 0.0, rest_s
