"""How far a long reading is, on a line of the terminal that goes again; else nothing is said."""

from __future__ import annotations

import sys
import time

from lossmon.options import words_here
from lossmon.text import in_words
from lossmon.words import said

_AFTER_S = 1.0  # what is shorter needs no word
_EVERY_S = 0.5


class Progress:
    """Says how many logs were read.

    Args:
        all_logs: how many there are; 0 where that is not known.
    """

    def __init__(self, all_logs: int = 0) -> None:
        self._all = all_logs
        self._began = time.monotonic()
        self._next = time.monotonic() + _AFTER_S
        self._told = False
        self._terminal = sys.stderr.isatty()

    def expect(self, all_logs: int) -> None:
        """So many there are; may be told from another thread, when that is known."""
        self._all = all_logs

    def show(self, count: int) -> None:
        """So many were read; said now and then."""
        if not self._terminal or not count or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_S
        self._told = True
        line = said("read {count:,} logs", count=count)
        if self._all:
            took_s = time.monotonic() - self._began
            line = said(
                "read {count:,} of {all:,} logs, {left} left",
                count=count,
                all=self._all,
                left=in_words(took_s / count * max(0, self._all - count)),
            )
        sys.stderr.write(f"\rlossmon: {words_here().say(line)}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._told:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
