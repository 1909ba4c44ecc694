"""What is said of a row of earlier is no row, and takes the training nowhere."""

from __future__ import annotations

import json

import pytest

from lossmon.errors import FormatError
from lossmon.formats.detect import detect
from lossmon.formats.jsonl import JsonlDecoder
from tests.formats.text_rows import rows_of

_BY_STEP = "".join(
    f"step {n}: loss {4 - n / 100}\nstep {n}: validation loss {4.5 - n / 100}\n"
    for n in range(50, 301, 50)
)
_BY_EPOCH = "".join(
    f"Epoch {n}: loss {4 - n / 4}\nvalidation loss: {4.5 - n / 4}\n" for n in range(1, 7)
)


@pytest.mark.parametrize(
    "said",
    [
        "Best result on held-out data at {0}: 2.5 loss.",
        "best: {0} loss 2.5",
        "At {0} the lowest validation loss was 2.5",
        "Validation loss 2.5 at {0} was the best",
        "loss 2.5 at {0} is the lowest so far",
        "{0} | loss=2.5 | acc=0.75 | *best*",
        "Optimal validation loss 2.5 at {0}",
        "previous best: loss 2.5 at {0}",
        "Restoring from {0}, loss: 2.5",
        "Rolled back to {0}, loss 2.5",
        "Beste Auswertung bei {0}: 2.5 loss",
    ],
)
@pytest.mark.parametrize(
    ("log", "place", "after"),
    [
        (_BY_STEP, "step 150", "step 350: loss 0.25\n"),
        (_BY_EPOCH, "epoch 3", "Epoch 7: loss 0.25\n"),
    ],
    ids=["step", "epoch"],
)
def test_a_row_of_earlier_that_is_recalled(log: str, place: str, after: str, said: str) -> None:
    recalled = said.format(place) + "\n"
    assert rows_of(log + recalled, True) == rows_of(log, True)
    assert rows_of(log + recalled + after, False) == rows_of(log + after, False)


def test_what_is_measured_below_a_restored_row_is_of_now() -> None:
    rows = rows_of(_BY_STEP + "Restoring the weights of step 150\nTest loss: 2.25\n", True)
    assert rows[-1] == (300, {"Test loss": 2.25})


def test_an_evaluation_of_restored_weights_has_a_count_of_its_own() -> None:
    test = "".join(f"Testing restored weights: step {n}/30, loss: {n / 4}\n" for n in (10, 20, 30))
    rows = rows_of(_BY_STEP.replace(":", "/300:") + test, True)
    assert rows[-1] == (300, {"eval_loss": 7.5})


@pytest.mark.parametrize(
    "line",
    [
        "step {n}: validation loss {v} (best)",
        "New best! step {n}: validation loss {v}",
        "step {n} | val loss {v} | best 0.25",
        "step {n} | val loss {v} | best acc 0.25 | lowest 0.5",
    ],
)
def test_the_best_of_now_is_a_row(line: str) -> None:
    text = "".join(f"step {n}: loss 2.5\n{line.format(n=n, v=3 / n)}\n" for n in (10, 20, 30))
    held_out = [step for step, values in rows_of(text, True) if 3 / (step or 1) in values.values()]
    assert held_out == [10, 20, 30]


def test_a_search_that_tells_the_best_alone_may_begin_anew() -> None:
    text = "".join(f"Iteration {n}: best cost = {v / n}\n" for v in (4.5, 3.5) for n in range(1, 5))
    assert rows_of(text, True) == [
        (n, {"best cost": v / n}) for v in (4.5, 3.5) for n in range(1, 5)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "cells", [{"event": "best"}, {"type": "best_model"}, {"msg": "restored the weights"}]
)
def test_a_json_row_that_says_it_is_of_earlier(cells: dict[str, str]) -> None:
    rows = [{"step": n, "loss": 4 - n / 100} for n in range(50, 301, 50)]
    again = {"step": 150, "val_loss": 2.5, **cells}
    now = {**again, "step": 300}
    for row, steps in ((again, [*range(50, 301, 50)]), (now, [*range(50, 301, 50), 300])):
        decoder = JsonlDecoder()
        text = "".join(json.dumps(one) + "\n" for one in (*rows, row))
        records = [*decoder.feed(text.encode()), *decoder.flush()]
        assert [record.step for record in records] == steps


_TESTED = "".join(
    f"Test: [{n}/300] Loss 0.{n + 300} Acc {90 - n / 100}\n" for n in range(0, 300, 10)
)


@pytest.mark.parametrize("below", ["", "dice on val: 0.7\nAccuracy: 0.5\n", "Test: loss 0.5\n"])
def test_one_evaluation_batch_by_batch_is_no_training(below: str) -> None:
    head = b"=> loading checkpoint best.pth\n" + (_TESTED + below).encode()
    with pytest.raises(FormatError, match="an evaluation of a trained model"):
        detect(head, "nohup.out", complete=True, named=True)


@pytest.mark.parametrize(
    "row", ["Epoch: [0][10/300] Loss 0.5\n", "[10/300] loss 0.5\n", "train loss: 0.5\n"]
)
def test_beside_any_row_of_a_training_it_is_one(row: str) -> None:
    head = (row + _TESTED).encode()
    found = detect(head, "nohup.out", complete=True)
    assert found is not None
    assert found.format == "text"
