"""A log that comes again: in its own time, as far as the clock is, and back."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs.follower import Chunk
from lossmon.logs.replay import Kept, Piece, ReplaySource
from lossmon.monitor.replay import ReplayMonitor, open_replay, script_of
from tests.conftest import training_rows, write_jsonl
from tests.diagnosis import curves

PROJECT = Path(__file__).resolve().parents[1] / "data" / "project"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "log.jsonl"
    write_jsonl(path, training_rows(curves.rebound().tolist()))
    return path


def whole_now(monitor: ReplayMonitor) -> dict[str, object]:
    """Poll until all that has come is taken in."""
    seen: dict[str, object] = {}
    for _ in range(50):
        for update in monitor.poll():
            seen = {
                "step": update.step,
                "patterns": {one.pattern for one in update.diagnosis.findings},
                "restarts": update.restarts,
                "state": update.state,
            }
        if not monitor.pending():
            break
    return seen


@pytest.mark.slow
def test_it_says_at_each_step_what_it_would_have_said_then(log: Path) -> None:
    monitor = open_replay([str(log)])
    monitor.player.to_step(2000)
    before = whole_now(monitor)
    assert before["step"] == 2000
    assert "rebound" not in before["patterns"]
    monitor.player.to_step(6000)
    assert "rebound" in whole_now(monitor)["patterns"]
    monitor.player.to_step(2000)  # back: nothing is left of what came later
    assert whole_now(monitor) == before
    monitor.close()


@pytest.mark.parametrize(("step", "over"), [(4000, False), (5990, False), (6000, True)])
def test_it_begins_where_it_is_told_to(log: Path, step: int, over: bool) -> None:
    """At the last step it stands still: its clock would begin anew, and did without a word."""
    rows = json.loads(log.read_text().splitlines()[-1])
    assert rows["step"] == 6000
    monitor = open_replay([str(log)], speed=1.0, from_step=step)
    assert (monitor.player.step, monitor.player.over) == (step, over)
    assert monitor.player.playing is not over
    monitor.close()


def test_what_has_no_such_step_says_so(log: Path) -> None:
    with pytest.raises(TargetError, match=r"^--from 6001: the last step is 6000$"):
        open_replay([str(log)], from_step=6001)


@pytest.mark.slow
def test_a_log_that_is_cut_meanwhile_says_so_and_is_read_to_its_end(log: Path) -> None:
    """It stood at "reading 47%" for ever, with the numbers of an old row."""
    monitor = open_replay([str(log)])
    monitor.player.to_step(2000)
    whole_now(monitor)
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size // 2)
    monitor.player.to_step(6000)
    (update,) = [one for _ in range(5) for one in monitor.poll() if monitor.pending() == 0][-1:]
    assert update.loading == 1.0
    assert 2900 < (update.step or 0) < 3100
    assert update.lost == "log.jsonl: it became shorter while it was played back"
    monitor.player.to_step(2000)
    assert whole_now(monitor)["step"] == 2000
    monitor.close()


def test_findings_can_be_sought(log: Path) -> None:
    monitor = open_replay([str(log)])
    (told,) = {
        entry.shown_at_step
        for update in monitor.whole
        for entry in update.diagnosis.timeline
        if entry.pattern == "rebound"
    }
    assert told in monitor.onsets()
    monitor.player.to_step(told)
    assert "rebound" in whole_now(monitor)["patterns"]
    monitor.close()


@pytest.mark.slow
def test_row_by_row(log: Path) -> None:
    monitor = open_replay([str(log)])
    monitor.player.to_step(500)
    steps = []
    for by in (0, 1, 1, -1, -1, -1):
        monitor.player.go(by)
        steps.append(whole_now(monitor).get("step", 500))
    assert steps == [500, 510, 520, 510, 500, 490]
    monitor.close()


def test_it_begins_where_it_is_told(log: Path) -> None:
    monitor = open_replay([str(log)], 1.0, from_step=3000)
    assert monitor.player.step == 3000
    assert monitor.player.playing
    monitor.close()


def test_rows_with_times_come_in_their_time_without_the_nights(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    times = [0, 10, 20, 30, 100_000, 100_010]
    rows = [{"step": i, "loss": 1.0 - i / 10, "time": 1.7e9 + t} for i, t in enumerate(times)]
    write_jsonl(log, rows)
    at = [piece.at for piece in script_of([str(log)])]
    gaps = [round(after - before) for before, after in itertools.pairwise(at)]
    assert gaps == [10, 10, 10, 3600, 10]


def test_logs_of_one_run_come_in_step_with_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "train.jsonl", tmp_path / "eval.jsonl"
    write_jsonl(one, [{"step": i, "loss": 2 / i} for i in range(1, 101)])
    write_jsonl(two, [{"step": i, "eval_loss": 2 / i} for i in range(10, 101, 10)])
    pieces = script_of([str(one), str(two)])
    steps = [piece.step for piece in pieces if piece.step >= 0]
    assert steps == sorted(steps)


def test_every_byte_comes_once(log: Path) -> None:
    pieces = sorted(script_of([str(log)]), key=lambda piece: piece.start)
    assert pieces[0].start == 0
    assert pieces[-1].end == log.stat().st_size
    assert all(a.end == b.start for a, b in itertools.pairwise(pieces))


def test_rows_of_a_database_come_one_by_one_though_it_holds_one_time_for_all() -> None:
    monitor = open_replay([str(PROJECT / "trackio" / "s2" / "tiny.db")])
    monitor.player.to_step(30)
    assert whole_now(monitor)["step"] == 30
    monitor.player.to_step(20)
    assert whole_now(monitor)["step"] == 20
    monitor.close()


def test_what_is_no_file_here_has_a_bound_and_goes_when_the_replay_does(tmp_path: Path) -> None:
    kept = Kept(most_bytes=10)
    log = str(tmp_path / "store.db" / "run")
    kept.take(log, Chunk(log, "data", 0, b"12345", "", 0.0, 5))
    kept.take(log, Chunk(log, "truncated", 0, b"", "", 0.0, 0))
    kept.take(log, Chunk(log, "data", 0, b"67", "", 0.0, 2))
    file = Path(kept.file_of(log))
    assert file.read_bytes() == b"67"
    assert not kept.full
    kept.take(log, Chunk(log, "data", 2, b"89abc", "", 0.0, 7))
    assert kept.full
    kept.close()
    assert not file.exists()


def test_a_document_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    history = [{"step": i, "loss": 2 / i} for i in range(1, 60)]
    path.write_text(json.dumps({"log_history": history, "global_step": 59}))
    monitor = open_replay([str(path)])
    monitor.player.to_step(59)
    assert whole_now(monitor)["step"] == 59
    monitor.close()


def test_nothing_to_play_is_said(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nothing to read"):
        open_replay([str(tmp_path)])


class TestClock:
    """Pieces at 0, 10, 20 and 30 s."""

    @pytest.fixture
    def player(self, tmp_path: Path) -> ReplaySource:
        path = tmp_path / "log"
        path.write_bytes(b"0123")
        pieces = [Piece(10.0 * i, str(path), i, i + 1, i) for i in range(4)]
        player = ReplaySource(pieces, 1.0)
        player.pause(False)
        return player

    def read(self, player: ReplaySource) -> str:
        return "".join(
            "<" if chunk.kind == "truncated" else chunk.data.decode() for chunk in player.poll()
        )

    def test_what_has_come_is_handed_out(self, player: ReplaySource) -> None:
        said = []
        for step in (0, 2, 2, 1, 3):
            player.to_step(step)
            said.append(self.read(player))
        assert said == ["0", "12", "", "<01", "23"]
        assert player.exhausted

    def test_at_its_end_it_begins_anew(self, player: ReplaySource) -> None:
        player.to_step(3)
        assert player.over
        assert self.read(player) == "0123"
        assert player.pause()
        assert not player.over
        assert self.read(player) == "<0"

    def test_it_goes_no_further_than_its_ends(self, player: ReplaySource) -> None:
        player.go(-5)
        assert player.step == 0
        player.go(9)
        assert player.step == 3
        assert player.share == 1.0

    def test_paces(self, player: ReplaySource) -> None:
        assert [player.faster(1) for _ in range(3)] == [2.0, 5.0, 10.0]
        assert player.faster(-1) == 5.0
        assert [player.faster(-1) for _ in range(3)] == [2.0, 1.0, 1.0]
