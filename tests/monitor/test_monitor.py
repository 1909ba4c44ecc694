"""From files to updates: growth, grouping, merging, stalls, and one bad log beside good ones."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Diagnosis
from lossmon.logs.local import LocalSource
from lossmon.logs.source import Health, HostState
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.log import Log
from lossmon.monitor.slices import slice_after
from lossmon.monitor.sources import open_monitor
from tests.conftest import falling, training_rows, write_jsonl

NOW = 1_800_000_000.0


def drain(monitor: Monitor, now: float = NOW) -> dict[str, RunUpdate]:
    """Poll until nothing is left; the newest update of each run."""
    updates = {update.run: update for update in monitor.poll(now)}
    while monitor.pending():
        updates |= {update.run: update for update in monitor.poll(now)}
    return {name: update for name, update in updates.items() if not update.removed}


@pytest.mark.slow
def test_reading_to_the_end_without_a_look_ends_as_looking_all_the_time_does(
    tmp_path: Path, watched
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_jsonl(tmp_path / name / "trainer_log.jsonl", training_rows(falling(60)))
    (tmp_path / "a" / "copy.jsonl").write_bytes((tmp_path / "a" / "trainer_log.jsonl").read_bytes())
    looked, unseen = watched(tmp_path), watched(tmp_path)
    assert drain(looked)
    while not unseen.exhausted:
        unseen.read(NOW)
    told = [
        [(one.run, one.state, one.step, at_the_end(one), len(one.logs)) for one in found]
        for found in (looked.conclude(NOW), unseen.conclude(NOW))
    ]
    assert told[0] == told[1]


def at_the_end(update: RunUpdate) -> Diagnosis:
    """Without the timeline: it has more looks the more slices the log is read in."""
    return dataclasses.replace(update.diagnosis, timeline=())


@pytest.fixture
def watched(tmp_path: Path):
    """Open monitors on paths below tmp_path; closed at the end."""
    opened: list[Monitor] = []

    def watch(*targets: Path) -> Monitor:
        monitor = open_monitor([str(target) for target in targets], watch=False)
        opened.append(monitor)
        return monitor

    yield watch
    for monitor in opened:
        monitor.close()


def test_rows_that_are_appended_arrive_with_the_next_poll(tmp_path: Path, watched) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(20)))
    monitor = watched(log)
    first = next(iter(drain(monitor).values()))
    with log.open("a") as file:
        file.write('{"step": 210, "loss": 0.9}\n{"step": 220, "lo')
    second = next(iter(drain(monitor).values()))
    assert (first.step, second.step) == (200, 210)
    assert len(second.series["loss"]) == 21
    assert len(first.series["loss"]) == 20, "an update is a snapshot"


def test_nothing_new_gives_no_update(tmp_path: Path, watched) -> None:
    monitor = watched(write_jsonl(tmp_path / "log.jsonl", training_rows(falling(20))))
    drain(monitor)
    assert monitor.poll(NOW) == []


def test_a_run_that_was_told_of_is_told_as_gone_also_where_all_are_told_anew(
    tmp_path: Path, watched
) -> None:
    """The first frame shows a run, and the screen gets all again: it kept one under an old name."""
    logs = [str(tmp_path / "runs" / name) for name in ("console.jsonl", "sft.jsonl")]
    for log in logs:
        write_jsonl(Path(log), training_rows(falling(60)))
    monitor = watched(tmp_path / "runs")
    (old,) = drain(monitor)
    monitor.arrange(monitor.by_hand.part(logs))
    monitor.repeat()
    told = monitor.poll(NOW)
    assert {one.run for one in told if one.removed} == {old}
    assert {one.run for one in told if not one.removed} == {"runs/console.jsonl", "runs/sft.jsonl"}


def test_a_file_that_starts_anew_is_read_anew(tmp_path: Path, watched) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(50)))
    monitor = watched(log)
    drain(monitor)
    write_jsonl(log, training_rows(falling(7)))
    update = next(iter(drain(monitor).values()))
    assert len(update.series["loss"]) == 7


def test_every_sub_folder_with_a_log_is_a_run(tmp_path: Path, watched) -> None:
    for name in ("a", "b", "c"):
        write_jsonl(tmp_path / "runs" / name / "log.jsonl", training_rows(falling(20)))
    assert set(drain(watched(tmp_path / "runs"))) == {"runs/a", "runs/b", "runs/c"}


def state_file(path: Path, losses: list[float]) -> Path:
    history = [{"step": (i + 1) * 10, "epoch": 0.1 * i, "loss": v} for i, v in enumerate(losses)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"global_step": 10 * len(losses), "max_steps": 1000, "log_history": history})
    )
    return path


@pytest.mark.slow
def test_logs_of_one_training_are_one_run_with_no_point_doubled(tmp_path: Path, watched) -> None:
    losses = falling(40)
    write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(losses))
    state_file(tmp_path / "run" / "checkpoint-200" / "trainer_state.json", losses[:20])
    state_file(tmp_path / "run" / "checkpoint-400" / "trainer_state.json", losses)
    updates = drain(watched(tmp_path / "run"))
    assert len(updates) == 1
    update = next(iter(updates.values()))
    assert len(update.logs) == 3
    assert update.series["loss"].step.tolist() == [10 * (i + 1) for i in range(40)]
    assert update.total_steps == 1000


@pytest.mark.parametrize("newest", ["log.jsonl", "trainer_state.json"])
@pytest.mark.slow
def test_the_order_of_a_run_s_logs_is_not_that_in_which_they_were_found(
    tmp_path: Path, watched, newest: str
) -> None:
    losses = falling(40)
    write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(losses))
    state_file(tmp_path / "run" / "trainer_state.json", losses)
    os.utime(tmp_path / "run" / newest, (2e9, 2e9))  # newest logs are read first
    (update,) = drain(watched(tmp_path / "run")).values()
    names = [os.path.basename(log.path) for log in update.logs]
    assert names == ["log.jsonl", "trainer_state.json"]


def test_two_trainings_in_one_folder_stay_two(tmp_path: Path, watched) -> None:
    write_jsonl(tmp_path / "runs" / "a.jsonl", training_rows(falling(40)))
    write_jsonl(tmp_path / "runs" / "b.jsonl", training_rows(falling(40, start=5.0)))
    assert set(drain(watched(tmp_path / "runs"))) == {"runs/a.jsonl", "runs/b.jsonl"}


def test_logs_that_grow_together_stay_one_run(tmp_path: Path, watched) -> None:
    losses = falling(60)
    log = write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(losses[:20]))
    state_file(tmp_path / "run" / "trainer_state.json", losses[:20])
    monitor = watched(tmp_path / "run")
    drain(monitor)
    for row in training_rows(losses)[20:]:
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")
    update = next(iter(drain(monitor).values()))
    assert update.series["loss"].step.tolist() == [10 * (i + 1) for i in range(60)]


def test_silence_is_a_stall_only_where_the_plan_is_unfinished(tmp_path: Path, watched) -> None:
    log = state_file(tmp_path / "run" / "trainer_state.json", falling(40))
    os.utime(log, (NOW, NOW))
    monitor = watched(tmp_path / "run")
    assert next(iter(drain(monitor, NOW + 10).values())).state == "running"
    update = next(iter(drain(monitor, NOW + 3600).values()))
    assert update.state == "stalled"
    assert "60 min" in update.state_note
    assert "stalled" in {finding.pattern for finding in update.diagnosis.findings}


@pytest.mark.parametrize("age_s", [1.0, 1e6])
@pytest.mark.slow
def test_a_whole_curve_is_judged_alike_however_fresh_its_log(
    tmp_path: Path, watched, age_s: float
) -> None:
    """`check` in the epilogue of a job runs a second after the last row."""
    flat = [2.0 - 0.06 * min(i, 10) + 0.01 * (i % 3) for i in range(60)]
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(flat))
    os.utime(log, (NOW - age_s, NOW - age_s))
    still = write_jsonl(
        tmp_path / "falling.jsonl", training_rows([3.0 - i / 30 for i in range(60)])
    )
    os.utime(still, (NOW - age_s, NOW - age_s))
    monitor = watched(log, still)
    drain(monitor)
    verdicts = [update.diagnosis.train for update in monitor.conclude(NOW)]
    assert sorted(map(str, verdicts)) == ["not_converged", "plateau"]


def test_before_the_end_of_the_plan_a_falling_curve_is_no_finding(tmp_path: Path, watched) -> None:
    rows = [row | {"total_steps": 2000} for row in training_rows([3.0 - i / 30 for i in range(60)])]
    log = write_jsonl(tmp_path / "log.jsonl", rows)
    os.utime(log, (NOW - 1, NOW - 1))
    monitor = watched(log)
    drain(monitor)
    (update,) = monitor.conclude(NOW)
    assert (update.state, update.diagnosis.train) == ("running", "healthy")


def test_the_plan_reached_is_finished(tmp_path: Path, watched) -> None:
    state_file(tmp_path / "run" / "trainer_state.json", falling(100))
    assert next(iter(drain(watched(tmp_path / "run")).values())).state == "finished"


def test_a_decoder_that_crashes_is_one_run_s_error(tmp_path: Path, watched, monkeypatch) -> None:
    write_jsonl(tmp_path / "runs" / "good" / "log.jsonl", training_rows(falling(20)))
    bad = write_jsonl(tmp_path / "runs" / "bad" / "log.jsonl", training_rows(falling(20)))
    monitor = watched(tmp_path / "runs")
    drain(monitor)
    broken = next(log for path, log in monitor._intake.logs.items() if "bad" in path)
    monkeypatch.setattr(broken.decoder, "feed", lambda data: 1 / 0)
    for log in (bad, tmp_path / "runs" / "good" / "log.jsonl"):
        with log.open("a") as file:
            file.write('{"step": 210, "loss": 0.9}\n')
    updates = drain(monitor)
    assert updates["runs/good"].step == 210
    assert "ZeroDivisionError" in updates["runs/bad"].errors[0]
    assert len(updates["runs/bad"].series["loss"]) == 20, "what was read stays"


@pytest.mark.slow  # two seconds lie between two walks
def test_a_folder_without_logs_says_so_later_and_notices_the_first_one(
    tmp_path: Path, watched
) -> None:
    monitor = watched(tmp_path)
    assert drain(monitor) == {}
    write_jsonl(tmp_path / "new" / "log.jsonl", training_rows(falling(20)))
    for _ in range(50):
        if updates := drain(monitor):
            break
        monitor.wait(0.1)
    assert len(updates) == 1


def test_a_restart_shows_the_later_values(tmp_path: Path, watched) -> None:
    rows = training_rows([3.0] * 20)
    resumed = [{"step": step, "loss": 1.0} for step in range(100, 310, 10)]
    update = next(iter(drain(watched(write_jsonl(tmp_path / "l.jsonl", rows + resumed))).values()))
    assert update.restarts == (100,)
    assert update.series["loss"].step.tolist() == list(range(10, 310, 10))
    assert update.series["loss"].value.tolist() == [3.0] * 9 + [1.0] * 21


def test_reset_forgets_everything_but_the_path() -> None:
    log = Log("a", records=5, refused="no")
    log.reset()
    assert (log.path, log.records, log.refused, log.generation) == ("a", 0, None, 1)


def save_state(path: Path, losses: list[float]) -> None:
    rows = [{"step": i * 10, "epoch": i / 10, "loss": loss} for i, loss in enumerate(losses, 1)]
    path.write_text(json.dumps({"log_history": rows, "max_steps": 10_000}, indent=2))


def test_a_state_file_that_is_saved_again_goes_on_where_it_was(tmp_path: Path, watched) -> None:
    log = tmp_path / "trainer_state.json"
    save_state(log, falling(60))
    monitor = watched(log)
    before = next(iter(drain(monitor).values()))
    save_state(log, falling(90))
    after = next(iter(drain(monitor).values()))
    assert len(after.series["loss"]) == 90
    assert after.series["loss"].value.tolist() == falling(90)
    # What was shown, and when, is not forgotten at each save.
    assert (
        after.diagnosis.timeline[: len(before.diagnosis.timeline) - 1]
        == before.diagnosis.timeline[:-1]
    )


def test_a_state_file_of_another_training_starts_anew(tmp_path: Path, watched) -> None:
    log = tmp_path / "trainer_state.json"
    save_state(log, falling(60))
    monitor = watched(log)
    drain(monitor)
    other = [9.0 - i / 100 for i in range(40)]
    save_state(log, other)
    assert next(iter(drain(monitor).values())).series["loss"].value.tolist() == other


class FarSource(LocalSource):
    """A box whose link can be down."""

    state: HostState = "live"

    def health(self) -> Health:
        return Health("gpu1", self.state)


def test_while_a_link_is_down_silence_is_no_stall(tmp_path: Path) -> None:
    rows = [{"max_steps": 10_000, **row} for row in training_rows(falling(50))]
    log = write_jsonl(tmp_path / "log.jsonl", rows)
    source = FarSource([str(log)], watch=False)
    source.name = "gpu1"
    monitor = Monitor([source], [f"gpu1:{log}"])
    start = log.stat().st_mtime
    updates = monitor.poll(start + 1)
    while monitor.pending():  # a slow machine needs several polls
        updates = monitor.poll(start + 1) or updates
    (update,) = updates
    assert (update.run, update.host, update.state) == (f"gpu1:{log}", "gpu1", "running")
    source.state = "retrying"
    assert monitor.poll(start + 20) == []
    assert monitor.poll(start + 90_000) == []
    source.state = "live"
    (update,) = monitor.poll(start + 90_001)
    assert update.state == "stalled"


@pytest.mark.parametrize(
    ("slice_s", "judged_s", "next_s"),
    [
        (0.01, 0.0, 0.02),  # the first polls are short, so that something is shown soon
        (0.15, 0.01, 0.15),
        (0.15, 0.25, 0.25),  # reading keeps up with judging
        (0.15, 9.0, 0.3),
        (0.9, 9.0, 1.0),  # and the screen still has its turn
        (1.0, 0.02, 0.15),
    ],
)
def test_reading_has_as_much_time_as_judging(
    slice_s: float, judged_s: float, next_s: float
) -> None:
    assert slice_after(slice_s, judged_s) == pytest.approx(next_s)
