"""The one line of `lossmon status`, and what it remembers between two calls: tables."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.logs.stamp import stamp_of
from lossmon.logs.target import parse
from lossmon.report import status_now
from lossmon.report.status import Standing, line, style_of
from lossmon.report.status_cache import Memory, alone, place, save, stamps_of
from lossmon.report.status_cache import load as remembered
from lossmon.report.status_read import refreshed, standing
from lossmon.words import words
from tests.chart.test_views import run_of
from tests.conftest import falling, training_rows, write_jsonl

NOW = 1_800_000_000.0
WELL = Standing("runs/well", (), "info", "Healthy", "running", 1200, 5000, 300.0, NOW - 5, 60.0)
SICK = Standing("sick", (), "warning", "Overfitting", "running", 7, None, None, NOW - 5, 60.0)
DEAD = Standing("dead", (), "critical", "Diverged", "failed", 7)
NEW = Standing("new")


def told(*runs: Standing, **look: Any) -> str:
    return line(runs, now=NOW, **{"width": 80, **look})


@pytest.mark.parametrize(
    ("runs", "look", "text"),
    [
        ([], {}, "no runs"),
        ([], {"note": "reading"}, "reading"),
        ([WELL], {}, "✓ Healthy runs/well 1,200/5,000 ETA 5 min"),
        ([WELL], {"ascii": True}, "+ Healthy runs/well 1,200/5,000 ETA 5 min"),
        ([SICK], {}, "! OVERFITTING sick 7"),
        ([DEAD], {}, "✗ DIVERGED dead 7 failed"),
        ([NEW], {}, "… new"),
        ([NEW], {"ascii": True}, ". new"),
        ([WELL], {"note": "(3 s ago)"}, "✓ Healthy runs/well 1,200/5,000 ETA 5 min  (3 s ago)"),
        ([WELL, SICK, DEAD], {}, "✗1 !1 ✓1  dead DIVERGED"),
        ([WELL, SICK], {}, "!1 ✓1  sick OVERFITTING"),
        ([WELL, WELL, NEW], {}, "✓2 …1  2 running"),
        ([NEW, NEW], {}, "…2  none running"),
        ([WELL, NEW], {"words": words("zh")}, "✓1 …1  1 个训练中"),
        ([WELL], {"width": 12}, "✓ Healthy r…"),
        ([WELL], {"width": 12, "ascii": True}, "+ Healthy r~"),
        ([WELL], {"width": 10}, "✓ Healthy"),
        ([SICK], {"style": "ansi"}, "\x1b[33m! \x1b[0m\x1b[33mOVERFITTING \x1b[0msick 7"),
        ([NEW], {"style": "ansi"}, "… new"),
        (
            [DEAD],
            {"style": "tmux"},
            "#[fg=red,bold]✗ #[default]#[fg=red,bold]DIVERGED #[default]dead 7 failed",
        ),
    ],
)
def test_the_line(runs: list[Standing], look: dict[str, Any], text: str) -> None:
    assert told(*runs, **look) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b/c", "a/b/c"),
        ("a/" + "b" * 18, "a/" + "b" * 18),
        ("a/" + "b" * 19, "b" * 19),
        ("a/" + "b" * 30 + "/", "b" * 23 + "…"),
        ("b" * 25, "b" * 23 + "…"),
        ("a#b\x1b", "a#b"),
    ],
)
def test_of_a_long_name_the_end_is_shown(name: str, shown: str) -> None:
    assert told(Standing(name)) == f"… {shown}"
    assert told(Standing(name), style="tmux") == f"… {shown.replace('#', '##')}"


@pytest.mark.parametrize(
    ("silent_s", "changes", "text"),
    [
        (60, {}, "✓ Healthy r 10/50 ETA 5 min"),
        (61, {}, "! STALLED r 10/50 stalled"),
        (61, {"total_steps": None}, "✓ Healthy r 10"),  # without a plan it may have ended
        (61, {"severity": "critical", "title": "Diverged"}, "✗ DIVERGED r 10/50 stalled"),
        (61, {"state": "finished"}, "✓ Healthy r 10/50 ETA 5 min"),
        (61, {"patience_s": None}, "✓ Healthy r 10/50 ETA 5 min"),
    ],
)
def test_a_silence_becomes_a_stall(silent_s: float, changes: dict[str, Any], text: str) -> None:
    values = {**WELL.values(), "run": "r", "step": 10, "total_steps": 50}
    run = Standing(**{**values, "last_row_time": NOW - silent_s, **changes})
    assert told(run) == text


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"step": None, "eta_s": None}, True),
        ({"step": "7"}, False),
        ({"step": float("nan")}, False),
        ({"eta_s": 1e16}, False),
        ({"eta_s": 1e15}, True),
        ({"run": 3}, False),
        ({"title": None}, False),
        ({"severity": "grave"}, False),
        ({"severity": ""}, True),
        ({"logs": "a"}, False),
        ({"more": 1}, False),
    ],
)
def test_what_is_remembered_is_taken_where_it_is_as_it_should_be(
    changes: dict[str, Any], whole: bool
) -> None:
    values = {**WELL.values(), "logs": ["a", "b"], **changes}
    found = Standing.of(values)
    assert (found is not None) == whole
    if found is not None:
        assert found.logs == ("a", "b")
        assert Standing.of(json.loads(json.dumps(found.values()))) == found
    assert Standing.of([values]) is None
    lacking = {name: value for name, value in values.items() if name != "run"}
    assert Standing.of(lacking) is None


@pytest.mark.parametrize(
    ("wanted", "terminals", "environment", "style"),
    [
        ("plain", (0, 1, 2), {"TMUX": "x"}, "plain"),
        ("ansi", (), {}, "ansi"),
        ("auto", (), {"TMUX": "x"}, "tmux"),
        ("auto", (2,), {"TMUX": "x"}, "plain"),  # a prompt in tmux
        ("auto", (0,), {"TMUX": "x"}, "plain"),
        ("auto", (), {}, "plain"),
        ("auto", (1,), {}, "ansi"),
        ("auto", (1,), {"NO_COLOR": "1"}, "plain"),
        ("auto", (1,), {"TMUX": "x"}, "ansi"),
    ],
)
def test_the_style_fits_where_it_runs(
    wanted: str, terminals: tuple[int, ...], environment: dict[str, str], style: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("TMUX", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def isatty(descriptor: int) -> bool:
        if descriptor == 0 and not terminals:
            raise OSError
        return descriptor in terminals

    monkeypatch.setattr(os, "isatty", isatty)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: 1 in terminals)
    assert style_of(wanted) == style


# -- what is remembered ----------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "lossmon"


def test_what_was_read_is_remembered_for_its_user_alone(cache: Path) -> None:
    where = place(["runs"], "en")
    assert os.path.dirname(where) == str(cache)
    assert remembered(where) == Memory()
    memory = Memory(time.time(), {"a\udcff": (1, 2, 3, 4)}, [WELL, NEW], 0.5)
    save(where, memory)
    assert (os.stat(where).st_mode & 0o777, os.stat(cache).st_mode & 0o777) == (0o600, 0o700)
    assert os.listdir(cache) == [os.path.basename(where)]
    found = remembered(where)
    assert (found.runs, found.took_s, found.read_at) == (memory.runs, 0.5, memory.read_at)
    assert len({where, place(["runs"], "zh"), place(["runs", "a"], "en")}) == 3


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"read_at": -1}, False),
        ({"read_at": time.time() + 30}, True),  # a clock that was set back a little
        ({"read_at": time.time() + 1e6}, False),
        ({"took_s": 3600}, True),
        ({"took_s": 3601}, False),
        ({"took_s": -1}, False),
        ({"stamps": {"a": [1]}}, False),
        ({"stamps": []}, False),
        ({"runs": [{"run": "x"}]}, False),
        ({"runs": 3}, False),
    ],
)
def test_damage_is_nothing(cache: Path, changes: dict[str, Any], whole: bool) -> None:
    where = place(["runs"], "en")
    save(where, Memory(5.0, {"a": (1, 2, 3, 4)}, [WELL], 0.5))
    values = {**json.loads(Path(where).read_text()), **changes}
    Path(where).write_text(json.dumps(values))
    assert (remembered(where) != Memory()) == whole
    Path(where).write_text("[" * 100_000)
    assert remembered(where) == Memory()


def test_of_two_who_read_one_knows_of_the_other(cache: Path, tmp_path: Path) -> None:
    where = place(["runs"], "en")
    with alone(where) as first:
        with alone(where) as second:
            assert (first, second) == (True, False)
        with alone(where + "x") as other:
            assert other
    with alone(where) as again:
        assert again
    (tmp_path / "file").write_text("")
    with alone(str(tmp_path / "file" / "x")) as nowhere:
        assert nowhere
    save(str(tmp_path / "file" / "x"), Memory())


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in "ab":
        write_jsonl(tmp_path / "runs" / name / "log.jsonl", training_rows(falling(40)))
    return tmp_path / "runs"


def test_the_logs_below_targets_as_they_are(cache: Path, runs: Path) -> None:
    found = stamps_of([parse("runs"), parse("gpu1:runs")])
    assert found["runs/a/log.jsonl"] == stamp_of(str(runs / "a" / "log.jsonl"))
    assert len(found) == 2


def test_nothing_is_read_where_nothing_changed(
    cache: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind: list[str] = []
    monkeypatch.setattr(status_now, "_read_behind", lambda *_: behind.append("behind"))
    memory, note = status_now.now(["runs"], "en", 30)
    assert ({run.run for run in memory.runs}, note) == ({"runs/a", "runs/b"}, "")
    again, note = status_now.now(["runs"], "en", 0)
    assert (again, note) == (memory, "")
    write_jsonl(runs / "c" / "log.jsonl", training_rows(falling(40)))
    third, note = status_now.now(["runs"], "en", 1e9)  # good enough meanwhile
    assert (third.runs, note, behind) == (memory.runs, "", ["behind"])
    fourth, note = status_now.now(["runs"], "en", 0)
    assert ({run.run for run in fourth.runs}, note) == ({"runs/a", "runs/b", "runs/c"}, "")
    monkeypatch.setattr(status_now, "_AT_ONCE_BYTES", 0)
    write_jsonl(runs / "d" / "log.jsonl", training_rows(falling(40)))
    fifth, note = status_now.now(["runs"], "en", 0)  # too much to wait for
    assert (fifth.runs, note) == (fourth.runs, "(<1 s ago)")
    assert behind == ["behind"] * 2
    size = (runs / "d" / "log.jsonl").stat().st_size
    _, note = status_now.now(["runs/d"], "en", 0)
    assert note == f"reading {size / 1e6:,.0f} MB"


@pytest.mark.parametrize(
    ("size", "logs", "note"),
    [(0, 0, "reading"), (3e6, 100, "reading 3 MB"), (3e6, 101, "reading 101 logs")],
)
def test_what_is_said_while_nothing_is_known(size: float, logs: int, note: str) -> None:
    assert status_now._reading(int(size), logs) == note


def test_a_pipe_has_no_status_and_what_is_not_there_is_said(cache: Path) -> None:
    with pytest.raises(TargetError, match="-: a pipe has no status"):
        status_now.parsed(["-"])
    with pytest.raises(TargetError, match="none: no such file"):
        status_now.parsed(["none"])
    assert status_now.parsed(["gpu1:runs"]) == [parse("gpu1:runs")]


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ([], []),
        (["a/log.jsonl"], ["a"]),
        (["c/log.jsonl"], ["c"]),  # it is new, and lies beside the others
        (["a/more/log.jsonl"], ["a", "a/more"]),  # it may be of the training above
    ],
)
def test_what_a_change_makes_necessary_is_read_anew(
    cache: Path, runs: Path, changed: list[str], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = [parse("runs")]
    first = refreshed(["runs"], target, Memory(), stamps_of(target), "en")
    for name in changed:
        write_jsonl(runs / name, training_rows(falling(40, start=3.0)) * 2)
    asked: list[list[str] | None] = []
    from lossmon.report import status_read

    usual = status_read.read_targets

    def noted(targets: Any, *, logs: Any, judging: Any) -> Any:
        asked.append(logs)
        return usual(targets, logs=logs, judging=judging)

    monkeypatch.setattr(status_read, "read_targets", noted)
    second = refreshed(["runs"], target, first, stamps_of(target), "en")
    folders = sorted(
        {os.path.relpath(os.path.dirname(one), "runs") for part in asked for one in part or []}
    )
    assert folders == read
    assert len(second.runs) >= len(first.runs)


def test_a_line_says_of_a_run_what_is_known() -> None:
    few = run_of([{"step": i, "loss": 1.0} for i in range(3)])
    assert (standing(few, load("en")).severity, standing(few, load("en")).title) == ("", "")
    long = run_of(training_rows(falling(300)))
    found = standing(long, load("zh"))
    assert (found.severity, found.step, found.state) == ("info", 3000, long.state)
    assert found.title == load("zh").pattern(long.diagnosis.findings[0].pattern).title
    assert found.logs == (long.logs[0].path,)
