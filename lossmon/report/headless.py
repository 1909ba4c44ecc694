"""What `lossmon watch` is asked for, put together: targets, lines, commands, and a clean end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from lossmon import config
from lossmon.diagnosis.finding import SEVERITIES, Severity
from lossmon.diagnosis.knowledge import load
from lossmon.monitor.sources import open_monitor
from lossmon.report import watch as report
from lossmon.report.command import Commands


class _Told(BaseException):
    """A signal asks us to end; no handler of ordinary errors may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


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
) -> int:
    """Watch until told to end; the exit status.

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
    """
    knowledge = load(lang)
    report.check_patterns(patterns, knowledge)
    commands = Commands(command, complain, exec_timeout) if command is not None else None
    config.apply()
    monitor = open_monitor(targets, watch=True)
    watching = report.Watch(
        monitor,
        sys.stdout,
        partial(report.as_json if as_json else report.as_text, knowledge=knowledge),
        report.Wanted(level, tuple(patterns), until),
        commands,
        partial(report.as_values, knowledge=knowledge),
        pipe=set(targets) == {"-"},
        complain=complain,
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise)
    try:
        worst = watching.run()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except _Told as told:
        return 128 + told.number
    finally:
        if commands is not None:
            commands.close()
        monitor.close()
    if worst is None or fail_on == "never":
        return 0
    return int(SEVERITIES.index(worst) >= SEVERITIES.index(fail_on))


def _raise(number: int, _frame: object) -> None:
    raise _Told(number)
