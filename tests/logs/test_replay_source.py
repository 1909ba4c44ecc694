"""A log that is played back: its clock, and what has come at each moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lossmon.logs import replay
from lossmon.logs.follower import Chunk
from lossmon.logs.replay import SPEEDS, Kept, Piece, ReplaySource


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(replay, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def source(clock: Clock, tmp_path: Path) -> ReplaySource:
    """Five pieces of two logs, at 0, 10, 20, 20 and 40 s."""
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "b").write_bytes(b"abcdefghij")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    pieces = [
        Piece(40, a, 6, 10, 4), Piece(0, a, 0, 2, 1), Piece(10, a, 2, 4, 2), Piece(20, b, 0, 5, -1),
        Piece(20, a, 4, 6, 3),
    ]  # fmt: skip
    return ReplaySource(pieces, speed=10.0)


def come(source: ReplaySource) -> list[tuple[str, str, int, bytes]]:
    return [(one.log[-1], one.kind, one.offset, one.data) for one in source.poll()]


def test_pieces_come_when_the_clock_reaches_them(source: ReplaySource, clock: Clock) -> None:
    assert come(source) == [("a", "data", 0, b"01")]
    assert (source.step, source.share, source.pending()) == (1, 0.2, 0)
    clock.now += 0.99
    assert come(source) == []
    clock.now += 0.01
    assert source.pending() == 2
    assert come(source) == [("a", "data", 2, b"23")]
    clock.now += 1
    assert (source.now(), source.step, source.share) == (20, 3, 0.8)
    assert come(source) == [("b", "data", 0, b"abcde"), ("a", "data", 4, b"45")]
    assert not source.over
    assert not source.exhausted
    clock.now += 100
    assert source.now() == 40  # it stands at its end
    assert source.over
    assert not source.exhausted  # it came, and was not handed out
    assert come(source) == [("a", "data", 6, b"6789")]
    assert source.exhausted


def test_pieces_of_a_log_that_come_together_are_one(source: ReplaySource, clock: Clock) -> None:
    clock.now += 1.5
    (chunk,) = source.poll()
    assert (chunk.offset, chunk.data, chunk.size, chunk.mtime) == (0, b"0123", 4, 10)


def test_no_more_than_a_slice_is_handed_out_at_once(
    source: ReplaySource, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST_BYTES", 4)
    clock.now += 100
    found = [come(source) for _ in range(4)]
    assert [sum(len(data) for *_, data in part) for part in found] == [4, 5, 6, 0]


def test_the_clock_stops_and_goes_on(source: ReplaySource, clock: Clock) -> None:
    clock.now += 0.5
    assert source.pause() is False
    clock.now += 100
    assert source.now() == 5
    assert source.pause(False) is False
    assert source.pause() is True
    clock.now += 0.5
    assert source.now() == 10


def test_at_its_end_it_begins_anew_and_what_was_read_is_void(
    source: ReplaySource, clock: Clock
) -> None:
    clock.now += 100
    source.poll()
    source.drop(source.pieces[0].log)
    assert source.pause(True) is True
    assert source.now() == 0
    assert source.pending() == 1
    assert not source.exhausted
    assert come(source) == [
        ("a", "truncated", 0, b""), ("b", "truncated", 0, b""), ("a", "data", 0, b"01"),
    ]  # fmt: skip
    assert come(source) == []


def test_what_is_dropped_comes_no_more(source: ReplaySource, clock: Clock) -> None:
    source.drop(source.pieces[0].log)
    clock.now += 2
    assert come(source) == [("b", "data", 0, b"abcde")]


@pytest.mark.parametrize(
    ("act", "at", "void"),
    [
        (lambda one: one.go(1), 20, False),
        (lambda one: one.go(9), 40, False),
        (lambda one: one.go(-1), 0, True),
        (lambda one: one.go(-9), 0, True),
        (lambda one: one.go(0), 10, False),
        (lambda one: one.to_step(1), 0, True),
        (lambda one: one.to_step(2), 10, False),
        (lambda one: one.to_step(3), 20, False),
        (lambda one: one.to_step(99), 40, False),
    ],
)
def test_the_clock_is_set_and_stops_there(
    source: ReplaySource, clock: Clock, act: Callable[[ReplaySource], None], at: float, void: bool
) -> None:
    clock.now += 1.2
    source.poll()
    act(source)
    clock.now += 50
    assert (source.now(), source.playing) == (at, False)
    assert (come(source)[:1] == [("a", "truncated", 0, b"")]) == void


def test_a_step_back_passes_all_that_came_together(source: ReplaySource, clock: Clock) -> None:
    clock.now += 2
    source.go(-1)
    assert source.now() == 10


@pytest.mark.parametrize(
    ("speed", "up", "down"),
    [(1.0, 2.0, 1.0), (2.0, 5.0, 1.0), (60.0, 120.0, 30.0), (3600.0, 3600.0, 1000.0), (7.0, 10.0, 5.0),
     (9999.0, 3600.0, 3600.0)],
)  # fmt: skip
def test_speeds_go_up_and_down(
    source: ReplaySource, clock: Clock, speed: float, up: float, down: float
) -> None:
    source.speed = speed
    assert source.faster(1) == up == source.speed
    source.speed = speed
    assert source.faster(-1) == down == source.speed
    assert list(SPEEDS) == sorted(SPEEDS)


def test_a_change_of_speed_moves_no_clock(source: ReplaySource, clock: Clock) -> None:
    clock.now += 1
    source.faster(1)
    assert source.now() == 10
    clock.now += 0.1
    assert source.now() == pytest.approx(13)


@pytest.mark.parametrize(("step", "index"), [(0, 0), (1, 0), (2, 1), (3, 3), (4, 4), (5, 4)])
def test_where_a_step_came(source: ReplaySource, step: int, index: int) -> None:
    assert source.index_of(step) == index


def test_a_wait_ends_when_the_next_piece_is_due_or_the_clock_was_set(
    source: ReplaySource, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    told: list[str] = []
    assert source.listen(lambda: told.append("news")) is False
    monkeypatch.setattr(source._woken, "wait", lambda s: waited.append(s) or False)
    assert source.wait(9) is True  # the first piece is there
    source.poll()
    assert source.wait(9) is False
    assert source.wait(0.5) is False
    source.pause(False)
    assert source.wait(9) is False
    assert waited == [1.0, 0.5, 9]  # 10 s of the log, as fast as it plays; at most what was asked
    assert told == ["news"]


@pytest.mark.parametrize(("start", "at"), [(0, 0), (2, 20), (99, 40), (-1, 0)])
def test_it_begins_where_it_is_told(tmp_path: Path, clock: Clock, start: int, at: float) -> None:
    pieces = [Piece(at, "x", at, at + 10) for at in (0, 10, 20, 30, 40)]
    source = ReplaySource(pieces, start=start)
    assert source.now() == at
    assert source.step == -1
    assert [(one.offset, one.kind) for one in source.poll()] == [(0, "data"), (0, "error")]


def chunk(log: str, kind: str, offset: int = 0, data: bytes = b"") -> Chunk:
    return Chunk(log, kind, offset, data, "", 0.0, offset + len(data))


def test_what_is_no_file_here_is_kept_as_it_came(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.write_bytes(b"old")
    kept = Kept(most_bytes=10)
    assert kept.file_of("box:a") == ""
    for one in (
        chunk("box:a", "data", 0, b"abc"), chunk("box:a", "data", 3, b"def"), chunk("box:b", "gone"),
        chunk(str(here), "data", 0, b"new"),
    ):  # fmt: skip
        kept.take(one.log, one)
    assert Path(kept.file_of("box:a")).read_bytes() == b"abcdef"
    assert kept.file_of("box:b") == ""
    assert kept.file_of(str(here)) == str(here)
    assert here.read_bytes() == b"old"
    kept.take("box:a", chunk("box:a", "truncated"))
    kept.take("box:a", chunk("box:a", "data", 0, b"wxyz"))
    assert Path(kept.file_of("box:a")).read_bytes() == b"wxyz"
    assert not kept.full
    kept.take("box:a", chunk("box:a", "data", 4, b"!"))
    assert kept.full  # eleven bytes of ten
    assert Path(kept.file_of("box:a")).read_bytes() == b"wxyz"
    where = kept.file_of("box:a")
    ReplaySource([Piece(0, "box:a", 0, 1)], kept=kept).close()
    assert not Path(where).exists()
