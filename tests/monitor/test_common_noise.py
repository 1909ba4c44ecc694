"""Two curves of one course: of one training they shake alike, of two they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossmon.api import read_runs
from lossmon.history.columns import Floats, SeriesView
from lossmon.monitor.agreement import Curve
from lossmon.monitor.common_noise import shares_noise


def losses(seed: int, rows: int = 400, noise: float = 0.05) -> Floats:
    shaken = np.random.default_rng(seed).normal(0, noise, rows)
    return 3 * np.exp(-np.arange(rows) / 100) + 0.5 + shaken


def curve(value: Floats, first: int = 1, stride: int = 1) -> Curve:
    step = first + stride * np.arange(len(value))
    return Curve.of(SeriesView("loss", "train_loss", step, np.asarray(value), None, None))


def smoothed(value: Floats, share: float) -> Floats:
    """Its running average, as bars print it."""
    told = [value[0]]
    for one in value[1:]:
        told.append((1 - share) * told[-1] + share * one)
    return np.array(told)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (curve(losses(2)), False),  # another seed
        (curve(smoothed(losses(2), 0.1)), False),
        (curve(losses(2).reshape(-1, 10).mean(1), 10, 10), False),
        (curve(smoothed(losses(1), 0.1)), True),
        (curve(np.cumsum(losses(1)) / np.arange(1, 401)), True),  # a mean since the start
        (curve(losses(1).reshape(-1, 10).mean(1), 10, 10), True),  # means of ten rows
        (curve(losses(1)[9::10].round(2), 10, 10), True),  # each tenth row
        (curve(losses(1) + 0.3, 0), True),  # with a penalty, and counted from 0
        (curve(losses(2)[:20]), None),  # too few
        (curve(losses(2)[::19], 4, 19), None),  # other batches of maybe the same training
        (curve(losses(2), 1, 50), None),  # counts something else
        (curve(losses(2).round(0)), None),  # hardly any digit
    ],
    ids=[
        "seed", "seed_smoothed", "seed_means", "smoothed", "mean", "means", "tenth", "penalty",
        "few", "between", "otherwise", "coarse",
    ],
)  # fmt: skip
def test_noise_tells_a_smoothed_curve_from_another_seed(other: Curve, alike: bool | None) -> None:
    own = curve(losses(1))
    assert shares_noise(own, other) is alike
    assert shares_noise(other, own) is alike


@pytest.mark.slow
def test_independent_noise_is_rarely_called_shared() -> None:
    """The bound: 3.5 standard errors, six looks; 0.14 % at most by Bonferroni."""
    wrong = sum(
        shares_noise(curve(losses(seed)), curve(losses(seed + 1000))) is not False
        for seed in range(200)
    )
    assert wrong <= 2


def test_two_seeds_in_one_folder_stay_two(tmp_path: Path) -> None:
    """One wrote a table and one printed: they were one run, and the other one was gone."""
    rows = "".join(f"{i},{loss!r}\n" for i, loss in enumerate(losses(1).tolist(), 1))
    (tmp_path / "a.csv").write_text("step,loss\n" + rows)
    printed = "".join(f"step {i} loss {loss:.4f}\n" for i, loss in enumerate(losses(2), 1))
    (tmp_path / "b.log").write_text(printed)
    assert len(read_runs(str(tmp_path), "never")) == 2
