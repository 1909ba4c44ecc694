"""Files as the follower sees them, wherever they stand, and what two looks at one say of it.

Standard library alone, runs on Python 3.6: it is sent to boxes along with the follower.
"""

import glob
import os
import re
import stat
from itertools import islice
from typing import (  # noqa: F401 - Dict and List are for type comments
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from lossmon.logs.held import Held
from lossmon.logs.walk import NO_LOG, matching, walk

MOST_BESIDE = 5000  # names in a folder among which that of a rotated file is looked for

Stat = NamedTuple(
    "Stat",
    [
        ("size", int),
        ("mtime", float),  # seconds since the Unix epoch
        ("version", Any),  # differs where the content does: a time, an etag; None where unknown
        ("identity", Any),  # differs where it is another file: device and inode; None where unknown
        ("regular", bool),
    ],
)
GONE = Stat(0, 0.0, None, "gone", True)  # how a file was that has gone away

SAME, GREW, TRUNCATED, REPLACED = "same", "grew", "truncated", "replaced"
FORGOTTEN = "forgotten"  # kind of a chunk: its log went away long ago
ANEW = (TRUNCATED, REPLACED, "rotated")  # kinds of chunks behind which bytes count from 0 again


def happened(before: Optional[Stat], now: Stat, read: int) -> str:
    """What became of a file between two looks.

    SAME: nothing. GREW: what was read may still stand in it; where that matters its bytes tell.
    TRUNCATED, REPLACED: what was read is void.

    Args:
        before: how it was at the last look; None where it was never looked at.
        now: how it is.
        read: bytes of it that were read.
    """
    if before is not None:
        if before == now and now.version is not None:
            return SAME
        if before.identity != now.identity:
            return REPLACED
    return TRUNCATED if now.size < read else GREW


def is_named_after(name: str, log: str) -> bool:
    """Whether a file may hold what a log held before it was rotated.

    log.1, log-20261129 and app.1.log are named so, packed, too.
    """
    root, ending = os.path.splitext(log)
    return name != log and name.startswith(root) and ending in name[len(root) :]


_NUMBERED = re.compile(r"[.\-_]\d")  # what is added to a name as a log is rotated


def is_numbered_part(path: str, others: "Iterable[str]") -> bool:
    """Whether a file is called like another one and a number: log.1, log-20261129.gz.

    It moves on with each rotation, to log.2, and what takes its name then is no more of it.

    Args:
        path: of the file.
        others: that may be what it is a part of; they are gone over for few names alone.
    """
    folder, name = os.path.split(path)
    return _NUMBERED.search(name) is not None and any(
        _is_numbered(name, other) for place, other in map(os.path.split, others) if place == folder
    )


def _is_numbered(name: str, log: str) -> bool:
    if not is_named_after(name, log):
        return False
    root, ending = os.path.splitext(log)
    return _NUMBERED.match(name[len(root) :].replace(ending, "", 1)) is not None


class Files:
    """A place with files. All methods raise OSError where that is what stands in the way.

    Attributes:
        far: reading costs a request: the past of a file is compared along with its next piece, and
            what is there was learned by `walk`.
        held: those that may be kept open while they grow; None where files are not opened.
        barred: folders below targets that could not be looked into, each with why.
    """

    far = False
    held = None  # type: Optional[Held]

    def __init__(self) -> None:
        self.barred = {}  # type: Dict[str, OSError]
        self._told = {}  # type: Dict[str, str]  # of those, why

    def barred_anew(self) -> "List[Tuple[str, str]]":
        """Folders below targets that since the last call can't be looked into, and why; or can.

        Of one that was opened the reason is empty. To be asked between two walks.
        """
        now = {path: reason(error) for path, error in self.barred.items()}
        before, self._told = self._told, now
        news = [(path, why) for path, why in now.items() if before.get(path) != why]
        return news + [(path, "") for path in before if path not in now]

    def look_anew(self, folder: str) -> None:
        """Forget which folders below one are barred: it is gone through again."""
        start = os.path.join(folder, "") if folder not in ("", os.curdir) else ""
        for path in [path for path in self.barred if path.startswith(start)]:
            del self.barred[path]

    def stat(self, path: str) -> Stat:
        """How a file is."""
        raise NotImplementedError

    def read_at(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file; fewer where it ends."""
        raise NotImplementedError

    def read_many(
        self, wanted: "Sequence[Tuple[str, int, int]]"
    ) -> "Iterator[Union[bytes, OSError, None]]":
        """Pieces of several files (path, offset, count), in order; or why one can't be read.

        None where nothing can be read now, and all stays as it is.
        """
        for path, offset, count in wanted:
            try:
                yield self.read_at(path, offset, count)
            except OSError as error:
                yield error

    def walk(self, target: str, settings: bool = False) -> Iterator[str]:
        """The files that a target leads to: itself, what is below it, what it matches.

        Args:
            target: a file, also one that may come; a directory; a glob.
            settings: in directories also files that say how a training was set up.
        """
        raise NotImplementedError

    def dangles(self, path: str) -> bool:
        """Whether a path is a link to what is not there."""
        return False

    def turned_to(
        self, path: str, identity: Any, known: "Sequence[Tuple[int, bytes]]", copied: bool
    ) -> str:
        """Under which name stands what a file held before it was rotated; "" where it is gone.

        Args:
            path: of the file, in which other bytes stand now.
            identity: of what stood there before; None where that is not known.
            known: (offset, bytes) of what stood in it, in order: the number of a file that was
                removed may be that of any other a moment later.
            copied: it may also be a copy.
        """
        return ""


class LocalFiles(Files):
    """Those of this machine.

    Attributes:
        cut: targets with more folders in them than were looked into.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cut = set()  # type: Set[str]
        self.held = Held()

    def stat(self, path: str) -> Stat:
        """How a file is."""
        found = os.stat(path)
        return Stat(
            found.st_size, found.st_mtime, found.st_mtime_ns, (found.st_dev, found.st_ino),
            stat.S_ISREG(found.st_mode),
        )  # fmt: skip

    def read_at(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file; one that became a pipe is not waited for."""
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, count)
        finally:
            os.close(descriptor)

    def walk(self, target: str, settings: bool = False) -> Iterator[str]:
        """The files that a target leads to."""
        self.cut.discard(target)
        if os.path.isdir(target):
            yield from self._below(target, target, settings)
        elif os.path.lexists(target) or not glob.has_magic(target):
            yield target  # also where it is not there yet: it may come
        else:
            within = None  # type: Optional[str]  # folders below one that was gone through are known
            for path in matching(target, lambda folder: self._below(target, folder, folders=True)):
                if os.path.isdir(path):
                    if within is None or not path.startswith(within):
                        within = os.path.join(path, "")
                        yield from self._below(target, path, settings)
                elif not NO_LOG.search(os.path.basename(path)):
                    yield path

    def _below(
        self, target: str, folder: str, settings: bool = False, folders: bool = False
    ) -> Iterator[str]:
        cut = set()  # type: Set[str]
        self.look_anew(folder)
        yield from walk(folder, settings, folders, cut, self.barred)
        if cut:
            self.cut.add(target)

    def dangles(self, path: str) -> bool:
        """Whether a path is a link to what is not there."""
        return os.path.islink(path)

    def turned_to(
        self, path: str, identity: Any, known: "Sequence[Tuple[int, bytes]]", copied: bool
    ) -> str:
        """Under which name stands what a file held: log.1, log-20261129, app.1.log; or a copy."""
        folder, name = os.path.split(path)
        copies = []  # type: List[str]
        try:
            with os.scandir(folder or os.curdir) as entries:
                for entry in islice(entries, MOST_BESIDE):
                    if not is_named_after(entry.name, name):
                        continue
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    found, beside = entry.stat(), os.path.join(folder, entry.name)
                    moved = (found.st_dev, found.st_ino) == identity
                    if (moved or copied) and found.st_size >= known[-1][0] + len(known[-1][1]):
                        copies.insert(0 if moved else len(copies), beside)
            for beside in copies:
                if all(self.read_at(beside, offset, len(data)) == data for offset, data in known):
                    return beside
        except OSError:
            pass  # it is gone, then
        return ""


def reason(error: OSError) -> str:
    """Why a file can't be read, in words."""
    words = getattr(error, "words", "")  # type: str  # of a place that has its own
    if words:
        return words
    if isinstance(error, PermissionError):
        return "permission denied; ask its owner for read access"
    return (error.strerror or str(error)).lower()
