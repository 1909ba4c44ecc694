"""Pieces of lines behind time stamps: any split, any cut, none lost, doubled or moved."""

from __future__ import annotations

import calendar
import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.logs.clients.stamped import MOST_PIECE, Piece, Seen, Stamped, Weave
from lossmon.logs.clients.workload import StampedReader
from tests.logs.clients.cluster import rfc3339

SECOND = 1_000_000_000
T = 1_790_000_000 * SECOND  # some day in 2026


def ns(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S")) * SECOND


def line(stamp: int, text: str) -> bytes:
    return f"{rfc3339(stamp)} {text}".encode()


@pytest.mark.parametrize(
    ("printed", "pieces"),
    [
        pytest.param(line(T, "loss 1\n"), [(T, b"loss 1\n")], id="a line"),
        pytest.param(line(T, "\n"), [(T, b"\n")], id="an empty one"),
        pytest.param(
            rfc3339(T).encode() + b"\n", [(T, b"\n")], id="an empty one without its blank"
        ),
        pytest.param(
            b"2026-09-21T16:13:20.5+02:00 x\n",
            [(ns("2026-09-21T14:13:20") + SECOND // 2, b"x\n")],
            id="another zone, and fewer digits",
        ),
        pytest.param(
            line(T, "x" * 16384) + line(T, "y" * 16384) + line(T, "z\n"),
            [(T, b"x" * 16384), (T, b"y" * 16384), (T, b"z\n")],
            id="docker cuts a line at 16 kB and stamps each part alike",
        ),
        pytest.param(
            line(T, "10%\r") + line(T + 5, "20%\r") + line(T + 9, "30%\n"),
            [(T, b"10%\r"), (T + 5, b"20%\r"), (T + 9, b"30%\n")],
            id="podman stamps what one read brought",
        ),
        pytest.param(
            line(T, f"at {rfc3339(T - 1)} loss 1\n"),
            [(T, f"at {rfc3339(T - 1)} loss 1\n".encode())],
            id="a stamp that the program printed is older than the one before it",
        ),
        pytest.param(
            line(T, "ends 2027-01-01T00:00:00Z or so\n"),
            [(T, b"ends 2027-01-01T00:00:00Z or so\n")],
            id="a runtime's stamp has nine digits",
        ),
        pytest.param(
            line(T, "a\n") + b"2026-13-41T99:00:00Z b\n" + line(T, "c\n"),
            [(T, b"a\n"), (T, b"c\n")],
            id="what is no time is the client's own word",
        ),
    ],
)  # fmt: skip
def test_what_a_client_prints_as_pieces(printed: bytes, pieces: list[tuple[int, bytes]]) -> None:
    assert Stamped().feed(printed) == pieces


def test_words_of_the_client_are_kept_apart_and_bounded() -> None:
    stamped = Stamped()
    noise = b"Error: no such thing\n"
    assert stamped.feed(line(T, "a\n") + noise * 1000 + line(T, "b\n")) == [
        (T, b"a\n"),
        (T, b"b\n"),
    ]
    assert stamped.said.endswith(noise)
    assert len(stamped.said) <= 4096
    assert stamped.feed(b"?" * 100_000) == []
    assert stamped.feed(b"?\n" + line(T, "c\n")) == [(T, b"c\n")]


def test_a_piece_that_is_cut_short_is_none_unless_the_client_ended_well() -> None:
    stamped = Stamped()
    assert stamped.feed(line(T, "a\n") + line(T, "loss 0.12")) == [(T, b"a\n")]
    assert stamped.end() == [(T, b"loss 0.12")]
    assert stamped.end() == []


def test_a_line_without_end_comes_in_bounded_parts_that_do_not_depend_on_how_it_came() -> None:
    endless = line(T, "x" * (3 * MOST_PIECE + 5) + "\n")
    at_once, bit_by_bit = Stamped(), Stamped()
    whole = at_once.feed(endless)
    assert [len(piece.data) for piece in whole] == [MOST_PIECE] * 3 + [6]
    parts = [p for at in range(0, len(endless), 65_536)
             for p in bit_by_bit.feed(endless[at : at + 65_536])]  # fmt: skip
    assert parts == whole


texts = st.sampled_from(["", "loss 1.5", "10%\r20%", "é", f"{rfc3339(T - SECOND)} x", "y" * 300])
pieces_of = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 0, 1, SECOND // 2, 3 * SECOND]), texts),
    max_size=30,
)


def log_of(told: list[tuple[int, int, str]]) -> list[tuple[int, Piece]]:
    """What a program wrote: stream, and piece with its end of line, or without one."""
    log, at = [], T
    for kind, later, text in told:
        at += later
        end = "\n" if kind < 3 or not text else ""
        log.append((kind % 2, Piece(at, (text + end).encode())))
    return log


def printed_of(log: list[tuple[int, Piece]], stream: int) -> bytes:
    return b"".join(line(p.stamp, "") + p.data for number, p in log if number == stream)


@given(pieces_of, st.lists(st.integers(0, 4000), max_size=8))
def test_any_split_gives_the_same_pieces(told: list[tuple[int, int, str]], cuts: list[int]) -> None:
    printed = printed_of(log_of(told), 0)
    stamped, bounds = Stamped(), [0, *sorted(min(cut, len(printed)) for cut in cuts), len(printed)]
    got = [piece for a, b in pairwise(bounds)
           for piece in stamped.feed(printed[a:b])]  # fmt: skip
    whole = Stamped()
    assert [*got, *stamped.end()] == [*whole.feed(printed), *whole.end()]


kinds = st.tuples(
    st.integers(0, 1), st.sampled_from([0, 0, 1, SECOND // 2, 3 * SECOND]), st.sampled_from("\n\r.")
)


@given(st.lists(kinds, max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40))))
def test_links_that_break_anywhere_lose_double_and_move_nothing(
    told: list[tuple[int, int, str]], breaks: list[tuple[int, int]]
) -> None:
    """A client is killed within any line, and asked again from a time to the second."""
    log, at = list[tuple[int, Piece]](), T
    for number, (stream, later, end) in enumerate(told):
        at += later
        log.append((stream, Piece(at, f"{stream}:{number};{end}".encode())))
    reader, got = StampedReader(both=True), b""
    for whole, torn in [*breaks[:5], (len(log), 0)]:
        since = ns(reader.since[:-1]) if reader.since else 0
        reader.begin()
        for part, most in ((log[:whole], None), (log[whole : whole + 1], torn)):
            for stream in (0, 1):
                shown = [one for one in part if one[1].stamp >= since]
                got += reader.take(stream, printed_of(shown, stream)[:most], False)
        got += reader.end(whole >= len(log))
    got += reader.finish(False)
    for stream in (b"0", b"1"):
        ids = re.findall(stream + rb":\d+;", got)
        assert ids == re.findall(stream + rb":\d+;", b"".join(piece.data for _, piece in log))
    if all(end == "\n" for _, _, end in told):
        stamps = [log[int(number)][1].stamp for number in re.findall(rb":(\d+);", got)]
        assert stamps == sorted(stamps)


def test_a_bar_that_stood_still_when_the_link_broke_is_read() -> None:
    """It had no newline, and the other stream was six seconds ahead."""
    reader, bar, loss = (
        StampedReader(both=True),
        line(T, "\r 10%"),
        line(T + 6 * SECOND, "loss 1\n"),
    )
    reader.begin()
    reader.take(0, bar, False)
    got = reader.take(1, loss, False) + reader.end(False)
    assert ns(reader.since[:-1]) <= T
    reader.begin()
    got += reader.take(0, bar + line(T + 7 * SECOND, " 20%\n"), False) + reader.take(1, loss, False)
    got += reader.end(True) + reader.finish(False)
    assert sorted(got.split()) == [b"1", b"10%", b"20%", b"loss"]


def test_lines_of_both_streams_stand_in_the_order_of_their_times() -> None:
    weave = Weave()
    for stamp, text in ((1, b"a\n"), (4, b"d\n")):
        weave.put(0, Piece(stamp, text))
    for stamp, text in ((2, b"b\n"), (3, b"c\n"), (9, b"z\n")):
        weave.put(1, Piece(stamp, text))
    assert weave.take(dry=1) == b"a\nb\nc\nd\n", "something may still come before z"
    assert weave.take(dry=0) == b"z\n"


def test_a_bar_is_not_torn_by_what_the_other_stream_says() -> None:
    weave = Weave()
    weave.put(1, Piece(1, b"\r 10%|# "))
    weave.put(0, Piece(2, b"loss 1\n"))
    weave.put(1, Piece(3, b"loss=2\r 20%|##"))
    assert weave.take() == b"\rloss 1\n 10%|# loss=2\r"
    assert weave.finish() == b" 20%|##\n"


def test_ten_lines_of_one_time_are_counted_and_new_ones_of_that_time_are_new() -> None:
    seen, same = Seen(), Piece(T, b"loss 1\n")
    assert [seen.fresh(0, same) for _ in range(10)] == [True] * 10
    seen.replay()
    assert [seen.fresh(0, same) for _ in range(12)] == [False] * 10 + [True] * 2


def test_what_is_remembered_is_bounded_and_older_lines_are_still_no_news() -> None:
    seen = Seen()
    flood = [Piece(T + i, b"%d\n" % i) for i in range(40_000)]  # in a fraction of a second
    assert all(seen.fresh(0, piece) for piece in flood)
    assert len(seen._order) <= 1 << 14
    seen.replay()
    assert not any(seen.fresh(0, piece) for piece in flood)
    assert seen.fresh(0, Piece(T + 40_000, b"new\n"))


def test_a_clock_that_is_set_back_loses_no_lines() -> None:
    seen = Seen()
    assert seen.fresh(0, Piece(T, b"before\n"))
    assert seen.fresh(0, Piece(T - 3600 * SECOND, b"after\n"))
    assert seen.since == (T - 3605 * SECOND) // SECOND
    seen.replay()
    assert not seen.fresh(0, Piece(T - 3600 * SECOND, b"after\n"))
    assert seen.fresh(0, Piece(T - 3599 * SECOND, b"later\n"))
