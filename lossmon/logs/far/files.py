"""Files that each request is paid for, in time or in money: what is there is learned by listing.

A look lists the targets once; `stat` answers from that list, and only what grew is read, in pieces,
along with the bytes before them, by which a rewrite is noticed.
"""

from __future__ import annotations

import errno
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Literal, NoReturn, TypeVar

from lossmon.logs.discover import folders_above
from lossmon.logs.far.apart import Apart, Unreadable
from lossmon.logs.files import Files, Stat
from lossmon.logs.source import Failure
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

Listed = tuple[str, Stat | OSError]  # how a file is, or why that alone can't be told
Whose = Literal["file", "place", "unsure"]
Found = TypeVar("Found")


def said_there(error: object) -> str:
    """What an error says, in one line that is safe to show."""
    line = _ERRNO.sub("", str(error).split("\n")[0], count=1)
    return clip(printable(line), _WORDS) or type(error).__name__


def in_its_words(error: Exception) -> Failure:
    """What any error means, as it says itself: one tries again."""
    return Failure("retrying", said_there(error))


class FarFiles(Files):
    """What a listing says, until the next one.

    What is in the way of one file or folder is told of it alone, and it is asked for again after a
    while; what is in the way of the place as a whole (see `whose`) is raised, and ends a look.

    Attributes:
        globs: targets may be patterns.
        missing: what is said of a target at which there is nothing.
        only: of all files read these alone; None for all.
        requests: how many were made for looking, so far.
        kinds: target -> "directory", "file" or "pattern".
        troubles: target -> why it can't be read.
        failed: those of them at which something is, or may be.
        heard: in this look the place has answered.
        meaning: what an error means for the user.
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
        self.failed: set[str] = set()
        self.heard = False
        self.meaning: Callable[[Exception], Failure] = in_its_words
        self.lost: Exception | None = None
        self.closing = False
        self.most_listed: int | None = MOST_LISTED
        self.beyond = ""
        self._now: dict[str, Stat | OSError] = {}
        self._before: dict[str, Stat | OSError] = {}
        self._unseen: set[str] = set()  # folders that could not be listed in this look
        self._looks, self._reads = Apart(), Apart()

    # -- for a kind of place ---------------------------------------------------------------------

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

    def whose(self, error: Exception) -> Whose:
        """What an error of one path is in the way of; where unsure, `stands` decides."""
        of_file = (PermissionError, Unreadable, IsADirectoryError, NotADirectoryError)
        return "file" if isinstance(error, of_file) else "place"

    def stands(self) -> bool:
        """Whether the place answers to what is asked of it as a whole."""
        return False

    def some(self, paths: Sequence[str]) -> Iterator[Listed]:
        """How some files are that were listed before; those that have gone are left out."""
        for path in paths:
            try:
                yield path, self.tried(path, self.one)
            except FileNotFoundError:
                continue
            except Unreadable as error:
                yield path, error

    def bar(self, path: str, error: OSError) -> None:
        """Note why a folder or file below a target is not looked at."""
        if len(self.barred) < MOST_BARRED:
            self.barred[path] = error

    def asked(self) -> None:
        """A request for looking is made now."""
        if self.closing:
            raise InterruptedError("closed")
        self.requests += 1

    # -- what is of one path alone ---------------------------------------------------------------

    def tried(self, path: str, ask: Callable[[str], Found]) -> Found:
        """What a request for one path brings.

        Raises:
            Unreadable: that path alone is in trouble, now or since a moment ago.
            FileNotFoundError: nothing is there.
            IsADirectoryError: it is none of a file.
        """
        resting = self._looks.resting(path)
        if resting is not None:
            raise resting
        try:
            found = ask(path)
        except (FileNotFoundError, IsADirectoryError):
            self._passed(path)
            raise
        except Exception as error:
            self._raise_of(path, error)
        self._passed(path)
        return found

    def _passed(self, path: str) -> None:
        self.heard = True
        self._looks.passed(path)

    def _raise_of(self, path: str, error: Exception) -> NoReturn:
        """A path can't be looked at: it alone, or nothing can."""
        if not self.is_alone(error):
            raise error
        raise self._looks.failed(path, self._in_words(error)) from error

    def is_alone(self, error: Exception) -> bool:
        """Whether an error is in the way of one path, and the others can be asked for."""
        if self.closing or isinstance(error, InterruptedError):
            return False
        whose = self.whose(error)
        return whose == "file" or (whose == "unsure" and self.stands())

    def _in_words(self, error: Exception) -> Unreadable:
        if isinstance(error, Unreadable):
            return error
        slow = getattr(error, "slow", self.whose(error) == "unsure")  # clients try several times
        return Unreadable(self.meaning(error).reason, slow)

    def pass_over(self, folder: str, error: Unreadable) -> None:
        """A folder can't be listed: it is told, and what is known below it stays as it was."""
        self._unseen.add(folder.rstrip("/"))
        self.bar(folder, error)

    def again(self) -> None:
        """The place is asked anew, also for what was in trouble: one has waited."""
        self._looks.all_due()
        self._reads.all_due()

    # -- what the follower asks ------------------------------------------------------------------

    def begin(self) -> None:
        """A look begins: until it is complete, what it has not seen is as it was."""
        self._before, self._now = {**self._before, **self._now}, {}
        self._unseen.clear()
        self.heard = False

    def finish(self) -> None:
        """A look is complete: what it has not seen is not there, but for what it could not see."""
        self._before = {
            path: stat for path, stat in self._before.items() if self._may_be_there(path)
        }

    def _may_be_there(self, path: str) -> bool:
        if not self._unseen or path in self._now:
            return False
        return "" in self._unseen or any(one in self._unseen for one in folders_above(path))

    def stat(self, path: str) -> Stat:
        """How a file was listed last."""
        found = self._now.get(path) or self._before.get(path)
        if found is None:
            raise FileNotFoundError(path)
        if isinstance(found, OSError):
            raise found
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
            yield self.judged(path, self._piece(path, offset, count))

    def _piece(self, path: str, offset: int, count: int) -> bytes | Exception:
        if self.lost is not None or self.closing:
            return InterruptedError("closed")
        try:
            return self._reads.resting(path) or self.piece(path, offset, count)
        except Exception as error:
            return error

    def judged(self, path: str, data: bytes | Exception) -> bytes | OSError | None:
        """What came of a request: bytes, why a file alone can't be read, or a lost connection."""
        if isinstance(data, bytes):
            self._reads.passed(path)
            return data
        if isinstance(data, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, "no such file")  # without the words of a store
        if data is self._reads.resting(path):
            return data
        if self.lost is None and self.is_alone(data):
            return self._reads.failed(path, self._in_words(data))
        self.lost = self.lost or data
        return None

    def found(self, target: str, settings: bool = False) -> Iterator[Listed]:
        """The files that a target leads to, as they are listed.

        Raises:
            FileNotFoundError: nothing is there.
            Unreadable: the target alone is in trouble, now or since a moment ago.
        """
        resting = self._looks.resting(target)
        if resting is not None:
            raise resting
        try:
            yield from self._found(target, settings)
        except (FileNotFoundError, Unreadable):
            raise
        except Exception as error:
            self._raise_of(target, error)
        self._passed(target)

    def _found(self, target: str, settings: bool) -> Iterator[Listed]:
        magic = _MAGIC.search(target) if self.globs else None
        if target not in self.kinds:
            self.kinds[target] = "pattern" if magic else self.tried(target, self.kind)
        if self.only is not None:
            yield from self.some([path for path in self.only if path not in self._now])
            return
        if magic is not None:
            pattern = target.split("/")
            for path, stat in self._bounded(self.below(self._folder_of(target))):
                if _leads(pattern, path.split("/"), settings):
                    yield path, stat
            return
        if self.kinds[target] == "file":
            try:
                yield target, self.tried(target, self.one)
                return
            except IsADirectoryError:
                self.kinds[target] = "directory"
        for path, stat in self._bounded(self.below(target)):
            below = _below(target, path)
            if is_log(below, settings):
                yield path, stat
            elif is_deep(below):
                self.bar(path.removesuffix(below) + too_deep_in(below), not_looked(TOO_DEEP))

    def _folder_of(self, target: str) -> str:
        """The folder that a target is looked for in."""
        magic = _MAGIC.search(target) if self.globs else None
        return target if magic is None else target[: magic.start()].rpartition("/")[0]

    def _bounded(self, listed: Iterator[Listed]) -> Iterator[Listed]:
        for count, one in enumerate(listed):
            if self.most_listed is not None and count >= self.most_listed:
                self.beyond = BEYOND
                return
            yield one

    def walk(self, target: str, settings: bool = False) -> Iterator[str]:
        """The files that a target leads to, as they are listed."""
        base = self._folder_of(target)
        self.look_anew(base)
        self.barred.pop(target, None)
        try:
            for path, stat in self.found(target, settings):
                if len(self._now) >= MAX_ENTRIES:
                    self.beyond = BEYOND
                    break
                if len(path) <= MOST_PATH:
                    self._now[path] = stat
                    yield path
            self._note(target, "")
        except FileNotFoundError:
            self.kinds.pop(target, None)
            self._note(target, self.missing)
            yield target  # it may come
        except Unreadable as error:
            self._note(target, error.words)
            self.failed.add(target)
            if self.kinds.get(target) != "file":
                self.pass_over(target, error)
                self._unseen.add(base.rstrip("/"))
            else:
                self._now[target] = error
                yield target

    def _note(self, target: str, trouble: str) -> None:
        self.troubles[target] = trouble
        self.failed.discard(target)


def _below(target: str, path: str) -> str:
    """The part of a path that is below a target, however many slashes that is written with."""
    above = [part for part in target.split("/") if part not in ("", ".")]
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join(parts[len(above) :])


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
