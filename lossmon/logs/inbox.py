"""What came from a box and waits to be polled; how far each of its logs was read."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

from lossmon.logs.files import ANEW, FORGOTTEN, REPLACED, TRUNCATED
from lossmon.logs.follower import Chunk
from lossmon.logs.tail import Tail
from lossmon.logs.walk import MAX_ENTRIES
from lossmon.logs.wire import Header, WireError
from lossmon.text import printable

FULL_BYTES = 8 << 20  # waiting to be polled: no more is read from the link
_TAKE_BYTES = 8 << 20  # handed out at one poll
_MOST_PATH = 4096
_MOST_WORDS = 300
_VOID = (TRUNCATED, REPLACED)  # kinds behind which what was read is void
_STAYS = ("rotated", FORGOTTEN)  # what came before one of these is told all the same
_KINDS = ("data", "newest", *ANEW, "gone", "error", FORGOTTEN)


class Inbox:
    """Chunks of one box; filled by the thread of its link, emptied by `take`.

    Args:
        news: called when there is something to take.
    """

    def __init__(self, news: Callable[[], None]) -> None:
        self._news = news
        self._lock = threading.Lock()
        self._waiting: deque[Chunk] = deque()
        self.waiting_bytes = 0
        self.taken = 0  # bytes of logs that came, so far
        self.tails: dict[str, Tail] = {}  # how far each log was received; the link's alone
        self.dropped: set[str] = set()

    def take(self) -> list[Chunk]:
        """The next chunks, about _TAKE_BYTES at most."""
        chunks: list[Chunk] = []
        room = _TAKE_BYTES
        with self._lock:
            while self._waiting and room > 0:
                chunk = self._waiting.popleft()
                room -= len(chunk.data)
                self.waiting_bytes -= len(chunk.data)
                chunks.append(chunk)
        return chunks

    def tell(self) -> None:
        """Something else changed that is worth a look."""
        self._news()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Nobody takes what is there: the link is not read on."""
        return self.waiting_bytes >= FULL_BYTES

    def put(self, chunk: Chunk) -> None:
        """Take a chunk in, if it follows what was received before.

        Raises:
            WireError: a byte would be lost or doubled.
        """
        tail = self.tails.get(chunk.log)
        if chunk.kind == FORGOTTEN:
            tail = self.tails.pop(chunk.log, None) or Tail(chunk.log)
            self.dropped.discard(chunk.log)
        elif tail is None:
            if len(self.tails) >= MAX_ENTRIES:
                raise WireError("more logs than are followed")
            tail = self.tails[chunk.log] = Tail(chunk.log)
        tail.size = chunk.size
        if chunk.kind == "data":
            if chunk.offset != tail.offset:
                raise WireError(f"a piece at byte {chunk.offset} where {tail.offset} was due")
            tail.took(chunk.data)
            self.taken += len(chunk.data)
        elif chunk.kind in ANEW:
            tail.rewind()
            self.dropped.discard(chunk.log)
        if chunk.log in self.dropped:
            return
        with self._lock:
            if chunk.kind in _VOID:
                self._let_go(chunk.log)
            self._waiting.append(chunk)
            self.waiting_bytes += len(chunk.data)
        self._news()

    def _let_go(self, log: str) -> None:
        """Let what waits of a log go that was written anew: nobody needs to read it any more.

        Of a table that is saved whole three times a second each version was read, one after the
        other, and all logs of its box were told ever later.
        """
        kept: deque[Chunk] = deque()
        void = True
        for chunk in reversed(self._waiting):
            if chunk.log == log:
                void = void and chunk.kind not in _STAYS
                if void:
                    self.waiting_bytes -= len(chunk.data)
                    continue
            kept.appendleft(chunk)
        self._waiting = kept

    @property
    def missing(self) -> int:
        """Bytes that are there and were not received."""
        tails = [tail for log, tail in list(self.tails.items()) if log not in self.dropped]
        return sum(max(0, tail.size - tail.offset) for tail in tails)


def chunk_of(header: Header, body: bytes, logs: dict[int, str], skew_s: float) -> Chunk:
    """A frame as a chunk.

    Args:
        header: untrusted.
        body: bytes of the log.
        logs: number -> path; a frame that names its log for the first time is added.
        skew_s: our clock minus the clock there.

    Raises:
        WireError: it makes no sense.
    """
    kind = header["t"]
    number, size = whole(header, "l"), whole(header, "s")
    if kind not in _KINDS:
        raise WireError(f"a frame of an unknown kind: {printable(kind)[:40]}")
    if "p" in header:
        path = header["p"]
        if not isinstance(path, str) or not 0 < len(path) <= _MOST_PATH or number != len(logs):
            raise WireError("a log without a proper name")
        logs[number] = path
    if number not in logs:
        raise WireError(f"a log that was not named: {number}")
    mtime = header.get("m", 0.0)
    if not isinstance(mtime, int | float) or not math.isfinite(mtime) or abs(mtime) > 1e11:
        raise WireError("a time that is none")
    offset = whole(header, "o") if "o" in header else 0
    words = printable(str(header.get("w", "")))[:_MOST_WORDS]
    written = mtime + skew_s if mtime else 0.0
    return Chunk(logs[number], kind, offset, body, words, written, size)


def whole(header: Header, key: str) -> int:
    """A count out of a header; raises WireError where it is none."""
    value = header.get(key)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise WireError(f"{key} is no count")
    return value
