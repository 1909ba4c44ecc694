"""Follows growing log files by name: what is new since the last look.

With `files`, `held`, `rotation`, `tail` and `walk` this module is complete in itself, uses the
standard library alone and runs on Python 3.6, so that its source can be sent to any box and run
there as it stands.
"""

import time
import zlib
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union  # noqa: F401 - for type comments

from lossmon.logs.files import (
    GONE,
    GREW,
    REPLACED,
    SAME,
    TRUNCATED,
    Files,
    LocalFiles,
    happened,
    reason,
)  # fmt: skip
from lossmon.logs.rotation import Rotation
from lossmon.logs.tail import Tail, forget_gone
from lossmon.logs.walk import MAX_ENTRIES

SCAN_SLICE_S = 0.2  # seconds a poll may spend on walking directories
SCAN_EVERY_S = 2.0  # between two walks; longer where a walk takes long
QUIET_S, QUIET_EVERY = 600.0, 5  # a file not written to for so long is looked at every so often
MANY, MANY_EVERY = 500, 20  # of more files, those that do not change every so many polls
LONG_BYTES, AHEAD_BYTES = 16 << 20, 1 << 18  # of more to read, so much of its end comes first
CHECK_BYTES, FAR_CHECK_BYTES = 64 << 20, 8 << 20  # of files checked whole; where reading costs

Chunk = NamedTuple(
    "Chunk",
    [
        ("log", str),  # path, as the target leads to it
        ("kind", str),  # "data", "newest", "error", "gone", "forgotten" or one of `files.ANEW`
        ("offset", int),  # of data in the file
        ("data", bytes),
        ("message", str),  # why, for "error" and "gone"; where to, for "rotated"
        ("mtime", float),  # of the file, seconds since the Unix epoch
        ("size", int),  # of the file when it was last seen
    ],
)
Chunk.__doc__ = """What happened to a log.

After "truncated" and "replaced" all that was read before is void: data follows from offset 0.
"newest" holds the end of a long log ahead of its turn; it comes again as "data".
"""


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
        files: where they stand; this machine where left out.
        rotations: read what a file held before it was rotated to its end; then it is "rotated".
            Files that grow are kept open for it.
        every_s: between two walks over the directories at least.
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
        files: Optional[Files] = None,
        every_s: float = SCAN_EVERY_S,
        rotations: bool = False,
    ) -> None:
        self._files = files or LocalFiles()
        self._rotation = Rotation(self._files) if rotations else None
        self._every_s = every_s
        self._ahead, self._settings = ahead, settings
        self._long, self._ahead_bytes = long_bytes, ahead_bytes
        self._rest, self._first = rest, first_bytes or slice_bytes
        self._targets = []  # type: List[str]
        self._known = dict(offsets or {})
        self._slice = slice_bytes
        self._tails = {}  # type: Dict[str, Tail]
        self._walk = None  # type: Optional[Iterator[str]]
        self._walk_took_s = self._next_walk = 0.0
        self._polls, self._walked, self._noticed = 0, False, False
        self._changed = set()  # type: Set[str]
        self.full = False  # there are more files than are followed
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
            if self._rotation is not None:
                self._rotation.forget(log for log in self._tails if log not in kept)
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
            if self._rotation is not None:
                self._rotation.dropped(tail)

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
        return [tail.path for tail in sorted(read, key=lambda tail: -tail.mtime)[:count]]

    def progress(self) -> Tuple[int, int]:
        """How many files were read as far as they go, and how many are read at all."""
        read = [tail for tail in self._tails.values() if not (tail.dropped or tail.gone)]
        return sum(not tail.pending for tail in read), len(read)

    def pending(self) -> int:
        """Bytes that are known to be there, not read yet; 1 while the first walk goes on."""
        return sum(tail.pending for tail in self._tails.values()) or int(not self._walked)

    @property
    def scanning(self) -> bool:
        """The first walk over the targets still goes on."""
        return not self._walked

    @property
    def walking(self) -> bool:
        """A walk over the targets goes on, or is due."""
        return self._walk is not None or time.monotonic() >= self._next_walk

    def poll(self, limit_bytes: int = 8 << 20) -> List[Chunk]:
        """What is new, newest files first, at most about `limit_bytes`."""
        self._polls += 1
        self._scan()
        chunks = self._barred() if self._walk is None else []
        noticed, changed = self._noticed, self._changed
        self._noticed, self._changed = False, set()
        for tail in list(self._tails.values()):
            if noticed or tail.look_at <= self._polls or tail.path in changed:
                chunks += self._look(tail)
        chunks += [
            Chunk(path, "forgotten", 0, b"", "", 0.0, 0) for path in forget_gone(self._tails)
        ]
        waiting = [tail for tail in self._tails.values() if tail.pending]
        # What nothing is known of yet comes first, so that every log shows up early.
        waiting.sort(key=lambda tail: (tail.offset > 0, -tail.mtime))
        while waiting and limit_bytes > 0:
            wanted = []  # type: List[Tuple[Tail, Tuple[str, int, int]]]
            for tail in waiting:
                if limit_bytes > 0:
                    wanted.append((tail, self._piece(tail)))
                    limit_bytes -= wanted[-1][1][2]
            read = self._files.read_many([piece for _, piece in wanted])
            for (tail, (_, start, _)), data in zip(wanted, read):  # noqa: B905 - 3.6
                if data is None:
                    return chunks
                chunks += self._take(tail, start, data)
            waiting = [tail for tail, _ in wanted if tail.pending]
        return chunks

    def close(self) -> None:
        """Hold no file open any more."""
        if self._rotation is not None:
            self._rotation.forget(self._tails)

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
        try:
            for path in self._walk:
                if path not in self._tails:
                    self.full = len(self._tails) >= MAX_ENTRIES
                    if not self.full:
                        self._tails[path] = tail = Tail(path)
                        tail.offset = self._known.pop(path, 0)
                if time.monotonic() - now > SCAN_SLICE_S:
                    self._walk_took_s += time.monotonic() - now
                    return
        except Exception:
            self._walk = None  # begins anew
            raise
        self._walk = None
        self._walked = True
        self._walk_took_s += time.monotonic() - now
        wanted = now + max(self._every_s, self._rest * self._walk_took_s)
        self._next_walk = min(self._next_walk, wanted) if self._next_walk else 0.0

    def _find(self) -> Iterator[str]:
        for target in list(self._targets):
            yield from self._files.walk(target, self._settings)

    def _barred(self) -> List[Chunk]:
        """Folders that can't be looked into, or can again, told as logs are that can't be read."""
        news = self._files.barred_anew()
        return [Chunk(at, "error" if why else TRUNCATED, 0, b"", why, 0.0, 0) for at, why in news]

    # -- one file --------------------------------------------------------------------------------

    def _look(self, tail: Tail) -> List[Chunk]:
        """See whether a file grew, shrank, was replaced, went away or can't be read."""
        if tail.turned:
            return self._look_behind(tail)
        try:
            now = self._files.stat(tail.path)
        except OSError as error:
            return self._last_of(tail) or self._missing(tail, error)
        if not now.regular:
            return self._trouble(tail, "not a regular file; a pipe is read with `lossmon -`")
        tail.barred = False  # it is tried again: what was in the way may have passed
        before = GONE if tail.gone and tail.seen is not None else tail.seen
        what = happened(before, now, tail.offset)
        if what == SAME:
            quiet = time.time() - tail.mtime > QUIET_S and not tail.pending
            tail.look_at = self._polls + (QUIET_EVERY if quiet else 1)
            if len(self._tails) > MANY:
                tail.idle = min(tail.idle + 1, MANY_EVERY)
                tail.look_at = max(tail.look_at, self._polls + tail.idle)
            return []
        tail.idle = 0
        if what == GREW and tail.offset and (before is not None or tail.restored):
            if self._files.far:
                tail.doubt = True  # the next piece is read along with what was before it
            elif not self._unchanged(tail, now.size):
                what = REPLACED
        left = False
        if self._rotation is not None:
            if what in (REPLACED, TRUNCATED) and self._rotation.has_turned(tail, what, self._tails):
                tail.gone = False
                return self._look_behind(tail)
            rest = self._last_of(tail) if what == REPLACED else []
            if rest:
                return rest
            left = self._rotation.leaves_again(tail, now)
        tail.seen, tail.gone = now, False
        tail.size, tail.mtime = now.size, now.mtime
        if left or what == GREW or not (tail.offset or tail.dropped):
            return []
        return self._anew(tail, what)

    def _last_of(self, tail: Tail) -> List[Chunk]:
        """What was written last to a file before it went away."""
        chunks = []  # type: List[Chunk]
        for data in self._rotation.rest_of(tail, self._slice) if self._rotation is not None else ():
            chunks.append(Chunk(tail.path, "data", tail.offset, data, "", tail.mtime, tail.size))
            tail.took(data)
        return chunks

    def _look_behind(self, tail: Tail) -> List[Chunk]:
        """Read a rotated file to its end, and go on with the new one once something is in it."""
        tail.look_at = self._polls + 1
        try:
            tail.size = max(tail.offset, self._files.stat(tail.turned).size)
        except OSError:
            tail.size = tail.offset  # it is gone by now
        try:
            now = self._files.stat(tail.path)
        except OSError:
            return []
        if tail.size > tail.offset or not now.size:  # its writer may not have turned yet
            return []
        chunk = Chunk(tail.path, "rotated", 0, b"", tail.turned, now.mtime, now.size)
        tail.rewind()
        tail.turned, tail.seen, tail.size, tail.mtime = "", now, now.size, now.mtime
        return [chunk]

    def _anew(self, tail: Tail, what: str) -> List[Chunk]:
        """What was read is void."""
        tail.rewind()
        return [Chunk(tail.path, what, 0, b"", "", tail.mtime, tail.size)]

    def _unchanged(self, tail: Tail, size: int) -> bool:
        """Whether what was read before still stands in the file."""
        read_at, path = self._files.read_at, tail.path
        try:
            if read_at(path, 0, len(tail.head)) != tail.head:
                return False
            if read_at(path, tail.offset - len(tail.guard), len(tail.guard)) != tail.guard:
                return False
            # Written to and not longer: no append, so the middle may have changed as well.
            if tail.head and size == tail.offset <= CHECK_BYTES:
                return zlib.crc32(read_at(path, 0, tail.offset)) == tail.crc
        except OSError:
            pass  # reading says what is wrong
        return True

    def _piece(self, tail: Tail) -> "Tuple[str, int, int]":
        """What is read next of a file: path, offset and count."""
        if tail.doubt and tail.size == tail.offset <= FAR_CHECK_BYTES:
            return tail.path, 0, tail.size
        path = tail.turned or tail.path
        before = len(tail.guard) if self._files.far else 0
        most = self._first if tail.offset == 0 else self._slice
        count = min(most, max(0, tail.size - tail.offset))
        return path, tail.offset - before, before + count

    def _take(self, tail: Tail, start: int, data: "Union[bytes, OSError]") -> List[Chunk]:
        """Take what was read of a file from somewhere on, up to its offset or behind it."""
        offset = tail.offset
        if isinstance(data, OSError):
            return self._trouble(tail, reason(data))
        if start < offset:
            past, data = data[: offset - start], data[offset - start :]
            tail.doubt = False
            whole = start == 0 and len(past) > len(tail.guard)
            if (zlib.crc32(past) != tail.crc) if whole else (past != tail.guard):
                return self._anew(tail, REPLACED)
        if not data and tail.size != offset:
            tail.size = offset  # it shrank since we looked; the next look says how
            tail.look_again()
        if not data and not tail.trouble:  # else that it can be read again is news
            return []
        tail.trouble = ""
        tail.took(data)
        if self._rotation is not None and time.time() - tail.mtime < QUIET_S:
            self._rotation.grew(tail)
        chunks = [Chunk(tail.path, "data", offset, data, "", tail.mtime, tail.size)]
        if offset == 0 and self._ahead and tail.pending > self._long:
            chunks += self._end(tail)
        return chunks

    def _end(self, tail: Tail) -> List[Chunk]:
        at = tail.size - self._ahead_bytes
        try:
            data = self._files.read_at(tail.path, at, self._ahead_bytes)
        except OSError:
            return []  # reading on says what is wrong
        return [Chunk(tail.path, "newest", at, data, "", tail.mtime, tail.size)]

    def _missing(self, tail: Tail, error: OSError) -> List[Chunk]:
        if not isinstance(error, FileNotFoundError) and not isinstance(error, NotADirectoryError):
            return self._trouble(tail, reason(error))
        if tail.gone:
            return []
        tail.gone = True
        self._tails[tail.path] = self._tails.pop(tail.path)  # in the order in which they went
        if tail.seen is None and not self._files.dangles(tail.path):
            return []  # was never there: it is waited for
        return [Chunk(tail.path, "gone", 0, b"", "the file is gone", tail.mtime, 0)]

    def _trouble(self, tail: Tail, message: str) -> List[Chunk]:
        tail.look_at = self._polls + 1
        tail.look_again()
        tail.barred = True
        if tail.trouble == message:
            return []
        tail.trouble = message
        return [Chunk(tail.path, "error", 0, b"", message, tail.mtime, tail.size)]
