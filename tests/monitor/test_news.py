"""What is news: bad enough, not hushed, not told a moment ago."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Finding, Severity
from lossmon.monitor.changes import Change, Event
from lossmon.monitor.news import AGAIN_S, News
from lossmon.monitor.update import RunUpdate
from tests.tui.synthetic import update_of


@lru_cache(maxsize=1)
def _run() -> RunUpdate:
    with tempfile.TemporaryDirectory() as folder:
        return update_of(Path(folder) / "run.jsonl")


def change(
    run: str,
    pattern: str,
    severity: Severity = "critical",
    event: Event = "started",
    hushed: frozenset[str] = frozenset(),
) -> Change:
    finding = Finding(pattern, severity, 0.9, 120, "loss", "the loss is not finite")
    return Change(event, finding, replace(_run(), run=run, hushed=hushed))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("one", "news"),
    [
        (change("a", "diverged"), True),
        (change("a", "rebound", "warning"), True),
        (change("a", "spike", "info"), False),
        (change("a", "diverged", event="ended"), False),
        (change("a", "diverged", event="present"), False),
        (change("a", "diverged", hushed=frozenset({"diverged"})), False),
    ],
)
def test_only_what_starts_and_is_bad_enough_is_news(one: Change, news: bool) -> None:
    kept = News("warning", 1.0, Clock())
    kept.add([one])
    assert kept.take() == ([one] if news else [])


def test_what_comes_back_soon_is_no_news_of_that_run() -> None:
    clock = Clock()
    kept = News("warning", 0.0, clock)
    kept.add([change("a", "diverged")])
    assert len(kept.take()) == 1
    clock.now = AGAIN_S
    kept.add([change("a", "diverged"), change("b", "diverged"), change("a", "rebound")])
    assert [(one.update.run, one.finding.pattern) for one in kept.take()] == [
        ("b", "diverged"),
        ("a", "rebound"),
    ]
    clock.now += AGAIN_S + 1
    kept.add([change("a", "diverged")])
    assert len(kept.take()) == 1


def test_takings_are_apart_and_what_starts_meanwhile_shares_the_next() -> None:
    clock = Clock()
    kept = News("info", 3.0, clock)
    assert kept.due_in() is None
    kept.add([change("a", "diverged")])
    assert kept.due_in() == 0.0
    kept.take()
    clock.now = 1.0
    kept.add([change("b", "diverged")])
    kept.add([change("c", "diverged")])
    assert kept.due_in() == 2.0
    clock.now = 3.5
    assert kept.due_in() == 0.0
    assert len(kept.take()) == 2


def test_without_room_the_rest_is_counted() -> None:
    kept = News("info", 0.0, Clock())
    kept.add([change(f"run{i}", "diverged") for i in range(1005)])
    assert kept.left_out == 5
    assert len(kept.take()) == 1000
    assert kept.left_out == 0
