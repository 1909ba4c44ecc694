"""Read targets once, with several processes where there are many logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from multiprocessing.sharedctypes import RawArray
from operator import itemgetter
from typing import Any, NamedTuple

from lossmon import config, settings
from lossmon.errors import LossmonError
from lossmon.fleet.pools import Here
from lossmon.formats.detect import note_slow_patterns, slow_patterns
from lossmon.hparams import read_hparams
from lossmon.logs.discover import run_directory
from lossmon.logs.hosts import location_of, resolve
from lossmon.logs.listing import listed
from lossmon.logs.local import LocalSource
from lossmon.logs.target import check_local
from lossmon.monitor import RunUpdate
from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.curves import Trace
from lossmon.monitor.joining import Joining
from lossmon.monitor.locations import Locations, called, given
from lossmon.monitor.sources import not_readable, open_monitor
from lossmon.monitor.training import Judging
from lossmon.monitor.update import by_name
from lossmon.monitor.whole import Reading, read_targets, read_whole, with_past
from lossmon.report.progress import Progress

_COUNTS: ContextVar[Any] = ContextVar("counts")  # of a process that reads for another: logs read
_WORTH_IT = 24  # directories of trainings from which on a second process pays
_WORTH_S = 1.5  # of reading and judging: for less, what it costs to hand over is not made up for
_LOG_S, _BYTES_A_S = 0.0012, 5e6  # what a log takes, and its text, on a quiet machine


class Share(NamedTuple):
    """What came of some of the logs of targets.

    Attributes:
        runs: each with what its logs are compared by.
        refused: path -> why no row of a training came of it.
        slow: formats of the user's own that took too long for a log -> a line.
        barred: logs that can't be read -> why.
    """

    runs: list[tuple[RunUpdate, list[Trace]]]
    refused: dict[str, str]
    slow: dict[str, str]
    barred: dict[str, str]


def gather(
    targets: Sequence[str],
    jobs: int | None,
    ask: Callable[[str], None] | None = None,
    judging: Judging = "as it grows",
) -> Reading:
    """Read every target; one that cannot be read does not stop the others.

    Args:
        targets: as typed.
        jobs: processes to read with; None lets the number of logs decide.
        ask: see `read_targets`.
        judging: likewise.
    """
    config.apply()
    shards, barred = _shards(targets, jobs) if jobs != 1 else ([], {})
    progress = Progress(sum(map(len, shards)))
    try:
        if len(shards) < 2:
            return read_targets(targets, ask=ask, each=progress.show, judging=judging)
        results = _read_apart(targets, shards, progress, judging)
    finally:
        progress.clear()
    refused = {path: why for share in results for path, why in share.refused.items()}
    for share in results:
        note_slow_patterns(share.slow)
    updates = _joined(targets, [run for share in results for run in share.runs], judging)
    errors = _nothing_below(targets, updates)
    for share in results:
        barred |= share.barred
    errors += not_readable(barred, errors)
    return Reading(sorted(updates, key=by_name), errors, refused)


def _read_apart(
    targets: Sequence[str], shards: Sequence[list[str]], progress: Progress, judging: Judging
) -> list[Share]:
    """Read each shard in a process of its own."""
    counts = RawArray("q", len(shards))
    pool = Here(
        len(shards),
        _begin,
        (settings.current(), counts),
        lambda: progress.show(sum(counts)),
        afresh=False,
    )
    tasks = ((targets, logs, at, judging) for at, logs in enumerate(shards))
    return [share for _, share in sorted(pool.run(_read, tasks), key=itemgetter(0))]


def _begin(told: settings.Settings, counts: Any) -> None:
    """What a process that reads for another has of it."""
    settings.use(told)
    _COUNTS.set(counts)


def _read(task: tuple[Sequence[str], list[str], int, Judging]) -> Share:
    """Read some of the logs that the targets hold, and count on the way."""
    targets, logs, at, judging = task
    counts = _COUNTS.get()
    share = read_share(
        targets,
        logs,
        judging,
        configured=False,
        each=lambda count: counts.__setitem__(at, count),
    )
    runs = [(update, [one.packed() for one in traces]) for update, traces in share.runs]
    return share._replace(runs=runs)


def read_share(
    targets: Sequence[str],
    logs: Sequence[str],
    judging: Judging,
    *,
    configured: bool = True,
    each: Callable[[int], None] = lambda _: None,
) -> Share:
    """Read and judge some of the logs that targets hold, where other processes read the others.

    Args:
        targets: as typed.
        logs: the share.
        judging: when runs are judged.
        configured: with the settings of runs.
        each: told now and then how many logs were looked at.
    """
    monitor = open_monitor(targets, watch=False, logs=logs, judging=judging)
    try:
        read_whole(monitor, configured=configured, each=each)
        told = monitor.traces()
        updates = with_past(targets, [update for update, _ in told], monitor.doubtful())
        runs = [(update, some) for update, (_, some) in zip(updates, told, strict=True)]
        return Share(runs, monitor.passed.all(), slow_patterns(), monitor.passed.to_tell)
    finally:
        monitor.close()


def _nothing_below(targets: Sequence[str], updates: Sequence[RunUpdate]) -> list[LossmonError]:
    """For each target without a run, why; such a target is read once more, for what to say."""
    locations = {target: [location_of(one) for one in resolve(target)] for target in targets}
    there = Locations([], [one for some in locations.values() for one in some])
    reached = {there.root(log.path) for update in updates for log in update.logs}
    without = [target for target in targets if reached.isdisjoint(locations[target])]
    return [error for target in without for error in read_targets([target]).errors]


def _joined(
    targets: Sequence[str], found: Sequence[tuple[RunUpdate, list[Trace]]], judging: Judging
) -> list[RunUpdate]:
    """The runs there are, where logs that different processes have read may be of one training."""
    paths = [target.path for text in targets for target in resolve(text)]
    locations = Locations([LocalSource(paths, watch=False)], paths)
    joining = Joining[Trace](locations.directory, ByHand.of(settings.current()))
    traces = [trace for _, part in found for trace in part]
    joining.take(*traces)
    parts: list[list[Trace]] = []
    done = set[Trace]()
    for trace in traces:
        if trace not in done:
            cluster = joining.cluster(trace)
            done |= set(cluster)
            parts += joining.groups(cluster)
    known = {frozenset(log.path for log in update.logs): update for update, _ in found}
    logs_of = [frozenset(trace.path for trace in part) for part in parts]
    fresh = (one for one, logs in zip(parts, logs_of, strict=True) if logs not in known)
    again = [trace.within or trace.path for part in fresh for trace in part]
    if again:
        for update in read_targets(targets, logs=again, judging=judging).updates:
            known[frozenset(log.path for log in update.logs)] = update
    if not known.keys() >= set(logs_of):
        # Of runs of one store some are of one training with logs elsewhere, and one was gone.
        return read_targets(targets, judging=judging).updates
    stand = locations.of(parts)
    hparams = [
        read_hparams(
            [(one.path, one.format, one.start) for one in part], locations.folder(location)
        )
        for part, location in zip(parts, stand, strict=True)
    ]
    given_ = [given(one, part) for one, part in zip(hparams, parts, strict=True)]
    names = called([locations.name(location) for location in stand], given_)
    said = {
        trace.path: (joining.why(trace, part), joining.why_not(trace))
        for part in parts
        for trace in part
    }
    return [
        replace(
            known[paths],
            run=name,
            location=location,
            hparams=settings_,
            logs=tuple(
                replace(log, joined=said[log.path][0], parted=said[log.path][1])
                for log in known[paths].logs
            ),
        )
        for paths, location, name, settings_ in zip(logs_of, stand, names, hparams, strict=True)
    ]


def _shards(targets: Sequence[str], jobs: int | None) -> tuple[list[list[str]], dict[str, str]]:
    """The logs of all targets, dealt out by training; empty where one process will do.

    And the folders that can't be looked into, each with why.
    """
    paths = []
    for text in targets:
        try:
            (target, *more) = resolve(text)
            if target.kind != "local" or more:
                return [], {}
            check_local(target.path)
        except LossmonError:
            return [], {}  # read together, so that what is wrong is said as always
        paths.append(target.path)
    there = listed(paths)
    if not there.whole:
        return [], {}  # likewise
    directories: dict[str, list[str]] = {}
    for log in there.logs:
        directories.setdefault(run_directory(log), []).append(log)
    several = len(directories) >= _WORTH_IT and _seconds(there.logs) >= _WORTH_S
    count = jobs or (os.cpu_count() or 1 if several else 1)
    count = min(count, len(directories))
    shards: list[list[str]] = [[] for _ in range(count)]
    for i, logs in enumerate(directories.values()):
        shards[i % count].extend(logs)
    return shards, there.barred


def _seconds(logs: Sequence[str]) -> float:
    """About how long logs take to be read and judged by one process."""
    size = 0
    for log in logs:
        with suppress(OSError):
            size += os.stat(log).st_size
    return len(logs) * _LOG_S + size / _BYTES_A_S
