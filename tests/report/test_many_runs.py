"""A log of more runs than are told apart is named in one line by whatever reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.formats import by_run
from lossmon.monitor import passed
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather, read_share
from tests.monitor.test_shared import csv, jsonl

MOST = 3
TOLD = "more than 3 runs in it: those beyond are left out; split it"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(by_run, "MOST_RUNS", MOST)
    monkeypatch.setattr(passed, "MOST_RUNS", MOST)
    monkeypatch.chdir(tmp_path)


def write(count: int, path: str = "runs/m.csv") -> None:
    rows = [
        {"run": f"r{i}", "step": s, "loss": 1.0 - s / 9} for i in range(count) for s in range(3)
    ]
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text((csv if path.endswith("csv") else jsonl)(rows))


@pytest.mark.parametrize("target", ["runs", "runs/m.csv", "runs/m.jsonl"])
@pytest.mark.parametrize(
    "args",
    [["check"], ["check", "--json"], ["check", "-v"], ["export"], ["export", "-o", "all.csv"]],
    ids=" ".join,
)
def test_a_command_says_it_once_on_standard_error(target: str, args: list[str]) -> None:
    path = target if "." in target else "runs/m.csv"
    write(MOST + 2, path)
    done = CliRunner().invoke(cli, [*args, target], standalone_mode=False)
    said = [line for line in done.stderr.splitlines() if line.startswith("lossmon:")]
    assert said == [f"lossmon: {path}: {TOLD}"]


@pytest.mark.parametrize(("count", "told"), [(MOST - 1, 0), (MOST, 0), (MOST + 1, 1)])
def test_it_is_said_of_one_more_and_not_before(count: int, told: int) -> None:
    write(count)
    found = read_targets(["runs"])
    assert len(found.updates) == min(count, MOST)
    assert len(found.errors) == told


def test_other_processes_hand_it_on() -> None:
    write(MOST + 1)
    assert read_share(["runs"], ["runs/m.csv"], "never").barred == {"runs/m.csv": TOLD}
    assert [str(error) for error in gather(["runs"], 1, judging="never").errors] == [
        f"runs/m.csv: {TOLD}"
    ]


def test_it_is_there_for_a_screen_while_the_table_grows() -> None:
    write(MOST)
    monitor = open_monitor(["runs"], watch=False)
    try:
        monitor.poll()
        assert monitor.passed.to_tell == {}
        write(MOST + 1)
        while monitor.pending() or not monitor.passed.to_tell:
            monitor.poll()
            monitor.wait(0.01)
        assert monitor.passed.barred == {}
        assert monitor.passed.to_tell == {"runs/m.csv": TOLD}
    finally:
        monitor.close()
