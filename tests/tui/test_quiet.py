"""Acknowledge and snooze: what is hushed stays visible, and speaks up when there is news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.api import read_runs
from lossmon.diagnosis.finding import Diagnosis
from lossmon.monitor import RunUpdate
from lossmon.presentation.verdict import headline
from lossmon.tui import look
from lossmon.tui.quiet import SNOOZES, Quiet
from tests.tui.synthetic import write_runs

NOW = 1000.0


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    """A run that overfits."""
    folder: Path = tmp_path_factory.mktemp("runs")
    write_runs(folder)
    (update,) = read_runs(str(folder / "sft-7b"))
    assert headline(update).pattern == "overfitting"
    return update


def with_finding(update: RunUpdate, **changes: object) -> RunUpdate:
    finding = replace(headline(update), **changes)
    return replace(update, diagnosis=Diagnosis((finding,)))


@pytest.mark.slow
def test_an_acknowledged_finding_calls_for_no_attention_and_stays(sick: RunUpdate) -> None:
    quiet = Quiet()
    quiet.acknowledge(sick.run, headline(sick))
    marked = quiet.mark(sick, NOW)
    assert marked.hushed == {"overfitting"}
    assert look.severity(sick) == "warning"
    assert look.severity(marked) == "info"
    assert look.badge_of(marked, ascii=True)[0] == "z"
    assert "overfitting" in {finding.pattern for finding in marked.diagnosis.findings}


def test_acknowledging_again_takes_it_back(sick: RunUpdate) -> None:
    quiet = Quiet()
    quiet.acknowledge(sick.run, headline(sick))
    marked = quiet.mark(sick, NOW)
    assert quiet.acknowledge(sick.run, headline(sick)) is None
    assert quiet.mark(marked, NOW).hushed == frozenset()


@pytest.mark.parametrize("news", [{"severity": "critical"}, {"since_step": 999}])
def test_what_gets_worse_or_begins_anew_speaks_up(sick: RunUpdate, news: dict[str, object]) -> None:
    quiet = Quiet()
    quiet.acknowledge(sick.run, headline(sick))
    assert quiet.mark(with_finding(sick), NOW).hushed
    assert not quiet.mark(with_finding(sick, **news), NOW).hushed


def test_what_went_away_and_came_back_speaks_up(sick: RunUpdate) -> None:
    quiet = Quiet()
    quiet.acknowledge(sick.run, headline(sick))
    quiet.mark(replace(sick, diagnosis=Diagnosis()), NOW)
    assert not quiet.mark(sick, NOW).hushed


def test_a_snooze_holds_while_the_finding_comes_and_goes(sick: RunUpdate) -> None:
    quiet = Quiet()
    quiet.snooze(sick.run, headline(sick), NOW)
    gone = quiet.mark(replace(sick, diagnosis=Diagnosis()), NOW + 1)
    assert gone.hushed == frozenset()
    assert quiet.mark(with_finding(sick, since_step=999), NOW + 2).hushed == {"overfitting"}
    assert not quiet.mark(with_finding(sick, severity="critical"), NOW + 3).hushed


def test_a_snooze_lasts_longer_at_each_call_and_ends_by_the_clock(sick: RunUpdate) -> None:
    quiet = Quiet()
    for seconds in SNOOZES:
        hush = quiet.snooze(sick.run, headline(sick), NOW)
        assert hush is not None
        assert hush.until == NOW + seconds
    assert quiet.mark(sick, NOW + SNOOZES[-1] - 1).hushed
    assert not quiet.mark(sick, NOW + SNOOZES[-1]).hushed
    quiet.snooze(sick.run, headline(sick), NOW)
    for _ in SNOOZES:
        last = quiet.snooze(sick.run, headline(sick), NOW)
    assert last is None


def test_one_run_is_hushed_and_no_other(sick: RunUpdate) -> None:
    quiet = Quiet()
    quiet.acknowledge(sick.run, headline(sick))
    assert not quiet.mark(replace(sick, run="another"), NOW).hushed
