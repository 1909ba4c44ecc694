"""Follows growing log files by name: what is new since the last look.

With `walk` this module is complete in itself, uses the standard library alone and runs on Python
3.6, so that its source can be sent to any box and run there as it stands.
"""

import glob
import os
import stat
import time
import zlib
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple  # noqa: F401 - Set is for a type comment

from lossmon.logs.walk import MAX_ENTRIES, NO_LOG, walk

GUARD_BYTES = 256  # bytes compared before the offset (and at the head) to notice a rewrite
SCAN_SLICE_S = 0.2  # seconds a poll may spend on walking directories
SCAN_EVERY_S = 2.0  # between two walks; longer where a walk takes long
QUIET_S = 600.0  # a file not written to for so long is looked at less often
QUIET_EVERY = 5  # polls between two looks at a quiet file
MANY = 500  # files; of more, those that do not change are looked at in turns
MANY_EVERY = 20  # polls between two looks at such a file, at most
LONG_BYTES = 16 << 20  # of a file with more to read its end is shown first
AHEAD_BYTES = 1 << 18  # so much of it
CHECK_BYTES = 64 << 20  # a same-sized rewrite is told by its checksum up to this size

Chunk = NamedTuple(
    "Chunk",
    [
        ("log", str),  # path, as the target leads to it
        ("kind", str),  # "data", "newest", "truncated", "replaced", "gone" or "error"
        ("offset", int),  # of data in the file
        ("data", bytes),
        ("message", str),  # why, for "error" and "gone"
        ("mtime", float),  # of the file, seconds since the Unix epoch
        ("size", int),  # of the file when it was last seen
    ],
)
Chunk.__doc__ = """What happened to a log.

After "truncated" and "replaced" all that was read before is void: data follows from offset 0.
"newest" holds the end of a long log ahead of its turn; it comes again as "data".
"""


class Tail:
    """One followed file and how far it was read."""

    __slots__ = (
        "crc", "dropped", "gone", "guard", "head", "identity", "idle", "look_at", "mtime", "offset",
        "path", "restored", "size", "stamp", "trouble",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.identity = (0, 0)  # device, inode
        self.stamp = (-1, -1)  # size, mtime in ns at the last look
        self.size = 0
        self.mtime = 0.0
        self.offset = 0
        self.head = b""  # first bytes as they were read
        self.guard = b""  # bytes before the offset as they were read
        self.crc = 0  # of everything before the offset
        self.trouble = ""  # said already; not repeated at each poll
        self.gone = False
        self.dropped = False
        self.restored = False  # the past was told, not read here; its inode means nothing
        self.look_at = 0  # number of the poll that looks again
        self.idle = 0  # looks in a row that found nothing new, up to MANY_EVERY

    def rewind(self) -> None:
        """Start anew: what was read is void."""
        self.offset, self.head, self.guard, self.crc = 0, b"", b"", 0

    def took(self, data: bytes) -> None:
        """Note what was read, so that a rewrite is recognised later."""
        self.offset += len(data)
        self.crc = zlib.crc32(data, self.crc)
        if len(self.head) < GUARD_BYTES:
            self.head = (self.head + data)[:GUARD_BYTES]
        self.guard = (self.guard + data[-GUARD_BYTES:])[-GUARD_BYTES:]

    @property
    def pending(self) -> int:
        """Bytes not read yet."""
        if self.dropped or self.gone or self.trouble:
            return 0
        return max(0, self.size - self.offset)


class Follower:
    """Reads what is new in files, directories (walked, bounded) and globs.

    Args:
        targets: paths; a file that is named here is read whatever its name.
        offsets: bytes of each file that are known already.
        slice_bytes: read at most so much of one file before the next has its turn.
        ahead: hand on the end of a long file as soon as its beginning was read.
        long_bytes: a file is long when it has more left to read.
        ahead_bytes: of its end.
        rest: a walk over the directories is followed by a pause so many times as long.
        first_bytes: read so much of a file at first, to see what it is; a slice where 0.
        settings: in directories also follow files that say how a training was set up.
    """

    def __init__(
        self,
        targets: Sequence[str],
        offsets: Optional[Dict[str, int]] = None,
        slice_bytes: int = 1 << 18,
        ahead: bool = False,
        long_bytes: int = LONG_BYTES,
        ahead_bytes: int = AHEAD_BYTES,
        rest: float = 20.0,
        first_bytes: int = 0,
        settings: bool = False,
    ) -> None:
        self._ahead, self._settings = ahead, settings
        self._long, self._ahead_bytes = long_bytes, ahead_bytes
        self._rest, self._first = rest, first_bytes or slice_bytes
        self._targets = []  # type: List[str]
        self._known = dict(offsets or {})
        self._slice = slice_bytes
        self._tails = {}  # type: Dict[str, Tail]
        self._walk = None  # type: Optional[Iterator[str]]
        self._walk_took_s = 0.0
        self._next_walk = 0.0
        self._walked = False
        self._polls = 0
        self._noticed = False
        self._changed = set()  # type: Set[str]
        for target in targets:
            self.add(target)

    def add(self, target: str) -> None:
        """Follow one more file, directory or glob; it may appear later."""
        if target not in self._targets:
            self._targets.append(target)
            self.rescan()

    def forget(self, target: str) -> None:
        """Follow a target no more, nor the files that no other target leads to."""
        if target in self._targets:
            self._targets.remove(target)
            self._walk = None
            kept = set(self._find())
            self._tails = {log: tail for log, tail in self._tails.items() if log in kept}
            self.rescan()

    def restore(self, log: str, offset: int, head: bytes, guard: bytes, crc: int) -> None:
        """Go on where another follower stopped; the arguments are what its Tail knew."""
        self._tails[log] = tail = Tail(log)
        tail.offset, tail.head, tail.guard, tail.crc = offset, head, guard, crc
        tail.restored = True

    def drop(self, log: str) -> None:
        """Read no more of a file, unless it is replaced by another."""
        tail = self._tails.get(log)
        if tail is not None:
            tail.dropped = True

    def rescan(self) -> None:
        """Look for new files at the next poll: something says that there may be some."""
        self._next_walk = 0.0
        self.notice()

    def notice(self, log: str = "") -> None:
        """Look at a file at the next poll, or at all: something says that it changed."""
        if log in self._tails:
            self._changed.add(log)
        else:
            self._noticed = True

    def logs(self) -> List[str]:
        """The files that are followed."""
        return list(self._tails)

    def newest(self, count: int = 1000) -> List[str]:
        """The files that were written last and are read on, newest first."""
        read = [tail for tail in self._tails.values() if not (tail.dropped or tail.gone)]
        read.sort(key=lambda tail: -tail.mtime)
        return [tail.path for tail in read[:count]]

    def pending(self) -> int:
        """Bytes that are known to be there, not read yet; 1 while the first walk goes on."""
        return sum(tail.pending for tail in self._tails.values()) or int(not self._walked)

    @property
    def scanning(self) -> bool:
        """The first walk over the targets still goes on."""
        return not self._walked

    def poll(self, limit_bytes: int = 8 << 20) -> List[Chunk]:
        """What is new, newest files first, at most about `limit_bytes`."""
        self._polls += 1
        self._scan()
        chunks = []  # type: List[Chunk]
        noticed, self._noticed = self._noticed, False
        changed, self._changed = self._changed, set()
        for tail in list(self._tails.values()):
            if noticed or tail.look_at <= self._polls or tail.path in changed:
                chunks += self._look(tail)
        waiting = [tail for tail in self._tails.values() if tail.pending]
        # What nothing is known of yet comes first, so that every log shows up early.
        waiting.sort(key=lambda tail: (tail.offset > 0, -tail.mtime))
        while waiting and limit_bytes > 0:
            still = []
            for tail in waiting:
                if limit_bytes <= 0:
                    break
                read = self._read(tail)
                chunks += read
                limit_bytes -= sum(len(chunk.data) for chunk in read)
                if tail.pending:
                    still.append(tail)
            waiting = still
        return chunks

    def close(self) -> None:
        """Nothing is held open between polls; here so that every source can be closed."""

    # -- finding files ---------------------------------------------------------------------------

    def _scan(self) -> None:
        """Go on with the walk over the targets, for a slice of time."""
        now = time.monotonic()
        if self._walk is None:
            if now < self._next_walk:
                return
            self._walk = self._find()
            self._walk_took_s = 0.0
            self._next_walk = float("inf")
        for path in self._walk:
            if path not in self._tails and len(self._tails) < MAX_ENTRIES:
                self._tails[path] = tail = Tail(path)
                tail.offset = self._known.pop(path, 0)
            if time.monotonic() - now > SCAN_SLICE_S:
                self._walk_took_s += time.monotonic() - now
                return
        self._walk = None
        self._walked = True
        self._walk_took_s += time.monotonic() - now
        wanted = now + max(SCAN_EVERY_S, self._rest * self._walk_took_s)
        self._next_walk = min(self._next_walk, wanted) if self._next_walk else 0.0

    def _find(self) -> Iterator[str]:
        for target in list(self._targets):
            if os.path.isdir(target):
                for path in walk(target, self._settings):
                    yield path
            elif os.path.lexists(target) or not glob.has_magic(target):
                yield target  # also where it is not there yet: it may come
            else:
                for path in glob.iglob(target, recursive=True):
                    if os.path.isdir(path):
                        for below in walk(path, self._settings):
                            yield below
                    elif not NO_LOG.search(os.path.basename(path)):
                        yield path

    # -- one file --------------------------------------------------------------------------------

    def _look(self, tail: Tail) -> List[Chunk]:
        """See whether a file grew, shrank, was replaced, went away or can't be read."""
        try:
            found = os.stat(tail.path)
        except OSError as error:
            return self._missing(tail, error)
        if not stat.S_ISREG(found.st_mode):
            return self._trouble(tail, "not a regular file; a pipe is read with `lossmon -`")
        mtime_ns = int(found.st_mtime_ns)
        identity, stamp = (found.st_dev, found.st_ino), (found.st_size, mtime_ns)
        if stamp == tail.stamp and identity == tail.identity and not tail.gone:
            quiet = time.time() - tail.mtime > QUIET_S and not tail.pending
            tail.look_at = self._polls + (QUIET_EVERY if quiet else 1)
            if len(self._tails) > MANY:
                tail.idle = min(tail.idle + 1, MANY_EVERY)
                tail.look_at = max(tail.look_at, self._polls + tail.idle)
            return []
        tail.idle = 0
        kind = self._change(tail, identity, stamp)
        tail.identity, tail.stamp, tail.gone = identity, stamp, False
        tail.size, tail.mtime = found.st_size, found.st_mtime
        if not kind:
            return []
        tail.rewind()
        tail.dropped = False
        return [Chunk(tail.path, kind, 0, b"", "", tail.mtime, tail.size)]

    def _change(self, tail: Tail, identity: Tuple[int, int], stamp: Tuple[int, int]) -> str:
        """How a file's past became void: "truncated", "replaced", or "" when it did not."""
        if tail.stamp == (-1, -1):
            if stamp[0] < tail.offset:
                return "truncated"
            return "" if not tail.restored or self._unchanged(tail, stamp[0]) else "replaced"
        if tail.offset == 0:
            return "replaced" if tail.dropped and identity != tail.identity else ""
        if identity != tail.identity or tail.gone:
            return "replaced"
        if stamp[0] < tail.offset:
            return "truncated"
        return "" if self._unchanged(tail, stamp[0]) else "replaced"

    def _unchanged(self, tail: Tail, size: int) -> bool:
        """Whether what was read before still stands in the file."""
        try:
            with open(tail.path, "rb") as file:
                if file.read(len(tail.head)) != tail.head:
                    return False
                file.seek(tail.offset - len(tail.guard))
                if file.read(len(tail.guard)) != tail.guard:
                    return False
                # Written to and not longer: no append, so the middle may have changed as well.
                if tail.head and size == tail.offset <= CHECK_BYTES:
                    file.seek(0)
                    return zlib.crc32(file.read(tail.offset)) == tail.crc
        except OSError:
            pass  # reading says what is wrong
        return True

    def _read(self, tail: Tail) -> List[Chunk]:
        offset = tail.offset
        try:
            descriptor = os.open(tail.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            try:
                os.lseek(descriptor, offset, os.SEEK_SET)
                most = self._first if offset == 0 else self._slice
                data = os.read(descriptor, min(most, tail.pending))
            finally:
                os.close(descriptor)
        except OSError as error:
            return self._trouble(tail, reason(error))
        if not data:
            tail.size = offset  # it shrank since we looked; the next look says how
            return []
        tail.trouble = ""
        tail.took(data)
        chunks = [Chunk(tail.path, "data", offset, data, "", tail.mtime, tail.size)]
        if offset == 0 and self._ahead and tail.pending > self._long:
            chunks += self._end(tail)
        return chunks

    def _end(self, tail: Tail) -> List[Chunk]:
        try:
            with open(tail.path, "rb") as file:
                offset = file.seek(-self._ahead_bytes, os.SEEK_END)
                data = file.read(self._ahead_bytes)
        except OSError:
            return []  # reading on says what is wrong
        return [Chunk(tail.path, "newest", offset, data, "", tail.mtime, tail.size)]

    def _missing(self, tail: Tail, error: OSError) -> List[Chunk]:
        if not isinstance(error, FileNotFoundError) and not isinstance(error, NotADirectoryError):
            return self._trouble(tail, reason(error))
        if tail.gone:
            return []
        tail.gone = True
        if tail.stamp == (-1, -1) and not os.path.islink(tail.path):
            return []  # was never there: it is waited for
        return [Chunk(tail.path, "gone", 0, b"", "the file is gone", tail.mtime, 0)]

    def _trouble(self, tail: Tail, message: str) -> List[Chunk]:
        tail.look_at = self._polls + 1
        tail.stamp = (-2, -2)  # look again in full: the reason may pass
        if tail.trouble == message:
            return []
        tail.trouble = message
        return [Chunk(tail.path, "error", 0, b"", message, tail.mtime, tail.size)]


def reason(error: OSError) -> str:
    """Why a file can't be read, in words."""
    if isinstance(error, PermissionError):
        return "permission denied; ask its owner for read access"
    return (error.strerror or str(error)).lower()
