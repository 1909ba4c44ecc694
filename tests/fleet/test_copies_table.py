"""A fleet that one process reads: copies far apart, what is kept, and parts of earlier exports."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from lossmon.fleet.plan import plan
from lossmon.fleet.triage import Fleet
from tests.conftest import falling, training_rows, write_jsonl
from tests.fleet.test_parts import planned


class Alone:
    """A pool of one worker, which is this process; results come last first."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def run(self, work: Callable[[str], str], tasks: Iterable[str]) -> Iterator[tuple[int, str]]:
        for at, task in reversed(list(enumerate(tasks))):
            self.read.append([os.path.relpath(log) for log in json.loads(task)["logs"]])
            yield at, work(task)


def losses(seed: int) -> list[float]:
    return [one + seed / 7 + i % 3 / 100 for i, one in enumerate(falling(60))]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run elsewhere, one that diverged, and one of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, seed in (("one", 1), ("two", 2)):
        write_jsonl(tmp_path / "runs" / name / "log.jsonl", training_rows(losses(seed)))
    shutil.copytree(tmp_path / "runs" / "one", tmp_path / "runs" / "far" / "copy")
    rows = training_rows([*losses(3), *[float("nan")] * 20])
    write_jsonl(tmp_path / "runs" / "nan" / "log.jsonl", rows)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def told(fleet: Fleet) -> dict[str, tuple[int, str]]:
    """Run -> how many logs it has, and the worst that is found."""
    return {
        json.loads(text)["run"]: (len(json.loads(text)["logs"]), worst)
        for text, worst in fleet.lines()
    }


JOINED = "runs/far/copy/log.jsonl"  # of the copies the one that was read first


def test_copies_far_apart_are_one_run_and_what_was_read_is_not_read_again(runs: Path) -> None:
    first = Alone()
    with Fleet(["runs"], "en", "at the end") as fleet:
        fleet.read(first, resume=False)
        kept = told(fleet)
        assert {name: logs for name, (logs, _) in kept.items()} == {
            JOINED: 2,
            "runs/two": 1,
            "runs/nan": 1,
        }
        assert kept["runs/nan"][1] == "critical"
        assert (fleet.tasks, fleet.done, fleet.interrupted) == (4, 4, False)
        assert fleet.errors() == []
    both = ["runs/far/copy/log.jsonl", "runs/one/log.jsonl"]
    assert [sorted(some) for some in first.read[4:]] == [both]
    again = Alone()
    (runs / "two" / "log.jsonl").unlink()
    write_jsonl(runs / "three" / "log.jsonl", training_rows(losses(9)))
    with Fleet(["runs"], "en", "at the end") as fleet:
        fleet.read(again, resume=True)
        assert told(fleet) == {
            ("runs/three" if name == "runs/two" else name): one for name, one in kept.items()
        }
        assert (fleet.tasks, fleet.done) == (4, 4)
    assert again.read[0] == ["runs/three/log.jsonl"]
    assert [sorted(some) for some in again.read[1:]] == [both]
    anew = Alone()
    with Fleet(["runs"], "en", "at the end") as fleet:
        fleet.read(anew, resume=False)
    assert len(anew.read) == 5


def test_a_reading_that_is_broken_off_says_so(runs: Path) -> None:
    class Broken(Alone):
        def run(
            self, work: Callable[[str], str], tasks: Iterable[str]
        ) -> Iterator[tuple[int, str]]:
            yield next(super().run(work, tasks))
            raise KeyboardInterrupt

    with Fleet(["runs"], "en", "never") as fleet:
        fleet.read(Broken(), resume=False)
        assert (fleet.interrupted, fleet.done, fleet.tasks) == (True, 1, 4)
        assert fleet.errors() == []
        assert len(told(fleet)) == 1
    again = Alone()
    with Fleet(["runs"], "en", "never") as fleet:
        fleet.read(again, resume=True)
        assert not fleet.interrupted
    assert len(again.read) == 3 + 1, "one of four is kept"


def test_what_holds_no_run_is_named(runs: Path) -> None:
    (runs / "notes.txt").write_text("nothing at all\n" * 50)
    with Fleet(["runs/one", "runs/notes.txt"], "en", "never") as fleet:
        fleet.read(Alone(), resume=False)
        assert [str(error).startswith("runs/notes.txt: ") for error in fleet.errors()] == [True]
        assert list(fleet.refused) == ["runs/notes.txt"]


@pytest.mark.parametrize(("second", "apart"), [(0, False), (1, True)])
def test_a_task_of_several_logs_has_so_many_bytes(tmp_path: Path, second: int, apart: bool) -> None:
    planned(tmp_path, [f"r{i:03}/x.jsonl" for i in range(192)], rows=1)
    for name, size in (("r000", 4 << 20), ("r001", (4 << 20) + second)):
        os.truncate(tmp_path / name / "x.jsonl", size)
    first, *_ = plan([str(tmp_path)])
    assert (len(first.logs) == 1) == apart
