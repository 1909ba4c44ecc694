"""What reports decide before they read: what is read now, behind, again; and what machines tell."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lossmon.errors import TargetError
from lossmon.logs import vitals
from lossmon.monitor.jobs import Job
from lossmon.monitor.update import RunUpdate
from lossmon.report import ending as endings
from lossmon.report import machine, progress, status_now
from lossmon.report.ending import Ending
from lossmon.report.machine import look_at_machine, machine_line
from lossmon.report.status import Standing
from lossmon.report.status_cache import Memory
from lossmon.report.status_read import _affected
from tests.conftest import falling, training_rows, write_jsonl
from tests.monitor.test_news import _run

NOW = 1_000_000.0
KB = 100_000


def stamped(**sizes: int) -> dict[str, tuple[int, int, int, int]]:
    return {name: (size, 0, 0, 0) for name, size in sizes.items()}


@pytest.mark.parametrize(
    ("age_s", "took_s", "before", "there", "max_age_s", "done", "note"),
    [
        (5, 1, {"a": 3}, {"a": 3}, 30, [], ""),  # nothing has changed
        (5, 1, {"a": 3}, {"a": 4}, 30, [], ""),  # read a moment ago, and it took long
        (11, 1, {"a": 3}, {"a": 4}, 30, ["behind"], ""),
        (30, 1, {"a": 3}, {"a": 4}, 30, ["behind"], ""),
        (31, 1, {"a": 3}, {"a": 4}, 30, ["read"], ""),
        (31, 1, {"a": 3}, {"a": 24 << 20}, 30, ["behind"], "(31 s ago)"),
        (31, 1, {"a": 3}, {"a": (24 << 20) - KB}, 30, ["read"], ""),
        (31, 1, {"a": 3}, {"a": (24 << 20) - KB + 1}, 30, ["behind"], "(31 s ago)"),
        (31, 4, {"a": 3}, {"a": 24 << 20}, 30, [], "(31 s ago)"),
        (31, 1, {"a": 24 << 20}, {"a": 24 << 20, "b": 3}, 30, ["read"], ""),  # of b alone
        (31, 1, {}, {f"l{i}": 3 for i in range(251)}, 30, ["read"], ""),
        (31, 1, {}, {f"l{i}": 3 for i in range(252)}, 30, ["behind"], "(31 s ago)"),
        (None, 0, {}, {"a": 3}, 30, ["read"], ""),
        (None, 0, {}, {"a": 30_000_000}, 30, ["behind"], "reading 30 MB"),
        (None, 0, {}, {f"l{i}": 3 for i in range(300)}, 30, ["behind"], "reading 300 logs"),
    ],
)
def test_what_is_read_now_and_what_behind(
    age_s: float | None, took_s: float, before: dict[str, int], there: dict[str, int],
    max_age_s: float, done: list[str], note: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    memory = Memory(0.0 if age_s is None else NOW - age_s, stamped(**before), [], took_s)
    told: list[str] = []
    monkeypatch.setattr(status_now.time, "time", lambda: NOW)
    monkeypatch.setattr(status_now.cache, "load", lambda _: memory)
    monkeypatch.setattr(status_now.cache, "stamps_of", lambda _: stamped(**there))
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: told.append("behind"))
    monkeypatch.setattr(status_now, "read", lambda *_: (told.append("read"), memory)[1])
    assert status_now.now(["."], "en", max_age_s) == (memory, note)
    assert told == done


def test_of_another_box_all_is_read_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    memory = Memory(NOW - 100, {}, [], 0.0)
    monkeypatch.setattr(status_now.time, "time", lambda: NOW)
    monkeypatch.setattr(status_now.cache, "load", lambda _: memory)
    monkeypatch.setattr("subprocess.Popen", lambda given, **more: told.append((given, more)))
    assert status_now.now(["gpu1:runs"], "zh", 30) == (memory, "(2 min ago)")
    ((given, more),) = told
    assert given[1:] == ["-m", "lossmon", "status", "--refresh", "--lang", "zh", "--", "gpu1:runs"]
    assert more["start_new_session"]
    monkeypatch.setattr(status_now.cache, "load", lambda _: Memory())
    assert status_now.now(["gpu1:runs"], "en", 30)[1] == "reading"


@pytest.mark.parametrize(
    ("target", "says"), [("-", "a pipe has no status"), ("none", "no such file")]
)
def test_what_has_no_status_is_told(target: str, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        status_now.parsed([target])


@pytest.mark.parametrize(
    ("alone", "known", "behind", "reads"),
    [
        (True, True, False, True), (True, False, True, True), (False, True, False, False),
        (False, False, True, False), (False, False, False, True),  # somebody waits for it
    ],
)  # fmt: skip
def test_who_is_not_alone_waits_only_where_nothing_is_known(
    alone: bool, known: bool, behind: bool, reads: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_jsonl(tmp_path / "runs" / "a" / "log.jsonl", training_rows(falling(30)))
    targets = [str(tmp_path / "runs")]
    memory = Memory(NOW if known else 0.0)
    with status_now.cache.alone(status_now.cache.place(targets, "en")) if not alone else _nobody():
        found = status_now.read(targets, "en", memory, behind=behind)
    assert bool(found.runs) == reads
    assert (found is memory) != reads


class _nobody:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("before", "there", "joined", "folders"),
    [
        ({"r/a/x": 1}, {"r/a/x": 1}, [], set()),
        ({"r/a/x": 1, "r/b/x": 1}, {"r/a/x": 2, "r/b/x": 1}, [], {"r/a"}),  # it grew
        ({"r/a/x": 1}, {}, [], {"r/a"}),  # it went
        ({"r/a/x": 1}, {"r/a/x": 1, "r/b/x": 1}, [], {"r/b"}),  # it came
        ({"r/a/x": 1}, {"r/a/x": 1, "r/a/b/x": 1}, [], {"r/a", "r/a/b"}),  # below another
        ({"r/a/x": 1}, {"r/a/x": 1, "r/x": 1}, [], {"r", "r/a"}),  # above it
        ({"r/ab/x": 1}, {"r/ab/x": 1, "r/a/x": 1}, [], {"r/a"}),  # a name that begins alike
        ({"r/a/x": 1, "r/b/x": 1, "r/c/x": 1}, {"r/a/x": 2, "r/b/x": 1, "r/c/x": 1},
         [("r/a/x", "r/b/x"), ("r/c/x",)], {"r/a", "r/b"}),
        ({"r/a/x": 1, "r/b/x": 1, "r/c/x": 1}, {"r/a/x": 2, "r/b/x": 1, "r/c/x": 1},
         [("r/a/x", "r/b/x"), ("r/b/x", "r/c/x")], {"r/a", "r/b", "r/c"}),
    ],
)  # fmt: skip
def test_the_trainings_of_what_changed_are_read_again(
    before: dict[str, int], there: dict[str, int], joined: list[tuple[str, ...]], folders: set[str]
) -> None:
    runs = [Standing(str(at), logs) for at, logs in enumerate(joined)]
    assert _affected(Memory(NOW, stamped(**before), runs), stamped(**there)) == folders


GPU = {"id": "GPU-1", "name": "H100", "use": 97, "memory": 71 << 30}


def machine_with(told: dict[str, Any]) -> Callable[..., Any]:
    class Stand:
        def __init__(self, scan_s: float) -> None:
            assert scan_s == 3.0

        def sample(self, paths: list[str]) -> dict[str, Any]:
            told["asked"] = paths
            return told["sample"]  # type: ignore[no-any-return]

    return Stand


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"state": "finished"}, False),
        ({"state": "failed"}, False),
        ({"state": "silent"}, True),
        ({"host": "gpu1"}, False),
        ({"job": Job("slurm", "7", "RUNNING")}, False),
        ({"last_row_time": None}, False),
        ({"last_row_time": NOW - 86_399}, True),
        ({"last_row_time": NOW - 86_400}, False),
    ],
    ids=str,
)
def test_the_machine_is_asked_of_runs_that_may_go_on_here(
    changes: dict[str, Any], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {"sample": None}
    monkeypatch.setattr(vitals, "Vitals", machine_with(told))
    update = replace(_run(), state="running", last_row_time=NOW - 5)
    run = replace(update, **changes)
    (seen,) = look_at_machine([run], NOW)
    assert seen is run
    assert ("asked" in told) == asked
    if asked:
        assert told["asked"] == [log.file for log in run.logs]


@pytest.mark.parametrize(
    ("writer", "state", "line"),
    [("python", "silent", "its process lives"), ("python", "running", ""), ("", "silent", "")],
)
def test_that_a_process_lives_is_told_where_its_log_is_silent(
    writer: str, state: Any, line: str
) -> None:
    update: RunUpdate = replace(_run(), writer=writer, state=state, gpus=())
    assert machine_line(update) == line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_reading_tells_now_and_then_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    told = []
    line = progress.Progress(100)
    for at, count in ((0.9, 3), (1.0, 0), (1.0, 10), (1.4, 20), (1.5, 50), (2.0, 120)):
        now[0] = at
        screen.truncate(0)
        screen.seek(0)
        line.show(count)
        told.append(screen.getvalue().removeprefix("\rlossmon: ").removesuffix("\x1b[K"))
    assert told == [
        "", "", "read 10 of 100 logs, 9 s left", "", "read 50 of 100 logs, 1.5 s left",
        "read 120 of 100 logs, <1 s left",
    ]  # fmt: skip
    unknown = progress.Progress()
    now[0] = 9.0
    unknown.show(7)
    assert screen.getvalue().endswith("\rlossmon: read 7 logs\x1b[K")
    unknown.expect(8)
    now[0] = 10.0
    unknown.show(8)
    assert "of 8 logs" in screen.getvalue()


def test_the_line_goes_only_where_one_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    progress.Progress(3).clear()
    assert screen.getvalue() == ""


def test_the_first_signal_counts_and_none_is_the_answer_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its thread and without handlers: what it notes, and whom it wakes."""
    ending = Ending((10, 12))
    assert (bool(ending), ending.number) == (False, None)
    woken: list[bool] = []
    ending.on_signal(lambda: woken.append(True))
    ending._note(12, None)
    ending._note(10, None)
    assert (bool(ending), ending.number) == (True, 12)
    read = iter([b"\x01", b"\x09\x0a"])  # signals that are none of its, then one that is
    monkeypatch.setattr(endings.os, "read", lambda *_: next(read))
    ended: list[int] = []
    monkeypatch.setattr(endings.os, "_exit", ended.append)
    ending._told = 0
    ending._over = threading.Event()
    ending._over.set()
    ending._wait()
    assert (woken, ended) == ([True], [])
    monkeypatch.setattr(endings, "PATIENCE_S", 0.0)
    ending._over.clear()
    read = iter([b"\x0a\x01"])
    ending._wait()
    assert ended == [138]


def test_so_long_is_looked_for_processes() -> None:
    assert (machine.SCAN_S, machine.RECENT_S) == (3.0, 86_400.0)
