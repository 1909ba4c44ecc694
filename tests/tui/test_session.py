"""What a screen leaves for the next one: kept private and bounded, recalled, offered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from textual.widgets import Input

from lossmon import session
from lossmon.errors import TargetError
from lossmon.session import Session
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.run_list import RunList
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import monitor_of
from tests.tui.terminal import Terminal
from tests.tui.test_app import loaded, until


def full() -> Session:
    return Session(
        ("runs", "gpu1:exp"), "/home/me", ("a", "b"), "a", "b",
        (("a", "diverged", "acknowledged", "critical", 40, 0.0, 0.0),),
        "state:live", "step", "lr", ("group x",), ("list",), ("panel 50",),
    )  # fmt: skip


def test_what_is_saved_is_loaded_and_private() -> None:
    where = session.path_of(["runs"])
    session.save(where, full())
    found = session.load(where)
    assert found is not None
    assert found.saved_at > 0
    assert Session(**{**vars(found), "saved_at": 0.0}) == full()
    assert os.stat(where).st_mode & 0o777 == 0o600
    assert os.stat(session.folder()).st_mode & 0o777 == 0o700
    assert session.path_of(["runs"]) == where
    assert session.path_of(["other"]) != where


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"marked": 3, "hushed": [[1]], "order": []}', "[" * 100_000,
     '{"marked": [1, null], "hushed": [["a","b","c","d",1,2,3]], "saved_at": "x"}'],
)  # fmt: skip
def test_a_damaged_file_is_nothing(text: str) -> None:
    where = Path(session.path_of(["runs"]))
    where.parent.mkdir(parents=True)
    where.write_text(text)
    assert session.load(str(where)) in (None, Session())


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    where = Path(session.path_of(["runs"]))
    where.parent.mkdir(parents=True)
    (tmp_path / "x.json").write_text(json.dumps({"marked": ["a"]}))
    where.symlink_to(tmp_path / "x.json")
    assert session.load(str(where)) is None


def test_sizes_are_bounded_and_old_ones_are_forgotten() -> None:
    where = session.path_of(["runs"])
    session.save(where, Session(("t",), "/", marked=tuple(f"run{i}" for i in range(9999))))
    found = session.load(where)
    assert found is not None
    assert len(found.marked) == 2000
    named = session.path_of([], "mine")
    session.save(named, full())
    for i in range(80):
        session.save(session.path_of([f"t{i}"]), full())
    assert len(os.listdir(session.folder())) == 65, "64 sets of targets, and the name"
    assert session.names() == ["mine"]


@pytest.mark.parametrize("name", ["../x", "a/b", "auto-1", "x" * 70, ".x", "-x"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(TargetError, match="--session"):
        session.path_of([], name)


def test_where_nothing_can_be_written_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    session.save(session.path_of(["runs"]), full())
    assert session.last() is None


@pytest.mark.asyncio
async def test_the_next_screen_begins_as_the_last_was_left(folder: Path) -> None:
    monitor = monitor_of(folder)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        await pilot.press("i", "space", "space", "b", "o", "slash", *"-name:zzz", "enter")
        await pilot.press("escape", "slash", *"-name:zzz", "enter", "j", "G")
        await pilot.pause()
        before = app._main
        hushed = before.quiet.kept()
        assert hushed
        assert before.runs.filter == "-name:zzz"
        if len(app.screen_stack) > 1:
            await pilot.press("escape")
        left = app.left([str(folder)], str(folder.parent))
    monitor.close()
    assert left.marked
    assert left.baseline
    assert left.chosen
    session.save(session.path_of([str(folder)]), left)

    monitor = monitor_of(folder)
    app = LossmonApp(monitor, left=session.load(session.path_of([str(folder)])))
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        now = app._main
        await until(pilot, lambda: now.runs.baseline() is not None)
        assert now.quiet.kept() == hushed, "not forgotten while logs were read"
        assert tuple(now.runs.marked) == left.marked
        base = now.runs.baseline()
        assert base is not None
        assert base.run == left.baseline
        assert now.runs.order == left.order
        assert now.runs.chosen == left.chosen
        assert now.query_one("#filter", Input).value == "-name:zzz"
        assert now.query_one("#filter", Input).display
    monitor.close()


@pytest.mark.asyncio
async def test_the_list_is_open_where_it_was(folder: Path) -> None:
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, left=Session(panes=("list", "nonsense"), order="nonsense"))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.pause()
        assert app._main.query_one(RunList).region.width == 80
    monitor.close()


def test_the_last_session_is_offered_where_there_are_no_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, empty = tmp_path / "project", tmp_path / "empty"
    empty.mkdir()
    write_jsonl(project / "runs" / "sft" / "log.jsonl", training_rows(falling(60)))
    monkeypatch.chdir(project)
    watched = Terminal("runs", "--session", "mine")
    watched.wait_for("sft")
    watched.send(b"q")
    watched.end()
    monkeypatch.chdir(empty)
    offered = Terminal()
    offered.wait_for("open that? [Y/n]")
    assert "you watched runs" in offered.text()
    offered.send(b"\r")
    offered.wait_for("sft")
    offered.send(b"q")
    offered.end()
    named = Terminal("--session", "mine")
    named.wait_for("sft")
    named.send(b"q")
    named.end()
    unknown = Terminal("--session", "yours")
    unknown.wait_for("no such session (mine)")
    unknown.end()
