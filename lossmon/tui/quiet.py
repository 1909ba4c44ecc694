"""What the user has acknowledged or snoozed: still shown, but it calls for no attention."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from lossmon.diagnosis.finding import SEVERITIES, Finding
from lossmon.monitor import RunUpdate
from lossmon.session import Hushed

Kind = Literal["acknowledged", "snoozed"]

SNOOZES = (900.0, 3600.0, 28800.0)  # seconds; asked again, the next


@dataclass(frozen=True)
class Hush:
    """Why a finding is quiet.

    Attributes:
        kind: acknowledged (until it goes away or gets worse) or snoozed.
        severity: what it was then: anything worse speaks up again.
        since_step: the onset that was acknowledged; the same pattern with another onset is news.
        until: when a snooze ends, seconds since the Unix epoch; None for never.
        lasts: how long it was snoozed, in seconds.
        recalled: from the last screen; this one has not seen the finding yet.
    """

    kind: Kind
    severity: str
    since_step: int
    until: float | None = None
    lasts: float = 0.0
    recalled: bool = False


class Quiet:
    """Which findings of which runs are hushed; the session of the screen keeps it."""

    def __init__(self) -> None:
        self._hushed: dict[tuple[str, str], Hush] = {}

    def of(self, run: str, pattern: str) -> Hush | None:
        """Why a finding is quiet; None where it is not."""
        return self._hushed.get((run, pattern))

    def kept(self) -> tuple[Hushed, ...]:
        """All that is hushed, to be recalled by the next screen."""
        return tuple(
            (run, pattern, one.kind, one.severity, one.since_step, one.until or 0.0, one.lasts)
            for (run, pattern), one in self._hushed.items()
        )

    def recall(self, kept: Iterable[Hushed]) -> None:
        """Hush what was hushed when the last screen was left."""
        for run, pattern, kind, severity, since_step, until, lasts in kept:
            how: Kind = "snoozed" if kind == "snoozed" else "acknowledged"
            hush = Hush(how, severity, since_step, until or None, lasts, recalled=True)
            self._hushed[run, pattern] = hush

    def acknowledge(self, run: str, finding: Finding) -> Hush | None:
        """Acknowledge a finding, or take that back; what holds now."""
        known = self.of(run, finding.pattern)
        if known is not None and known.kind == "acknowledged":
            self._forget(run, finding.pattern)
            return None
        return self._keep(run, finding, "acknowledged", None)

    def snooze(self, run: str, finding: Finding, now: float | None = None) -> Hush | None:
        """Snooze a finding, for longer at each call, then no more; what holds now."""
        now = time.time() if now is None else now
        known = self.of(run, finding.pattern)
        lasted = known.lasts if known is not None and known.kind == "snoozed" else 0.0
        longer = [seconds for seconds in SNOOZES if seconds > lasted]
        if not longer:
            self._forget(run, finding.pattern)
            return None
        return self._keep(run, finding, "snoozed", now + longer[0], longer[0])

    def mark(self, update: RunUpdate, now: float | None = None) -> RunUpdate:
        """The update with what is quiet in it; what is over is forgotten."""
        if not self._hushed:
            return replace(update, hushed=frozenset()) if update.hushed else update
        now = time.time() if now is None else now
        findings: dict[str, Finding] = {
            finding.pattern: finding for finding in update.diagnosis.findings
        }
        for run, pattern in list(self._hushed):
            if run == update.run and self._over(
                self._hushed[run, pattern], findings.get(pattern), now
            ):
                del self._hushed[run, pattern]
        for pattern in findings:
            hush = self._hushed.get((update.run, pattern))
            if hush is not None and hush.recalled:
                self._hushed[update.run, pattern] = replace(hush, recalled=False)
        hushed = frozenset(p for run, p in self._hushed if run == update.run and p in findings)
        return update if hushed == update.hushed else replace(update, hushed=hushed)

    def _keep(
        self, run: str, finding: Finding, kind: Kind, until: float | None, lasts: float = 0.0
    ) -> Hush:
        hush = Hush(kind, finding.severity, finding.since_step, until, lasts)
        self._hushed[run, finding.pattern] = hush
        return hush

    def _forget(self, run: str, pattern: str) -> None:
        self._hushed.pop((run, pattern), None)

    @staticmethod
    def _over(hush: Hush, finding: Finding | None, now: float) -> bool:
        """Whether it may speak up; a snooze holds for its time, whatever comes and goes."""
        if hush.until is not None and now >= hush.until:
            return True
        if finding is None:
            return hush.until is None and not hush.recalled
        worse = SEVERITIES.index(finding.severity) > SEVERITIES.index(hush.severity)
        elsewhere = hush.until is None and finding.since_step != hush.since_step
        return worse or elsewhere
