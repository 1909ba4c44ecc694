"""Logs in which several runs stand: what `export` writes, tables of a sweep, rows that take turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lossmon.api import read_runs
from lossmon.formats.by_run import MOST_RUNS
from lossmon.logs.local import LocalSource
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.made_of import Reader
from lossmon.presentation.export import write

STEPS = 60
TRAIN = {"a": 3.0, "b": 5.0}  # what the loss of each run begins with

Row = dict[str, Any]
Rows = Sequence[Row]


def loss(run: str, step: int) -> float:
    """Of a run at a step; no two are the same."""
    return round(TRAIN[run] * 0.97**step, 5)


def wide(**naming: dict[str, Any]) -> list[Row]:
    """Rows of run a, then those of b, which alone is evaluated."""
    return [
        {**{key: names[run] for key, names in naming.items()}, "step": s, "loss": loss(run, s)}
        | ({"eval_loss": loss(run, s) + 1} if run == "b" else {"eval_loss": None})
        for run in TRAIN
        for s in range(STEPS)
    ]


def long(**naming: dict[str, Any]) -> list[Row]:
    """The same with one metric a row."""
    return [
        {**{key: names[run] for key, names in naming.items()}, "metric": m, "step": s, "value": v}
        for run in TRAIN
        for m, add in (("loss", 0), *((("eval_loss", 1),) if run == "b" else ()))
        for s in range(STEPS)
        for v in (loss(run, s) + add,)
    ]


def in_turns(rows: Rows) -> list[Row]:
    """Rows as runs that go on at once write them."""
    return sorted(rows, key=lambda row: row["step"])


def csv(rows: Rows) -> str:
    """A table."""
    names = list(rows[0])
    lines = (",".join("" if row[n] is None else str(row[n]) for n in names) for row in rows)
    return "\n".join([",".join(names), *lines]) + "\n"


def jsonl(rows: Rows) -> str:
    """JSON lines, without what is empty."""
    return "".join(json.dumps({k: v for k, v in r.items() if v is not None}) + "\n" for r in rows)


NAMES = {"a": "a", "b": "b"}
NUMBERS = {"a": 0, "b": 1}
CALLED = {"a": "trial 0", "b": "trial 1"}
TABLES = {
    "a run, wide": (wide(run=NAMES), NAMES),
    "a run, long": (long(run=NAMES), NAMES),
    "wide, in turns": (in_turns(wide(run=NAMES)), NAMES),
    "long, in turns": (in_turns(long(run=NAMES)), NAMES),
    "an id": (wide(run_id=NAMES), NAMES),
    "two of one name": (wide(run_name={"a": "x", "b": "x"}, run_id=NAMES), {"a": "x", "b": "x (b)"}),
    "an experiment": (wide(experiment=NAMES), NAMES),
    "trials by number": (wide(trial=NUMBERS), CALLED),
    "trials in turns": (in_turns(wide(trial=NUMBERS)), CALLED),
    "an experiment of trials": (
        wide(experiment={"a": "e", "b": "e"}, trial_id={"a": "t1", "b": "t2"}),
        {"a": "e/t1", "b": "e/t2"},
    ),
}  # fmt: skip


def check_runs(updates: Sequence[RunUpdate], names: dict[str, str]) -> None:
    """Each of the two runs has its own rows, all of them, and nothing of the other."""
    assert sorted(update.run for update in updates) == sorted(names.values())
    for run, name in names.items():
        update = next(one for one in updates if one.run == name)
        (train,) = [view for key, view in update.logged.items() if key == update.train]
        assert train.value.tolist() == [loss(run, s) for s in range(STEPS)]
        assert train.step.tolist() == list(range(STEPS))
        assert (update.eval is not None) is (run == "b")


@pytest.mark.parametrize("written", [csv, jsonl])
@pytest.mark.parametrize(("rows", "names"), TABLES.values(), ids=TABLES)
def test_a_table_is_as_many_runs_as_it_names(
    tmp_path: Path, written: Callable[[Rows], str], rows: Rows, names: dict[str, str]
) -> None:
    """Of two runs the train loss of one was paired with the eval loss of the other."""
    path = tmp_path / f"table.{written.__name__}"
    path.write_text(written(rows))
    check_runs(read_runs(str(path)), names)


def test_a_json_document_of_such_rows_too(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps(wide(run=NAMES)))
    check_runs(read_runs(str(path)), NAMES)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_export_read_again_is_the_runs_that_were_exported(tmp_path: Path, ending: str) -> None:
    for run in TRAIN:
        (tmp_path / f"{run}.jsonl").write_text(
            jsonl([{k: v for k, v in row.items() if k != "run"} for row in wide(run=NAMES)
                   if row["run"] == run])
        )  # fmt: skip
    updates = [one for run in TRAIN for one in read_runs(str(tmp_path / f"{run}.jsonl"))]
    whole = tmp_path / f"all.{ending}"
    write(updates, str(whole))
    check_runs(read_runs(str(whole)), {run: f"{tmp_path}/{run}.jsonl" for run in TRAIN})


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{"trial": s, "loss": loss("a", s)} for s in range(STEPS)], id="counts rows"),
        pytest.param(
            [{"run": s // 20, "step": s, "loss": loss("a", s)} for s in range(STEPS)],
            id="counts resumes",
        ),
        pytest.param(
            [{"run_id": "a", "step": s, "loss": loss("a", s)} for s in range(STEPS)], id="one run"
        ),
        pytest.param(
            [{**({"run": "a"} if s == 0 else {}), "step": s, "loss": loss("a", s)}
             for s in range(STEPS)],
            id="named once",
        ),
        pytest.param(
            [{"run": f"x/{split}", "metric": "loss", "step": s, "value": loss("a", s)}
             for split in ("train", "validation") for s in range(STEPS)],
            id="the folders of one run",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("written", [csv, jsonl])
def test_what_names_no_second_run_is_one(
    tmp_path: Path, rows: Rows, written: Callable[[Rows], str]
) -> None:
    if len({tuple(row) for row in rows}) > 1 and written is csv:
        pytest.skip("a table names its columns once")
    path = tmp_path / f"table.{written.__name__}"
    path.write_text(written(rows))
    (update,) = read_runs(str(path))
    assert update.run == str(path)
    assert update.train is not None
    assert len(update.logged[update.train]) == STEPS


def test_runs_beyond_a_bound_are_left_out_with_a_word(tmp_path: Path) -> None:
    rows = [{"run": f"r{i}", "step": 1, "loss": 1.0} for i in range(MOST_RUNS + 7)]
    (tmp_path / "table.csv").write_text(csv(rows))
    with pytest.warns(UserWarning, match="more than 1,000 runs in it"):
        updates = read_runs(str(tmp_path / "table.csv"))
    assert len(updates) == MOST_RUNS
    (told,) = [log for one in updates for log in one.logs if log.skipped]
    assert told.skipped == 7
    assert "1,000" in told.examples[0][0]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Monitor]:
    """A monitor on a table that is not there yet."""
    monitor = Monitor([LocalSource([str(tmp_path / "table.csv")])], [str(tmp_path / "table.csv")])
    yield monitor
    monitor.close()


def poll(monitor: Monitor, runs: dict[str, RunUpdate]) -> dict[str, RunUpdate]:
    """The runs there are, after all that is at hand was read."""
    while True:
        for update in monitor.poll():
            runs.pop(update.run, None)
            if not update.removed:
                runs[update.run] = update
        if not monitor.pending():
            return runs


def test_rows_of_several_runs_that_take_turns_are_followed(
    tmp_path: Path, watched: Monitor
) -> None:
    rows, path = in_turns(wide(run=NAMES)), tmp_path / "table.csv"
    lines, runs = csv(rows).splitlines(keepends=True), dict[str, RunUpdate]()
    path.write_text("".join(lines[:2]))
    assert [one.step for one in poll(watched, runs).values()] == [0]
    for at in range(2, len(lines), 7):
        with path.open("a") as file:
            file.write("".join(lines[at : at + 7]))
        poll(watched, runs)
    check_runs(list(runs.values()), NAMES)
    path.write_text(csv([row for row in rows if row["run"] == "b"]))  # written anew
    assert set(poll(watched, runs)) == {"b"}
    assert runs["b"].step == STEPS - 1
    path.unlink()
    assert poll(watched, runs)["b"].lost


def test_a_point_leads_to_the_line_of_its_run(tmp_path: Path) -> None:
    rows = [{"run": run, "step": s, "loss": 2.0 + s} for s in range(STEPS) for run in "ab"]
    path = tmp_path / "table.csv"
    path.write_text(csv(rows))
    for update in read_runs(str(path)):
        (log,) = update.logs
        reader = Reader(log.text(), log.file)
        line = reader.line_of(7, [9.0], log.origins, "loss", log.run)
        assert line is not None
        assert line.data.decode() == f"{update.run},7,9.0"
