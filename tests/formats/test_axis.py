"""Where rows lie on the axis of a training, in tables."""

from __future__ import annotations

import json
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.axis import Axis, BarAxis, by_plan
from lossmon.formats.decoder import Facts
from lossmon.formats.hf_stdout import DictLineDecoder
from lossmon.formats.jsonl import JsonlDecoder
from lossmon.formats.text import TextDecoder

Seen = list[tuple[int | None, float | None]]  # position and epoch of each row

ROWS: dict[str, tuple[Seen, list[int | None]]] = {
    "positions as they stand": ([(10, None), (20, None), (35, None)], [10, 20, 35]),
    "with the epoch beside them": ([(10, 0.1), (20, 0.9), (30, 1.2)], [10, 20, 30]),
    "anew with each epoch, from 1": (
        [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (1, 3)],
        [1, 2, 3, 4, 5, 6, 7],
    ),
    "anew with each epoch, from 0": (
        [(0, 0), (10, 0), (20, 0), (0, 1), (10, 1), (20, 1), (0, 2)],
        [0, 10, 20, 30, 40, 50, 60],
    ),
    "an epoch between was not logged": ([(1, 1), (2, 1), (1, 3), (2, 3)], [1, 2, 5, 6]),
    "resumed": (
        [(100, 1), (200, 2), (300, 3), (150, 1), (250, 2), (350, 3)],
        [100, 200, 300, 150, 250, 350],
    ),
    "back without an epoch": ([(10, None), (20, None), (10, None)], [10, 20, 10]),
    "a row an epoch": ([(None, 1), (None, 2), (None, 3)], [1, 2, 3]),
    "epochs from 0": ([(None, 0), (None, 1), (None, 2)], [0, 1, 2]),
    "an epoch that is no number": ([(None, 1), (None, -inf), (None, nan)], [1, None, None]),
    "an epoch that is no number behind a training": (
        [*((None, e) for e in (1, 2, 3)), (None, -inf), (None, 1)],
        [1, 2, 3, None, None],
    ),
    "two rows of an epoch": ([(None, 1), (None, 1), (None, 2)], [1, None, None]),
    "a part of an epoch": ([(None, 0.5), (None, 1.0)], [None, None]),
    "no epoch but nan": ([(None, float("nan")), (5, float("nan"))], [None, 5]),
    "nothing": ([(None, None), (None, None)], [None, None]),
}


@pytest.mark.parametrize(("seen", "steps"), ROWS.values(), ids=ROWS)
def test_rows_of_the_training(seen: Seen, steps: list[int | None]) -> None:
    axis = Axis(Facts())
    assert [axis.locate(*row) for row in seen] == steps


@pytest.mark.parametrize(
    ("rows", "position", "step"),
    [
        ([], 40, 40),  # nothing was trained yet
        ([], None, None),
        ([(100, 1.0), (200, 2.0)], None, 200),
        ([(100, 1.0), (200, 2.0)], 2, 200),  # it is the epoch
        ([(100, 1.0), (200, 2.0)], 100, 100),
        ([(100, 1.0), (200, 2.0)], 250, 250),
        ([(3, None), (4, None)], 3, 3),
        ([(1, 1), (2, 1), (1, 2), (2, 2)], 2, 4),  # positions start anew
        ([(1, 1), (2, 1), (1, 2), (2, 2)], 4, 4),
        ([(1, 1), (2, 1), (1, 2), (2, 2)], 5, 5),
    ],
)
def test_rows_of_an_evaluation(rows: Seen, position: int | None, step: int | None) -> None:
    axis = Axis(Facts())
    for row in rows:
        axis.locate(*row)
    assert axis.evaluation(position) == step


@given(
    start=st.integers(0, 5),
    strides=st.lists(st.integers(1, 50), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 10), min_size=1, max_size=12),
    per_epoch=st.one_of(st.none(), st.integers(1, 200)),
    after=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=6),
)
def test_many_rows_at_once_lie_where_they_lie_one_by_one(
    start: int,
    strides: list[int],
    cuts: list[int],
    per_epoch: int | None,
    after: list[tuple[int, int]],
) -> None:
    positions = np.cumsum([start, *strides])
    epochs = None if per_epoch is None else positions / per_epoch
    singly, bulk = Axis(Facts()), Axis(Facts())
    want = [
        singly.locate(int(p), None if epochs is None else float(epochs[i]))
        for i, p in enumerate(positions)
    ]
    got: list[int] = []
    at = 0
    for cut in (*cuts, len(positions)):
        part = slice(at, min(at + cut, len(positions)))
        if part.start < part.stop:
            steps = bulk.locate_many(positions[part], None if epochs is None else epochs[part])
            assert steps is not None
            got += steps.tolist()
        at = part.stop
    assert got == want
    assert bulk.newest == singly.newest
    for position, epoch in after:  # whatever comes then, nothing differs
        assert bulk.locate(position, epoch) == singly.locate(position, epoch)
        assert bulk.evaluation(position) == singly.evaluation(position)


@pytest.mark.parametrize(
    "positions", [[3, 3], [4, 3], [0, 1], [1, 2**62]], ids=["same", "back", "seen", "far"]
)
def test_rows_that_do_not_grow_are_asked_one_by_one(positions: list[int]) -> None:
    axis = Axis(Facts())
    axis.locate(0, None)
    assert axis.locate_many(np.array(positions), None) is None
    assert axis.newest == 0


def test_rows_of_nan_epochs_are_asked_one_by_one() -> None:
    assert Axis(Facts()).locate_many(np.array([1, 2]), np.array([1.0, np.nan])) is None


@pytest.mark.parametrize(
    ("total", "epochs", "epoch", "step"),
    [
        (100, 2.0, 0.5, 25),
        (100, 2.0, 2.0, 100),
        (100, 2.0, 2.1, 100),
        (100, None, 0.5, None),
        (None, 2.0, 0.5, None),
        (100, 2.0, None, None),
        (100, 2.0, float("nan"), None),
        (100, 2.0, -1.0, None),
    ],
)
def test_an_epoch_of_the_plan(
    total: int | None, epochs: float | None, epoch: float | None, step: int | None
) -> None:
    assert by_plan(epoch, Facts(total_steps=total, total_epochs=epochs)) == step


@pytest.mark.parametrize(
    ("cells", "steps"),
    [
        ([0.5, 0.4, 0.6], [1, 2, 3]),  # a duration: the epochs place the rows
        ([10.0, 20.0, 30.0], [10, 20, 30]),
        (["10", "20", "30"], [10, 20, 30]),
        (["1/90", "2/90", "3/90"], [1, 2, 3]),
    ],
)
def test_a_step_is_whole(cells: list[object], steps: list[int]) -> None:
    rows = [{"train_step": c, "epoch": e, "loss": 2.5} for e, c in enumerate(cells, 1)]
    decoder = JsonlDecoder()
    records = decoder.feed("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    assert [record.step for record in records] == steps
    named = {name for record in records for name in record.values}
    assert named == ({"loss", "train_step"} if cells[0] == 0.5 else {"loss"})


def dicts(*lines: str) -> list[tuple[str, int | None]]:
    """Lines printed: "12/40" and "Loading:1/9" are bars, "0.25" a row at that epoch, "e1.0" an evaluation."""
    out, decoder = [], DictLineDecoder()
    for line in lines:
        name, described, place = line.rpartition(":")
        if "/" in place:
            label = f"{name.replace('_', ' ')}: " if described else ""
            out.append(f"\r{label}50%|##  | {place} [00:05<00:40,  1.00s/it]")
        elif line.startswith("e"):
            out.append(f"{{'eval_loss': 2.0, 'epoch': {line[1:]}}}")
        else:
            out.append(f"{{'loss': 2.0, 'epoch': {line}}}")
    records = [*decoder.feed("\n".join(out).encode()), *decoder.flush()]
    return [("e" if "eval_loss" in r.values else "t", r.step) for r in records]


PRINTED: dict[str, tuple[str, list[int]]] = {
    "a bar behind each row": ("0/40 .1 5/40 .2 10/40 .3 15/40 .4 20/40", [5, 10, 15, 20]),
    "the bar is not drawn each time": ("0/40 .1 5/40 .2 10/40 .3 .4 20/40", [5, 10, 15, 20]),
    "an evaluation": ("0/40 .5 10/40 e.5 .8 20/40", [10, 10, 20]),
    "its bar is another": ("0/40 .5 10/40 0/7 7/7 e.5 .8 20/40", [10, 10, 20]),
    "no bar at all": (".1 .2 .3 e.3", [1, 2, 3, 3]),
    "rows in a bunch": ("0/40 10/40 20/40 .25 .50 .75 1.0 25/40 30/40", [5, 10, 15, 20]),
    "and their evaluations": ("0/40 30/40 .5 e.5 1.0 e1.0 1.5 e1.5 40/40", [10, 10, 20, 20, 30, 30]),
    "all of them at the end": ("0/90 90/90 1.0 2.0 3.0 e3.0", [30, 60, 90, 90]),
    "a training that ends within an epoch": ("0/100 20/100 .25 .50 30/100", [10, 20]),
    "rows before the first bar": (".25 .50 .75 1.0 40/80 e1.0 1.5", [1, 2, 3, 4, 40, 60]),
    "weights were loaded": ("Loading_weights:291/291 0/40 .1 5/40 .2 10/40", [5, 10]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "steps"), PRINTED.values(), ids=PRINTED)
def test_printed_rows_between_bars(lines: str, steps: list[int]) -> None:
    assert [step for _, step in dicts(*lines.split())] == steps


def test_a_bar_of_another_length_is_none_of_the_training() -> None:
    axis = BarAxis(facts := Facts())
    assert axis.bar(0, 40, described=False) == 0
    assert axis.locate(0.5) is None
    assert axis.settle([(0.5, True)], 10) == [10]
    assert axis.bar(0, 500, described=False) is None  # an evaluation, longer than the training
    assert facts.total_steps == 40
    axis.plan("steps", 80)
    assert facts.total_steps == 80


STAGES: dict[str, tuple[list[dict[str, object]], list[tuple[int | None, str]]]] = {
    "a name in each row": (
        [{"stage": s, "step": i, "loss": 2.5} for s in ("pretrain", "tune") for i in (1, 2)],
        [(1, "pretrain"), (2, "pretrain"), (1, "tune"), (2, "tune")],
    ),
    "folds by epoch": (
        [{"fold": f, "epoch": e, "loss": 2.5} for f in (1, 2) for e in (1, 2)],
        [(1, "fold 1"), (2, "fold 1"), (1, "fold 2"), (2, "fold 2")],
    ),
    "a split is none": (
        [{"phase": "train", "step": i, "loss": 2.5} for i in (1, 2)],
        [(1, ""), (2, "")],
    ),
    "what was planned is done": (
        [{"step": i, "total_steps": 3, "loss": 2.5} for i in (1, 2, 3, 1, 2, 3, 2)],
        [(1, ""), (2, ""), (3, ""), (1, "2"), (2, "2"), (3, "2"), (2, "3")],
    ),
    "it is not": (
        [{"step": i, "total_steps": 4, "loss": 2.5} for i in (1, 2, 3, 1, 2)],
        [(1, ""), (2, ""), (3, ""), (1, ""), (2, "")],
    ),
    "epochs that were planned are done": (
        [{"epoch": e, "num_epochs": 2, "loss": 2.5} for e in (1, 2, 1, 2)],
        [(1, ""), (2, ""), (1, "2"), (2, "2")],
    ),
    "the first epoch comes again": (
        [{"epoch": e, "loss": 2.5} for e in (0, 1, 2, 0, 1, 2, 1)],
        [(0, ""), (1, ""), (2, ""), (0, "2"), (1, "2"), (2, "2"), (None, "2")],
    ),
    "two rows are a false start": (
        [{"epoch": e, "loss": 2.5} for e in (0, 1, 0, 1)],
        [(0, ""), (1, ""), (None, ""), (None, "")],
    ),
    "it was summed up": (
        [
            *({"step": i, "loss": 2.5} for i in (10, 20)),
            {"train_runtime": 12.5, "train_loss": 2.0, "step": 20},
            *({"step": i, "loss": 2.5} for i in (10, 20)),
        ],
        [(10, ""), (20, ""), (10, "2"), (20, "2")],
    ),
}


@pytest.mark.parametrize(("rows", "want"), STAGES.values(), ids=STAGES)
def test_parts_of_a_training(
    rows: list[dict[str, object]], want: list[tuple[int | None, str]]
) -> None:
    decoder = JsonlDecoder()
    records = decoder.feed("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    assert [(r.step, r.stage) for r in records] == want


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        (["Epoch 1", "Epoch 2", "Fine-Tune Epoch 1"], ["", "", "Fine-Tune"]),
        (["Train Epoch 1", "Train Epoch 2"], ["", ""]),
        (["--- Fold 1 ---", "Epoch 1", "--- Fold 2 ---", "Epoch 1"], ["fold 1", "fold 2"]),
        (["Epoch 1/2", "Epoch 2/2", "Epoch 1/2"], ["", "", "2"]),
        (["Epoch 1/3", "Epoch 2/3", "Epoch 1/3"], ["", "", ""]),
        ([f"Epoch {n}" for n in (1, 2, 3, 1, 2)], ["", "", "", "2", "2"]),
        ([f"Epoch {n}" for n in (1, 2, 3, 2)], ["", "", "", ""]),
        ([f"step {n}0" for n in (*range(1, 40), 1, 2)], [*[""] * 39, "2", "2"]),
    ],
)
def test_parts_of_a_training_in_text(lines: list[str], want: list[str]) -> None:
    text = "".join(
        f"{line}\n" if "Fold" in line else f"{line} | loss: {2 - i / 10}\n"
        for i, line in enumerate(lines)
    )
    decoder = TextDecoder()
    records = [*decoder.feed(text.encode()), *decoder.flush()]
    assert [record.stage for record in records] == want


def test_an_evaluation_that_counts_its_own_batches_stands_where_the_training_is() -> None:
    axis = Axis(Facts())
    for position, epoch in ((10, 1), (20, 1), (30, 2), (40, 2), (50, 3)):
        axis.locate(position, epoch)
    assert axis.evaluation(8, 3) == 50  # in an epoch that began at 41
    assert axis.evaluation(45, 3) == 45
    assert axis.evaluation(40) == 40


def test_an_evaluation_further_than_the_next_row_of_its_epoch_counts_something_else() -> None:
    axis = Axis(Facts())
    for position in (10, 20, 30):
        axis.locate(position, 1)
    assert axis.evaluation(1601, 1) == 30  # pictures
    assert axis.evaluation(40, 1) == 40
    assert axis.evaluation(1601) == 1601  # no epoch says that it is of this one
