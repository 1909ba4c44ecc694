"""A folder of Parquet, written by one worker in this process: which parts stand there afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.fleet import table
from lossmon.fleet.table import Written, write_folder
from tests.conftest import falling, training_rows, write_jsonl
from tests.fleet.test_parts import Alone

dataset = pytest.importorskip("pyarrow.dataset", reason="no pyarrow")

OTHERS = "part-0123abcd-0123456789abcdef0123.parquet"  # of other targets
OLD = "part-0123456789abcdef0123.parquet"  # of an older lossmon


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Written]:
    """Export below runs/, where `a` and `b` differ and `copy` is the log of `a` once more."""
    monkeypatch.chdir(tmp_path)
    for name, start in (("a", 2.0), ("b", 3.0)):
        write_jsonl(Path("runs", name, "log.jsonl"), training_rows(falling(60, start)))

    def export(*targets: str) -> Written:
        return write_folder(targets or ("runs",), Alone(1), "out")

    return export


def points() -> dict[str, int]:
    """Run -> how many points stand in the folder."""
    runs = dataset.dataset("out").to_table().column("run").to_pylist()
    return {run: runs.count(run) for run in sorted(set(runs))}


def names() -> set[str]:
    return set(os.listdir("out"))


def test_each_run_is_written_once(export: Callable[..., Written]) -> None:
    assert export() == Written(2, 120, [], 0)
    assert sorted(points().values()) == [60, 60]
    before = names()
    assert export("./runs/") == Written(2, 120, [], 0)
    assert len(names()) == 2, "the same targets, however they are typed"
    assert {one[:13] for one in names()} == {one[:13] for one in before}


def test_a_copy_that_lies_far_apart_is_no_second_run_and_its_old_parts_go(
    export: Callable[..., Written],
) -> None:
    shutil.copytree("runs/a", "runs/far/copy")
    assert export().runs == 2
    assert sorted(points().values()) == [60, 60]
    assert len(names()) == 2


def test_what_was_in_a_part_beside_a_copy_is_written_anew(
    export: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, start in (("b/one", 5.0), ("b/two", 7.0), ("c", 9.0)):
        rows = training_rows(falling(60, start))
        write_jsonl(Path("runs", name, "log.jsonl"), rows)
    shutil.copytree("runs/a", "runs/b/zcopy")
    assert export() == Written(5, 300, [], 0)
    assert sorted(points().values()) == [60] * 5
    assert len(names()) == 3, "the copies, what was beside one, and the other as it was"


def test_parts_of_others_stay_and_are_counted(export: Callable[..., Written]) -> None:
    os.mkdir("out")
    for name in (OTHERS, OLD, "notes.parquet", OTHERS + ".bak"):
        Path("out", name).touch()
    assert export().others == 2
    assert {OTHERS, OLD, "notes.parquet", OTHERS + ".bak"} < names()


def test_what_an_earlier_export_left_goes_once_all_was_read(
    export: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    export()
    first = names()
    shutil.rmtree("runs/b")
    assert export() == Written(1, 60, [], 0)
    assert len(names()) == 1
    assert names() < first


@pytest.mark.parametrize("reason", ["a folder that is shut", "nothing there"])
def test_what_an_earlier_export_left_stays_where_not_all_was_read(
    reason: str, export: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    export()
    first = names()
    shutil.rmtree("runs/b")
    if reason == "nothing there":
        shutil.rmtree("runs/a")
    else:
        tasks = table.plan(["runs"])
        tasks.barred["runs/c"] = "permission denied"
        monkeypatch.setattr(table, "plan", lambda _: tasks)
    written = export()
    assert names() == first
    assert written.runs == (0 if reason == "nothing there" else 1)
    assert len(written.errors) == (0 if reason == "nothing there" else 1)


@pytest.mark.parametrize("named", ["{name}", "x{name}", "{name}x"])
def test_a_part_is_known_by_its_whole_name(named: str, export: Callable[..., Written]) -> None:
    export()
    ours = sorted(names())[0]
    shutil.rmtree("out")
    os.mkdir("out")
    stale = named.format(name=ours.replace(ours[-28:-8], "f" * 20))
    Path("out", stale).touch()
    export()
    assert (stale in names()) == (named != "{name}")
