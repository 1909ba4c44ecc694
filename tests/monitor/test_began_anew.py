"""Two logs of one training that goes back: joined they hold each row as it was logged."""

from __future__ import annotations

import json
import math
import random
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from lossmon.monitor import RunUpdate
from lossmon.monitor.resumed import pieces_of
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets, read_whole

Row = tuple[int, float]


def curve(seed: int, steps: range) -> list[Row]:
    rng = random.Random(seed)
    values = [0.3 + 2 * math.exp(-i / 75) + rng.gauss(0, 0.05) for i in range(steps.stop)]
    return [(step, values[step]) for step in steps]


ANEW = [*curve(1, range(200)), *curve(2, range(300))]
RESUMED = [*curve(1, range(200)), *curve(2, range(150, 300))]
TWICE = [*curve(1, range(120)), *curve(2, range(100, 200)), *curve(3, range(50, 160))]


def text(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(f"step {step} loss {value:.4f}\n" for step, value in rows))


def lines(path: Path, rows: list[Row], every: int = 0) -> None:
    """JSON lines; with every so many steps a row of an evaluation."""
    row = [json.dumps({"step": step, "loss": value}) for step, value in rows]
    if every:
        held = [json.dumps({"step": step, "val_loss": value + 1}) for step, value in rows]
        both = zip(row, held, [step for step, _ in rows], strict=True)
        row = list(
            chain.from_iterable((a, b) if step % every == 0 else (a,) for a, b, step in both)
        )
    path.write_text("\n".join(row) + "\n")


def run(folder: Path) -> RunUpdate:
    (update,) = read_targets([str(folder)], judging="as it grows").updates
    return update


def logged(update: RunUpdate, metric: str = "loss") -> list[Row]:
    view = update.logged[metric]
    return list(zip(view.step.tolist(), view.value.tolist(), strict=True))


@pytest.mark.parametrize("rows", [ANEW, RESUMED, TWICE], ids=["anew", "resumed", "twice"])
def test_no_row_is_lost_and_none_told_of_another_training(tmp_path: Path, rows: list[Row]) -> None:
    """A training from 0 on after one from 0 on was cut in two stages, and the first in none."""
    text(tmp_path / "train.log", rows)
    lines(tmp_path / "train.jsonl", rows)
    update = run(tmp_path)
    assert len(update.logs) == 2
    assert logged(update) == rows
    assert update.stages == ()
    alone = run(tmp_path / "train.jsonl")
    assert update.restarts == alone.restarts != ()
    assert np.array_equal(update.series["loss"].value, alone.series["loss"].value)
    assert (update.step, update.diagnosis.findings) == (alone.step, alone.diagnosis.findings)


def test_evaluations_are_of_the_piece_that_they_were_logged_in(tmp_path: Path) -> None:
    text(tmp_path / "train.log", RESUMED)
    lines(tmp_path / "train.jsonl", RESUMED, every=50)
    update = run(tmp_path)
    held = [(step, value + 1) for step, value in RESUMED if step % 50 == 0]
    assert len(update.logs) == 2
    assert logged(update) == RESUMED
    assert logged(update, "val_loss") == held


def test_what_only_the_text_holds_stands_where_the_rows_of_the_other_do(tmp_path: Path) -> None:
    """The text counts a second training behind the first: its norms were 200 steps ahead."""
    rows = [f"step {step} loss {value:.4f} grad_norm {step + 1:.1f}" for step, value in ANEW]
    (tmp_path / "train.log").write_text("\n".join(rows) + "\n")
    lines(tmp_path / "train.jsonl", ANEW)
    update = run(tmp_path)
    assert logged(update) == ANEW
    assert logged(update, "grad_norm") == [(step, step + 1.0) for step, _ in ANEW]
    assert update.step == 299


def test_rows_that_come_while_it_is_read_go_back_as_well(tmp_path: Path) -> None:
    monitor = open_monitor([str(tmp_path)], watch=False)
    try:
        for rows in (150, 200, 205, 260, len(RESUMED)):
            text(tmp_path / "train.log", RESUMED[:rows])
            lines(tmp_path / "train.jsonl", RESUMED[:rows])
            monitor.wait(0.0)
            for _ in range(3):
                monitor.poll()
        (update,) = read_whole(monitor)
    finally:
        monitor.close()
    assert logged(update) == RESUMED
    assert update.restarts == (150,)


STEPS = np.array([0, 10, 20, 30, 20, 30, 40, 50])


@pytest.mark.parametrize(
    ("other", "pieces"),
    [
        ([0, 20, 40], [0, 0, 1]),  # it never goes back: the first piece that gets so far
        ([0, 30, 30, 50], [0, 0, 0, 1]),
        ([15, 35], [0, 1]),
        ([0, 60], [0, 1]),  # beyond the last row
        ([0, 30, 20, 40], [0, 0, 1, 1]),  # it shows it as well
    ],
)
def test_pieces(other: list[int], pieces: list[int]) -> None:
    found = pieces_of([STEPS, np.array(other)])
    assert found[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert found[1].tolist() == pieces


def test_what_goes_back_less_often_is_never_of_an_earlier_piece() -> None:
    steps = np.array([0, 10, 20, 10, 20, 10, 20, 30])
    found = pieces_of([steps, np.array([20, 10, 30])])
    assert found[1].tolist() == [0, 1, 2]
    assert [one.tolist() for one in pieces_of([np.array([1, 2])])] == [[0, 0]]
