"""Events of a watch: which are told, in which words, and the commands that are run for them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import load
from lossmon.monitor.changes import Change
from lossmon.report import command as commands
from lossmon.report.command import AT_ONCE, MOST_WAITING, Commands
from lossmon.report.watch import Wanted, as_json, as_text, as_values, reader_gone
from lossmon.words import said
from tests.chart.test_views import run_of
from tests.waiting import lives, wait_until

EN = load("en")
RUN = replace(run_of([{"step": i, "loss": 1.0} for i in range(3)]), run="a\x1bb", total_steps=9)
SICK = Finding("overfitting", "warning", 0.9, 1800, "lo\udcffss", said("rose {by}", by=3))
WELL = Finding("healthy", "info", 0.9, 7, "loss", "falls")


def change(event: str, finding: Finding) -> Change:
    return Change(event, finding, RUN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "finding", "words"),
    [
        ("started", SICK, "+ ab: warning OVERFITTING since step 1,800: rose 3; do: "),
        ("present", SICK, "= ab: warning OVERFITTING since step 1,800: rose 3; do: "),
        ("ended", SICK, "- ab: Overfitting no longer holds at step 2"),
        ("started", WELL, "+ ab: info Healthy: falls"),
    ],
)
def test_an_event_in_a_line_for_people(event: str, finding: Finding, words: str) -> None:
    line = as_text(change(event, finding), EN)
    assert line[20:].startswith(words)
    assert ("; do: " in line) == ("do: " in words)
    time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")
    unplaced = replace(RUN, step=None)
    ended = as_text(Change("ended", SICK, unplaced), EN)
    assert ended.endswith("Overfitting no longer holds")


def test_an_event_as_data() -> None:
    told = json.loads(as_json(change("started", SICK), EN))
    assert (told["event"], told["run"], told["step"], told["total_steps"]) == (
        "started",
        "a\x1bb",
        2,
        9,
    )
    assert told["finding"]["pattern"] == "overfitting"
    assert told["logs"] == [RUN.logs[0].path]
    values = as_values(change("started", SICK), EN)
    assert (values["confidence"], values["since_step"], values["step"]) == ("0.90", "1800", "2")
    assert (values["evidence"], values["metric"], values["title"]) == (
        "rose 3",
        "lo\\udcffss",
        "Overfitting",
    )
    bare = as_values(Change("started", SICK, replace(RUN, step=None, logs=())), EN)
    assert (bare["step"], bare["log"]) == ("", "")


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), "sick well"),
        (Wanted("warning"), "sick"),
        (Wanted("critical"), ""),
        (Wanted("info", ("healthy",)), "well"),
        (Wanted("warning", ("healthy",)), ""),
    ],
)
def test_what_is_told(wanted: Wanted, fits: str) -> None:
    found = {"sick": change("started", SICK), "well": change("ended", WELL)}
    assert [name for name, one in found.items() if wanted.fits(one)] == fits.split()


def test_a_reader_that_has_gone_is_noticed(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with open(writer, "w") as out:
        assert not reader_gone(out)
        os.close(reader)
        assert reader_gone(out)
    with open(tmp_path / "x", "w") as file:
        assert not reader_gone(file)
    assert not reader_gone(object())  # type: ignore[arg-type]


# -- commands --------------------------------------------------------------------------------------


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Commands, list[str]]]:
    monkeypatch.chdir(tmp_path)

    def make(text: str, **options: float) -> tuple[Commands, list[str]]:
        told: list[str] = []
        return Commands(text, told.append, **options), told

    return make


def test_a_command_is_run_with_its_values(make, tmp_path: Path) -> None:
    one, told = make("sh -c 'echo \"$1|$LOSSMON_RUN|$LOSSMON_LONG\" > out; cat >> out' sh {run}")
    one.run({"run": "a\x1b b;c", "long": "x" * 5000})
    one.finish()
    assert (tmp_path / "out").read_text() == f"a b;c|a b;c|{'x' * 4000}\n"
    assert told == []
    assert one.tend() is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sh -c 'exit 3'", ["--exec: sh ended with status 3"]),
        ("/bin/sh -c 'exit 4'", ["--exec: sh ended with status 4"]),
        ("./none", ["--exec: ./none: no such file or directory"]),
        ("true", []),
    ],
)
def test_what_goes_wrong_with_a_command_is_said_once(make, text: str, says: list[str]) -> None:
    one, told = make(text)
    one.run({})
    one.finish()
    one.tend()
    assert told == says


def test_few_run_at_once_and_no_more_wait_than_makes_sense(make) -> None:
    one, told = make("sleep 60")
    for _ in range(AT_ONCE + MOST_WAITING + 2):
        one.run({})
    assert len(one._running) == AT_ONCE
    assert len(one._waiting) == MOST_WAITING
    assert told == [f"--exec: {MOST_WAITING} commands are waiting; this one is left out"] * 2
    assert one.tend() is True
    one.close()
    assert one.tend() is False


@pytest.mark.slow  # three seconds
def test_a_command_that_takes_too_long_is_ended_with_all_it_started(
    make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_GRACE_S", 0.1)
    one, told = make(
        "sh -c 'trap \"\" TERM; sleep 60 & echo $! > pid; wait; sleep 60'", timeout_s=3.0
    )
    one.run({})
    one.finish()
    assert told == ["--exec: ended after 3 s: sh"]
    wait_until(lambda: not lives(int(Path("pid").read_text())), "what it started goes on")


def test_at_an_end_nobody_waits(make) -> None:
    one, told = make("sleep 60")
    one.run({})
    one.finish(True)  # as an Ending that was told to end
    assert one.tend() is True
    one.close()
    assert told == []
