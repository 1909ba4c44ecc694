"""Rows, times and lines at the bounds between one thing and another, a table each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.formats import csv
from lossmon.formats.cells import goes_astray
from lossmon.formats.clock import read_time, read_times
from lossmon.formats.decoder import Facts, Record, Rows, batches, within
from lossmon.formats.folded import Folds
from lossmon.formats.hf_stdout import DictLineDecoder

ROW = Record({"loss": 1.0}, 1, 0.5, 9.0)


@pytest.mark.parametrize(
    ("records", "kinds"),
    [
        ([ROW] * 8, ["Rows"]),
        ([ROW] * 7, ["Record"] * 7),
        ([ROW._replace(step=None)] * 8, ["Record"] * 8),
        ([ROW._replace(values={})] * 8, ["Record"] * 8),
        ([ROW] * 8 + [ROW._replace(epoch=None)] * 8, ["Rows", "Rows"]),
        ([ROW] * 8 + [ROW._replace(time=None)] * 8, ["Rows", "Rows"]),
        ([ROW] * 8 + [ROW._replace(stage="b")] * 8, ["Rows", "Rows"]),
        ([ROW] * 8 + [ROW._replace(run="b")] * 8, ["Rows", "Rows"]),
        ([ROW] * 8 + [ROW._replace(values={"lr": 1.0})], ["Rows", "Record"]),
        ([ROW] * ((1 << 14) + 8), ["Rows", "Rows"]),
        ([ROW] * ((1 << 14) + 7), ["Rows"] + ["Record"] * 7),
        ([], []),
    ],
    ids=range(12),
)
def test_rows_that_are_alike_are_put_together(records: list[Record], kinds: list[str]) -> None:
    parts = list(batches(records))
    assert ["Rows" if isinstance(one, Rows) else "Record" for one in parts] == kinds
    assert [row for one in parts for row in (one if isinstance(one, Rows) else [one])] == records


@pytest.mark.parametrize(
    ("steps", "planned"),
    [(0, None), (1, 1), (-3, None), (10**15, 10**15), (2**62, None), (None, None)],
)
def test_a_plan_is_one_that_a_training_can_have(steps: int | None, planned: int | None) -> None:
    epochs = None if steps is None else float(steps)
    assert within(Facts(total_steps=steps, total_epochs=epochs)) == (planned, planned)


@pytest.mark.parametrize(
    ("positions", "astray"),
    [
        ([1], False),
        ([1, 2, 3, 4], False),
        ([1, 2, 3, 1, 2, 3, 1, 2, 3], False),  # the batches of an epoch
        ([9, 4, 9, 3, 9, 2, 9, 1, 9], True),  # games of an iteration
        ([9, 4, 9, 3, 9, 9, 9, 9, 9], False),  # a quarter of them falls, and no more
        ([9, 4, 9, 3, 9, 2, 9, 9, 9], True),
        ([2, 1, 4, 3, 6, 5, 8, 7], False),  # written out of order: each gets further
    ],
)
def test_a_counter_that_falls_all_the_time_counts_nothing(
    positions: list[int], astray: bool
) -> None:
    assert goes_astray(np.array(positions, np.int64)) == astray


YEAR_2000, YEAR_2100 = 946_684_800.0, 4_102_444_800.0


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize(
    ("seconds", "is_time"),
    [(1.7e9, True), (YEAR_2000 / 2, False), (YEAR_2100 * 3, False), (-1.7e9, False)],
)
def test_a_number_is_a_time_where_it_is_of_these_days(
    unit: float, seconds: float, is_time: bool
) -> None:
    found = read_time(seconds * unit)
    assert (found is not None and math.isclose(found, seconds)) == is_time
    column = read_times(np.array([seconds * unit, seconds * unit + unit]))
    assert (column is not None and math.isclose(column[1], seconds + 1)) == is_time


def test_a_column_of_times_and_others_is_neither() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - without a word
        read_times(np.array([1.7e9, 3.0]))


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("2024-05-19T04:54:30Z", 0.0), ("20240519T045430Z", 0.0), ("2024-05-19 04:54:30,250Z", 0.25),
        ("2024-05-19T06:54:30+02:00", 0.0), ("2024-05-19T02:54:30-0200", 0.0),
        ("2024-13-45T04:54:30Z", None), ("2024-05-19T04:54:30Z" + " " * 45, None),
    ],
)  # fmt: skip
def test_a_date_is_a_moment(cell: str, seconds: float | None) -> None:
    found = read_time(cell)
    assert (None if found is None else found - 1716094470.0) == seconds


GOES = " " * 20


@pytest.mark.parametrize(
    ("lines", "joined", "held"),
    [
        (["Epoch 1 ━━━ loss: ", f"{GOES}0.5"], [], "Epoch 1 ━━━ loss: 0.5"),
        (["Epoch 1 ━━━ loss:", f"{GOES}0.5", "next"], ["Epoch 1 ━━━ loss: 0.5", "next"], ""),
        (["Epoch 1 ━━━ loss:", f"{GOES[1:]}0.5"], ["Epoch 1 ━━━ loss:", f"{GOES[1:]}0.5"], ""),
        (["Epoch 1 ━━━ loss:", f"{GOES}2 ━━━ 0.5"], ["Epoch 1 ━━━ loss:", f"{GOES}2 ━━━ 0.5"], ""),
        (["Epoch 1 ━━━ 0.5", f"{GOES}0.5"], ["Epoch 1 ━━━ 0.5", f"{GOES}0.5"], ""),  # it is whole
        (["Epoch ━" + "x" * 73, f"{GOES}0.5"], [], "Epoch ━" + "x" * 73 + " 0.5"),  # as the screen
        (["Epoch ━" + "x" * 72, f"{GOES}0.5"], ["Epoch ━" + "x" * 72, f"{GOES}0.5"], ""),
        (["loss:", f"{GOES}0.5"], ["loss:", f"{GOES}0.5"], ""),  # no bar
        ([f"{GOES}0.5"], [f"{GOES}0.5"], ""),
        ([], [], ""),
    ],
    ids=range(10),
)
def test_a_line_that_the_screen_was_too_narrow_for_is_one(
    lines: list[str], joined: list[str], held: str
) -> None:
    for at_once in (True, False):
        folds, given = Folds(), list[bytes]()
        for some in [lines] if at_once else [[line] for line in lines]:
            given += folds.join([line.encode() for line in some])
        assert [one.decode() for one in given] == joined
        assert folds.is_open == bool(held)
        assert b"".join(folds.flush()).decode() == held
        assert not folds.is_open


def test_a_block_has_so_many_lines_at_most() -> None:
    folds = Folds()
    lines = ["Epoch 1 ━━━ loss:".encode(), *[f"{GOES}a".encode()] * 64]
    assert len(folds.join(lines)[0].split(b" a")) == 64
    assert not folds.is_open


@pytest.mark.parametrize(
    ("before", "step", "epoch"),
    [
        ("Step 10: ", 10, None), ("10: ", 10, None), ("iter 7 epoch 2: ", 7, 2.0),
        ("Epoch 3: ", 3, 3.0), ("step 2.5: ", 1, None), ("", 1, None),  # it is counted
    ],
)  # fmt: skip
def test_what_stands_before_a_dict_says_where_it_is(
    before: str, step: int | None, epoch: float | None
) -> None:
    decoder = DictLineDecoder()
    text = f"{before}{{'loss': 2.5, 'grad_norm': 1.0}}\n"
    (record,) = [*decoder.feed(text.encode()), *decoder.flush()]
    assert (record.step, record.epoch) == (step, epoch)


@pytest.mark.parametrize(
    ("header", "row", "is_table"),
    [
        ("step,loss", "1,2.5", True), ("step,lr", "1,2.5", True), ("name,size", "1,2.5", False),
        ("time,loss", "1,2.5", True), ("time,accuracy", "1,2.5", False), ("1,2", "1,2.5", False),
        ("loss", "2.5", False), ("epoch,accuracy", "1,0.5", True),
    ],
)  # fmt: skip
def test_a_header_of_a_table_names_a_metric(header: str, row: str, is_table: bool) -> None:
    found = csv.sniff(f"{header}\n{row}\n{row}\n{row}\n".encode(), "x.csv")
    assert (found is not None) == is_table
