"""Where logs stand among the targets that the user named, and what runs are called after that."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from lossmon.hparams import Hparams
from lossmon.logs.discover import folders_above, run_directory
from lossmon.logs.source import Source
from lossmon.monitor.curves import Told
from lossmon.monitor.jobs import MAX_JOBS, name_of, read_jobs
from lossmon.monitor.kinship import PRINTED
from lossmon.monitor.update import Job, LogInfo
from lossmon.text import distinct

SLURM = "slurm:"  # what a target for jobs begins with
_MOST_ROOTS = 1 << 16  # remembered


class Locations:
    """The targets, as paths here or as `host:path`.

    Args:
        sources: know which of their targets are directories.
        roots: the targets.
    """

    def __init__(self, sources: Sequence[Source], roots: Iterable[str]) -> None:
        named = [source for source in sources if source.name]
        # "gpu1:docker:" is no path on "gpu1:".
        named.sort(key=lambda source: -len(source.prefix))
        self._sources = {source.prefix: source for source in named}
        self._here = tuple(source for source in sources if not source.name)
        self.roots = self._roots = tuple(dict.fromkeys(roots))
        # With a target for each of 1,000 runs, asking all of them of each run took most of a start.
        self._plain = {root for root in self._roots if self._is_plain(root)}
        self._others = [root for root in self._roots if root not in self._plain]
        self._heads = Counter(self._heading(root) for root in self._roots)
        self._root_of: dict[str, str] = {}
        self._jobs: dict[str, Job] = {}  # by the location of each of its logs, and by its own

    def note_jobs(self, source: Source, said: Any, now: float) -> bool:
        """Take what a scheduler says of its jobs; True where it says something."""
        found = said[:MAX_JOBS] if isinstance(said, list) else ()
        here = source if source.name else None
        for job, logs in (pair for one in found for pair in read_jobs(one, now)):
            self._jobs |= {_join(here, path): job for path in (*logs, f"{SLURM}{job.id}")}
        if found:
            self._root_of.clear()
        return bool(found)

    def job(self, location: str) -> Job | None:
        """The job that writes a log; None where none is known to."""
        return self._jobs.get(location)

    def split(self, location: str) -> tuple[Source | None, str]:
        """The box that a location is on (None for this machine), and its path there."""
        for prefix, source in self._sources.items():
            if location.startswith(prefix):
                return source, location[len(prefix) :]
        return None, location

    def root(self, location: str) -> str:
        """The target under which a log was found: the longest that leads to it."""
        known = self._root_of.get(location)
        if known is None:
            source, path = self.split(location)
            plain = [root for root in (location, *folders_above(location)) if root in self._plain]
            others = [root for root in self._others if self.leads(root, location)]
            if len(self._root_of) >= _MOST_ROOTS:  # folders may come and go all day
                self._root_of.clear()
            above = _join(source, os.path.dirname(path))
            known = self._root_of[location] = max([*plain, *others], key=len, default=above)
        return known

    def leads(self, root: str, location: str) -> bool:
        """Whether a log is found under a target; it may be so under several."""
        source, path = self.split(location)
        host, below = self.split(root)
        job = self._jobs.get(location)
        return host is source and (_leads_to(below, path) or (job and _chooses(below, job)) is True)

    def named(self, location: str) -> bool:
        """Whether the user named this very file."""
        return location in self._roots

    def directory(self, location: str) -> str:
        """The directory of the training that wrote a log."""
        source, path = self.split(location)
        if location in self._jobs:
            return _join(source, f"{SLURM}{self._jobs[location].id}")
        return _join(source, run_directory(path))

    def of(self, trainings: Sequence[Sequence[Told]]) -> list[str]:
        """What runs are called after: the folder that tells them apart, else their log.

        Args:
            trainings: the logs of each.
        """
        holders = Counter(
            location
            for logs in trainings
            for location in {p for log in logs for p in folders_above(log.path)}
        )
        return [self._location_of(logs, holders) for logs in trainings]

    def folder(self, location: str) -> str | None:
        """A location as a folder, on another box as `host:path`; None where it is none."""
        source, path = self.split(location)
        if source is None:
            return path if os.path.isdir(path) else None
        return None if path.startswith(SLURM) else location

    def _location_of(self, logs: Sequence[Told], holders: Mapping[str, int]) -> str:
        """The highest location of a training, not above its own folder, that no other is below."""
        first = min(logs, key=lambda log: (log.format in PRINTED, log.path))
        if first.path in self._jobs:
            folder = self.directory(first.path)
            return folder if all(self.directory(log.path) == folder for log in logs) else first.path
        root = self.root(first.path)
        if not self._is_directory(root):
            return first.path
        start = min((self.directory(log.path) for log in logs), key=len)
        source, top = self.split(root)
        everything = top == ("" if source is not None else os.curdir)  # of a place, of where we are
        if not (everything or start == root or start.startswith(root.rstrip("/") + "/")):
            start = root
        chain = [first.path, *folders_above(first.path)]
        chain = [
            location
            for location in chain
            if location == start
            or location.startswith(start.rstrip("/") + "/")
            or start in ("", os.curdir)
        ]
        return next(
            (location for location in reversed(chain) if holders.get(location, 1) == 1), first.path
        )

    def name(self, location: str) -> str:
        """A short name: below the target and headed by its last part, where that is no riddle."""
        if location == "-":
            return "pipe"  # a dash in a list of runs is what stands for nothing
        source, path = self.split(location)
        if location in self._jobs:
            called = name_of(self._jobs[location])
            one = "" if path.startswith(SLURM) else f" {os.path.basename(path)}"
            return _join(source, called + one)
        root = self.root(location)
        top = self.split(root)[1]
        is_directory = self._is_directory(root)
        head = _head(source, top)
        alone = self._heads[self._heading(root)] <= 1
        if path == top or not is_directory:
            short = path if len(self._roots) > 1 or not is_directory else head
            return _join(source, short)
        below = os.path.relpath(path, top)
        if _is_start(source, top):
            return _join(source, below)
        return _join(source, os.path.join(head if alone else top, below))

    def _heading(self, root: str) -> tuple[str, str]:
        """The box of a target, and how runs below it are headed."""
        source, path = self.split(root)
        return "" if source is None else source.name, _head(source, path)

    def _is_plain(self, root: str) -> bool:
        """Whether a target leads to nothing but itself and what is below it, as it is written."""
        path = self.split(root)[1]
        special = any(sign in path for sign in "*?[") or path.startswith(SLURM)
        return not special and path not in ("", os.curdir) and path == os.path.normpath(path)

    def _is_directory(self, root: str) -> bool:
        source, path = self.split(root)
        sources = self._here if source is None else (source,)
        return any(one.is_directory(path) for one in sources)


def given(hparams: Hparams | None, logs: Iterable[Told | LogInfo]) -> str:
    """What its tracker calls a run, or the table that it stands in; empty where none does."""
    name = hparams.name if hparams is not None else ""
    runs = {log.run for log in logs}
    return name or (runs.pop() if len(runs) == 1 else "")


def called(names: Sequence[str], given: Sequence[str]) -> list[str]:
    """Names of runs, those that are given where there are such: no hash says what a run is.

    Where several runs have one name there, what tells their folders apart stands behind it: three
    trackers in one project may each have a run called "tiny-s1".
    """
    count = Counter(one or name for name, one in zip(names, given, strict=True))
    alike: dict[str, list[str]] = {}
    for name, one in zip(names, given, strict=True):
        if one and count[one] > 1:
            alike.setdefault(one, []).append(name)
    apart = {one: distinct(locations) for one, locations in alike.items()}
    return [
        f"{one} ({apart[one][name]})" if one in apart else one or name
        for name, one in zip(names, given, strict=True)
    ]


def _chooses(root: str, job: Job) -> bool:
    """Whether a target names a job, or all jobs."""
    if not root.startswith(SLURM):
        return False
    named = [_number(name) for name in root[len(SLURM) :].split(",")]
    return named == [""] or job.id in named or job.id.split("_")[0] in named


def _number(name: str) -> str:
    """The number of a job; a component of a heterogeneous job ("123+1") has one of its own."""
    first, _, offset = name.partition("+")
    return str(int(first) + int(offset)) if first.isdigit() and offset.isdigit() else name


def _join(source: Source | None, path: str) -> str:
    return path if source is None else source.prefix + path


def _head(source: Source | None, path: str) -> str:
    """The last part of a target's path; one there may stand for the home directory."""
    if source is None:
        return os.path.basename(os.path.abspath(path))
    return os.path.basename(os.path.normpath(path)) or path


def _is_start(source: Source | None, path: str) -> bool:
    """Whether a target is written as where one stands: "." here, the home directory there.

    Names go by what was written: `lossmon /data/runs` calls its runs alike wherever one stands.
    """
    return path in ("", os.curdir) or (source is None and os.path.normpath(path) == os.curdir)


def _leads_to(root: str, path: str) -> bool:
    """Whether a target is a path, an ancestor of it, or a glob that matches it or an ancestor."""
    if path == root or path.startswith(root.rstrip("/") + "/"):
        return True
    if root in ("", os.curdir):
        return not os.path.isabs(path)
    return any(fnmatch(part, root) for part in _with_ancestors(path))


def _with_ancestors(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts) + 1)]
