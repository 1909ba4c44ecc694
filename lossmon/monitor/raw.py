"""The text of a log as it stands, in windows: a log of any size costs what is looked at.

A log on this machine is read from its file. Of a pipe, of a log on another box and of a packed one
there is what came last (`Tail`): nothing is asked for again only to be looked at.
"""

from __future__ import annotations

import os
import re
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from lossmon import regular
from lossmon.words import said

KEPT_BYTES = 1 << 16  # of a log that cannot be read again
_BLOCK = 1 << 16
MOST_LINE = 1 << 14  # bytes of one line that are shown; the rest of it is passed over
_FARTHEST = 1 << 21  # bytes gone through for the ends of the lines of one window

_SEARCH_BLOCK = 1 << 20

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


class Line(NamedTuple):
    """A line of a log.

    Attributes:
        at: offset of its first byte.
        end: offset of the first byte of the next line.
        data: its bytes without the line's end, at most `MOST_LINE`.
    """

    at: int
    end: int
    data: bytes


class Text(Protocol):
    """A text that may grow.

    Attributes:
        note: what of it is at hand, where that is not all; else "".
    """

    note: str

    def span(self) -> tuple[int, int]:
        """Offsets of the first byte at hand and behind the last."""
        ...

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from an offset on; fewer at the end."""
        ...


class Tail:
    """The last bytes of a log, kept while it is read; written and read by different threads."""

    note: str = said("the last {size} KiB", size=KEPT_BYTES // 1024)

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._end = 0
        self._lock = threading.Lock()

    def append(self, data: bytes) -> None:
        """Take what came; what is older than the last `KEPT_BYTES` goes, a piece at a time."""
        kept = data[-KEPT_BYTES:]
        with self._lock:
            self._pieces.append(kept)
            self._held += len(kept)
            self._end += len(data)
            if len(kept) < len(data):  # what was held is not joined to it any more
                self._pieces, self._held = deque([kept]), len(kept)
            while self._held - len(self._pieces[0]) >= KEPT_BYTES:
                self._held -= len(self._pieces.popleft())

    def span(self) -> tuple[int, int]:
        """Offsets in the log of what is at hand."""
        with self._lock:
            return self._end - self._held, self._end

    def __reduce__(self) -> tuple[type[Tail], tuple[()]]:
        """Another process has no use for it."""
        return Tail, ()

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from an offset on."""
        with self._lock:
            start = self._end - self._held
            whole = b"".join(self._pieces)
        return whole[max(0, at - start) : max(0, at - start + size)]


class FileText:
    """A log on this machine; opened for each window, so that a replaced file is the new one."""

    note = ""

    def __init__(self, path: str) -> None:
        self._path = path

    def span(self) -> tuple[int, int]:
        """All of it; nothing while it is not there."""
        try:
            return 0, os.stat(self._path).st_size
        except OSError:
            return 0, 0

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from an offset on."""
        try:
            with open(self._path, "rb", buffering=0, opener=regular.opener) as file:
                file.seek(at)
                return file.read(size) or b""
        except OSError:
            return b""


def lines_after(text: Text, at: int, count: int) -> list[Line]:
    """At most `count` lines, the first of which begins at an offset."""
    lines: list[Line] = []
    block, base, size = b"", at, _BLOCK
    start, end = text.span()
    at = max(at, start)
    while len(lines) < count and at < end:
        block, base = text.read(at, size), at
        found = _cut(block, base, whole=base + len(block) >= end)
        if not found and size < _FARTHEST and block:
            size *= 4
            continue
        if not found:
            break
        lines += found
        at, size = lines[-1].end, _BLOCK
    return lines[:count]


def lines_before(text: Text, at: int, count: int) -> list[Line]:
    """At most `count` lines that end at an offset, at which a line begins or the text ends."""
    start, end = text.span()
    at, size = min(at, end), _BLOCK
    while True:
        base = max(start, at - size)
        lines = _cut(text.read(base, at - base), base, whole=True)
        if base > start and lines:
            del lines[0]  # its first bytes are missing
        if len(lines) >= count or base == start or size >= _FARTHEST:
            return lines[-count:]
        size *= 4


def line_at(text: Text, at: int) -> Line | None:
    """The line in which an offset lies."""
    start, end = text.span()
    if not start <= at < end:
        return None
    before = text.read(max(start, at - MOST_LINE), at - max(start, at - MOST_LINE))
    cut = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    found = lines_after(text, at - len(before) + cut, 1)
    return found[0] if found else None


def _cut(block: bytes, base: int, *, whole: bool) -> list[Line]:
    """The lines of a block; one that is not finished counts where the text ends with it."""
    lines = []
    for match in _LINE.finditer(block):
        raw = match.group()
        if not raw:
            break
        data = raw.rstrip(b"\r\n")
        # A carriage return at the very end may be the first half of a line's end.
        if whole or match.end() < len(block) or raw[-1:] == b"\n":
            lines.append(Line(base + match.start(), base + match.end(), data[:MOST_LINE]))
    return lines


def find(
    text: Text, words: str, at: int, *, backwards: bool, stopped: Callable[[], bool]
) -> int | None:
    """The offset of the next match of some words, once around the whole text.

    Args:
        text: the log.
        words: taken literally; capitals count only where there are some.
        at: where to begin.
        backwards: towards the beginning.
        stopped: asked now and then: True gives up.
    """
    kind = re.IGNORECASE if words == words.lower() else 0
    pattern = re.compile(re.escape(words.encode()), kind)
    start, end = text.span()
    parts = [(at, end), (start, at)] if not backwards else [(start, at), (at, end)]
    for low, high in parts:
        found = _find_in(text, pattern, low, high, backwards, stopped)
        if found is not None:
            return found
    return None


def _find_in(
    text: Text,
    pattern: re.Pattern[bytes],
    low: int,
    high: int,
    backwards: bool,
    stopped: Callable[[], bool],
) -> int | None:
    overlap = 256  # of blocks, so that a match on the border is whole in one of them
    blocks = range(low, high, _SEARCH_BLOCK)
    for base in reversed(blocks) if backwards else blocks:
        if stopped():
            return None
        block = text.read(base, min(_SEARCH_BLOCK + overlap, high - base))
        matches = [match.start() for match in pattern.finditer(block)] if backwards else []
        first = pattern.search(block) if not backwards else None
        if matches or first is not None:
            return base + (matches[-1] if first is None else first.start())
    return None
