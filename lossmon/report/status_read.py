"""The reading behind `lossmon status`: of a folder of runs, those that changed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TextIO

from lossmon import config
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.logs.discover import run_directory
from lossmon.logs.scheme import Target
from lossmon.logs.stamp import Stamp
from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from lossmon.presentation.verdict import headline, is_untold
from lossmon.report import status
from lossmon.report.status import Standing
from lossmon.report.status_cache import Memory
from lossmon.report.watch import reader_gone

_IDLE_S = 1.0


def refreshed(
    targets: Sequence[str],
    found: Sequence[Target],
    memory: Memory,
    stamps: dict[str, Stamp],
    lang: str,
) -> Memory:
    """What is known after reading the trainings of which a log changed, came or went."""
    started = time.time()
    changed = _affected(memory, stamps)
    logs: list[str] | None = [log for log in stamps if run_directory(log) in changed]
    if not memory.read_at or any(target.kind != "local" for target in found):
        logs = None
    kept = [
        run
        for run in memory.runs
        if logs is not None and not any(run_directory(log) in changed for log in run.logs)
    ]
    knowledge = load(lang)
    config.apply()
    if logs is None or logs:
        updates = read_targets(targets, logs=logs, judging="at the end").updates
        kept += [standing(update, knowledge) for update in updates]
    return Memory(started, stamps, kept, time.time() - started)


def standing(update: RunUpdate, knowledge: Knowledge) -> Standing:
    """What a line can say of a run."""
    found = headline(update)
    if found is not None and is_untold(found):
        found = None
    return Standing(
        run=update.run,
        logs=tuple(log.file for log in update.logs),
        severity=found.severity if found is not None else "",
        title=knowledge.told(found).title if found is not None else "",
        state=update.state,
        step=update.step,
        total_steps=update.total_steps,
        eta_s=update.eta_s,
        last_row_time=update.last_row_time,
        patience_s=update.rhythm.patience_s,
    )


def follow(
    targets: Sequence[str],
    out: TextIO,
    knowledge: Knowledge,
    *,
    width: int,
    style: status.Style,
    ascii: bool,
) -> None:
    """Write the line each time it changes, until the reader has gone: each row is read once."""
    config.apply()
    monitor = open_monitor(targets, watch=True)
    runs: dict[str, Standing] = {}
    said = None
    try:
        while not reader_gone(out):
            for update in monitor.poll():
                if update.removed:
                    runs.pop(update.run, None)
                else:
                    runs[update.run] = standing(update, knowledge)
            if monitor.pending():
                continue
            line = status.line(
                list(runs.values()),
                width=width,
                style=style,
                ascii=ascii,
                words=knowledge.tongue,
            )
            if line != said:
                out.write(line + "\n")
                out.flush()
                said = line
            time.sleep(_IDLE_S)  # tmux draws its status bar once a second at most
            monitor.wait(_IDLE_S)
    finally:
        monitor.close()


def _affected(memory: Memory, stamps: dict[str, Stamp]) -> set[str]:
    """The folders whose trainings have to be read again.

    A log may be joined with some in folders above and below its own: where it is new, those are
    read too, and where it was joined before, those it was joined with.
    """
    moved = {log for log in {*stamps, *memory.stamps} if stamps.get(log) != memory.stamps.get(log)}
    changed = {run_directory(log) for log in moved}
    fresh = {run_directory(log) for log in moved if log not in memory.stamps}
    for folder in {run_directory(log) for log in stamps} if fresh else ():
        if any(_in_line(folder, one) for one in fresh):
            changed.add(folder)
    grown = True
    while grown:
        joined = [{run_directory(log) for log in run.logs} for run in memory.runs]
        reached = changed.union(*(one for one in joined if not one.isdisjoint(changed)))
        grown, changed = reached != changed, reached
    return changed


def _in_line(one: str, two: str) -> bool:
    """Whether one of two folders holds the other."""
    short, long = sorted((one, two), key=len)
    return short in (os.curdir, long) or long.startswith(short.rstrip("/") + "/")
