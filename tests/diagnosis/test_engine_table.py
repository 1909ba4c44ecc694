"""When the engine looks, shows and withdraws; when a rise alarms: tables of behaviour."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import engine as module
from lossmon.diagnosis.alarm import SOON_MOST, SOON_POINTS, Alarm, Turn
from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Finding
from lossmon.formats.names import role
from lossmon.history.run import History

CHOSEN = {"train_loss": "loss"}


def said(confidence: float = 0.5, pattern: str = "spike", since: int = 1) -> Finding:
    return Finding(
        pattern=pattern,  # type: ignore[arg-type]
        severity="warning",
        confidence=confidence,
        metric="loss",
        since_step=since,
        evidence="as it is",
    )


def looks(monkeypatch: pytest.MonkeyPatch, *found: Finding | None) -> list[list[str]]:
    """What is shown after each look that finds this, on a run that asks for a look at each row."""
    monkeypatch.setattr(module, "GROWTH", 1.0)
    monkeypatch.setattr(module, "_AT_LEAST", 1)
    turn = iter(found)
    monkeypatch.setattr(
        module, "judge", lambda view: {"train": one} if (one := next(turn)) is not None else {}
    )
    history, engine, shown = History(role), Engine(), []
    for _ in range(3):
        history.append({"loss": 1.0})
        engine.observe(history, CHOSEN)
    for _ in found:
        history.append({"loss": 1.0})
        engine.observe(history, CHOSEN)
        shown.append([finding.pattern for finding in engine.bare.findings])
    looks.engine = engine  # type: ignore[attr-defined]
    return shown


N = None
SURE = said(1.0)
OTHER = said(1.0, "restart")
TWICE = said(1.0, "healthy")  # is shown when two looks in a row find it


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ((SURE,), "P"),
        ((SURE, N), "PP"),
        ((SURE, N, N), "PPP"),  # three looks in a row must miss it
        ((SURE, N, N, N), "PPP-"),
        ((SURE, N, N, SURE, N, N), "PPPPPP"),  # found again: the count begins anew
        ((SURE, N, N, SURE, N, N, N), "PPPPPP-"),
        ((SURE, OTHER), "PO"),  # what is sure takes the place at once
        ((N, N, SURE), "--P"),
        ((TWICE, TWICE, N), "-TT"),
        ((TWICE, N, TWICE, TWICE), "---T"),
    ],
)
def test_a_finding_is_withdrawn_when_three_looks_in_a_row_miss_it(
    monkeypatch: pytest.MonkeyPatch, found: tuple[Finding | None, ...], shown: str
) -> None:
    told = {"spike": "P", "restart": "O", "healthy": "T"}
    seen = looks(monkeypatch, *found)
    assert "".join(told[names[0]] if names else "-" for names in seen) == shown


def test_since_when_it_holds_is_told_alike_in_finding_and_timeline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks(monkeypatch, replace(SURE, since_step=5), replace(SURE, since_step=9))
    engine: Engine = looks.engine  # type: ignore[attr-defined]
    (finding,) = engine.bare.findings
    assert finding.since_step == 9, "the newest look knows best"
    (entry,) = engine.bare.timeline
    assert (entry.since_step, entry.cleared_at_step) == (9, None)


def test_what_was_withdrawn_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, SURE, N, N, N)
    (entry,) = looks.engine.bare.timeline  # type: ignore[attr-defined]
    assert entry.cleared_at_step is not None
    assert entry.cleared_at_step > entry.since_step


# -- alarms ----------------------------------------------------------------------------------------

CALM = [1.0, 1.1, 0.9, 1.0, 1.05, 0.95] * 20


def alarms(values: list[float], diverged: bool = False) -> list[int]:
    """Where the values alarm, gone over one alarm after the other as the engine does."""
    alarm, found, start = Alarm(), [], 0
    while start < len(values):
        at = alarm.first(values[start:], start, diverged)
        if at is None:
            break
        found.append(start + at)
        start += at + 1
    return found


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (CALM, None),
        ([*CALM, 50.0, *CALM], None),  # one spike moves nothing
        ([*CALM, 50.0, 50.0, 50.0, 50.0, 50.0], 123),
        ([*CALM, *[0.1] * 40], None),  # a fall
        ([*CALM, math.nan], 120),
        ([*CALM, math.inf], 120),
        ([math.nan, 1.0], 0),
    ],
)
def test_what_alarms(values: list[float], first: int | None) -> None:
    found = alarms(values)
    assert (found[0] if found else None) == first


def test_what_is_known_not_to_be_finite_is_no_news() -> None:
    assert alarms([*CALM, math.nan, math.inf, math.nan], diverged=True) == []


def test_alarms_that_follow_one_another_come_ever_later() -> None:
    """A run that rises all the time is not judged at each of its rows."""
    rising = [*CALM, *np.geomspace(2, 2e60, 400)]
    gaps = np.diff(alarms(rising)).tolist()
    assert len(gaps) > 5
    assert gaps[0] >= SOON_POINTS
    assert gaps[1] >= 2 * SOON_POINTS
    assert all(gap >= SOON_MOST for gap in gaps[2:]), gaps


def test_where_a_look_was_due_without_an_alarm_they_may_come_soon_again() -> None:
    def second(calm: bool) -> int:
        alarm, start, found = Alarm(), 0, []
        values = [*CALM, *np.geomspace(2, 2e60, 400)]
        while len(found) < 3:
            at = alarm.first(values[start:], start, False)
            assert at is not None
            found.append(start + at)
            start += at + 1
            if calm:
                alarm.calm_down()
        return found[2] - found[1]

    assert second(True) < second(False)


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("broken", [False, True])
def test_evaluations_gone_over_together_ask_where_they_ask_one_by_one(
    told: bool, noise: float, broken: bool
) -> None:
    """Of a run of 100,000 rows with an evaluation each to go over them was a tenth of the time."""
    chance = np.random.default_rng(3)
    values = 1 + np.abs(np.linspace(-1, 1, 600)) + chance.normal(0, 0.05, 600)
    if broken:
        values[[40, 41, 300]] = math.nan, math.inf, -math.inf
    singly, together = Turn(0.02, 3.0), Turn(0.02, 3.0)
    singly.noise = together.noise = noise
    wanted = [i for i, x in enumerate(values.tolist()) if singly.asks(x, i + 1, told)]
    found, start = [], 0
    for size in np.tile([1, 3, 50, 2, 200], 100).tolist():
        part = values[start : start + size]
        if not len(part):
            break
        at = together.first(part, start, told)
        if at is not None:
            found.append(start + at)
        start += len(part) if at is None else at + 1
    assert start == 600
    assert found == wanted
    assert len(found) > 3
