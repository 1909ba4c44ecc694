"""`lossmon watch`: headless; a line when a finding starts or ends."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TextIO

from lossmon.diagnosis.finding import SEVERITIES, Severity
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.changes import Change, Changes
from lossmon.report.command import Commands
from lossmon.report.contract import SCHEMA, finding_object
from lossmon.report.ending import Ending
from lossmon.text import json_line, printable, writable

_IDLE_S = 1.0  # between two looks when nothing wakes the monitor
_PACE_S = 0.2  # between two looks at logs that grow all the time
_SIGNS = {"present": "=", "started": "+", "ended": "-"}


@dataclass(frozen=True)
class Wanted:
    """Which events are told.

    Attributes:
        level: the mildest severity.
        patterns: only these; all where empty.
        until: "finished" ends the watch once every run has ended, or its process or log has and
            nothing says how; None watches on.
    """

    level: Severity = "info"
    patterns: tuple[str, ...] = ()
    until: Literal["finished"] | None = None

    def fits(self, change: Change) -> bool:
        """Whether an event is told."""
        finding = change.finding
        if self.patterns and finding.pattern not in self.patterns:
            return False
        return SEVERITIES.index(finding.severity) >= SEVERITIES.index(self.level)


class Watch:
    """Follows runs and tells what begins and ends.

    Args:
        monitor: what to watch; closed by the caller.
        out: where lines go.
        line: makes the line of an event.
        wanted: which events are told.
        commands: run at each event that starts; not for what held already, nor for an end.
        values: what a command is told of an event.
        pipe: all that is watched is standard input, which has an end.
        complain: told in one line what is wrong beside the runs.
        tell: handed what is told, for who tells it elsewhere.
        ending: true once the watch is to end.

    Attributes:
        unfinished: where it ended because all runs are over: those that do not say how.
    """

    def __init__(
        self,
        monitor: Monitor,
        out: TextIO,
        line: Callable[[Change], str],
        wanted: Wanted,
        commands: Commands | None = None,
        values: Callable[[Change], dict[str, str]] | None = None,
        pipe: bool = False,
        complain: Callable[[str], None] = lambda _: None,
        tell: Callable[[Sequence[Change]], None] = lambda _: None,
        ending: Ending | None = None,
    ) -> None:
        self._monitor = monitor
        self._out = out
        self._line = line
        self._wanted = wanted
        self._commands = commands
        self._values = values
        self._pipe = pipe
        self._complain = complain
        self._hand_on = tell
        self._ending = ending
        self.unfinished: list[str] = []
        self._hosts: dict[str, str] = {}  # host -> what was said of its link
        self._changes = Changes()
        self._runs: dict[str, RunUpdate] = {}
        self._fresh: dict[str, RunUpdate] = {}  # since the last time that all was read
        self._settled = False
        self._known: set[str] = set()  # boxes that were heard of

    def run(self) -> Severity | None:
        """Watch until told to end, the pipe has ended, our reader has gone, or all has finished.

        Returns:
            The worst that holds at the end; None where we were told to end.
        """
        while not self._done():
            started = time.monotonic()
            self._tell_hosts()
            self._fresh |= {update.run: update for update in self._monitor.poll()}
            if not self._monitor.pending():
                self._settle()
            if self._commands is not None:
                self._commands.tend()
            if not self._monitor.pending() and not self._done():
                time.sleep(max(0.0, _PACE_S - (time.monotonic() - started)))
                if not self._ending:
                    self._monitor.wait(_IDLE_S)
        if self._ending:
            return None
        if self._pipe and self._monitor.exhausted:
            self._fresh = {update.run: update for update in self._monitor.conclude()}
            self._settle()
        if self._commands is not None:
            self._commands.finish(self._ending)
        found = {f.severity for run in self._runs.values() for f in run.diagnosis.findings}
        return max(found, key=SEVERITIES.index, default=None)

    def _tell_hosts(self) -> None:
        """Say once what is wrong with the link to a box: without it nothing new comes."""
        for health in self._monitor.hosts():
            said = "" if health.state == "live" else health.state
            if health.state != "connecting" and said != self._hosts.get(health.host, ""):
                words = said.replace("_", " ") or "live again"
                reason = f": {health.reason}" if said and health.reason else ""
                self._complain(f"{health.host} {words}{reason}")
                self._hosts[health.host] = said

    def _settle(self) -> None:
        """Tell what is new, now that everything at hand was read."""
        updates, self._fresh = list(self._fresh.values()), {}
        for update in updates:
            if update.removed:
                self._runs.pop(update.run, None)
            else:
                self._runs[update.run] = update
        for change in self._new(updates):
            if self._wanted.fits(change):
                self._tell(change)

    def _new(self, updates: list[RunUpdate]) -> Iterator[Change]:
        """What began and ended; of a box that is heard of for the first time all was there."""
        known = self._known | {""} if self._settled else self._known
        for host in dict.fromkeys(update.host for update in updates):
            of_host = [update for update in updates if update.host == host]
            yield from self._changes.take(of_host, present=host not in known)
            self._known.add(host)
        self._settled = True

    def _tell(self, change: Change) -> None:
        self._out.write(self._line(change) + "\n")
        self._out.flush()
        self._hand_on([change])
        if self._commands is not None and self._values is not None and change.event == "started":
            self._commands.run(self._values(change))

    def _done(self) -> bool:
        if self._ending or (self._pipe and self._monitor.exhausted) or reader_gone(self._out):
            return True
        if self._wanted.until != "finished" or not self._settled or not self._runs:
            return False
        states = {name: run.state for name, run in self._runs.items()}
        if not set(states.values()) <= {"finished", "failed", "silent"}:
            return False
        self.unfinished = sorted(name for name, state in states.items() if state == "silent")
        return True


def as_text(change: Change, knowledge: Knowledge) -> str:
    """The line of an event for people."""
    finding, update = change.finding, change.update
    title = knowledge.told(finding).title
    when = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    head = f"{when} {_SIGNS[change.event]} {update.run}: "
    if change.event == "ended":
        ended = knowledge.tell("{title} no longer holds", title=title)
        if update.step is not None:
            ended = knowledge.tell(
                "{title} no longer holds at step {step:,}", title=title, step=update.step
            )
        return printable(head + ended)
    if finding.severity != "info":
        title = knowledge.tell(
            "{title} since step {step:,}", title=title.upper(), step=finding.since_step
        )
    severity, evidence = knowledge.tell(finding.severity), knowledge.say(finding.evidence)
    tongue = knowledge.tongue
    line = head + tongue.labelled(f"{severity} {title}", evidence)
    remedies = knowledge.remedies(finding)
    advice = (
        tongue("; ") + tongue.labelled(knowledge.word("do"), remedies[0])
        if remedies and finding.severity != "info"
        else ""
    )
    return printable(line + advice)


def as_object(change: Change, knowledge: Knowledge) -> dict[str, Any]:
    """An event as the values of a strict JSON object."""
    update = change.update
    return {
        "schema": SCHEMA,
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "event": change.event,
        "run": update.run,
        "logs": [log.path for log in update.logs],
        "state": update.state,
        "step": update.step,
        "total_steps": update.total_steps,
        "finding": finding_object(change.finding, knowledge),
    }


def as_json(change: Change, knowledge: Knowledge) -> str:
    """An event as a line of strict JSON."""
    return json_line(as_object(change, knowledge))


def as_values(change: Change, knowledge: Knowledge) -> dict[str, str]:
    """What a command is told of an event: its fields, and the whole of it as JSON."""
    finding, update = change.finding, change.update
    return {
        "event": change.event,
        "run": update.run,
        "pattern": finding.pattern,
        "severity": finding.severity,
        "confidence": f"{finding.confidence:.2f}",
        "since_step": str(finding.since_step),
        "step": "" if update.step is None else str(update.step),
        "metric": writable(finding.metric),
        "state": update.state,
        "title": knowledge.told(finding).title,
        "evidence": writable(knowledge.say(finding.evidence)),
        "log": update.logs[0].path if update.logs else "",
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def reader_gone(out: TextIO) -> bool:
    """Whether who read our lines through a pipe has closed it: nothing else would tell us."""
    try:
        fd = out.fileno()
        if os.isatty(fd):
            return False
        poll = select.poll()
        poll.register(fd, 0)
        return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return False
