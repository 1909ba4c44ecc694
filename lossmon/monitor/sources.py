"""From what the user typed to a monitor that watches it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence

from lossmon.errors import FormatError, LossmonError, TargetError
from lossmon.logs import schemes
from lossmon.logs.hosts import host_of, location_of, prefix_of, resolve
from lossmon.logs.scheme import Order, Target
from lossmon.logs.source import Source
from lossmon.monitor.training import Judging
from lossmon.monitor.watch import Monitor
from lossmon.words import joined, said


def check_target(text: str) -> None:
    """Raise TargetError, with what would work, when a target can't be read."""
    for target in resolve(text):
        schemes.check(target, text)


def open_monitor(
    targets: Sequence[str],
    *,
    watch: bool,
    logs: Sequence[str] | None = None,
    judging: Judging = "as it grows",
) -> Monitor:
    """A monitor over targets.

    Args:
        targets: as typed; see `lossmon.logs.target`. What is not here is connected to in the
            background.
        logs: of all logs of the targets, read only these; as runs name them.
        watch: be woken by the file system when a log grows; not needed to read once.
        judging: when runs are judged.

    Raises:
        TargetError: a target here cannot be read, with what would work.
    """
    for text in targets:
        check_target(text)
    parsed = [target for text in targets for target in resolve(text)]
    orders: dict[tuple[Callable[[Order], Source], str], list[Target]] = {}
    for target in parsed:
        opened = schemes.of(target.kind).open
        orders.setdefault((opened, prefix_of(target)), []).append(target)
    sources = []
    for (opened, prefix), some in orders.items():
        box = host_of(some[0]) if some[0].host else None
        only = None if logs is None else _below(prefix, logs)
        sources.append(opened(Order(tuple(some), watch, box, prefix, only)))
    return Monitor(sources, [location_of(target) for target in parsed], judging)


def _below(prefix: str, logs: Sequence[str]) -> tuple[str, ...]:
    """Logs as their source calls them, of those that are of it."""
    return tuple(log[len(prefix) :] for log in logs if log.startswith(prefix))


def not_readable(
    barred: Mapping[str, str],
    errors: Sequence[LossmonError],
    kind: type[TargetError] = TargetError,
) -> list[LossmonError]:
    """What is said of logs and folders below targets that can't be read, where it is not yet.

    A verdict over a folder without the run that nobody was allowed to look at looked whole.

    Args:
        barred: path -> why.
        errors: what is said already.
        kind: of the error.
    """
    told = " ".join(map(str, errors))
    rest = [(path, why) for path, why in barred.items() if path not in told]
    if not rest:
        return []
    path, why = rest[0]
    if len(rest) == 1:
        return [kind(joined(": ", (path, why)))]
    return [
        kind(
            said(
                "{path}: {why}; {n:,} more {n:log or folder|logs and folders} can't be read",
                path=path,
                why=why,
                n=len(rest) - 1,
            )
        )
    ]


def nothing_read(monitor: Monitor, target: str) -> LossmonError | None:
    """Why a target gave no run, in one line; None when it gave one."""
    locations = [location_of(one) for one in resolve(target)]
    if any(monitor.found(location) for location in locations):
        return None
    target = locations[0]
    why = next((why for why in map(monitor.trouble, locations) if why), "")
    if why:
        return TargetError(joined(": ", (target, why)))
    without = monitor.passed.known(locations)
    if without:
        path, why = without[0]
        return FormatError(joined(": ", (path, why)))
    errors = monitor.below(target, monitor.errors)
    refused = monitor.below(target, monitor.refused)
    if errors:
        path, why = next(iter(errors.items()))
        return TargetError(joined(": ", (path, why)))
    if len(refused) == 1:
        path, why = next(iter(refused.items()))
        return FormatError(joined(": ", (path, why)))
    if refused:
        path, why = next(iter(refused.items()))
        return FormatError(
            said(
                "{target}: no training log among {refused} files; for example {name}: {why}",
                target=target,
                refused=len(refused),
                name=os.path.basename(path),
                why=why,
            )
        )
    if os.path.basename(target) == ".aim" or os.path.isdir(os.path.join(target, ".aim")):
        return FormatError(
            said(
                "{target}: an Aim repository can't be read; export it to CSV with Aim's own "
                "`Repo.query_metrics(...)` and `dataframe()`, or name the log of the training",
                target=target,
            )
        )
    if os.path.isfile(target) and not os.path.getsize(target):
        return FormatError(said("{target}: an empty file; nothing was logged yet", target=target))
    if re.search(r"(^|:)slurm:[\d,_+]*$", target):
        return TargetError(
            said(
                "{target}: what these jobs write can't be read, or is not there yet", target=target
            )
        )
    return TargetError(
        said(
            "{target}: nothing to read; name a log file, or a folder that holds logs", target=target
        )
    )
