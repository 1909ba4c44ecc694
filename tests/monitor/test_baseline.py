"""Behind or ahead of a baseline at the same step."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lossmon.monitor.baseline import Baseline
from tests.tui.synthetic import update_of


def curve(n: int, rate: float = 1.0, noise: float = 0.0) -> list[float]:
    return [2 / (1 + rate * i / 100) + noise * math.sin(37.0 * i) for i in range(n)]


@pytest.fixture
def made(tmp_path: Path):
    def make(name: str, losses: list[float], every: int = 10):
        return update_of(tmp_path / f"{name}.jsonl", losses, every, "never")

    return make


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_run_that_learns_twice_as_fast_is_ahead_by_as_many_steps(made, noise: float) -> None:
    base = Baseline(made("base", curve(1000, 1.0, noise)))
    gap = base.gap(made("fast", curve(400, 2.0, noise)))
    assert gap is not None
    assert gap.ahead
    assert gap.step == 4000
    assert gap.loss == pytest.approx(2 / 9 - 2 / 5, abs=0.02)
    assert gap.steps == pytest.approx(4000, rel=0.1), "the baseline gets there at 8,000"


def test_a_run_that_learns_half_as_fast_is_behind(made) -> None:
    gap = Baseline(made("base", curve(1000))).gap(made("slow", curve(400, 0.5)))
    assert gap is not None
    assert not gap.ahead
    assert gap.share == pytest.approx(2 / 3, abs=0.05)
    assert gap.steps == pytest.approx(-2000, rel=0.1)


def test_a_run_that_is_longer_is_compared_where_the_baseline_ended(made) -> None:
    gap = Baseline(made("base", curve(200))).gap(made("long", curve(1000, 2.0)))
    assert gap is not None
    assert gap.step == 2000
    assert gap.ahead
    assert gap.steps is None, "the baseline never was so low"


def test_logging_intervals_need_not_agree(made) -> None:
    base = Baseline(made("base", curve(1000)))
    rare = made("rare", [2 / (1 + 2.0 * i / 2) for i in range(8)], every=500)
    gap = base.gap(rare)
    assert gap is not None
    assert gap.ahead


def test_against_itself_and_against_nothing_there_is_no_gap(made) -> None:
    update = made("base", curve(50))
    assert Baseline(update).gap(update) is None
    later = made("later", curve(3), every=100_000)
    assert Baseline(update).gap(later) is None, "no step in common"


def test_values_that_are_not_finite_leave_the_rest_comparable(made) -> None:
    bad = curve(300)
    bad[100] = bad[250] = math.nan
    gap = Baseline(made("base", bad)).gap(made("fast", curve(200, 2.0)))
    assert gap is not None
    assert gap.ahead
    assert gap.steps is None or math.isfinite(gap.steps)
    assert Baseline(made("nan", [math.nan] * 50)).gap(made("fine", curve(40))) is None


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ([math.nan] * 50, curve(50)),
        ([*curve(40), *[math.nan] * 10], curve(50)),
        (curve(50), [*curve(30), *[math.nan] * 20]),
        (curve(50), [math.inf] * 50),
    ],
    ids=["none of mine", "the newest of mine", "the newest of theirs", "none of theirs"],
)
def test_where_the_newest_losses_are_no_numbers_nothing_is_compared(
    made, mine: list[float], theirs: list[float]
) -> None:
    base = Baseline(made("base", theirs))
    assert base.gap(made("own", mine)) is None


@pytest.mark.parametrize(
    ("more", "outgrown"), [(0, False), (1, False), (2, False), (3, True), (9, True)]
)
def test_a_baseline_is_taken_anew_when_it_has_grown_by_a_hundredth(
    made, more: int, outgrown: bool
) -> None:
    base = Baseline(made("base", curve(200)))
    assert base.outgrown(made("grown", curve(200 + more))) is outgrown
