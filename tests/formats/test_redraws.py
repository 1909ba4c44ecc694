"""Redraws of a bar whose count is drawn less often than its loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.text import TextDecoder

Drawn = list[tuple[int, float | None]]  # the count and the loss of each redraw


def bars(drawn: Drawn, total: int = 200) -> list[bytes]:
    rate = "00:01<00:10, 95.00it/s"
    return [
        f"\r{100 * n // total:3}%|###   | {n}/{total} "
        f"[{rate}{'' if loss is None else f', loss={loss}'}]".encode()
        for n, loss in drawn
    ]


def points(pieces: list[bytes]) -> list[tuple[int | None, float]]:
    decoder = TextDecoder()
    records = [record for piece in pieces for record in decoder.feed(piece)]
    return [(r.step, r.values["loss"]) for r in [*records, *decoder.flush()]]


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        pytest.param(
            [(0, None), (0, 0.9), (0, 0.8), (3, 0.7), (3, 0.6), (5, 0.5)],
            [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (5, 0.5)],
            id="each loss is that of a step",
        ),
        pytest.param(
            [(0, None), (0, 0.9), (0, 0.8), (2, 0.8), (2, 0.7), (2, 0.6), (4, 0.6)],
            [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)],
            id="a count is first drawn with the loss that was there",
        ),
        pytest.param(
            [(10, 0.9), (10, 0.8), (20, 0.7), (20, 0.6), (30, 0.5)],
            [(10, 0.8), (20, 0.6), (30, 0.5)],
            id="the count jumps by more than there were redraws: the newest one stands",
        ),
        pytest.param(
            [(1, 0.9), (1, 0.8), (2, 0.8), (2, 0.7), (3, 0.7), (3, 0.6), (4, 0.6)],
            [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)],
            id="the count follows the loss",
        ),
        pytest.param(
            [(0, None), (1, None), (1, 0.9), (2, 0.9), (2, 0.8), (3, 0.8), (3, 0.7)],
            [(1, 0.9), (2, 0.8), (3, 0.7)],
            id="the loss follows the count (Lightning)",
        ),
        pytest.param(
            [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)],
            [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)],
            id="each step is drawn once",
        ),
    ],
)
def test_points(drawn: Drawn, read: list[tuple[int, float]]) -> None:
    assert points(bars(drawn)) == read


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=3, max_size=40),
    st.integers(1, 50),
)
def test_any_split_gives_the_same_points(jumps: list[tuple[int, int]], cut: int) -> None:
    count, drawn = 1, []
    for jump, loss in jumps:
        count += jump
        drawn.append((count, loss / 8))
    data = b"".join(bars(drawn)) + b"\n"
    pieces = [data[i : i + cut] for i in range(0, len(data), cut)]
    assert points(pieces) == points([data])
