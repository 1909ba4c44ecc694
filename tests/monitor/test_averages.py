"""Two trainings side by side in one folder stay two from the first rows; a bar stays with its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossmon.api import read_runs
from lossmon.history.columns import Floats
from lossmon.monitor.agreement import contradict
from lossmon.monitor.averages import can_be_one
from tests.monitor.test_common_noise import curve, losses, smoothed


def other(rows: int = 400) -> Floats:
    """Another training's: lower from its first row on, and falling sooner."""
    shaken = np.random.default_rng(7).normal(0, 0.03, rows)
    return 2.2 * np.exp(-np.arange(rows) / 60) + 0.3 + shaken


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
@pytest.mark.parametrize("share", [0.65, 0.75, 1.0, 1.3])
def test_another_training_is_told_by_its_values_however_short_it_is(
    rows: int, share: float
) -> None:
    one, two = curve(losses(1)[:rows]), curve(other()[: max(1, int(share * rows))])
    assert not can_be_one(one, two)
    assert not can_be_one(two, one)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 400])
@pytest.mark.parametrize("weight", [0.02, 0.1, 0.5])
def test_what_is_smoothed_may_be_of_the_training_however_short_it_is(
    rows: int, weight: float
) -> None:
    own = losses(1)
    whole = curve(own[:rows])
    means = np.cumsum(own) / np.arange(1, len(own) + 1)
    for shown in (smoothed(own, weight), means, own.round(1)):
        for first in (0, 1):  # a bar may count from 0
            for ahead in (rows, max(1, 2 * rows // 3), rows + rows // 3):
                bar = curve(shown[:ahead], first)
                assert can_be_one(whole, bar)
                assert can_be_one(bar, whole)


def test_a_bar_that_counts_batches_of_an_epoch_may_be_of_the_training() -> None:
    own = losses(1)
    by_epoch = curve(own.reshape(-1, 40).mean(1))
    assert can_be_one(by_epoch, curve(smoothed(own, 0.05)))


@pytest.mark.parametrize("rows", [6, 15, 30, 60, 100])
def test_two_trainings_that_begin_together_in_a_folder_are_two_runs(
    tmp_path: Path, rows: int
) -> None:
    """One printed and one wrote a table, both in their first epoch: they were one, and healthy."""
    table = "".join(f"0,{10 * i},{loss:.4f}\n" for i, loss in enumerate(other()[:rows], 1))
    (tmp_path / "metrics.csv").write_text("epoch,step,train_loss\n" + table)
    printed = "".join(
        f"{{'loss': {loss:.4f}, 'epoch': {i / 200:.2f}}}\n"
        for i, loss in enumerate(losses(1)[: 3 * rows // 4], 1)
    )
    (tmp_path / "train.log").write_text(printed)
    assert len(read_runs(str(tmp_path), "never")) == 2


def evaluated(seed: int, rows: int) -> Floats:
    """The eval losses of a seed, whose noise is a fiftieth of how far they fall."""
    return losses(seed, rows, 0.03)


@pytest.mark.parametrize("rows", [3, 10, 20, 60])
@pytest.mark.parametrize(("seed", "runs"), [(1, 1), (2, 2)], ids=["own", "other"])
def test_an_evaluation_that_is_told_twice_has_one_result(
    tmp_path: Path, rows: int, seed: int, runs: int
) -> None:
    """Of ten epochs noise tells nothing: two seeds were one run, and the points of one were gone.

    What is printed of train is a running average, so that nothing of it is in the table.
    """
    table = zip(losses(1, rows), evaluated(1, rows), strict=True)
    rows_written = [f"{i},{train!r},{held!r}\n" for i, (train, held) in enumerate(table)]
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n" + "".join(rows_written))
    lines = zip(smoothed(losses(seed, rows), 0.3), evaluated(seed, rows), strict=True)
    (tmp_path / "train.log").write_text(
        "".join(
            f"Epoch {i}/{rows} loss: {train:.4f} val_loss: {held:.4f}\n"
            for i, (train, held) in enumerate(lines, 1)
        )
    )
    assert len(read_runs(str(tmp_path), "never")) == runs


OWN = losses(1, 60)


@pytest.mark.parametrize(
    ("own", "other", "contradicts"),
    [
        (OWN[:10], losses(2, 10), True),
        (OWN[:10], losses(2, 3), True),
        (OWN[:10], losses(2, 2), False),  # one that was garbled, and one more
        (OWN[:20], losses(2, 60), True),  # beside three folds
        (OWN[:10], OWN[:10].round(2), False),
        (OWN, OWN[20:30], False),
        (OWN[:10], np.r_[OWN[:7], losses(2, 3)], False),  # lines that were garbled
        (OWN[:10], np.repeat(OWN[:8].round(2), 5)[3:], False),  # in a bar, two rows late
        (OWN[:10], losses(2, 10).round(0), False),  # so coarse that it says nothing
    ],
    ids=["seed", "three", "two", "folds", "rounded", "part", "garbled", "late", "coarse"],
)
def test_most_values_of_what_is_told_twice_are_the_same(
    own: Floats, other: Floats, contradicts: bool
) -> None:
    assert contradict(curve(own), curve(other)) is contradicts
    assert contradict(curve(other), curve(own)) is contradicts
