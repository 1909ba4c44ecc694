"""Targets read once, whole: every run in them with its verdict, and a line for what gave none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lossmon.errors import LeftOut, LossmonError, TargetError
from lossmon.logs.hosts import location_of, resolve
from lossmon.monitor.questions import ask_first
from lossmon.monitor.sources import check_target, not_readable, nothing_read, open_monitor
from lossmon.monitor.training import Judging
from lossmon.monitor.update import RunUpdate, by_name
from lossmon.monitor.watch import Monitor
from lossmon.words import joined, said

_ASK_S = 120.0  # a box that has not answered by then will not ask


class Reading(NamedTuple):
    """What targets held.

    Attributes:
        updates: the runs by name: files of a bucket come as the network brings them.
        errors: one for each target that gave none.
        refused: path -> why no row of a training came of it.
    """

    updates: list[RunUpdate]
    errors: list[LossmonError]
    refused: dict[str, str]


def read_targets(
    targets: Sequence[str],
    now: float | None = None,
    logs: Sequence[str] | None = None,
    ask: Callable[[str], None] | None = None,
    each: Callable[[int], None] = lambda _: None,
    judging: Judging = "as it grows",
) -> Reading:
    """Read targets once, whole, and judge every run found in them.

    Args:
        targets: as on the command line.
        now: seconds since the Unix epoch, which decides what is stalled.
        logs: of all logs of the targets, read only these.
        ask: there is a terminal, and ssh may ask its questions there; shows a line on it.
        each: told now and then how many logs were looked at.
        judging: "at the end" gives the same findings sooner, without a timeline; "never" none.
    """
    good, errors = _readable(targets)
    if not good:
        return Reading([], errors, {})
    monitor = open_monitor(good, watch=False, logs=logs, judging=judging)
    try:
        if ask is not None and monitor.hosts():
            ask_first(monitor, ask, within_s=_ASK_S)
        updates = read_whole(monitor, now, each=each)
        updates = sorted(with_past(good, updates, monitor.doubtful(), now), key=by_name)
        whole = logs is None
        if whole:
            errors += _unread(monitor, good, updates, errors)
        errors += _cut_off(monitor, updates, errors)
        if whole and not updates and not errors:  # nobody is left without an answer
            errors.append(_nothing_in(good[0]))
    finally:
        monitor.close()
    return Reading(updates, errors, monitor.passed.all())


def _readable(targets: Sequence[str]) -> tuple[list[str], list[LossmonError]]:
    """The targets that can be read, as far as is known before; and why others can't."""
    good, errors = [], []
    for target in targets:
        try:
            check_target(target)
            good.append(target)
        except LossmonError as error:
            errors.append(error)
    return good, errors


def _unread(
    monitor: Monitor,
    targets: Sequence[str],
    updates: Sequence[RunUpdate],
    errors: Sequence[LossmonError],
) -> list[LossmonError]:
    """What is to be said of targets that gave nothing, or more than was looked at."""
    missing = (nothing_read(monitor, one) for one in targets)
    found = [error for error in missing if error is not None]
    if updates:
        known = [*errors, *found]
        found += not_readable(monitor.passed.barred, known)
        found += not_readable(monitor.passed.crowded, known, LeftOut)
        found += [error for one in targets for error in _left_out(monitor, one, known)]
    return found


def _cut_off(
    monitor: Monitor, updates: Sequence[RunUpdate], errors: Sequence[LossmonError]
) -> list[LossmonError]:
    """What is to be said of boxes and logs that were lost while they were read, if it is not told.

    `export` of a log that its server had sent half of ended well, without a word.
    """
    told = " ".join(map(str, errors))
    lost = {one.host: one.reason for one in monitor.hosts() if one.state != "live"}
    return [
        TargetError(
            said("{host}: {reason}; what was read until then is shown", host=place, reason=reason)
        )
        for place, reason in {**monitor.passed.in_part, **lost}.items()
        if updates and place not in told
    ]


def _nothing_in(target: str) -> TargetError:
    return TargetError(
        said(
            "{target}: nothing to read; name a log file, or a folder that holds logs", target=target
        )
    )


def _left_out(
    monitor: Monitor, target: str, errors: Sequence[LossmonError]
) -> Iterator[LossmonError]:
    """That a target here holds more than was looked at, where that is not told."""
    told = " ".join(map(str, errors))
    for one in resolve(target):
        where = location_of(one)
        if not one.host and where not in told and (why := monitor.trouble(where)):
            yield TargetError(joined(": ", (where, why)))


def read_whole(
    monitor: Monitor,
    now: float | None = None,
    *,
    configured: bool = True,
    each: Callable[[int], None] = lambda _: None,
) -> list[RunUpdate]:
    """Read all there is, and judge every run as a whole; `configured` with its settings."""
    monitor.read(now)
    each(monitor.looked_at)  # what was read at once has to be judged yet
    while not monitor.exhausted:
        monitor.wait(1.0)  # for the writer of a pipe, or a box; at once where there is more
        monitor.read(now)
        each(monitor.looked_at)
    return monitor.conclude(now, configured=configured)


def with_past(
    targets: Sequence[str],
    updates: Sequence[RunUpdate],
    doubtful: Sequence[tuple[Judging, Sequence[str]]],
    now: float | None = None,
) -> list[RunUpdate]:
    """Runs whose verdict at the end may not be all, with that of their logs read as they grew.

    Args:
        targets: that led to them.
        updates: all runs.
        doubtful: of each such run how to judge it, and its logs.
        now: see `read_targets`.
    """
    rest, seen = list(doubtful), dict[frozenset[str], RunUpdate]()
    while rest:  # what was gone through in brief may need all looks then
        way = rest[0][0]
        logs = sorted({path for judging, paths in rest if judging == way for path in paths})
        rest = [one for one in rest if one[0] != way]
        monitor = open_monitor(targets, watch=False, logs=logs, judging=way)
        try:
            seen |= {_logs(update): update for update in read_whole(monitor, now, configured=False)}
            rest += monitor.doubtful()
        finally:
            monitor.close()
    return [
        replace(one, diagnosis=grown.diagnosis, errors=grown.errors) if grown is not None else one
        for one, grown in ((one, seen.get(_logs(one))) for one in updates)
    ]


def _logs(update: RunUpdate) -> frozenset[str]:
    return frozenset(log.path for log in update.logs)
