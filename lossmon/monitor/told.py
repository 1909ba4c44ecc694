"""What the user says that no log does: the planned length, the classes, how to take a pattern.

Said once for a process (command line, `config.toml`), like the roles of metrics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lossmon.diagnosis.finding import SEVERITIES, Diagnosis, Finding, TimelineEntry
from lossmon.history.run import Plan

Thing = TypeVar("Thing", Finding, TimelineEntry)

OFF = "off"


@dataclass(frozen=True)
class Told:
    """What the user said.

    Attributes:
        total_steps: planned steps; what a log says gives way.
        classes: number of classes, for `chance_level`.
        patterns: pattern -> "off", or the severity that it has from now on.
    """

    total_steps: int | None = None
    classes: int | None = None
    patterns: Mapping[str, str] = field(default_factory=dict)

    def complete(self, plan: Plan) -> None:
        """Put into a plan what the log does not say."""
        if self.total_steps is not None:
            plan.total_steps = self.total_steps
        if self.classes is not None and plan.settings.get("classes") != self.classes:
            plan.settings = {**plan.settings, "classes": float(self.classes)}

    def treat(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis without what is silenced, and with the severities that the user chose.

        The verdicts `train` and `pair` stay: they say what a curve looks like, and alarm nobody.
        """
        if not self.patterns:
            return diagnosis
        findings = [
            self._treated(one)
            for one in diagnosis.findings
            if self.patterns.get(one.pattern) != OFF
        ]
        findings.sort(key=lambda one: -SEVERITIES.index(one.severity))
        timeline = tuple(
            self._treated(one)
            for one in diagnosis.timeline
            if self.patterns.get(one.pattern) != OFF
        )
        return replace(diagnosis, findings=tuple(findings), timeline=timeline)

    def _treated(self, one: Thing) -> Thing:
        for severity in SEVERITIES:
            if self.patterns.get(one.pattern) == severity:
                return replace(one, severity=severity)
        return one


_told = Told()


def say(**changes: object) -> None:
    """Take note of what the user says (fields of `Told`); what is not named stays."""
    use(replace(_told, **changes))  # type: ignore[arg-type]


@contextmanager
def saying(**changes: object) -> Iterator[None]:
    """Say something for a while (fields of `Told`); None is not said."""
    before = told()
    say(**{name: value for name, value in changes.items() if value is not None})
    try:
        yield
    finally:
        use(replace(before, patterns=told().patterns))  # of config.toml, which may be read inside


def use(told: Told) -> None:
    """All that the user says, at once."""
    global _told
    _told = told


def told() -> Told:
    """What the user said."""
    return _told
