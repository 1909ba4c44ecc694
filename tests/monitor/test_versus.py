"""Behind another run, beyond what the noise of both explains."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.diagnosis.finding import Diagnosis
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.versus import Versus, _student, closest, versus


def curve(
    n: int = 400, rate: float = 1.0, floor: float = 0.5, noise: float = 0.05, seed: int = 0,
    memory: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """A loss that falls towards a floor, with the noise of batches, which may follow one another."""
    rest = np.random.default_rng(seed).normal(0, noise, n)
    for i in range(1, n):
        rest[i] = memory * rest[i - 1] + math.sqrt(1 - memory**2) * rest[i]
    return floor + 2 / (1 + rate * np.arange(n) / 40) + rest


def run(
    name: str = "run", train: np.ndarray | None = None, evals: np.ndarray | None = None,
    every: int = 10, seconds: float | None = None, metric: str = "loss",
) -> RunUpdate:  # fmt: skip
    series = {}
    if train is not None:
        series[metric] = view(metric, train, every, seconds)
    if evals is not None:
        series["eval_loss"] = view("eval_loss", evals, every * 20, seconds and seconds * 20)
    names = metric if train is not None else None, "eval_loss" if evals is not None else None
    return RunUpdate(
        name, 1, "running", "", 1, None, None, None, None, None, None, *names, None, None,
        series, {}, (), Diagnosis(), (),
    )  # fmt: skip


def view(name: str, value: np.ndarray, every: int, seconds: float | None) -> SeriesView:
    n = len(value)
    time = None if seconds is None else 1e9 + seconds * np.arange(1, n + 1)
    return SeriesView(name, "", np.arange(1, n + 1) * every, np.asarray(value, float), None, time)


def standing(mine: RunUpdate, base: RunUpdate, at="step", margin: float = 0.01) -> str | None:
    found = versus(mine, base, at)
    return None if found is None else found.standing(margin)


@pytest.mark.parametrize(
    ("mine", "base", "expected"),
    [
        ({"seed": 1}, {"seed": 2}, "level"),
        ({"seed": 1, "floor": 0.6}, {"seed": 2}, "behind"),
        ({"seed": 1, "floor": 0.4}, {"seed": 2}, "ahead"),
        ({"seed": 1, "floor": 0.6, "noise": 0.5}, {"seed": 2, "noise": 0.5}, "level"),  # unseen
        ({"seed": 1, "floor": 0.505, "noise": 1e-4}, {"seed": 2, "noise": 1e-4}, "level"),  # < 1 %
        ({"seed": 1, "rate": 0.5}, {"seed": 2}, "behind"),
        ({"seed": 1, "n": 200}, {"seed": 2}, "level"),  # half as long: at its own end
        ({"seed": 1}, {"seed": 2, "n": 200}, "level"),
        ({"seed": 1, "n": 8, "floor": 0.9}, {"seed": 2, "n": 9, "noise": 0.01}, "behind"),
        ({"seed": 1, "n": 4}, {"seed": 2}, None),
    ],
)
def test_a_difference_counts_where_the_noise_of_both_does_not_explain_it(
    mine: dict, base: dict, expected: str | None
) -> None:
    assert standing(run("mine", curve(**mine)), run("base", curve(**base))) == expected


def test_of_runs_that_are_alike_hardly_one_is_told_behind() -> None:
    """A chance of 1 in 1,000 a side was asked for; smoothed logs have less to tell, and know it."""
    told = [
        standing(
            run("mine", curve(seed=2 * i, memory=memory)),
            run("base", curve(seed=2 * i + 1, memory=memory)),
            margin=0.0,
        )
        for i in range(100)
        for memory in (0.0, 0.7)
    ]
    assert told.count("level") >= 195


def test_logging_intervals_need_not_agree() -> None:
    dense, rare = curve(4000, rate=0.1, seed=1), curve(400, seed=2)
    assert standing(run("mine", dense, every=1), run("base", rare, every=10)) == "level"
    assert standing(run("mine", rare + 0.1, every=10), run("base", dense, every=1)) == "behind"


def test_held_out_data_decides_where_both_have_enough_of_it() -> None:
    """Dropout raises the train loss and lowers the eval loss: such a run is ahead."""
    base = run("base", curve(seed=1), curve(20, rate=20, floor=1.0, noise=0.01, seed=3))
    better = run("mine", curve(seed=2) + 0.3, curve(20, rate=20, floor=0.8, noise=0.01, seed=4))
    found = versus(better, base)
    assert found is not None
    assert (found.metric, found.standing(0.01)) == ("eval_loss", "ahead")
    few = run("mine", curve(seed=2) + 0.3, curve(3, seed=4))
    found = versus(few, base)
    assert found is not None
    assert (found.metric, found.standing(0.01)) == ("loss", "behind")


def test_at_the_same_time_a_slow_run_is_behind_that_is_level_at_the_same_step() -> None:
    slow = run("mine", curve(seed=1), seconds=4.0)
    fast = run("base", curve(seed=2), seconds=1.0)
    assert standing(slow, fast) == "level"
    assert standing(slow, fast, "time") == "behind"
    found = versus(slow, fast, "time")
    assert found is not None
    assert found.place == pytest.approx(399, abs=1)
    assert standing(run("mine", curve()), fast, "time") is None, "its log tells no times"


def test_of_a_reward_more_is_better() -> None:
    reward = 10 - curve(seed=1)
    mine = run("mine", reward - 2.0, metric="episode_reward")
    assert standing(mine, run("base", reward, metric="episode_reward")) == "behind"


def test_a_loss_that_is_lost_is_behind_and_lost_points_alone_are_not() -> None:
    base, lost = run("base", curve(seed=1)), curve(seed=2)
    lost[50] = lost[-2] = math.nan
    assert standing(run("mine", lost), base) == "level"
    lost[-6:] = math.nan
    assert standing(run("mine", lost), base) == "behind"


def test_a_run_is_behind_several_where_it_is_behind_each() -> None:
    bases = [run(f"seed{i}", curve(seed=i, floor=floor)) for i, floor in enumerate((0.5, 0.6, 0.7))]
    for floor, expected in ((0.9, "behind"), (0.65, "level"), (0.3, "ahead")):
        mine = run("mine", curve(seed=9, floor=floor))
        found = [one for base in bases if (one := versus(mine, base)) is not None]
        told, nearest = closest(found, 0.01)
        assert told == expected
        assert nearest.base == {0.9: "seed2", 0.65: nearest.base, 0.3: "seed0"}[floor]


@pytest.mark.parametrize(
    ("level", "base", "share"), [(1.1, 1.0, 0.1), (-0.9, -1.0, 0.1), (1.0, 0.0, math.inf)]
)
def test_a_share_is_of_the_level_whatever_its_sign(level: float, base: float, share: float) -> None:
    one = Versus("base", "loss", "step", 1, level, base, 0.01, 3.0)
    assert one.share == pytest.approx(share)
    assert one.standing(0.01) == "behind"


def test_the_limit_is_students() -> None:
    """From the tables: 0.001 on one side."""
    for freedom, limit in ((4, 7.173), (9, 4.297), (30, 3.385), (1e9, 3.090)):
        assert _student(freedom) == pytest.approx(limit, rel=0.06)


def test_a_run_that_draws_away_is_behind_though_it_still_rises() -> None:
    """Its way up was taken for scatter, and a job that should have failed did not."""
    rising = curve(seed=1) + 3 * np.clip((np.arange(400) - 260) / 140, 0, 1)
    assert standing(run("mine", rising), run("base", curve(seed=2))) == "behind"
    catching = curve(seed=1) + 3 * np.clip((400 - np.arange(400)) / 140, 0, 1)
    assert standing(run("mine", catching), run("base", curve(seed=2))) == "level"
