"""What `lossmon watch` is asked for, put together: targets, lines, commands, and a clean end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Literal

from lossmon import config
from lossmon.diagnosis.finding import Severity
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.diagnosis.knowledge.names import called
from lossmon.monitor.sources import nothing_read, open_monitor
from lossmon.report import watch as report
from lossmon.report.check import at_or_above
from lossmon.report.command import Commands
from lossmon.report.ending import Ending
from lossmon.words import said

if TYPE_CHECKING:
    from lossmon.notify import Notifier

UNFINISHED = 3


def watch(
    targets: Sequence[str],
    complain: Callable[[str], None],
    *,
    as_json: bool,
    command: str | None,
    exec_timeout: float,
    level: Severity,
    patterns: Sequence[str],
    until: Literal["finished"] | None,
    fail_on: Severity | Literal["never"],
    lang: str,
    services: Sequence[str] = (),
) -> int:
    """Watch until told to end; the exit status.

    UNFINISHED where the end of a training was waited for, and one is over without having told how.

    Args:
        targets: as typed.
        complain: told in one line what went wrong beside the watching.
        as_json: lines are JSON objects.
        command: run at each finding that starts.
        exec_timeout: seconds that one command may take.
        level: the mildest finding to tell.
        patterns: only these.
        until: see `lossmon.report.watch.Wanted`.
        fail_on: the mildest finding at the end that makes the status 1.
        lang: language of titles and remedies.
        services: told of each warning that starts; see `lossmon.notify.addresses`.
    """
    knowledge = load(lang)
    patterns = [called(pattern) for pattern in patterns]
    commands = Commands(command, complain, exec_timeout) if command is not None else None
    notifier = _notifier(services, level, knowledge, complain)
    config.apply()
    pipe = set(targets) == {"-"}
    with Ending() as ending, ExitStack() as at_end:
        monitor = open_monitor(targets, watch=True)
        at_end.callback(monitor.close)
        if notifier is not None:
            at_end.callback(notifier.close)
        if commands is not None:
            at_end.callback(commands.close)
        ending.on_signal(monitor.wake)
        watching = report.Watch(
            monitor,
            sys.stdout,
            partial(report.as_json if as_json else report.as_text, knowledge=knowledge),
            report.Wanted(level, tuple(patterns), until),
            commands,
            partial(report.as_values, knowledge=knowledge),
            pipe=pipe,
            complain=complain,
            tell=notifier.add if notifier is not None else lambda _: None,
            ending=ending,
        )
        worst = watching.run()
        empty = nothing_read(monitor, "-") if pipe and monitor.exhausted else None
    if ending.number is not None:
        return 128 + ending.number
    if empty is not None:  # as `check -` says it
        raise empty
    silent = watching.unfinished
    if silent:
        complain(_unfinished(silent))
    if at_or_above([worst] if worst is not None else [], [fail_on]):
        return 1
    return UNFINISHED if silent else 0


def _unfinished(runs: Sequence[str]) -> str:
    """What is said where a watch ended and it is not known how the trainings did."""
    if len(runs) == 1:
        return said("{run} is silent, and its log does not say that it finished", run=runs[0])
    return said(
        "{run} and {n:,} more are silent, and their logs do not say that they finished",
        run=runs[0],
        n=len(runs) - 1,
    )


def _notifier(
    services: Sequence[str], level: Severity, knowledge: Knowledge, complain: Callable[[str], None]
) -> Notifier | None:
    """Who tells the services; None where there are none. What is mild is no news for a phone."""
    if not services:
        return None
    from lossmon import notify

    least: Severity = "critical" if level == "critical" else "warning"
    found = notify.services_at(notify.addresses(services))
    return notify.Notifier(found, least, knowledge, complain)
