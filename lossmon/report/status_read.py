"""The reading behind `lossmon status`: of a folder of runs, those that changed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TextIO

from lossmon import config
from lossmon.api import read_targets
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.logs.discover import run_directory
from lossmon.logs.target import Target
from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.report import status
from lossmon.report.check import headline
from lossmon.report.status import Standing
from lossmon.report.status_cache import Memory, Stamp
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
    roots = [target.path for target in found if target.kind == "local"]
    changed = {
        _directory(log, roots)
        for log in {*stamps, *memory.stamps}
        if stamps.get(log) != memory.stamps.get(log)
    }
    logs: list[str] | None = [log for log in stamps if _directory(log, roots) in changed]
    if not memory.read_at or len(roots) < len(found):
        logs = None
    kept = [
        run
        for run in memory.runs
        if logs is not None and not any(_directory(log, roots) in changed for log in run.logs)
    ]
    knowledge = load(lang)
    config.apply()
    if logs is None or logs:
        updates = read_targets(targets, logs=logs).updates
        kept += [standing(update, knowledge) for update in updates]
    return Memory(started, stamps, kept, time.time() - started)


def standing(update: RunUpdate, knowledge: Knowledge) -> Standing:
    """What a line can say of a run."""
    found = headline(update)
    known = found is not None and found.pattern != "too_early"
    return Standing(
        run=update.run,
        logs=tuple(log.path for log in update.logs),
        severity=found.severity if found is not None and known else "",
        title=knowledge.told(found).title if found is not None and known else "",
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
            line = status.line(list(runs.values()), width=width, style=style, ascii=ascii)
            if line != said:
                out.write(line + "\n")
                out.flush()
                said = line
            time.sleep(_IDLE_S)  # tmux draws its status bar once a second at most
            monitor.wait(_IDLE_S)
    finally:
        monitor.close()


def _directory(log: str, roots: Sequence[str]) -> str:
    root = next((root for root in roots if log.startswith(root)), "")
    return run_directory(log, root if os.path.isdir(root) else None)
