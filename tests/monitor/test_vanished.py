"""Folders may come and go all day: of those that went the newest stay listed, and nothing else."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest

from lossmon.logs import tail
from lossmon.logs.follower import Follower
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.log import Log
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.training import Training
from tests.conftest import falling, training_rows, write_jsonl

MOST = 20


def polled(monitor: Monitor, runs: dict[str, RunUpdate]) -> None:
    for source in monitor._sources:
        source._follower.rescan()  # type: ignore[attr-defined]
    while True:
        for update in monitor.poll():
            runs.pop(update.run, None)
            if not update.removed:
                runs[update.run] = update
        if not monitor.pending():
            return


@pytest.mark.slow
def test_runs_that_came_and_went_are_kept_up_to_a_number(tmp_path: Path, monkeypatch) -> None:
    """With one a second lossmon held 175 MB after half an hour, and 82 at first."""
    monkeypatch.setattr(tail, "MOST_GONE", MOST)
    lasting = write_jsonl(tmp_path / "lasting" / "log.jsonl", training_rows(falling(10)))
    monitor, runs = open_monitor([str(tmp_path)], watch=False), dict[str, RunUpdate]()
    sizes = []
    for at in range(240):
        folder = tmp_path / f"run{at}"
        write_jsonl(folder / "log.jsonl", training_rows(falling(10, start=2 + at / 7)))
        if at % 3 == 2:
            polled(monitor, runs)
        if at % 3 == 2 and at > 3:
            for old in range(at - 5, at - 2):
                shutil.rmtree(tmp_path / f"run{old}")
        if at in (119, 239):
            polled(monitor, runs)
            gc.collect()
            sizes.append(sum(type(one) in (Log, Training) for one in gc.get_objects()))
    assert sizes[1] <= sizes[0], "what is kept does not grow"
    lost = {name for name, update in runs.items() if update.lost}
    assert len(lost) == MOST
    assert all(int(name.rpartition("run")[2]) >= 237 - MOST for name in lost), "the newest"
    assert sum(not update.lost for update in runs.values()) == 4
    with lasting.open("a") as file:
        file.write('{"step": 999, "loss": 0.5}\n')
    shutil.rmtree(tmp_path / "run239")
    write_jsonl(tmp_path / "run7" / "log.jsonl", training_rows(falling(12)))
    polled(monitor, runs)
    polled(monitor, runs)
    named = {name.rpartition("/")[2]: update for name, update in runs.items()}
    assert named["lasting"].step == 999
    assert named["run239"].lost
    assert len(named["run7"].series["loss"]) == 12, "one that comes again is a run like any other"
    assert not named["run7"].lost
    monitor.close()


def test_a_log_of_a_run_that_goes_on_stays_a_part_of_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tail, "MOST_GONE", 0)
    values = falling(20)
    rows = training_rows(values)
    write_jsonl(tmp_path / "run" / "log.jsonl", rows)
    other = write_jsonl(tmp_path / "run" / "metrics.jsonl", rows + training_rows(values, 900)[:0])
    monitor, runs = open_monitor([str(tmp_path)], watch=False), dict[str, RunUpdate]()
    polled(monitor, runs)
    (before,) = runs.values()
    assert len(before.logs) == 2
    os.unlink(other)
    polled(monitor, runs)
    (after,) = runs.values()
    assert (after.step, after.lost, len(after.logs)) == (before.step, "", 2)
    write_jsonl(other, rows)
    polled(monitor, runs)
    (again,) = runs.values()
    assert again.series["loss"].value.tolist() == before.series["loss"].value.tolist()
    monitor.close()


def test_the_newest_that_went_are_kept_in_mind(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tail, "MOST_GONE", 2)
    logs = [tmp_path / f"{name}.log" for name in "abcd"]
    for log in logs:
        log.write_text("step 1 loss 2\n")
    follower = Follower([str(tmp_path)])
    follower.poll()
    told = []
    for log in (logs[2], logs[0], logs[3]):
        log.unlink()
        told += [(os.path.basename(one.log), one.kind) for one in follower.poll()]
    assert told == [("c.log", "gone"), ("a.log", "gone"), ("d.log", "gone"), ("c.log", "forgotten")]
    assert sorted(map(os.path.basename, follower.logs())) == ["a.log", "b.log", "d.log"]
    logs[2].write_text("step 1 loss 3\n")
    follower.rescan()
    assert [(one.kind, one.data) for one in follower.poll()] == [("data", b"step 1 loss 3\n")]
