"""Follows logs on a box without Python, through `sh`, `find`, `stat`, `cat`, `tail` and `head`.

The shell there answers one request after the other: what is there (a line a file), a number of
bytes of one file, or many small files whole. Several requests may be on their way, so that a box
far off costs a round trip for each batch and not for each file. Names go there as lines of data,
which it reads and never evaluates.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from collections import deque
from collections.abc import Callable

from lossmon.logs import wire
from lossmon.logs.bootstrap import SCRIPT
from lossmon.logs.files import GREW, SAME, Stat, happened
from lossmon.logs.follower import Chunk
from lossmon.logs.link import Session
from lossmon.logs.plain_asked import List, Read, Stamp, Whole, part_of
from lossmon.logs.tail import Tail
from lossmon.logs.walk import MAX_ENTRIES, MOST_BARRED, TOO_DEEP, is_deep, is_log, too_deep_in

LIMITS = "no Python 3.6 there: looked at every 3 s through sh, stores and GPUs are not seen"
EVERY_S = 3.0
SLICE_BYTES = 1 << 16
_BATCH_READS = 32  # pieces that are asked for at once
_TOGETHER = 200  # files of a batch that are read whole by one command
_SMALL_BYTES = 1 << 13  # of such a file
_STAY_S = 10.0  # the shell ends itself 40 s after the last sign of life
_MOST_LINE = 8192

_LINE = re.compile(rb"= (\d{1,18}) (\d{1,12}) (\d{1,20}) (.+)", re.DOTALL)
_DENIED = "permission denied; ask its owner for read access"
_KINDS = {
    "directory": "",
    "file": "",
    "pattern": "",
    "denied": _DENIED,
    "missing": "no such file or folder there; check the spelling",
}


class PlainTalk:
    """Asks the shell in turns; see `lossmon.logs.link.Talk`."""

    def __init__(self, session: Session, out: wire.Outbox, on_live: Callable[[], None]) -> None:
        self._session = session
        self._out = out
        self._buffer = bytearray()
        self._asked: deque[List | Read | Whole] = deque()  # in the order of their answers
        self._targets: deque[str] = deque()  # still to be listed in this turn
        self._seen: dict[str, Stat] = {}
        self._turned: dict[str, tuple[str, Stat | None]] = {}  # log -> what became of it, as it was
        self._wanted: dict[str, float] = {}  # log with something to read -> its mtime
        self._alone: set[str] = set()  # logs that changed while they were read with others
        self._barred: set[str] = set()  # folders too deep to be looked into
        self._home = ""
        self._skew_s = 0.0
        self._next = self._begun = self._stayed = 0.0
        session.limits = LIMITS
        out.put(SCRIPT.encode())
        on_live()

    def take(self, data: bytes) -> None:
        """Understand what the shell answers."""
        self._buffer += data
        while self._asked and self._answered(self._asked[0]):
            self._asked.popleft()
            if not self._asked:
                self._go_on()

    def tick(self, now: float) -> float:
        """Begin the next turn when it is due."""
        if self._asked:
            return 1.0
        if not self._targets and now >= self._next:
            self._begun, self._next = now, now + EVERY_S
            self._targets = deque(one for one in self._session.targets if not self._refused(one))
        self._go_on()
        if self._asked or self._wanted:
            return 0.1  # where nothing was asked the inbox is full
        return max(0.05, self._next - now)

    def drop(self, log: str) -> None:
        """Read no more of a log: the inbox knows of it, and it is not asked for."""
        self._wanted.pop(log, None)

    def follow(self, target: str) -> None:  # noqa: ARG002 - the protocol's
        """One more target: it is listed at the next turn."""
        self._session.settled = False
        self._next = 0.0

    def forget(self, target: str) -> None:
        """One target less."""

    def _go_on(self) -> None:
        """Ask the next thing of this turn: all lists, then what is to be read, newest first.

        A turn that is due comes first: what is long to read must not hide what is new.
        """
        if self._targets:
            target = self._targets.popleft()
            self._ask(List(target), "list", target)
        elif self._wanted:
            if time.monotonic() < self._next and not self._session.inbox.full:
                self._ask_bytes()
        elif not self._session.settled:
            self._session.settled = True
            self._session.inbox.tell()

    def _refused(self, target: str) -> bool:
        """Whether a target is not for a shell: jobs of a scheduler, a name over two lines."""
        if target.startswith("slurm:"):
            why = "to ask Slurm, a Python 3.6 or newer is needed there"
        elif "\n" in target:
            why = "a name with a line break needs a Python 3.6 or newer there"
        else:
            return False
        self._session.troubles[target] = why
        return True

    def _ask(self, request: List | Read | Whole, *lines: str | int) -> None:
        now = time.monotonic()
        if now - self._stayed >= _STAY_S:
            self._stayed = now
            lines = ("stay", "", *lines)
        self._asked.append(request)
        self._out.put("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))

    def _answered(self, request: List | Read | Whole) -> bool:
        """Take what is there of an answer; False where it is not complete."""
        if isinstance(request, List):
            return self._list_answered(request)
        if isinstance(request, Read):
            return self._read_answered(request)
        return self._whole_answered(request)

    def _line(self) -> bytes | None:
        """The next line of an answer; None where it is not complete."""
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _MOST_LINE:
                raise wire.WireError("a line without end")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _bytes(self, count: int) -> bytes | None:
        """So many bytes of an answer; None where they are not all there."""
        if len(self._buffer) < count:
            return None
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    # -- lists -----------------------------------------------------------------------------------

    def _list_answered(self, request: List) -> bool:
        while (line := self._line()) is not None:
            if line == b".":
                # Reading has as much time as listing at least, however much there is to list.
                now = time.monotonic()
                self._next = now + max(EVERY_S, now - self._begun)
                for log, (what, before) in self._turned.items():
                    self._turn(self._session.inbox.tails[log], what, before)
                self._turned.clear()
                return True
            self._listed(request.target, line)
        return False

    def _listed(self, target: str, line: bytes) -> None:
        found = _LINE.fullmatch(line)
        if line.startswith(b"! "):
            kind = line[2:].decode("ascii", "replace")
            if kind not in _KINDS:
                raise wire.WireError("an answer of an unknown kind")
            self._session.kinds[target] = "directory" if kind == "denied" else kind
            self._session.troubles[target] = _KINDS[kind]
        elif line.startswith(b"~ /"):
            self._home = line[2:].decode("utf-8", "surrogateescape").rstrip("/")
        elif line.startswith(b"@ ") and line[2:].isdigit() and len(line) < 15:
            skew_s = time.time() - int(line[2:])
            self._skew_s = skew_s if abs(skew_s) > 5.0 else 0.0
        elif found is not None:
            self._see(target, found[4].decode("utf-8", "surrogateescape"), found.groups()[:3])

    def _see(self, target: str, path: str, stamp: Stamp) -> None:
        """A file is there: note whether there is something to read."""
        log = path
        if target.startswith("~") and self._home and path.startswith(self._home + "/"):
            log = "~" + path[len(self._home) :]
        inbox = self._session.inbox
        size, mtime = int(stamp[0]), float(stamp[1])
        now = Stat(size, mtime, stamp, stamp[2], True)
        tail = inbox.tails.get(log)
        before = self._seen.get(log)
        what = happened(before, now, tail.offset if tail is not None else 0)
        below = os.path.relpath(log, target) if log.startswith(target) else log
        if what == SAME or (log != target and not is_log(below)):
            if is_deep(below):
                self._seen[log] = now
                self._bar(os.path.join(target, too_deep_in(below)))
            return
        mtime += self._skew_s if mtime else 0.0
        if len(self._seen) >= MAX_ENTRIES and log not in self._seen:
            raise wire.WireError("more logs than are followed")
        self._seen[log] = now
        if tail is not None and what != GREW:
            if tail.offset and log not in inbox.dropped:
                self._turned[log] = what, before
                tail.size, tail.mtime = size, mtime
                self._wanted.pop(log, None)
                return
            inbox.put(Chunk(log, what, 0, b"", "", mtime, size))
        if log in inbox.dropped:
            return
        if tail is None:
            tail = inbox.tails[log] = Tail(log)
        tail.size, tail.mtime = size, mtime
        if size:
            self._wanted[log] = mtime
            self._session.settled = self._session.settled and size == tail.offset

    def _bar(self, folder: str) -> None:
        """Say once that a folder lies too deep to be looked into."""
        if folder not in self._barred and len(self._barred) < MOST_BARRED:
            self._barred.add(folder)
            self._session.inbox.put(Chunk(folder, "error", 0, b"", TOO_DEEP, 0.0, 0))

    def _turn(self, tail: Tail, what: str, before: Stat | None) -> None:
        """Read what more there is of a log beside it, where it was rotated, and then it anew."""
        part = part_of(tail, before, self._seen)
        if part:
            self._ask_rest(tail, part, what)
        else:
            self._begin(tail, what)

    def _ask_rest(self, tail: Tail, part: str, what: str) -> None:
        """Ask for what a log holds beyond what was read of it, where it stands now."""
        compared = len(tail.guard)
        count = compared + min(self._seen[part].size - tail.offset, SLICE_BYTES)
        self._ask(
            Read(tail, compared, count, part, what), "read", part, tail.offset - compared, count
        )

    def _begin(self, tail: Tail, what: str, part: str = "") -> None:
        """Read a log from its first byte; what came before stands in `part`, where there is one."""
        self._wanted.pop(part, None)  # its bytes are known
        now = self._seen[tail.path]
        self._session.inbox.put(Chunk(tail.path, what, 0, b"", part, tail.mtime, now.size))
        if now.size:
            self._wanted[tail.path] = tail.mtime
            self._session.settled = False

    # -- bytes -----------------------------------------------------------------------------------

    def _ask_bytes(self) -> None:
        """Ask for the newest of what is wanted: small new files together, pieces of others."""
        tails = self._session.inbox.tails
        newest = heapq.nlargest(_TOGETHER, self._wanted, key=lambda log: self._wanted[log])
        small: list[Tail] = []
        others: list[Tail] = []
        for tail in (tails[log] for log in newest):
            new = not tail.offset and tail.size <= _SMALL_BYTES and tail.path not in self._alone
            (small if new else others).append(tail)
        if len(small) > 1:
            whole = Whole(small)
            self._ask(whole, "whole", len(small), whole.count, *(tail.path for tail in small))
        else:
            others = [*small, *others]
        for tail in others[:_BATCH_READS]:
            compared = len(tail.guard)
            count = compared + max(0, min(tail.size - tail.offset, SLICE_BYTES))
            if count == compared:
                self._wanted.pop(tail.path)
            else:
                request = Read(tail, compared, count)
                self._ask(request, "read", tail.path, tail.offset - compared, count)

    def _read_answered(self, request: Read) -> bool:
        tail, compared = request.tail, request.compared
        if not request.begun:
            line = self._line()
            if line is None:
                return False
            if line != b"+":
                if request.part:
                    self._begin(tail, request.kind)
                else:
                    self._unreadable(tail)
                return True
            request.begun = True
        data = self._bytes(request.count)
        if data is None:
            return False
        tail.trouble = ""
        self._alone.discard(tail.path)
        inbox = self._session.inbox
        if data[:compared] != tail.guard:
            # Rewritten where it stands, or moved while the link was cut: what was read is void.
            if request.part:
                self._begin(tail, request.kind)
            else:
                self._wanted.pop(tail.path, None)
                self._turn(tail, "replaced", None)
            return True
        size = self._seen[request.part].size if request.part else tail.size
        if piece := data[compared:]:
            inbox.put(Chunk(tail.path, "data", tail.offset, piece, "", tail.mtime, size))
        if request.part and piece and tail.offset < size:
            self._ask_rest(tail, request.part, request.kind)
        elif request.part:
            self._begin(tail, "rotated", request.part)
        elif tail.offset >= size:
            self._wanted.pop(tail.path, None)
        return True

    def _unreadable(self, tail: Tail) -> None:
        """A log that went away since it was listed, or that is not ours to read."""
        self._wanted.pop(tail.path, None)  # until it changes
        if tail.trouble != _DENIED:
            tail.trouble = _DENIED
            chunk = Chunk(tail.path, "error", 0, b"", _DENIED, tail.mtime, tail.size)
            self._session.inbox.put(chunk)

    def _whole_answered(self, request: Whole) -> bool:
        """Take files up to the first that changed meanwhile: from there on nothing is in place."""
        if request.data is None:
            request.data = self._bytes(request.count)
            if request.data is None:
                return False
        while (line := self._line()) != b".":
            if line is None:
                return False
            found = _LINE.fullmatch(line)
            request.stamps.append(found.groups()[:3] if found else ())
        at = 0
        known = [self._seen[tail.path].version for tail in request.tails]
        whole = len(request.stamps) == len(known)
        for tail, stamp, now in zip(request.tails, known, request.stamps, strict=False):
            if stamp != now or not whole:
                break
            piece = request.data[at : at + tail.size]
            at += tail.size
            inbox = self._session.inbox
            inbox.put(Chunk(tail.path, "data", 0, piece, "", tail.mtime, tail.size))
            self._wanted.pop(tail.path, None)
        if not whole:  # one of them is gone or can't be read: each says so by itself
            self._alone.update(tail.path for tail in request.tails)
        else:
            left = next((tail for tail in request.tails if tail.path in self._wanted), None)
            self._alone.update([left.path] if left is not None else ())
        return True
