"""The runs of a fleet: read by workers, then named and joined as one process would.

Results come as they are done and wait in a file. What of them one process would say otherwise is
known at the end alone: logs of one training that lie far apart, and names, which depend on each
other. So each run is printed once, when all were read; progress is told meanwhile.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from lossmon.errors import LossmonError
from lossmon.fleet.kept import Kept, key_of
from lossmon.fleet.plan import plan
from lossmon.fleet.pools import Pool
from lossmon.fleet.work import order, read
from lossmon.history.columns import Ints
from lossmon.logs.hosts import location_of, resolve
from lossmon.logs.local import LocalSource
from lossmon.monitor.locations import Locations, called
from lossmon.monitor.sources import not_readable
from lossmon.monitor.training import Judging
from lossmon.monitor.whole import read_targets
from lossmon.report.progress import Progress
from lossmon.text import json_line

_CROWDED = 96  # runs with one key: it tells nothing
_SHARED = 0.2  # of the keys of the smaller of two runs, from which on they are read together


@dataclass(frozen=True)
class _Run:
    """Where a run waits in the file, and what it is called after."""

    start: int
    length: int
    location: str
    given: str
    files: tuple[str, ...]
    task: int


class Fleet:
    """A triage of many runs.

    Args:
        targets: as typed.
        lang: of texts in the JSON.
        judging: when runs are judged.

    Attributes:
        refused: path -> why it is no training log.
        interrupted: ctrl-c came before all was read.
        tasks, done: how many there are and were read.
    """

    def __init__(self, targets: Sequence[str], lang: str, judging: Judging) -> None:
        self.refused: dict[str, str] = {}
        self.interrupted = False
        self.done = 0
        self._targets = list(targets)
        self._order = order(self._targets, lang, judging)
        self._tasks = plan(targets)
        self._barred = {**self._tasks.barred}
        self.tasks = len(self._tasks)
        self._runs: list[_Run] = []
        self._keys: list[Ints] = []
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def read(self, pool: Pool, resume: bool) -> None:
        """Read all logs; what is known of those that have not changed is taken as it is."""
        kept = Kept(self._targets, resume)
        progress = Progress(sum(len(task.logs) for task in self._tasks))
        keys = [key_of(task, self._order) for task in self._tasks]
        todo = [at for at, key in enumerate(keys) if key not in kept]
        logs = 0
        try:
            for at in sorted(set(range(self.tasks)) - set(todo)):
                self._take(at, kept.get(keys[at]))
                logs += len(self._tasks[at].logs)
            texts = (self._text(self._tasks[at].logs) for at in todo)
            for number, result in pool.run(read, texts):
                at = todo[number]
                kept.add(keys[at], result)
                self._take(at, result)
                logs += len(self._tasks[at].logs)
                progress.show(logs)
            self._join(pool)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            progress.clear()
            kept.close()

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each run's JSON, and its worst severity; in the order of names."""
        locations = Locations([LocalSource(self._targets, watch=False)], self._targets)
        names = called(
            [locations.name(run.location) for run in self._runs],
            [run.given for run in self._runs],
        )
        for name, run in sorted(zip(names, self._runs, strict=True), key=lambda pair: pair[0]):
            self._spool.seek(run.start)
            found = json.loads(self._spool.read(run.length))
            worst = {finding["severity"] for finding in found["findings"]}
            yield (
                json_line({**found, "run": name}),
                next((one for one in ("critical", "warning", "info") if one in worst), ""),
            )

    def errors(self) -> list[LossmonError]:
        """What can't be read; a target without a run is read once more, for what to say."""
        if self.interrupted:
            return []
        there = Locations([], [location_of(one) for text in self._targets for one in resolve(text)])
        reached = {there.root(log) for run in self._runs for log in run.files}
        without = [
            text
            for text in self._targets
            if reached.isdisjoint(location_of(one) for one in resolve(text))
        ]
        errors = [error for text in without for error in read_targets([text]).errors]
        return [*errors, *not_readable(self._barred, errors)]

    def _text(self, logs: Sequence[str]) -> str:
        return json_line({**self._order, "logs": logs})

    def _take(self, at: int, result: str) -> None:
        """Keep what came of a task in the file."""
        told = json.loads(result)
        self.done += at < self.tasks
        self.refused |= told["refused"]
        self._barred |= told.get("barred", {})
        for run in told["runs"]:
            found = run["object"]
            text = json_line(found).encode("utf-8", "surrogateescape")
            start = self._spool.seek(0, 2)
            self._spool.write(text)
            where = start, len(text), run["location"], run["given"], tuple(run["files"])
            self._runs.append(_Run(*where, at))
            self._keys.append(np.array(run["keys"], np.int64))

    def _join(self, pool: Pool) -> None:
        """Read together what different workers have read and what may be of one training."""
        tasks, files = [run.task for run in self._runs], [run.files for run in self._runs]
        parts = [sorted(part) for part in clusters(self._keys, tasks, files)]
        if not parts:
            return
        read_again = (dict.fromkeys(log for at in part for log in files[at]) for part in parts)
        texts = [self._text(list(logs)) for logs in read_again]
        again = dict(pool.run(read, texts))
        gone = {at for part in parts for at in part}
        self._runs = [run for at, run in enumerate(self._runs) if at not in gone]
        self._keys = [keys for at, keys in enumerate(self._keys) if at not in gone]
        for number in sorted(again):
            self._take(self.tasks + number, again[number])


def clusters(
    keys: Sequence[Ints], tasks: Sequence[int], files: Sequence[Sequence[str]] = ()
) -> list[set[int]]:
    """Runs of different tasks that share much of what logs of one training have in common.

    And those that stand in one file with any of them: it is read as a whole.

    Args:
        keys: of each run what it is found by, each once.
        tasks: of each run the number of the task that it came of.
        files: where each stands.
    """
    if not keys:
        return []
    head = list(range(len(keys)))

    def top(at: int) -> int:
        while head[at] != at:
            head[at] = head[head[at]]
            at = head[at]
        return at

    for one, two in _pairs(keys, np.array(tasks)):
        head[top(two)] = top(one)
    first: dict[str, int] = {}
    for at, some in enumerate(files):
        for file in some:
            head[top(at)] = top(first.setdefault(file, at))
    parts: dict[int, set[int]] = {}
    for at in range(len(keys)):
        parts.setdefault(top(at), set()).add(at)
    return [part for part in parts.values() if len({tasks[at] for at in part}) > 1]


def _pairs(keys: Sequence[Ints], tasks: Ints) -> Iterator[tuple[int, int]]:
    """Runs of different tasks that share so much, each pair once.

    Run by run: to count all pairs at once took 470 MB for 4,000 seeds of one small configuration,
    which share keys by chance, and as many more with each further one.
    """
    sizes = np.array([len(one) for one in keys])
    every = np.concatenate(keys)
    by_key = np.argsort(every, kind="stable")
    every = every[by_key]
    owner = np.repeat(np.arange(len(keys)), sizes)[by_key]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(every)) + 1))
    holders = np.diff(starts, append=len(every))
    group = np.empty(len(every), np.int64)
    group[by_key] = np.repeat(np.arange(len(starts)), holders)
    holders[holders > _CROWDED] = 0
    for one, groups in enumerate(np.split(group, np.cumsum(sizes)[:-1])):
        count = holders[groups]
        places = np.repeat(starts[groups] - np.cumsum(count) + count, count)
        others = owner[places + np.arange(len(places))]
        others = others[(others > one) & (tasks[others] != tasks[one])]
        found, shared = np.unique(others, return_counts=True)
        least = np.maximum(2, _SHARED * np.minimum(sizes[one], sizes[found]))
        yield from ((one, two) for two in found[shared >= least].tolist())
