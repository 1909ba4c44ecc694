"""What was read before of logs that have not changed since: a file in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from lossmon import __version__, private
from lossmon.fleet.plan import Task
from lossmon.text import json_line
from lossmon.where import working_folder

_MOST_BYTES = 4 << 30  # of the file; what comes beyond is read anew the next time
_LONGEST = 1 << 28  # of a line


def key_of(task: Task, order: Mapping[str, Any]) -> str:
    """What the result of a task depends on: its logs as they are, and what was asked."""
    words = json_line(
        {
            "version": __version__,
            "order": order,
            "logs": task.logs,
            "stamps": task.stamps,
            "settings": task.settings,
        }
    )
    return hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:32]


class Kept:
    """Results by key, written as they come: a reading that is broken off goes on from there.

    Args:
        targets: of the fleet, and what else tells its readings apart.
        resume: take what is there; else it begins anew.
    """

    def __init__(self, targets: Sequence[str], resume: bool) -> None:
        from platformdirs import user_cache_dir

        name = hashlib.sha256(json.dumps([working_folder(), *targets]).encode()).hexdigest()[:24]
        self._path = os.path.join(user_cache_dir("lossmon"), f"fleet-{name}.jsonl")
        self._at: dict[str, tuple[int, int]] = {}
        self._file: Any = None
        try:
            private.make_folder(os.path.dirname(self._path))
            self._file = open(self._path, "a+b", opener=private.opener)  # noqa: SIM115
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file.fileno()).st_uid != os.getuid():
                raise PermissionError
            if resume:
                self._index()
            else:
                self._file.truncate(0)
        except OSError:  # nowhere to keep it, or another reading of the same fleet is at it
            self.close()
            self._file = None

    def __contains__(self, key: str) -> bool:
        return key in self._at

    def get(self, key: str) -> str:
        """The result of a key that is there."""
        start, length = self._at[key]
        self._file.seek(start)
        text: str = self._file.read(length).decode()
        return text

    def add(self, key: str, result: str) -> None:
        """Keep a result."""
        if self._file is None:
            return
        try:
            start = self._file.seek(0, os.SEEK_END)
            if start < _MOST_BYTES:
                self._file.write(f"{key} {result}\n".encode("utf-8", "backslashreplace"))
                self._file.flush()
        except OSError:
            self._file = None  # a full disk

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _index(self) -> None:
        """Where each whole line begins; one that was cut off is none."""
        self._file.seek(0)
        start = 0
        while line := self._file.readline(_LONGEST):
            key, _, rest = line.partition(b" ")
            if line.endswith(b"\n") and _is_result(rest):
                self._at[key.decode("ascii", "replace")] = start + len(key) + 1, len(rest) - 1
            start += len(line)


def _is_result(text: bytes) -> bool:
    """Whether a line holds what a worker sends: a file may be damaged."""
    try:
        told = json.loads(text)
        maps = (told["refused"], told.get("barred", {}))
        return all(isinstance(one, dict) for one in maps) and all(
            isinstance(run["object"]["findings"], list)
            and isinstance(run["location"], str)
            and isinstance(run["given"], str)
            and all(isinstance(key, int) for key in run["keys"])
            and all(isinstance(path, str) for path in run["files"])
            and all(isinstance(log["path"], str) for log in run["object"]["logs"])
            for run in told["runs"]
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
