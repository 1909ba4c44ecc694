"""The rhythm of a run, and the words for how it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.logs.source import Health
from lossmon.monitor.pace import STALL_S, Pace, Rhythm
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.standing import describe, standing
from lossmon.monitor.update import RunUpdate
from tests.conftest import falling, training_rows, write_jsonl
from tests.monitor.live import until

NOW = 1_800_000_000.0


def paced(gaps: list[float]) -> Rhythm:
    pace, time = Pace(), NOW
    for step, gap in enumerate([0.0, *gaps]):
        time += gap
        pace.note(time, step, live=True)
        assert pace.rhythm.patience_s >= STALL_S
    return pace.rhythm


def test_before_three_gaps_nothing_is_known() -> None:
    assert paced([4.0, 4.0]) == Rhythm()
    assert paced([4.0, 4.0, 5.0]).usual_gap_s == 4.0


def test_patience_is_ten_usual_gaps_and_five_minutes_at_least() -> None:
    assert paced([1.0] * 20).patience_s == 300
    assert paced([120.0] * 20).patience_s == 1200


def test_one_long_pause_may_have_been_a_stall_and_two_are_the_rhythm() -> None:
    """An evaluation of 20 minutes after each epoch is no stall, once it was seen to come back."""
    epoch = [4.0] * 30
    assert paced([*epoch, 1200.0, *epoch]).patience_s == 300
    twice = paced([*epoch, 1200.0, *epoch, 1300.0, *epoch])
    assert twice.pause_s == 1200
    assert twice.patience_s == 2400
    assert twice.usual_gap_s == 4.0


def test_a_night_of_sleep_does_not_make_it_blind() -> None:
    assert paced([4.0] * 40 + [40_000.0] + [4.0] * 40).patience_s == 300


def test_a_writer_that_buffers_is_told_from_one_that_logs_rarely() -> None:
    """Rows of a second each that come in blocks of 600: the block is the rhythm, not the row."""
    pace = Pace()
    for block in range(6):
        for row in range(64):
            pace.note(NOW + 600 * block + row, 600 * block + row, live=True)
        pace.arrived(NOW + 600 * (block + 1), 64)
    assert pace.rhythm.burst_s == 600
    assert pace.rhythm.patience_s == 1800
    rare = Pace()
    for epoch in range(6):
        rare.note(NOW + 600 * epoch, epoch, live=True)
        rare.arrived(NOW + 600 * epoch, 1)
    assert rare.rhythm.burst_s is None
    assert rare.rhythm.patience_s == 6000


@pytest.mark.slow
def test_what_was_there_before_has_no_speed_but_by_its_own_times(tmp_path: Path) -> None:
    rows = [{"step": i, "loss": 2.0 / i} for i in range(1, 10_001)]
    timed = [{**row, "time": NOW + row["step"] / 8} for row in rows]
    for name, kind, speed in (("plain", rows, None), ("timed", timed, 8.0)):
        log = write_jsonl(tmp_path / f"{name}.jsonl", kind)
        monitor = open_monitor([str(log)], watch=False)
        polls, update = 0, None
        while not monitor.exhausted or update is None:
            polls += 1
            update = next(iter(monitor.poll(NOW + polls)), update)
        assert polls > 1
        assert update.steps_per_s == (None if speed is None else pytest.approx(speed))
        assert not update.rhythm.usual_gap_s or speed
        monitor.close()


def test_a_row_that_comes_behind_those_of_before_is_live() -> None:
    pace = Pace()
    pace.note(None, 100, live=False)
    assert not pace.seen_live
    pace.note(NOW, 110, live=True)
    assert pace.seen_live
    assert pace.steps_per_s is None
    pace.note(NOW + 5, 120, live=True)
    assert pace.steps_per_s == 2.0


def test_many_rows_a_second_are_no_bursts() -> None:
    pace = Pace()
    for poll in range(30):
        pace.note(NOW + 0.2 * poll, 5 * poll, live=True)
        pace.arrived(NOW + 0.2 * poll, 5)
    assert pace.rhythm.burst_s is None


EVERY_4_S = Rhythm(4.0, None, None, 300.0)
IN_BURSTS = Rhythm(1.0, None, 600.0, 1800.0)


@pytest.mark.parametrize(
    ("state", "age", "rhythm", "word", "says"),
    [
        ("running", 3.0, EVERY_4_S, "running", "one every 4 s"),
        ("running", 59.0, EVERY_4_S, "running", ""),
        ("running", 200.0, EVERY_4_S, "quiet", "no new line for 3 min; usually one every 4 s; stalled after 5 min"),
        ("running", 550.0, IN_BURSTS, "buffered", "one every 10 min"),
        ("running", 550.0, Rhythm(200.0, None, None, 2000.0), "running", ""),
        ("running", 700.0, Rhythm(200.0, None, None, 2000.0), "quiet", ""),
        ("stalled", 3600.0, EVERY_4_S, "stalled", "no new line for 60 min; usually one every 4 s"),
        ("silent", 1e6, EVERY_4_S, "silent", "12 d"),
        ("finished", 10.0, EVERY_4_S, "finished", ""),
        ("failed", 10.0, EVERY_4_S, "failed", "CUDA out of memory"),
    ],
)  # fmt: skip
def test_states_that_look_alike_have_words_of_their_own(state, age, rhythm, word, says) -> None:
    found = describe(state, age, rhythm, "RuntimeError: CUDA out of memory")
    assert found.word == word
    assert says in found.note


@pytest.fixture
def update(tmp_path: Path) -> RunUpdate:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    monitor = open_monitor([str(log)], watch=False)
    (update,) = monitor.poll(log.stat().st_mtime)
    monitor.close()
    return replace(update, last_row_time=NOW)


def test_a_lost_link_is_no_stall(update: RunUpdate) -> None:
    health = Health("gpu1", "retrying", "connection refused", NOW + 5)
    found = standing(update, NOW + 120, health)
    assert found.word == "link lost"
    assert found.note == "gpu1: connection refused; the newest row is 2 min old"
    assert standing(update, NOW + 5, replace(health, state="live")).word == "running"
    assert standing(replace(update, state="finished"), NOW, health).word == "finished"


def test_a_log_that_was_deleted_is_gone_until_it_is_back(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    monitor = open_monitor([str(log)], watch=True)

    def stands(word: str) -> bool:
        until(
            monitor,
            lambda runs: any(
                standing(one, one.last_row_time or 0).word == word for one in runs.values()
            ),
        )
        return True

    try:
        assert stands("running")
        data = log.read_bytes()
        log.unlink()
        assert stands("gone")
        log.write_bytes(data)
        assert stands("running")
    finally:
        monitor.close()


def test_what_is_still_read_is_said(update: RunUpdate) -> None:
    assert standing(replace(update, loading=0.25), NOW).note == "25% of the log was read"


def test_a_run_whose_process_is_gone_does_not_run(update: RunUpdate) -> None:
    """Another process may go on with its log: until it is called stalled it has exited."""
    going = replace(update, state="running", writer=True)
    assert standing(going, NOW).word == "running"
    gone = standing(replace(going, writer=False), NOW)
    assert (gone.word, gone.note) == ("exited", "no process holds its log any more")
    assert standing(replace(going, writer=False, state="stalled"), NOW).word == "stalled"
    assert standing(replace(going, writer=None), NOW).word == "running", "nobody was seen"
