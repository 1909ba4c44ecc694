"""Decimals behind a comma, as programs write them in much of the world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.text import TextDecoder
from lossmon.formats.text_commas import Commas


@pytest.mark.parametrize(
    ("line", "as_read"),
    [
        ("step 1 loss 1,9608", "step 1 loss 1.9608"),
        ("loss=1,9608; acc=0,5", "loss=1.9608; acc=0.5"),
        ("Epoch 1/200 - loss: 1,960 - lr: 0,001", "Epoch 1/200 - loss: 1.960 - lr: 0.001"),
        ("Epoch 2: train loss -1,96, val loss 2,1e-05", "Epoch 2: train loss -1.96, val loss 2.1e-05"),
        ("10:00:01,250 step 1,250 loss 0,75", "10:00:01,250 step 1,250 loss 0.75"),
        # Thousands, lists, and a log that has points.
        ("step 1 cost: 1,234", "step 1 cost: 1,234"),
        ("step 1 cost: 1,234,567", "step 1 cost: 1,234,567"),
        ("step 1 cost: 1,234.5", "step 1 cost: 1,234.5"),
        ("gpus: 0,1 kernel 3,3 loss 0.5", "gpus: 0,1 kernel 3,3 loss 0.5"),
        ("loss 0.5 at 3,25", "loss 0.5 at 3,25"),
    ],
)  # fmt: skip
def test_the_first_metric_with_decimals_decides(line: str, as_read: str) -> None:
    assert Commas().pointed(line) == as_read


def test_what_was_decided_holds() -> None:
    commas = Commas()
    assert commas.pointed("gpus 0,1\nloss 0,5") == "gpus 0,1\nloss 0.5"
    assert commas.pointed("loss 1,250\nstep 1,250") == "loss 1.250\nstep 1,250"
    commas = Commas()
    assert commas.pointed("loss 0.5\nloss 0,5") == "loss 0.5\nloss 0,5"
    assert commas.pointed("loss 0,5") == "loss 0,5"


def test_it_is_looked_for_in_so_much_text_and_no_more() -> None:
    commas = Commas()
    for _ in range(65):
        commas.pointed("nothing of decimals\n" * 1000)
    assert commas.pointed("loss 0,5") == "loss 0,5"


LINES = ("step 1 loss 1,250", "step 2 loss 0,75", "gpus 0,1", "step 3 loss 0.5", "acc: 0,5", "")


@given(st.lists(st.sampled_from(LINES), max_size=12), st.data())
def test_however_lines_come_they_are_read_alike(lines: list[str], data: st.DataObject) -> None:
    whole, pieces = Commas(), Commas()
    cut = data.draw(st.integers(0, len(lines)))
    told = [pieces.pointed("\n".join(part)) for part in (lines[:cut], lines[cut:]) if part]
    assert "\n".join(told) == whole.pointed("\n".join(lines))


def test_rows_are_read_with_their_decimals() -> None:
    """They were read as 1, 1 and 0, which was called diverged: stop the run."""
    rows = TextDecoder().feed(b"step 1 loss 1,9608\nstep 2 loss 1,25\nstep 3 loss 0,8\n")
    assert [(row.step, row.values["loss"]) for row in rows] == [(1, 1.9608), (2, 1.25), (3, 0.8)]


@pytest.mark.parametrize("mark", ["．", "٫"])
def test_decimal_marks_of_other_alphabets(mark: str) -> None:
    text = f"step 1 loss 1{mark}9608\nstep 2 loss 1{mark}25\nstep 3 loss 0{mark}8\n"
    rows = TextDecoder().feed(text.encode())
    assert [row.values["loss"] for row in rows] == [1.9608, 1.25, 0.8]
