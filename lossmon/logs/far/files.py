"""Files that each request is paid for, in time or in money: what is there is learned by listing.

A look lists the targets once; `stat` answers from that list, and only what grew is read, in pieces,
along with the bytes before them, by which a rewrite is noticed.
"""

from __future__ import annotations

import errno
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from lossmon.logs.files import Files, Stat
from lossmon.logs.walk import (
    MAX_ENTRIES,
    MOST_BARRED,
    TOO_DEEP,
    is_deep,
    is_log,
    not_looked,
    too_deep_in,
)
from lossmon.text import clip, printable
from lossmon.words import said

MOST_PATH = 1024  # characters of a name; S3 has no longer ones
MOST_LISTED = 200_000
BEYOND = said("more is there than is looked at; name a folder below it, or use check")
_MAGIC = re.compile(r"[*?[]")

_ERRNO = re.compile(r"\[Errno -?[0-9]{1,10}\] ")  # which Python puts in front
_WORDS = 200  # of what a server says

Listed = tuple[str, Stat]


def said_there(error: object) -> str:
    """What an error says, in one line that is safe to show."""
    line = _ERRNO.sub("", str(error).split("\n")[0], count=1)
    return clip(printable(line), _WORDS) or type(error).__name__


class Unreadable(OSError):
    """A file that alone can't be read; the others can."""


class FarFiles(Files):
    """What a listing says, until the next one.

    Attributes:
        globs: targets may be patterns.
        missing: what is said of a target at which there is nothing.
        only: of all files read these alone; None for all.
        requests: how many were made for looking, so far.
        kinds: target -> "directory", "file" or "pattern".
        troubles: target -> why it can't be read.
        lost: what became of the connection while files were read.
        closing: no more requests are made.
        most_listed: files of a target that are looked at in one look; None for all.
        beyond: what is left out because there is too much, in words; empty where nothing is.
    """

    far = True
    globs = True
    missing: str = said("no such folder or file there; check the spelling")

    def __init__(self) -> None:
        super().__init__()
        self.only: Sequence[str] | None = None
        self.requests = 0
        self.kinds: dict[str, str] = {}
        self.troubles: dict[str, str] = {}
        self.lost: Exception | None = None
        self.closing = False
        self.most_listed: int | None = MOST_LISTED
        self.beyond = ""
        self._now: dict[str, Stat] = {}
        self._before: dict[str, Stat] = {}

    # -- for a kind of place; all but FileNotFoundError is a lost connection ---------------------

    def connect(self) -> None:
        """Make what requests are made with, where there is none."""

    def release(self) -> None:
        """A look is over: let go of what is held for it."""

    def disconnect(self) -> None:
        """Let go of what requests are made with; the next `connect` makes it anew."""

    @abstractmethod
    def kind(self, path: str) -> str:
        """What a path is: "directory" or "file"; FileNotFoundError where nothing is there."""

    @abstractmethod
    def below(self, path: str) -> Iterator[Listed]:
        """The files below a directory, bounded in depth and number."""

    @abstractmethod
    def one(self, path: str) -> Stat:
        """How one file is; FileNotFoundError where nothing is there."""

    @abstractmethod
    def piece(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file, no more than asked for; OSError where it alone can't be read."""

    def some(self, paths: Sequence[str]) -> Iterator[Listed]:
        """How some files are that were listed before; those that have gone are left out."""
        for path in paths:
            try:
                yield path, self.one(path)
            except FileNotFoundError:
                continue

    def bar(self, path: str, error: OSError) -> None:
        """Note why a folder or file below a target is not looked at."""
        if len(self.barred) < MOST_BARRED:
            self.barred[path] = error

    def asked(self) -> None:
        """A request for looking is made now."""
        if self.closing:
            raise InterruptedError("closed")
        self.requests += 1

    # -- what the follower asks ------------------------------------------------------------------

    def begin(self) -> None:
        """A look begins: until it is complete, what it has not seen is as it was."""
        self._before, self._now = {**self._before, **self._now}, {}

    def finish(self) -> None:
        """A look is complete: what it has not seen is not there."""
        self._before = {}

    def stat(self, path: str) -> Stat:
        """How a file was listed last."""
        found = self._now.get(path) or self._before.get(path)
        if found is None:
            raise FileNotFoundError(path)
        return found

    def read_at(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file."""
        data = next(iter(self.read_many([(path, offset, count)])))
        if isinstance(data, bytes):
            return data
        raise data if data is not None else OSError("not now")

    def read_many(self, wanted: Sequence[tuple[str, int, int]]) -> Iterator[bytes | OSError | None]:
        """Pieces of several files, in order."""
        for path, offset, count in wanted:
            yield self.judged(self._piece(path, offset, count))

    def _piece(self, path: str, offset: int, count: int) -> bytes | Exception:
        if self.lost is not None or self.closing:
            return InterruptedError("closed")
        try:
            return self.piece(path, offset, count)
        except Exception as error:
            return error

    def judged(self, data: bytes | Exception) -> bytes | OSError | None:
        """What came of a request: bytes, why a file alone can't be read, or a lost connection."""
        if isinstance(data, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, "no such file")  # without the words of a store
        if isinstance(data, bytes | PermissionError | Unreadable):
            return data
        self.lost = self.lost or data
        return None

    def found(self, target: str, settings: bool = False) -> Iterator[Listed]:
        """The files that a target leads to, as they are listed.

        Raises:
            FileNotFoundError: nothing is there.
        """
        magic = _MAGIC.search(target) if self.globs else None
        if target not in self.kinds:
            self.kinds[target] = "pattern" if magic is not None else self.kind(target)
        if self.only is not None:
            yield from self.some([path for path in self.only if path not in self._now])
        elif magic is not None:
            pattern = target.split("/")
            base = target[: magic.start()].rpartition("/")[0]
            for path, stat in self._bounded(self.below(base)):
                if _leads(pattern, path.split("/"), settings):
                    yield path, stat
        elif self.kinds[target] == "file":
            yield target, self.one(target)
        else:
            start = len(target) + 1 if target else 0
            self.look_anew(target)
            for path, stat in self._bounded(self.below(target)):
                if is_log(path[start:], settings):
                    yield path, stat
                elif is_deep(path[start:]):
                    self.bar(path[:start] + too_deep_in(path[start:]), not_looked(TOO_DEEP))

    def _bounded(self, listed: Iterator[Listed]) -> Iterator[Listed]:
        for count, one in enumerate(listed):
            if self.most_listed is not None and count >= self.most_listed:
                self.beyond = BEYOND
                return
            yield one

    def walk(self, target: str, settings: bool = False) -> Iterator[str]:
        """The files that a target leads to, as they are listed."""
        try:
            for path, stat in self.found(target, settings):
                if len(self._now) >= MAX_ENTRIES:
                    self.beyond = BEYOND
                    break
                if len(path) <= MOST_PATH:
                    self._now[path] = stat
                    yield path
            self.troubles[target] = ""
        except FileNotFoundError:
            self.kinds.pop(target, None)
            self.troubles[target] = self.missing
            yield target  # it may come


def _leads(pattern: Sequence[str], parts: Sequence[str], settings: bool) -> bool:
    """Whether a pattern matches a path, or a folder above it in which it may be a log."""
    for cut in range(len(parts), 0, -1):
        if _matches(pattern, parts[:cut]):
            return cut == len(parts) or is_log("/".join(parts[cut:]), settings)
    return False


def _matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(pattern[1:], parts[at:]) for at in range(len(parts) + 1))
    if not parts or not fnmatchcase(parts[0], pattern[0]):
        return False
    return _matches(pattern[1:], parts[1:])
