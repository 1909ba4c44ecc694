"""From what the user typed to a monitor that watches it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossmon import settings
from lossmon.errors import FormatError, LossmonError, TargetError, message_of
from lossmon.logs.hosts import host_of, place_of, resolve
from lossmon.logs.local import LocalSource
from lossmon.logs.openssh import Host
from lossmon.logs.source import Source
from lossmon.logs.target import check_local
from lossmon.monitor.watch import Monitor
from lossmon.words import said

if TYPE_CHECKING:
    from lossmon.logs.slurm import Jobs


def check_target(text: str) -> None:
    """Raise TargetError, with what would work, when a target here can't be read."""
    for target in resolve(text):
        if target.kind == "local":
            check_local(target.path)
        elif target.kind == "slurm":
            from lossmon.logs import slurm

            try:
                slurm.check(target.path.removeprefix("slurm:"))
            except slurm.SlurmError as error:
                raise TargetError(
                    said("{text}: {error}", text=text, error=message_of(error))
                ) from None


def open_monitor(
    targets: Sequence[str], *, watch: bool, logs: Sequence[str] | None = None
) -> Monitor:
    """A monitor over targets.

    Args:
        targets: as typed; see `lossmon.logs.target`. Boxes are connected to in the background.
        logs: of all logs of the targets, read only these.
        watch: be woken by the file system when a log grows; not needed to read once.

    Raises:
        TargetError: a target here cannot be read, with what would work.
    """
    for text in targets:
        check_target(text)
    parsed = [target for text in targets for target in resolve(text)]
    sources: list[Source] = []
    paths = [target.path for target in parsed if target.kind == "local"]
    if any(target.kind == "stdin" for target in parsed):
        from lossmon.logs.stdin import StdinSource

        sources.append(StdinSource(settings.current().tee))
    jobs = _jobs([target.path for target in parsed if target.kind == "slurm"], watch)
    if paths or jobs:
        sources.append(LocalSource(paths if logs is None else logs, watch=watch, jobs=jobs))
    boxes: dict[Host, list[str]] = {}
    for target in parsed:
        if target.kind == "remote":
            boxes.setdefault(host_of(target), []).append(target.path)
    if boxes:
        from lossmon.logs.ssh import SshSource

        sources += [SshSource(host, paths, watch=watch) for host, paths in boxes.items()]
    return Monitor(sources, [place_of(target) for target in parsed])


def _jobs(targets: Sequence[str], watch: bool) -> dict[str, Jobs]:
    """What asks the scheduler, by target."""
    if not targets:
        return {}
    from lossmon.logs.slurm import Jobs

    return {target: Jobs(target.removeprefix("slurm:"), again=watch) for target in targets}


def nothing_read(monitor: Monitor, target: str) -> LossmonError | None:
    """Why a target gave no run, in one line; None when it gave one."""
    places = [place_of(one) for one in resolve(target)]
    if any(monitor.found(place) for place in places):
        return None
    target = places[0]
    why = next((why for why in map(monitor.trouble, places) if why), "")
    if why:
        return TargetError(f"{target}: {why}")
    without = monitor.without_rows(places)
    if without:
        path, why = without[0]
        return FormatError(f"{path}: {why}")
    errors = monitor.below(target, monitor.errors)
    refused = monitor.below(target, monitor.refused)
    if errors:
        path, why = next(iter(errors.items()))
        return TargetError(f"{path}: {why}")
    if len(refused) == 1:
        path, why = next(iter(refused.items()))
        return FormatError(f"{path}: {why}")
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
