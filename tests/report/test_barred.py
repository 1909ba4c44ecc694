"""Logs and folders below a target that may not be read: each is said, and none is called empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.diagnosis.knowledge import load
from lossmon.fleet.triage import Fleet
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather
from lossmon.tui.screens.main import empty_words
from tests.conftest import falling, training_rows, write_jsonl
from tests.fleet.test_fleet import Alone
from tests.modes import modes_hold

DENIED = "permission denied; ask its owner for read access"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three runs, of which the log of one and the folder of another may not be read."""
    for name in ("a", "b", "c"):
        write_jsonl(tmp_path / "runs" / name / "log.jsonl", training_rows(falling(100)))
    (tmp_path / "runs" / "b" / "log.jsonl").chmod(0)
    (tmp_path / "runs" / "c").chmod(0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with modes_hold():
        yield tmp_path / "runs"
    (tmp_path / "runs" / "c").chmod(0o700)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_may_not_be_read_beside_good_runs_is_one_line(runs: Path, jobs: int) -> None:
    updates, (error,), refused = gather(["runs"], jobs, judging="never")
    assert [update.run for update in updates] == ["runs/a"]
    assert "; 1 more log or folder can't be read" in str(error)
    assert DENIED in str(error)
    assert refused["runs/b/log.jsonl"] == DENIED


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("runs/b", f"runs/b/log.jsonl: {DENIED}"),
        ("runs/b/log.jsonl", f"runs/b/log.jsonl: {DENIED}"),
        ("runs/c", f"runs/c: {DENIED}"),
        ("runs/c/log.jsonl", f"runs/c/log.jsonl: {DENIED}"),
        ("runs/b/*", f"runs/b/log.jsonl: {DENIED}"),
    ],
)
def test_a_target_that_may_not_be_read_is_one_line_of_ours(
    runs: Path, target: str, says: str
) -> None:
    done = CliRunner().invoke(cli, ["check", target], standalone_mode=False)
    (error,) = read_targets([target]).errors
    assert str(error) == says
    assert says in done.output
    assert "Usage:" not in done.output


def test_many_processes_say_it_too(runs: Path) -> None:
    with Fleet(["runs"], "en", "never") as fleet:
        fleet.read(Alone(), resume=False)
        assert len(list(fleet.lines())) == 1
        (error,) = fleet.errors()
    assert DENIED in str(error)
    assert "; 1 more log or folder can't be read" in str(error)


def test_an_empty_screen_says_why(runs: Path) -> None:
    (runs / "a" / "log.jsonl").unlink()
    monitor = open_monitor(["runs"], watch=False)
    try:
        monitor.poll()
        words = "\n".join(empty_words(monitor, load("en"), 100, 20, ascii=False))
    finally:
        monitor.close()
    assert f"log.jsonl: {DENIED}" in words
    assert f"c: {DENIED}" in words


def test_check_v_calls_nothing_empty_that_may_not_be_read(runs: Path) -> None:
    told = CliRunner().invoke(cli, ["check", "-v", "runs"], standalone_mode=False).output
    assert "an empty file" not in told
    assert f"runs/b/log.jsonl: {DENIED}" in told
