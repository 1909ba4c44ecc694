"""Columns of numbers under no header."""

from __future__ import annotations

import pytest

from lossmon.formats import columns

FALLING = [[2 - 0.1 * i, 0.5 + 0.01 * (i % 3)] for i in range(8)]


def text(rows: list[list[float]], parted: str = ",") -> bytes:
    return "".join(parted.join(f"{one:.6g}" for one in row) + "\n" for row in rows).encode()


@pytest.mark.parametrize("parted", [",", "\t", " ", ";"])
@pytest.mark.parametrize("name", ["out/train_log.txt", "loss_history.csv", "training_history.txt"])
def test_the_first_column_is_what_the_file_is_called_after(name: str, parted: str) -> None:
    data = text(FALLING, parted)
    assert columns.sniff(data, name)
    decoder = columns.decoder(name)
    records = [*decoder.feed(data[:40]), *decoder.feed(data[40:]), *decoder.flush()]
    assert [r.values for r in records] == [
        {"loss": float(f"{a:.6g}"), "column 2": float(f"{b:.6g}")} for a, b in FALLING
    ]


def test_a_column_that_counts_is_the_step_and_one_of_seconds_the_time() -> None:
    rows = [[10 * i, 1.7e9 + i, *row] for i, row in enumerate(FALLING)]
    data = "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()
    assert columns.sniff(data, "train_log.csv")
    decoder = columns.decoder("train_log.csv")
    records = [*decoder.feed(data), *decoder.flush()]
    assert [(r.step, r.time) for r in records] == [(10 * i, 1.7e9 + i) for i in range(8)]
    assert [*records[0].values] == ["loss", "column 4"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param("train.txt", FALLING, id="data called train"),
        pytest.param("data_log.txt", FALLING, id="a log of no training"),
        pytest.param("train_log.txt", FALLING[:4], id="too few"),
        pytest.param("train_log.txt", [[-a, b] for a, b in FALLING], id="not above 0"),
        pytest.param("train_log.txt", [[b, b] for _, b in FALLING], id="values that come again"),
        pytest.param("loss.txt", FALLING[::-1], id="it only rises"),
        pytest.param("loss_grid.txt", [[i % 3, i / 7, i] for i in range(9)], id="a grid"),
        pytest.param("train_log.txt", [[a] * 13 for a, _ in FALLING], id="too wide"),
        pytest.param("train_log.txt", [*FALLING, [1.0]], id="not as wide"),
        pytest.param("loss.txt", [[int(10 * a), b] for a, b in FALLING], id="whole numbers"),
    ],
)
def test_what_is_no_curve(name: str, rows: list[list[float]]) -> None:
    assert columns.sniff(text(rows), name) is None


def test_what_is_no_number_is_skipped() -> None:
    data = text(FALLING[:5]) + b"nan,inf\nkilled\n1.5,0.5\n"
    decoder = columns.decoder("train_log.txt")
    assert len([*decoder.feed(data), *decoder.flush()]) == 7
    assert decoder.skipped.count == 1
