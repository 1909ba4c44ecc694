"""What came from a box: in order, once, and no more than has room."""

from __future__ import annotations

import pytest

from lossmon.logs import inbox as module
from lossmon.logs.follower import Chunk
from lossmon.logs.inbox import Inbox, chunk_of, whole
from lossmon.logs.wire import WireError


def chunk(kind: str, offset: int = 0, data: bytes = b"", log: str = "a", size: int = 10) -> Chunk:
    return Chunk(log, kind, offset, data, "", 1.0, size)


def filled(*chunks: Chunk) -> tuple[Inbox, list[int]]:
    news: list[int] = []
    box = Inbox(lambda: news.append(1))
    for one in chunks:
        box.put(one)
    return box, news


def test_what_is_put_is_taken_once_in_order() -> None:
    box, news = filled(chunk("data", 0, b"abc"), chunk("data", 3, b"d"), chunk("error"))
    assert (len(box), box.waiting_bytes, len(news)) == (3, 4, 3)
    assert [one.data for one in box.take()] == [b"abc", b"d", b""]
    assert (len(box), box.waiting_bytes, box.take()) == (0, 0, [])


@pytest.mark.parametrize("offset", [2, 4, 10, 0])
def test_a_piece_that_is_not_due_ends_the_link(offset: int) -> None:
    box, _ = filled(chunk("data", 0, b"abc"))
    with pytest.raises(WireError, match="where 3 was due"):
        box.put(chunk("data", offset, b"x"))


@pytest.mark.parametrize("kind", ["truncated", "replaced"])
def test_after_a_new_beginning_all_is_due_again(kind: str) -> None:
    box, _ = filled(chunk("data", 0, b"abc"), chunk(kind), chunk("data", 0, b"xy"))
    assert box.tails["a"].offset == 2
    assert box.tails["a"].head == b"xy"


@pytest.mark.parametrize(
    ("kind", "back"), [("truncated", True), ("replaced", True), ("gone", False), ("error", False)]
)
def test_what_was_dropped_comes_back_when_it_is_another(kind: str, back: bool) -> None:
    box, news = filled(chunk("data", 0, b"abc"))
    box.dropped.add("a")
    box.put(chunk("data", 3, b"d"))
    assert (len(box), len(news)) == (1, 1), "received, and handed on to nobody"
    assert box.tails["a"].offset == 4
    box.put(chunk(kind))
    assert ("a" in box.dropped) is not back
    assert [one.kind for one in box.take()] == [kind if back else "data"]


def test_bytes_that_are_missing_are_those_of_logs_that_are_wanted() -> None:
    box, _ = filled(chunk("data", 0, b"abc"), chunk("data", 0, b"x", log="b", size=5))
    assert box.missing == 7 + 4
    box.dropped.add("a")
    assert box.missing == 4


def test_it_is_full_at_its_bound_and_hands_out_a_bounded_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FULL_BYTES", 6)
    monkeypatch.setattr(module, "_TAKE_BYTES", 4)
    box, _ = filled(*(chunk("data", 3 * i, b"abc") for i in range(3)))
    assert box.full
    assert len(box.take()) == 2
    assert not box.full
    assert box.waiting_bytes == 3


def test_what_fills_a_part_exactly_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TAKE_BYTES", 6)
    box, _ = filled(*(chunk("data", 3 * i, b"abc") for i in range(3)))
    assert len(box.take()) == 2


def test_more_logs_than_are_followed_end_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    box, _ = filled(chunk("data", log="a"), chunk("data", log="b"), chunk("data", log="a"))
    with pytest.raises(WireError, match="more logs"):
        box.put(chunk("data", log="c"))


GOOD = {"t": "data", "l": 0, "s": 3, "p": "a", "o": 0, "m": 5.0}


@pytest.mark.parametrize(
    "change",
    [
        {"t": "nonsense"}, {"l": 1}, {"l": -1}, {"l": "0"}, {"l": True}, {"s": 1 << 62}, {"s": None},
        {"p": ""}, {"p": 5}, {"p": "x" * 4097}, {"m": float("nan")}, {"m": 1e12}, {"m": "now"},
        {"o": -1}, {"o": 0.5},
    ],
)  # fmt: skip
def test_a_frame_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(WireError):
        chunk_of({**GOOD, **change}, b"abc", {}, 0.0)


def test_a_frame_is_a_chunk_by_our_clock() -> None:
    logs: dict[int, str] = {}
    assert chunk_of(GOOD, b"abc", logs, 2.0) == Chunk("a", "data", 0, b"abc", "", 7.0, 3)
    assert logs == {0: "a"}
    unnamed = {key: value for key, value in GOOD.items() if key not in ("p", "o", "m")}
    told = chunk_of({**unnamed, "w": "why\x1b[m" + "x" * 400}, b"", logs, 2.0)
    assert (told.log, told.mtime, told.message[:4]) == ("a", 0.0, "why[")
    assert len(told.message) == 300
    with pytest.raises(WireError, match="not named"):
        chunk_of({**unnamed, "l": 1}, b"", logs, 0.0)
    assert whole({"n": (1 << 62) - 1}, "n") == (1 << 62) - 1


@pytest.mark.parametrize(
    ("waiting", "left"),
    [
        (["data", "data"], ["replaced"]),
        (["replaced", "data", "truncated", "data"], ["replaced"]),
        (["error", "newest"], ["replaced"]),
        (["data", "rotated", "data"], ["data", "rotated", "replaced"]),
        (["data", "forgotten", "data"], ["data", "forgotten", "replaced"]),
    ],
)
def test_what_was_written_anew_meanwhile_is_read_once(waiting: list[str], left: list[str]) -> None:
    """A table that is saved whole again and again kept all logs of its box waiting."""
    box, _ = filled(chunk("data", 0, b"other", log="b"))
    offset = 0
    for kind in waiting:
        data = b"abc" if kind == "data" else b""
        offset = offset if kind == "data" else 0
        box.put(chunk(kind, offset, data))
        offset += len(data)
    box.put(chunk("replaced"))
    assert [(one.log, one.kind) for one in box.take()] == [
        ("b", "data"), *(("a", kind) for kind in left)
    ]  # fmt: skip
    assert box.waiting_bytes == 0
