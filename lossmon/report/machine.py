"""One look at this machine for runs that were read once: their GPUs, and whether they live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossmon.logs.stdin import NAME as PIPE
from lossmon.monitor.pulse import Pulse, in_words, read_sample
from lossmon.monitor.update import RunUpdate
from lossmon.words import Said, joined, said

SCAN_S = 3.0  # for the processes: there is no next look for those that this one leaves out
RECENT_S = 24 * 3600.0  # a run that was silent for longer is not asked about


def look_at_machine(updates: Sequence[RunUpdate], now: float) -> list[RunUpdate]:
    """The same runs; those that may still go on here, with what the machine tells of them.

    One look cannot say that a process has ended, only that one lives; but a pipe was read until its
    writer closed it, and what it told was running for ever.

    Args:
        updates: the runs.
        now: seconds since the Unix epoch.
    """
    updates = [_closed(update) for update in updates]
    paths = [log.file for update in updates if _may_go_on(update, now) for log in update.logs]
    if not paths:
        return updates
    from lossmon.logs.vitals import Vitals

    sample = read_sample(Vitals(scan_s=SCAN_S).sample(paths))
    if sample is None:
        return updates
    seen = []
    for update in updates:
        if _may_go_on(update, now):
            pulse = Pulse()
            pulse.note(sample, [log.file for log in update.logs], update.step or 0, now)
            at_work = bool(pulse.writer) or update.state == "running"
            update = replace(update, writer=pulse.writer, gpus=pulse.gpus if at_work else ())
        seen.append(update)
    return seen


def machine_line(update: RunUpdate) -> Said | str:
    """What the machine tells of a run, in one line; empty where it tells nothing."""
    lives = said("its process lives") if update.writer and update.state != "running" else ""
    return joined("; ", [words for words in (lives, in_words(update.gpus)) if words])


def _closed(update: RunUpdate) -> RunUpdate:
    piped = [log.path for log in update.logs] == [PIPE]
    if not piped or update.state not in ("running", "stalled"):
        return update
    return replace(update, state="silent", writer=False)


def _may_go_on(update: RunUpdate, now: float) -> bool:
    here = not update.host and update.job is None
    fresh = update.last_row_time is not None and now - update.last_row_time < RECENT_S
    over = update.state in ("finished", "failed") or update.writer is False
    return here and fresh and not over
