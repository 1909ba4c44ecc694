"""Which logs there are below targets, and which of them one worker has to read.

Logs are joined to a training by where they lie and by what they hold. Those that lie in one folder
of a training, and in folders above it, are of one task. Logs far apart that hold the same values
are told by the keys that workers send back (see `triage`), and read once more together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lossmon.errors import TargetError
from lossmon.hparams.files import names_beside
from lossmon.logs import schemes
from lossmon.logs.discover import folders_above, run_directory
from lossmon.logs.hosts import resolve
from lossmon.logs.listing import listed
from lossmon.logs.stamp import Stamp, stamp_of
from lossmon.logs.target import check_local
from lossmon.words import said

_MOST_BELOW = 48  # folders below one that holds logs itself: of more none is compared with it
_TASKS = 64  # at least, where there are so many logs: none of many workers stays idle
_LOGS = 64  # of a task, at most
_BYTES = 8 << 20  # likewise, where they are several


@dataclass(frozen=True)
class Task:
    """What one worker reads at once.

    Attributes:
        logs: paths, of whole trainings.
        stamps: what tells whether each has changed since it was listed.
        settings: the same of the files beside them that say how a training was set up.
    """

    logs: tuple[str, ...]
    stamps: tuple[Stamp | None, ...] = ()
    settings: tuple[Stamp | None, ...] = ()


class Plan(list[Task]):
    """What is to be read.

    Attributes:
        barred: folders that can't be looked into -> why.
    """

    def __init__(self, tasks: Iterable[Task], barred: dict[str, str]) -> None:
        super().__init__(tasks)
        self.barred = barred


def plan(targets: Sequence[str]) -> Plan:
    """The logs below targets on this machine or on a file system that all workers see.

    Raises:
        TargetError: a target is no path here, or cannot be read.
    """
    paths = []
    for text in targets:
        for target in resolve(text):
            if target.kind != "local":
                raise TargetError(_refusal(text, schemes.of(target.kind).batches is not None))
            check_local(target.path)
            paths.append(target.path)
    there = listed(paths)
    return Plan(_packed(_kin(there.logs)), there.barred)


def are_paths(targets: Sequence[str]) -> bool:
    """Whether workers can read all targets."""
    return all(target.kind == "local" for text in targets for target in resolve(text))


def _refusal(text: str, listed: bool) -> str:
    """Why workers do not read a target; one that is listed is read in batches without them."""
    if listed:
        return said(
            "{text}: workers read paths; mount it where they all see it, or leave --cluster and "
            "--resume out: then the processes of this machine read it, batch by batch",
            text=text,
        )
    return said("{text}: workers read paths; name a folder they all see", text=text)


def _kin(logs: Sequence[str]) -> list[list[str]]:
    """Logs that may be of one training by where they lie."""
    there: dict[str, list[str]] = {}
    for log in logs:
        there.setdefault(run_directory(log), []).append(log)
    below: dict[str, int] = {}
    for folder in there:
        for above in folders_above(folder):
            below[above] = below.get(above, 0) + 1
    head: dict[str, str] = {}
    for folder in sorted(there, key=len):  # those above come first
        few = (one for one in folders_above(folder) if one in there and below[one] <= _MOST_BELOW)
        head[folder] = head.get(next(few, folder), folder)
    parts: dict[str, list[str]] = {}
    for folder, some in there.items():
        parts.setdefault(head[folder], []).extend(some)
    return list(parts.values())


def _packed(parts: Sequence[Sequence[str]]) -> Iterator[Task]:
    """Tasks of about one size: what is small is read together."""
    logs: list[str] = []
    stamps: list[Stamp | None] = []
    most = min(_LOGS, sum(map(len, parts)) // _TASKS)
    for part in parts:
        known = [stamp_of(log) for log in part]
        size = sum(stamp[0] for stamp in (*stamps, *known) if stamp)
        if logs and (len(logs) + len(part) > most or size > _BYTES):
            yield _task(logs, stamps)
            logs, stamps = [], []
        logs += part
        stamps += known
    if logs:
        yield _task(logs, stamps)


def _task(logs: Sequence[str], stamps: Sequence[Stamp | None]) -> Task:
    settings = (
        stamp_of(os.path.join(folder, name))
        for folder in dict.fromkeys(map(run_directory, logs))
        for name in names_beside(folder)
    )
    return Task(tuple(logs), tuple(stamps), tuple(settings))
