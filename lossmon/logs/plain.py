"""Follows logs on a box without Python, through `sh`, `find`, `stat`, `tail` and `head`.

The shell there is asked and answers, one request at a time: what is there (a line a file), or a
number of bytes of one file. Names go there as lines of data, which it reads and never evaluates.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable

from lossmon.logs import wire
from lossmon.logs.bootstrap import SCRIPT
from lossmon.logs.follower import Chunk, Tail
from lossmon.logs.link import Session
from lossmon.logs.walk import MAX_DEPTH, NO_DIRECTORY, NO_LOG

LIMITS = "no Python 3.6 there: looked at every 3 s through sh, stores and GPUs are not seen"
EVERY_S = 3.0
SLICE_BYTES = 1 << 16
_MOST_LINE = 8192

_LINE = re.compile(rb"= (\d{1,18}) (\d{1,12}) (\d{1,20}) (.+)", re.DOTALL)
_KINDS = {
    "directory": "",
    "file": "",
    "pattern": "",
    "denied": "permission denied; ask its owner for read access",
    "missing": "no such file or folder there; check the spelling",
}


class PlainTalk:
    """Asks the shell in turns; see `lossmon.logs.link.Talk`."""

    def __init__(self, session: Session, out: wire.Outbox, on_live: Callable[[], None]) -> None:
        self._session = session
        self._out = out
        self._buffer = bytearray()
        self._targets: deque[str] = deque()  # still to be listed in this turn
        self._listing = ""  # the target that is being listed
        self._stamps: dict[str, tuple[bytes, ...]] = {}
        self._wanted: dict[str, float] = {}  # log with something to read -> its mtime
        self._reading: tuple[Tail, int, int] | None = None  # of which, bytes compared, bytes asked
        self._home = ""
        self._skew_s = 0.0
        self._next = 0.0
        session.limits = LIMITS
        out.put(SCRIPT.encode())
        on_live()

    def take(self, data: bytes) -> None:
        """Understand what the shell answers."""
        self._buffer += data
        while self._listing or self._reading:
            if not (self._read_answer() if self._reading else self._list_answer()):
                return
            self._go_on()

    def tick(self, now: float) -> float:
        """Begin the next turn when it is due."""
        if self._listing or self._reading:
            return 1.0
        if self._wanted:
            self._go_on()  # the inbox was full before
            return 0.1
        if now >= self._next:
            self._next = now + EVERY_S
            self._targets = deque(one for one in self._session.targets if not self._needs_more(one))
            self._go_on()
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
        """Ask the next thing of this turn: all lists, then what is to be read, newest first."""
        if self._targets:
            self._listing = self._targets.popleft()
            self._ask("list", self._listing)
        elif self._wanted and not self._session.inbox.full:
            self._ask_bytes(max(self._wanted, key=lambda log: self._wanted[log]))
        elif not self._wanted and not self._session.settled:
            self._session.settled = True
            self._session.inbox.tell()

    def _needs_more(self, target: str) -> bool:
        """Whether a target is not for a shell: jobs of a scheduler."""
        if not target.startswith("slurm:"):
            return False
        self._session.troubles[target] = "to ask Slurm, a Python 3.6 or newer is needed there"
        return True

    def _ask(self, verb: str, path: str, *more: int) -> None:
        lines = [verb, path, *map(str, more)]
        self._out.put("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))

    # -- lists -----------------------------------------------------------------------------------

    def _list_answer(self) -> bool:
        """Take one line of a list; False where it is not complete."""
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > _MOST_LINE:
                raise wire.WireError("a line without end")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        found = _LINE.fullmatch(line)
        if line == b".":
            self._listing = ""
            return True
        if line.startswith(b"! "):
            kind = line[2:].decode("ascii", "replace")
            if kind not in _KINDS:
                raise wire.WireError("an answer of an unknown kind")
            self._session.kinds[self._listing] = "directory" if kind == "denied" else kind
            self._session.troubles[self._listing] = _KINDS[kind]
        elif line.startswith(b"~ /"):
            self._home = line[2:].decode("utf-8", "surrogateescape").rstrip("/")
        elif line.startswith(b"@ ") and line[2:].isdigit() and len(line) < 15:
            skew_s = time.time() - int(line[2:])
            self._skew_s = skew_s if abs(skew_s) > 5.0 else 0.0
        elif found is not None:
            self._see(found[4].decode("utf-8", "surrogateescape"), found.groups())
        return self._list_answer()

    def _see(self, path: str, stamp: tuple[bytes, ...]) -> None:
        """A file is there: note whether there is something to read."""
        target, log = self._listing, path
        if target.startswith("~") and self._home and path.startswith(self._home + "/"):
            log = "~" + path[len(self._home) :]
        if log != target and _is_no_log(log, target):
            return
        if stamp[:3] == self._stamps.get(log):
            return
        inbox = self._session.inbox
        size, mtime = int(stamp[0]), float(stamp[1])
        mtime += self._skew_s if mtime else 0.0
        tail = inbox.tails.get(log)
        same_file = log not in self._stamps or self._stamps[log][2] == stamp[2]
        self._stamps[log] = stamp[:3]
        if tail is not None and (size < tail.offset or not same_file):
            kind = "truncated" if size < tail.offset else "replaced"
            inbox.put(Chunk(log, kind, 0, b"", "", mtime, size))
        if log in inbox.dropped:
            return
        if tail is None:
            tail = inbox.tails[log] = Tail(log)
        tail.size, tail.mtime = size, mtime
        if size:
            self._wanted[log] = mtime
            self._session.settled = self._session.settled and size == tail.offset

    # -- bytes -----------------------------------------------------------------------------------

    def _ask_bytes(self, log: str) -> None:
        tail = self._session.inbox.tails[log]
        compared = len(tail.guard)
        count = compared + max(0, min(tail.size - tail.offset, SLICE_BYTES))
        if not count:
            self._wanted.pop(log)
            return
        self._reading = (tail, compared, count)
        self._ask("read", log, tail.offset - compared, count)

    def _read_answer(self) -> bool:
        assert self._reading is not None
        tail, compared, count = self._reading
        if len(self._buffer) < count:
            return False
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._reading = None
        inbox = self._session.inbox
        if data[:compared] != tail.guard:
            # Rewritten where it stands: all that was read is void.
            inbox.put(Chunk(tail.path, "replaced", 0, b"", "", tail.mtime, tail.size))
            return True
        if data[compared:]:
            piece = data[compared:]
            inbox.put(Chunk(tail.path, "data", tail.offset, piece, "", tail.mtime, tail.size))
        if tail.offset >= tail.size:
            self._wanted.pop(tail.path, None)
        return True


def _is_no_log(log: str, target: str) -> bool:
    """Whether a file below a target is left alone, as the follower would."""
    below = os.path.relpath(log, target).split("/") if log.startswith(target) else [log]
    folders, name = below[:-1], os.path.basename(log)
    if len(folders) > MAX_DEPTH or any(NO_DIRECTORY.match(one) for one in folders if one != ".."):
        return True
    return name.startswith(".") or NO_LOG.search(name) is not None
