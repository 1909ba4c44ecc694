"""Of a table of several runs a row that does not say of which it is is nobody's, and is counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lossmon.api import read_runs
from lossmon.logs.local import LocalSource
from lossmon.monitor import Monitor, RunUpdate
from tests.monitor.test_shared import Row, csv, in_turns, poll

STEPS = 60
REASON = "it does not say of which run it is"


def rows_of(runs: str = "abc", key: str = "run", names: dict[str, Any] | None = None) -> list[Row]:
    """Rows of one run after the other; none has the loss of another."""
    called = names or {run: run for run in runs}
    return [
        {key: called[run], "step": s, "loss": 3.0 + at - s / 100}
        for at, run in enumerate(runs)
        for s in range(STEPS)
    ]


def without(rows: Sequence[Row], *which: int, key: str = "run") -> list[Row]:
    """The same with no name in some rows."""
    return [{**row, key: None} if at in which else row for at, row in enumerate(rows)]


def merged(rows: Sequence[Row]) -> list[Row]:
    """The same with each name in the first row of its run alone."""
    again = [at for at in range(1, len(rows)) if rows[at]["run"] == rows[at - 1]["run"]]
    return without(rows, *again)


def absent(rows: Sequence[Row]) -> str:
    """JSON lines that leave out the key that is empty."""
    return "".join(json.dumps({k: v for k, v in r.items() if v is not None}) + "\n" for r in rows)


def null(rows: Sequence[Row]) -> str:
    """JSON lines with null."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def document(rows: Sequence[Row]) -> str:
    """A JSON document."""
    return json.dumps(list(rows))


WRITTEN = pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param(csv, "m.csv", id="a table"),
        pytest.param(absent, "m.jsonl", id="JSON lines without the key"),
        pytest.param(null, "m.jsonl", id="JSON lines with null"),
        pytest.param(document, "m.json", id="a JSON document"),
    ],
)
TURNS = in_turns(rows_of())
NUMBERS = {"a": 0, "b": 1, "c": 2}
NUMBERED = rows_of(key="trial", names=NUMBERS)


def counts(updates: Sequence[RunUpdate]) -> tuple[dict[str, int], int, set[str]]:
    """Points of each run, how many rows were skipped, and why."""
    logs = [log for update in updates for log in update.logs]
    points = {one.run: len(one.logged[one.train]) for one in updates if one.train is not None}
    return (
        points,
        sum(log.skipped for log in logs),
        {why for log in logs for why, _ in log.examples},
    )


@WRITTEN
@pytest.mark.parametrize(
    ("rows", "points", "skipped"),
    [
        pytest.param(TURNS, {"a": 60, "b": 60, "c": 60}, 0, id="each row names its run"),
        pytest.param(
            without(TURNS, 91), {"a": 60, "b": 59, "c": 60}, 1, id="one row of runs in turns"
        ),
        pytest.param(
            without(TURNS, *range(171, 180)), {"a": 57, "b": 57, "c": 57}, 9, id="the last nine"
        ),
        pytest.param(
            without(rows_of(), 90), {"a": 60, "b": 59, "c": 60}, 1, id="one of runs in a row"
        ),
        pytest.param(
            without(rows_of(), *range(140, 180)), {"a": 60, "b": 60, "c": 20}, 40,
            id="forty behind each other",
        ),
        pytest.param(
            without(TURNS, *range(2, 180, 2)), {"a": 31, "b": 30, "c": 30}, 89,
            id="every second one, in turns",
        ),
        pytest.param(
            merged(rows_of()), {"a": 60, "b": 60, "c": 60}, 0, id="each run is named once, as merged"
        ),
        pytest.param(
            without(merged(rows_of()) + rows_of("a")[30:40], *range(181, 190)),
            {"a": 61, "b": 60, "c": 60}, 9, id="named once, until a run comes again",
        ),
        pytest.param(without(rows_of("a"), 5, 6), {"": 60}, 0, id="one run alone"),
    ],
)  # fmt: skip
def test_a_row_that_names_no_run(
    tmp_path: Path,
    written: Callable[[Sequence[Row]], str],
    name: str,
    rows: Sequence[Row],
    points: dict[str, int],
    skipped: int,
) -> None:
    path = tmp_path / name
    path.write_text(written(rows))
    found, count, why = counts(read_runs(str(path)))
    if "" in points:
        points = {str(path): points[""]}
    assert (found, count) == (points, skipped)
    assert why == ({REASON} if skipped else set())


@WRITTEN
def test_a_row_without_a_number_of_trials_told_by_number(
    tmp_path: Path, written: Callable[[Sequence[Row]], str], name: str
) -> None:
    path = tmp_path / name
    path.write_text(written(without(in_turns(NUMBERED), 91, key="trial")))
    found, count, why = counts(read_runs(str(path)))
    assert found == {"trial 0": 60, "trial 1": 59, "trial 2": 60}
    assert (count, why) == (1, {REASON})


@WRITTEN
def test_rows_before_the_first_name_are_the_first_run_s(
    tmp_path: Path, written: Callable[[Sequence[Row]], str], name: str
) -> None:
    path = tmp_path / name
    path.write_text(written(without(rows_of(), 0, 1, 2)))
    assert counts(read_runs(str(path)))[:2] == ({"a": 60, "b": 60, "c": 60}, 0)


def test_a_run_that_has_finished_hides_no_row_that_is_nobody_s(tmp_path: Path) -> None:
    rows = without(TURNS, 170)
    done = {"run": "a", "train_runtime": 3.0, "train_loss": 1.0}
    (tmp_path / "m.jsonl").write_text(absent([*rows[:150], done, *rows[150:]]))
    _, count, why = counts(read_runs(str(tmp_path / "m.jsonl")))
    assert (count, why) == (1, {REASON})


def test_while_it_grows_too(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    lines = csv(without(TURNS, 91)).splitlines(keepends=True)
    monitor, runs = Monitor([LocalSource([str(path)])], [str(path)]), dict[str, RunUpdate]()
    try:
        for at in range(0, len(lines), 7):
            with path.open("a") as file:
                file.write("".join(lines[at : at + 7]))
            poll(monitor, runs)
    finally:
        monitor.close()
    assert counts(list(runs.values())) == ({"a": 60, "b": 59, "c": 60}, 1, {REASON})
