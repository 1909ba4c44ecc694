"""What the user says that no log does, put where it belongs: plans and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from lossmon.diagnosis.finding import SEVERITIES, Diagnosis, Finding, TimelineEntry
from lossmon.history.run import Plan
from lossmon.settings import current

Thing = TypeVar("Thing", Finding, TimelineEntry)

OFF = "off"


def complete(plan: Plan) -> None:
    """Put into a plan what the log does not say."""
    told = current()
    if told.total_steps is not None:
        plan.total_steps = told.total_steps
    if told.classes is not None and plan.settings.get("classes") != told.classes:
        plan.settings = {**plan.settings, "classes": float(told.classes)}


def treat(diagnosis: Diagnosis) -> Diagnosis:
    """A diagnosis without what is silenced, and with the severities that the user chose.

    The verdicts `train` and `pair` stay: they say what a curve looks like, and alarm nobody.
    """
    told = current().patterns
    if not told:
        return diagnosis
    findings = [_treated(one, told) for one in diagnosis.findings if told.get(one.pattern) != OFF]
    findings.sort(key=lambda one: -SEVERITIES.index(one.severity))
    timeline = [_treated(one, told) for one in diagnosis.timeline if told.get(one.pattern) != OFF]
    return replace(diagnosis, findings=tuple(findings), timeline=tuple(timeline))


def _treated(one: Thing, told: Mapping[str, str]) -> Thing:
    for severity in SEVERITIES:
        if told.get(one.pattern) == severity:
            return replace(one, severity=severity)
    return one
