"""The points of a fleet as a data set of Parquet: a part for each task, written where it is read.

Read it with `pyarrow.dataset.dataset(folder)`, `pandas.read_parquet(folder)` or DuckDB. A part is
called after the targets and its logs: one that is written again, after a worker was lost, takes
the place of the first, and what an earlier export of the same targets wrote of other logs goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossmon.errors import LossmonError, TargetError
from lossmon.fleet.plan import plan
from lossmon.fleet.pools import Pool
from lossmon.fleet.triage import clusters
from lossmon.fleet.work import order, read
from lossmon.history.columns import Ints
from lossmon.monitor.sources import not_readable
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.export import write_parquet
from lossmon.presentation.write import replacing
from lossmon.report.progress import Progress
from lossmon.text import json_line
from lossmon.words import said


@dataclass(frozen=True)
class Written:
    """What came of an export.

    Attributes:
        runs, points: how many are in the parts that were written.
        errors: what can't be read.
        others: parts in the folder that exports of other targets wrote, and which stay.
    """

    runs: int
    points: int
    errors: list[LossmonError]
    others: int


def write_part(
    updates: Sequence[RunUpdate], folder: str, targets: Sequence[str], logs: Sequence[str]
) -> tuple[str, int]:
    """Write the points of some runs into a folder, here or of a store.

    Returns:
        The name of the part, empty where there is nothing to write, and the number of points.
    """
    if not updates:
        return "", 0
    name = f"{_of(targets)}-{_digest(logs, 20)}.parquet"
    if "://" not in folder:
        os.makedirs(folder, exist_ok=True)
        with replacing(os.path.join(folder, name)) as partial:
            return name, write_parquet(updates, partial)
    store, path = _store(folder)
    with store.open(posixpath.join(path, name), "wb") as file:
        return name, write_parquet(updates, file)


def write_folder(targets: Sequence[str], pool: Pool, folder: str) -> Written:
    """Write the points of all runs into a folder by workers."""
    table = _Table(targets, pool, folder)
    tasks = plan(targets)
    progress = Progress(sum(len(task.logs) for task in tasks))
    logs = 0
    try:
        for at in table.read([task.logs for task in tasks]):
            logs += len(tasks[at].logs)
            progress.show(logs)
        table.join()
    finally:
        progress.clear()
    errors = not_readable({**tasks.barred, **table.barred}, [])
    others = table.tidy(whole=bool(table.parts) and not errors)
    runs = sum(len(part.logs) for part in table.parts.values())
    return Written(runs, sum(part.points for part in table.parts.values()), errors, others)


@dataclass(frozen=True)
class _Part:
    """How many points are in a part, and of each of its runs the logs and their keys."""

    points: int
    logs: list[list[str]]
    keys: list[Ints]


class _Table:
    """The parts as they are written."""

    def __init__(self, targets: Sequence[str], pool: Pool, folder: str) -> None:
        self.parts: dict[str, _Part] = {}
        self.barred: dict[str, str] = {}
        self._torn: set[str] = set()  # parts of this export that were written anew
        self._targets, self._pool, self._folder = list(targets), pool, folder
        self._order = order(self._targets, "en", "never", folder)

    def read(self, tasks: Sequence[Sequence[str]]) -> Iterator[int]:
        """Have the logs of each task read and written; the number of each that is done."""
        texts = (json_line({**self._order, "logs": logs}) for logs in tasks)
        for at, result in self._pool.run(read, texts):
            came = json.loads(result)
            self.barred |= came.get("barred", {})
            if came["part"]:
                keys = [np.array(one, np.int64) for one in came["keys"]]
                self.parts[came["part"]] = _Part(came["points"], came["runs"], keys)
            yield at

    def join(self) -> None:
        """Write together what different workers wrote and what may be of one training: a copy.

        Parts that hold any of it are written anew without it.
        """
        runs = [(name, at) for name, part in self.parts.items() for at in range(len(part.logs))]
        number = {name: i for i, name in enumerate(self.parts)}
        keys = [self.parts[name].keys[at] for name, at in runs]
        files = [self.parts[name].logs[at] for name, at in runs]
        found = clusters(keys, [number[name] for name, _ in runs], files)
        if not found:
            return
        moved = {runs[at] for cluster in found for at in cluster}
        logs_of = {(name, at): self.parts[name].logs[at] for name, at in runs}
        tasks = [[log for at in sorted(one) for log in logs_of[runs[at]]] for one in found]
        for torn in {name for name, _ in moved}:
            rest = [log for run, logs in logs_of.items() if run[0] == torn and run not in moved
                    for log in logs]  # fmt: skip
            tasks += [rest] if rest else []
            del self.parts[torn]
            self._torn.add(torn)
        for _ in self.read(tasks):
            pass

    def tidy(self, *, whole: bool) -> int:
        """Remove parts that were written anew; how many parts other targets left.

        Args:
            whole: all that is there was read: what an earlier export of these targets left goes,
                too. Else it may be all that there is of a log that can't be read today.
        """
        own, others = f"{_of(self._targets)}-", 0
        local = "://" not in self._folder
        store, path = (None, self._folder) if local else _store(self._folder)
        there = _names(self._folder) if store is None else map(posixpath.basename, _ls(store, path))
        for name in sorted(there):
            if not _PART.fullmatch(name) or name in self.parts:
                continue
            if not name.startswith(own):
                others += 1
            elif not (whole or name in self._torn):
                continue
            elif store is None:
                os.unlink(os.path.join(path, name))
            else:
                store.rm_file(posixpath.join(path, name))
        return others


_PART = re.compile(r"part-(?:[0-9a-f]{8}-)?[0-9a-f]{20}\.parquet")


def _of(targets: Sequence[str]) -> str:
    """What the names of the parts of an export begin with."""
    return f"part-{_digest([os.path.normpath(one) for one in targets], 8)}"


def _digest(words: Sequence[str], length: int) -> str:
    text = "\n".join(words).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:length]


def _names(folder: str) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _ls(store: Any, path: str) -> list[str]:
    try:
        return list(store.ls(path, detail=False))
    except FileNotFoundError:  # nothing was written
        return []


def _store(folder: str) -> tuple[Any, str]:
    """The file system of a store, and the path there."""
    try:
        import fsspec
    except ImportError:
        raise TargetError(
            said("{url}: needs fsspec: pip install 'lossmon[stores]'", url=folder)
        ) from None
    store, path = fsspec.core.url_to_fs(folder)
    return store, path
