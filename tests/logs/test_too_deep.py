"""A run at any depth that trees have is found; what a bound leaves out is said, in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.diagnosis.knowledge import load
from lossmon.logs import walk
from lossmon.logs.follower import Follower
from lossmon.monitor.sources import open_monitor
from lossmon.tui.screens.main import empty_words
from tests.conftest import falling, training_rows, write_jsonl
from tests.logs.test_plain import Shell

BELOW = [8, 9, 32, 33, 34]
ROW = b"step 1 loss 2\n"


def folder(depth: int) -> str:
    return "/".join(["n", *("d" for _ in range(depth - 1))])


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in the folders of some depths below `runs`, and one that is no log deep below a venv."""
    for depth in BELOW:
        at = tmp_path / "runs" / folder(depth)
        at.mkdir(parents=True, exist_ok=True)
        (at / f"{depth}.log").write_bytes(ROW)
    hidden = tmp_path / "runs" / "venv" / folder(34)
    hidden.mkdir(parents=True)
    (hidden / "a.log").write_bytes(ROW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(target: str) -> tuple[set[str], dict[str, str]]:
    """Names of the logs that are found, and what is said of folders."""
    following = Follower([target])
    chunks = following.poll()
    found = {os.path.basename(log) for log in following.logs()}
    return found, {chunk.log: chunk.message for chunk in chunks if chunk.kind == "error"}


@pytest.mark.parametrize(
    ("target", "start"),
    [
        pytest.param("runs", "runs/", id="a folder"),
        pytest.param(".", "runs/", id="the folder one is in, one level above"),
        pytest.param("run*", "runs/", id="folders that a pattern matches"),
        pytest.param("runs/**", "runs/", id="a pattern over all levels"),
        pytest.param("runs/**/*.log", "runs/", id="logs at all levels"),
    ],
)
def test_logs_are_found_32_folders_deep_and_the_folder_below_is_told(
    tree: Path, target: str, start: str
) -> None:
    found, barred = told(target)
    deepest = 32 - (target == ".")
    assert found == {f"{depth}.log" for depth in BELOW if depth <= deepest}
    assert barred == {start + folder(deepest + 1): walk.TOO_DEEP}


def test_the_folder_that_is_named_then_is_read(tree: Path) -> None:
    found, barred = told("runs/" + folder(33))
    assert (found, barred) == ({"33.log", "34.log"}, {})


def test_a_folder_that_is_no_longer_too_deep_is_told_no_more(tree: Path) -> None:
    following = Follower(["runs"], every_s=0.0, rest=0.0)
    following.poll()
    (tree / "runs" / folder(33)).rename(tree / "runs" / "up")
    kinds = [(chunk.kind, chunk.log) for chunk in following.poll() if chunk.kind != "data"]
    assert kinds == [("truncated", "runs/" + folder(33))]
    assert {"33.log", "34.log"} <= {os.path.basename(log) for log in following.logs()}


def test_a_link_to_what_was_found_is_not_told_however_deep_it_stands(tree: Path) -> None:
    (tree / "runs" / folder(32) / "above").symlink_to(tree / "runs" / folder(9))
    (tree / "beside").mkdir()
    (tree / "runs" / folder(32) / "beside").symlink_to(tree / "beside")
    assert told("runs")[1] == {
        "runs/" + folder(33): walk.TOO_DEEP,
        "runs/" + folder(32) + "/beside": walk.TOO_DEEP,
    }


def test_more_folders_than_are_looked_into_are_told_as_they_are_on_a_box(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MAX_ENTRIES", 5)
    assert told("runs")[1] == {"runs": walk.TOO_MANY}
    assert told(".")[1] == {".": walk.TOO_MANY}


def test_no_more_folders_are_told_than_are_kept(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(walk, "MOST_BARRED", 2)
    for name in "abc":
        (tmp_path / folder(32) / name).mkdir(parents=True)
    assert len(told(str(tmp_path))[1]) == 2


def test_without_python_the_box_is_asked_as_deep(tree: Path) -> None:
    shell = Shell("sh", tree / "runs")
    try:
        shell.pump()
        assert {os.path.basename(log) for log in shell.content} == {
            f"{depth}.log" for depth in BELOW if depth <= 32
        }
        assert shell.told == {f"{tree}/runs/{folder(33)}": walk.TOO_DEEP}
        shell.pump()
        assert shell.kinds.count("error") == 1
    finally:
        shell.close()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run, and one that lies too deep; the folder that is told."""
    write_jsonl(tmp_path / "runs" / "a" / "log.jsonl", training_rows(falling(100)))
    write_jsonl(tmp_path / "runs" / folder(33) / "log.jsonl", training_rows(falling(100)))
    monkeypatch.chdir(tmp_path)
    return "runs/" + folder(33)


@pytest.mark.parametrize("args", [["check"], ["check", "-v"], ["check", "--json"], ["export"]])
def test_a_command_says_it_in_one_line(runs: str, args: list[str]) -> None:
    done = CliRunner().invoke(cli, [*args, "runs"], standalone_mode=False)
    assert done.stderr.splitlines()[-1] == f"lossmon: {runs}: {walk.TOO_DEEP}"
    assert done.stderr.count("\n") == 1


def test_an_empty_screen_says_it(runs: str, tmp_path: Path) -> None:
    (tmp_path / "runs" / "a" / "log.jsonl").unlink()
    monitor = open_monitor(["runs"], watch=False)
    try:
        monitor.poll()
        words = empty_words(monitor, load("en"), 100, 20, ascii=False)
        chinese = empty_words(monitor, load("zh"), 100, 20, ascii=False)
    finally:
        monitor.close()
    assert f"d: {walk.TOO_DEEP}" in "\n".join(words)
    assert "超过 32 层" in "\n".join(chinese)
