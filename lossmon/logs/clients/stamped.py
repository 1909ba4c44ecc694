"""What a client prints with `--timestamps`: pieces of lines, each behind the time it was written.

A runtime stamps what it reads of a program, and that need not be a line: docker cuts lines at 16 kB
and stamps each part, and podman stamps whatever one `read` brought, so that progress bars have
stamps in their middle. A stamp in a line is the runtime's when it is not older than the one before:
what a program prints itself was made before the runtime saw it.

    Stamped    bytes of one pipe -> pieces        Weave    pieces of both pipes -> whole lines
    Seen       which pieces are known when a client is asked again "since" a time
"""

from __future__ import annotations

import calendar
import re
import time
import zlib
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

MOST_PIECE = 1 << 20  # bytes; decoders skip longer lines, so where one is cut does not matter
SPAN_NS = 5_000_000_000  # a client is asked again from so long before the newest piece
MOST_SEEN = 1 << 14  # pieces of that time that are remembered
MOST_SAID = 4096  # bytes of what is no piece that are kept
_LONGEST_STAMP = 36

_STAMP = rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
_ZONE = rb"(Z|[+-]\d\d:\d\d)"
_FIRST = re.compile(_STAMP + rb"(?:\.(\d{1,9}))?" + _ZONE + rb"(?: |(?=[\r\n]))")
_INNER = re.compile(_STAMP + rb"\.(\d{9})" + _ZONE + rb" ")  # runtimes write all nine digits


class Piece(NamedTuple):
    """A part of a log as a runtime stamped it.

    Attributes:
        stamp: ns since the Unix epoch.
        data: up to a whole line, with its newline.
    """

    stamp: int
    data: bytes


class Stamped:
    """Takes the bytes of one pipe apart; any split of them gives the same pieces.

    Attributes:
        said: lines without a stamp: the client's own words, the newest of them.
    """

    def __init__(self) -> None:
        self.said = b""
        self._buffer = bytearray()  # from the open piece, or the start of a line
        self._stamp: int | None = None  # of the open piece; None where a line begins
        self._searched = 0  # bytes of the buffer in which there is no newline
        self._speaking = False  # in the middle of a line without a stamp
        self._second = (b"", 0)  # the newest, as text and as ns

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are complete; one without a newline is when the next one begins."""
        buffer, pieces, at = self._buffer, list[Piece](), 0
        buffer += data
        while at < len(buffer):
            ahead = self._begin(at) if self._stamp is None else self._go_on(at, pieces)
            if ahead is None:
                break
            at = ahead
        del buffer[:at]
        self._searched = max(0, self._searched - at)
        return pieces

    def end(self) -> list[Piece]:
        """The open piece: the client has ended well, and nothing of it is missing."""
        left: list[Piece] = []
        if self._stamp is not None and self._buffer:
            left = _cut(self._stamp, bytes(self._buffer))
        elif self._stamp is None and self._buffer:
            self._say(self._buffer)
        self._buffer.clear()
        self._stamp, self._searched = None, 0
        return left

    @property
    def open(self) -> int | None:
        """The stamp of a piece that has begun and is not whole yet."""
        return self._stamp

    def _begin(self, at: int) -> int | None:
        """Read the stamp at the start of a line; where to go on, None to wait for more."""
        found = None if self._speaking else _FIRST.match(self._buffer, at)
        stamp = self._time(found) if found is not None else None
        if found is not None and stamp is not None:
            self._stamp = stamp
            self._searched = found.end()
            return found.end()
        end = self._buffer.find(b"\n", at)
        if end < 0:
            if len(self._buffer) - at < MOST_SAID:
                return None
            self._say(self._buffer[at:])
            self._speaking = True
            return len(self._buffer)
        self._say(self._buffer[at : end + 1])
        self._speaking = False
        return end + 1

    def _go_on(self, at: int, pieces: list[Piece]) -> int | None:
        """Look for the end of the open piece; where to go on, None where it is not there."""
        buffer, stamp = self._buffer, self._stamp
        assert stamp is not None
        end = buffer.find(b"\n", max(at, self._searched))
        stop = end if end >= 0 else len(buffer)
        start = max(at, self._searched - _LONGEST_STAMP)
        for found in _INNER.finditer(buffer, start, stop):
            inner = self._time(found)
            if inner is not None and inner >= stamp:
                pieces += _cut(stamp, bytes(buffer[at : found.start()]))
                self._stamp, self._searched = inner, found.end()
                return found.end()
        if end >= 0:
            pieces += _cut(stamp, bytes(buffer[at : end + 1]))
            self._stamp = None
            return end + 1
        self._searched = len(buffer)
        if len(buffer) - at <= MOST_PIECE:
            return None
        pieces.append(Piece(stamp, bytes(buffer[at : at + MOST_PIECE])))
        return at + MOST_PIECE

    def _time(self, found: re.Match[bytes]) -> int | None:
        """A stamp in ns; None where it is no time."""
        second, fraction, zone = found.group(1, 2, 3)
        if second != self._second[0]:
            try:
                parsed = time.strptime(second.decode(), "%Y-%m-%dT%H:%M:%S")
            except ValueError:
                return None
            self._second = second, calendar.timegm(parsed) * 1_000_000_000
        shift = 0
        if zone != b"Z":
            shift = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
            shift = -shift if zone[:1] == b"-" else shift
        return self._second[1] + int((fraction or b"0").ljust(9, b"0")) - shift * 1_000_000_000

    def _say(self, words: bytes | bytearray) -> None:
        self.said = (self.said + words)[-MOST_SAID:]


def _cut(stamp: int, data: bytes) -> list[Piece]:
    """A piece, in parts of MOST_PIECE: the same ones however it came."""
    starts = range(0, len(data), MOST_PIECE) if data else (0,)
    return [Piece(stamp, data[start : start + MOST_PIECE]) for start in starts]


class Seen:
    """The newest pieces of a log, so that a client that is asked again gives none of them twice.

    Clients take a time to the second, or leave out what was written at that very time, and many
    pieces may have one time: they are asked from a little earlier, and what is known is dropped
    piece by piece.
    """

    def __init__(self) -> None:
        self._order: deque[tuple[int, int]] = deque()  # stamp, identity
        self._known: Counter[int] = Counter()
        self._left: Counter[int] = Counter()  # of what is known, what a replay has not shown yet
        self._newest = [0, 0]  # the latest stamp of each stream
        self._replaying = [False, False]
        self._met = [False, False]  # what is known began to pass
        self._anew = False  # another log follows; a client may have shown its first pieces already
        self._held: list[int | None] = [None, None]  # of each stream, the stamp of an open piece

    @property
    def since(self) -> int | None:
        """Seconds since the Unix epoch that a client is to be asked from; None for all."""
        if not self._order or self._anew:
            return None
        return max(0, min([self._order[-1][0] - SPAN_NS, *self._open()])) // 1_000_000_000

    def hold(self, stream: int, whole: Sequence[Piece], open: int | None) -> None:
        """Note which piece of a stream is not whole yet: it must be shown again, however old.

        A bar that stands still has no newline for minutes in which the other stream goes on; where
        the link broke then, a client was asked from a time at which the bar had been written.

        Args:
            stream: 0 or 1.
            whole: its pieces that are, since the last call.
            open: the stamp of the one that is not.
        """
        held = self._held[stream]
        passed = held is None or any(piece.stamp >= held for piece in whole)
        if passed or (open is not None and held is not None and open < held):
            self._held[stream] = open

    def let_go(self) -> None:
        """All pieces are whole."""
        self._held = [None, None]

    def _open(self) -> list[int]:
        return [stamp for stamp in self._held if stamp is not None]

    def renew(self) -> None:
        """Another log follows, to be shown from its start."""
        self._anew, self._held = True, [None, None]

    def replay(self) -> None:
        """A client is asked again: what is known comes first."""
        self._left = self._known.copy()
        self._replaying, self._met = [True, True], [self._anew, self._anew]

    def fresh(self, stream: int, piece: Piece) -> bool:
        """Whether a piece is new; it is known from now on."""
        identity = hash((stream, piece.stamp, zlib.crc32(piece.data), len(piece.data)))
        if self._replaying[stream] and not self._passes(stream, piece.stamp, identity):
            return False
        self._note(identity, piece.stamp)
        self._anew = False
        self._newest[stream] = max(self._newest[stream], piece.stamp)
        return True

    def _passes(self, stream: int, stamp: int, identity: int) -> bool:
        if self._left[identity] > 0:
            self._left[identity] -= 1
            self._met[stream] = True
            return False
        if stamp > self._newest[stream]:
            self._replaying[stream] = False  # a log is shown in its order: what is known has passed
            return True
        # What stands before the first piece that is remembered was read before it.
        return self._met[stream]

    def _note(self, identity: int, stamp: int) -> None:
        self._order.append((stamp, identity))
        self._known[identity] += 1
        oldest = min([stamp - SPAN_NS, *self._open()])
        oldest -= 1_000_000_000  # `since` is a whole second
        while len(self._order) > MOST_SEEN or self._order[0][0] < oldest:
            _, gone = self._order.popleft()
            self._known[gone] -= 1
            if not self._known[gone]:
                del self._known[gone]


class Weave:
    """Lines of standard output and of standard error in the order in which they were written."""

    def __init__(self) -> None:
        self._waiting: tuple[deque[Piece], deque[Piece]] = (deque(), deque())
        self._tails = (bytearray(), bytearray())  # lines that have no end yet
        self.stamp = 0  # of what was given out last

    def put(self, stream: int, piece: Piece) -> None:
        """Take in a piece; those of one stream come in its order."""
        self._waiting[stream].append(piece)

    def take(self, dry: int | None = None) -> bytes:
        """Whole lines; a carriage return ends one, as of a progress bar.

        Args:
            dry: the stream of which nothing more was there when it was looked at after all that was
                put: what the other one said stands before whatever may come. None for both.
        """
        out, (left, right) = bytearray(), self._waiting
        while left or right:
            if not (left and right) and dry is not None and self._waiting[dry]:
                break
            first = 0 if left and (not right or left[0].stamp <= right[0].stamp) else 1
            piece = self._waiting[first].popleft()
            self.stamp = piece.stamp
            tail = self._tails[first]
            end = max(piece.data.rfind(b"\n"), piece.data.rfind(b"\r")) + 1
            if end:
                out += tail
                out += piece.data[:end]
                tail.clear()
            tail += piece.data[end:]
            if len(tail) > MOST_PIECE:
                out += tail
                tail.clear()
        return bytes(out)

    def finish(self) -> bytes:
        """The writer has ended: what it left without an end of line is a line."""
        out = bytearray(self.take())
        for tail in self._tails:
            if tail:
                out += tail + b"\n"
                tail.clear()
        return bytes(out)
