"""What `lossmon status` remembers between two calls: a small file in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from lossmon import __version__, private, regular
from lossmon.logs.hosts import as_flags
from lossmon.logs.listing import listed
from lossmon.logs.scheme import Target
from lossmon.logs.stamp import Stamp, as_stamp, stamp_of
from lossmon.report.status import Standing
from lossmon.where import working_folder
from lossmon.whole_file import write

_MOST_BYTES = 16 << 20
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_CLOCK_S = 60.0  # so far a clock may have been set back since
_LONGEST_S = 3600.0  # that one reading takes
_SCAN_S = 2.0  # spent on walking folders at most


@dataclass
class Memory:
    """What was read, and of which bytes.

    Attributes:
        read_at: when, seconds since the Unix epoch; 0 where nothing was.
        stamps: log -> what tells whether it has changed since.
        runs: what was found.
        took_s: seconds the last reading took.
    """

    read_at: float = 0.0
    stamps: dict[str, Stamp] = field(default_factory=dict)
    runs: list[Standing] = field(default_factory=list)
    took_s: float = 0.0


def place(targets: Sequence[str], lang: str) -> str:
    """The file that remembers these targets."""
    from platformdirs import user_cache_dir

    words = json.dumps([__version__, working_folder(), list(targets), lang, as_flags()])
    name = hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return os.path.join(user_cache_dir("lossmon"), f"status-{name}.json")


def load(path: str) -> Memory:
    """What is remembered; nothing where the file is missing, damaged or not ours."""
    try:
        with open(path, "rb", opener=regular.opener) as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return Memory()
            values = json.loads(file.read(_MOST_BYTES))
        runs = [Standing.of(one) for one in values["runs"]]
        stamps = {str(log): as_stamp(one) for log, one in values["stamps"].items()}
        if any(run is None for run in runs):
            return Memory()
        kept = [run for run in runs if run is not None]
        read_at, took_s = float(values["read_at"]), float(values["took_s"])
        # Of a time to come, or of a reading without end, nothing would be read anew.
        if not (0 <= read_at <= time.time() + _CLOCK_S and 0 <= took_s <= _LONGEST_S):
            return Memory()
        return Memory(read_at, stamps, kept, took_s)
    except (OSError, RecursionError, *_DAMAGE):
        return Memory()


def save(path: str, memory: Memory) -> None:
    """Remember; readable by the user alone. Where that cannot be, nothing is remembered."""
    values = {
        "read_at": memory.read_at,
        "stamps": memory.stamps,
        "runs": [run.values() for run in memory.runs],
        "took_s": memory.took_s,
    }
    try:
        private.make_folder(os.path.dirname(path))
        write(path, json.dumps(values), private=True, errors="backslashreplace")
    except OSError:
        pass  # no home, a full disk: the next call reads again


@contextmanager
def alone(path: str) -> Iterator[bool]:
    """Whether no other process reads for the same memory; holds them off meanwhile."""
    try:
        private.make_folder(os.path.dirname(path))
        handle = private.opener(path + ".lock", os.O_CREAT | os.O_RDWR)
    except OSError:
        yield True  # nowhere to note it
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def stamps_of(targets: Sequence[Target]) -> dict[str, Stamp]:
    """The logs below local targets as they are now."""
    paths = [target.path for target in targets if target.kind == "local"]
    found = {}
    for log in listed(paths, _SCAN_S).logs:
        if (stamp := stamp_of(log)) is not None:
            found[log] = stamp
    return found
