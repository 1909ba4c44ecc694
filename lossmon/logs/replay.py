"""A log that is played back: its bytes come again, in the order and at the pace they came.

What is played is a script: pieces of files, each with the second at which it came. Everything
above the source is what watches a live log, so that it says what it would have said then.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lossmon import regular
from lossmon.logs.files import ANEW
from lossmon.logs.follower import Chunk
from lossmon.logs.source import Source

MOST_BYTES = 1 << 20  # handed out at once
MOST_KEPT = 1 << 30  # bytes of logs that are no files here
SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 1000.0, 3600.0)


class Piece(NamedTuple):
    """Bytes of a log that came at once.

    Attributes:
        at: when, in seconds since the Unix epoch.
        log: its path.
        start, end: which bytes.
        step: the newest step after it; -1 before there is one.
    """

    at: float
    log: str
    start: int
    end: int
    step: int = -1


class Kept:
    """What logs hold that are no files here: rows of a database, files of another box.

    Their bytes as they were read, each in a file of a folder of ours, which goes with `close`.
    """

    def __init__(self, most_bytes: int = MOST_KEPT) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lossmon-replay-")
        self._files: dict[str, str] = {}
        self._left = most_bytes
        self.full = False  # not all of it has room

    def take(self, log: str, chunk: Chunk) -> None:
        """Take in what came of a log; those that are files here are left alone."""
        if chunk.kind not in ("data", *ANEW) or os.path.isfile(log):
            return
        path = self._files.get(log)
        if path is None:
            path = os.path.join(self._folder.name, str(len(self._files)))
            self._files[log] = path
            open(path, "wb").close()
        if chunk.kind != "data":
            os.truncate(path, 0)
            return
        self._left -= len(chunk.data)
        self.full = self.full or self._left < 0
        if not self.full:
            with open(path, "r+b") as file:
                file.seek(chunk.offset)
                file.write(chunk.data)

    def file_of(self, log: str) -> str:
        """Where the bytes of a log are; "" where nothing is known of them."""
        return self._files.get(log, log if os.path.isfile(log) else "")

    def close(self) -> None:
        """Remove all of it."""
        self._folder.cleanup()


def file_of(kept: Kept | None, log: str) -> str:
    """Where the bytes of a log are."""
    return log if kept is None else kept.file_of(log)


class ReplaySource(Source):
    """Hands out pieces as its clock reaches them; the clock can be stopped, sped up and set.

    Its methods may be called from any thread: the screen sets the clock, the watcher reads.

    Args:
        pieces: what is played; at least one.
        speed: seconds of the log in a second.
        start: where it begins, an index of `pieces`.
        kept: holds the bytes of logs that are no files here; closed with the source.
    """

    name = ""

    def __init__(
        self,
        pieces: Sequence[Piece],
        speed: float = 60.0,
        start: int = 0,
        kept: Kept | None = None,
    ) -> None:
        self._kept = kept
        self.pieces = sorted(pieces, key=lambda piece: piece.at)
        self._times = [piece.at for piece in self.pieces]
        self._steps: list[int] = []
        for piece in self.pieces:
            self._steps.append(max(piece.step, self._steps[-1] if self._steps else -1))
        self._lock = threading.RLock()
        self._woken = threading.Event()
        self._news: Callable[[], None] = lambda: None
        self._next = 0  # the first piece that was not handed out
        self._void = False  # the clock was set back: all that was handed out is void
        self._dropped = set[str]()
        self.speed, self.playing = speed, True
        self._at, self._mark = self._times[max(0, min(start, len(pieces) - 1))], time.monotonic()

    # -- the clock -------------------------------------------------------------------------------

    def now(self) -> float:
        """What time it is in the log."""
        with self._lock:
            passed = (time.monotonic() - self._mark) * self.speed if self.playing else 0.0
            return min(self._at + passed, self._times[-1])

    @property
    def step(self) -> int:
        """The newest step that has come."""
        at = bisect_right(self._times, self.now()) - 1
        return self._steps[at] if at >= 0 else -1

    @property
    def last_step(self) -> int:
        """The highest step that there is; -1 where none is told."""
        return self._steps[-1]

    @property
    def share(self) -> float:
        """How much of the log has come."""
        return bisect_right(self._times, self.now()) / len(self._times)

    @property
    def over(self) -> bool:
        """All of it has come."""
        return self.now() >= self._times[-1]

    def pause(self, playing: bool | None = None) -> bool:
        """Stop the clock, or let it go on; at the end it begins anew. Whether it goes now."""
        with self._lock:
            wanted = not self.playing if playing is None else playing
            if wanted and self.over:
                self._set(self._times[0])
            self._set(self.now())
            self.playing = wanted
        self.wake()
        return wanted

    def faster(self, by: int) -> float:
        """The next speed, or the one before; which it is now."""
        with self._lock:
            self._set(self.now())
            if by > 0:
                self.speed = next((one for one in SPEEDS if one > self.speed), SPEEDS[-1])
            else:
                self.speed = next((one for one in SPEEDS[::-1] if one < self.speed), SPEEDS[0])
        self.wake()
        return self.speed

    def go(self, by: int) -> None:
        """So many pieces further, or back; the clock stops there."""
        with self._lock:
            at = bisect_right(self._times, self.now()) - 1
            place = max(0, min(at + by, len(self._times) - 1))
            if by < 0:  # of pieces that came together all go
                while place > 0 and self._times[place] >= self._times[at]:
                    place -= 1
            self._set(self._times[place])
            self.playing = False
        self.wake()

    def to_step(self, step: int) -> None:
        """To where a step came; the clock stops there."""
        with self._lock:
            self._set(self._times[self.index_of(step)])
            self.playing = False
        self.wake()

    def index_of(self, step: int) -> int:
        """The piece with which a step came; the last one where none did."""
        found = (i for i, known in enumerate(self._steps) if known >= step)
        return next(found, len(self._steps) - 1)

    def _set(self, at: float) -> None:
        self._void = self._void or at < self._times[max(0, self._next - 1)]
        self._at, self._mark = at, time.monotonic()

    # -- a source --------------------------------------------------------------------------------

    def poll(self) -> list[Chunk]:
        """The pieces that have come, at most a bounded slice."""
        with self._lock:
            due = bisect_right(self._times, self.now())
            chunks: list[Chunk] = []
            if self._void:
                seen = dict.fromkeys(piece.log for piece in self.pieces[: self._next])
                chunks = [self._chunk("truncated", log, 0, b"") for log in seen]
                self._next, self._void = 0, False
                self._dropped.clear()
            left = MOST_BYTES
            while self._next < due and left > 0:
                first = self.pieces[self._next]
                end, self._next = first.end, self._next + 1
                while self._next < due and end - first.start < left:
                    after = self.pieces[self._next]
                    if after.log != first.log or after.start != end:
                        break
                    end, self._next = after.end, self._next + 1
                if first.log not in self._dropped:
                    data = _read(file_of(self._kept, first.log), first.start, end)
                    chunks.append(self._chunk("data", first.log, first.start, data))
                    if len(data) < end - first.start:  # there is no more of it
                        self._dropped.add(first.log)
                        cut = "it became shorter while it was played back"
                        chunks.append(chunks[-1]._replace(kind="error", data=b"", message=cut))
                left -= end - first.start
            return chunks

    def _chunk(self, kind: str, log: str, offset: int, data: bytes) -> Chunk:
        at = self._times[max(0, self._next - 1)]
        return Chunk(log, kind, offset, data, "", at, offset + len(data))

    def wait(self, timeout_s: float) -> bool:
        """Sleep until the next piece is due, the clock was set, or the time is over."""
        if self.pending():
            return True
        with self._lock:
            left = self._times[self._next] - self.now() if self._next < len(self._times) else None
            due = left / self.speed if left is not None and self.playing else timeout_s
        woken = self._woken.wait(max(0.0, min(timeout_s, due)))
        self._woken.clear()
        return woken or self.pending() > 0

    def wake(self) -> None:
        """End a `wait` that is going on in another thread."""
        self._woken.set()
        self._news()

    def listen(self, news: Callable[[], None]) -> bool:
        """Call `news` when the clock was set; what comes by itself nothing tells."""
        self._news = news
        return False

    def drop(self, log: str) -> None:
        """Hand out no more of a log."""
        self._dropped.add(log)

    def pending(self) -> int:
        """Bytes that have come and were not handed out."""
        with self._lock:
            if self._void:
                return 1
            due = bisect_right(self._times, self.now())
            return sum(piece.end - piece.start for piece in self.pieces[self._next : due])

    @property
    def exhausted(self) -> bool:
        """All was handed out."""
        return self._next >= len(self.pieces) and not self._void

    def is_directory(self, path: str) -> bool:
        """Whether a target is a directory."""
        return os.path.isdir(path)

    def close(self) -> None:
        """Let go of what was kept."""
        if self._kept is not None:
            self._kept.close()


def _read(path: str, start: int, end: int) -> bytes:
    """Bytes of a file; what is there no more is left out."""
    try:
        with open(path, "rb", opener=regular.opener) as file:
            file.seek(start)
            return file.read(end - start)
    except OSError:
        return b""
