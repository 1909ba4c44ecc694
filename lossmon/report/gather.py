"""Read targets once, with several processes where there are many logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

from lossmon import config, settings
from lossmon.api import Reading, read_targets
from lossmon.errors import LossmonError
from lossmon.logs.discover import run_directory
from lossmon.logs.follower import Follower
from lossmon.logs.hosts import resolve
from lossmon.logs.target import check_local

_WORTH_IT = 24  # directories of trainings from which on a second process pays


def gather(
    targets: Sequence[str], jobs: int | None, ask: Callable[[str], None] | None = None
) -> Reading:
    """Read every target; one that cannot be read does not stop the others.

    Args:
        targets: as typed.
        jobs: processes to read with; None lets the number of logs decide.
        ask: see `read_targets`.
    """
    config.apply()
    shards = _shards(targets, jobs) if jobs != 1 else []
    if len(shards) < 2:
        return read_targets(targets, ask=ask)
    with ProcessPoolExecutor(
        len(shards), initializer=settings.use, initargs=(settings.current(),)
    ) as pool:
        results = list(pool.map(_read, [targets] * len(shards), shards))
    updates = [update for part in results for update in part.updates]
    refused = {path: why for part in results for path, why in part.refused.items()}
    return Reading(sorted(updates, key=lambda update: update.run), [], refused)


def _read(targets: Sequence[str], logs: list[str]) -> Reading:
    """Read some of the logs that the targets hold; runs are named as if all had been read."""
    return read_targets(targets, logs=logs)


def _shards(targets: Sequence[str], jobs: int | None) -> list[list[str]]:
    """The logs of all targets, dealt out by training; empty where one process will do."""
    paths = []
    for text in targets:
        try:
            (target, *more) = resolve(text)
            if target.kind != "local" or more:
                return []
            check_local(target.path)
        except LossmonError:
            return []  # read together, so that what is wrong is said as always
        paths.append(target.path)
    follower = Follower(paths)
    follower.poll(limit_bytes=0)
    while follower.scanning:
        follower.poll(limit_bytes=0)
    directories: dict[str, list[str]] = {}
    for log in follower.logs():
        found = next((path for path in paths if log.startswith(path)), "")
        root = found if os.path.isdir(found) else None
        directories.setdefault(run_directory(log, root), []).append(log)
    count = jobs or (os.cpu_count() or 1 if len(directories) >= _WORTH_IT else 1)
    count = min(count, len(directories))
    shards: list[list[str]] = [[] for _ in range(count)]
    for i, logs in enumerate(directories.values()):
        shards[i % count].extend(logs)
    return shards
