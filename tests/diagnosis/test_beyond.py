"""The patterns beyond the table: each on a plain case, and quiet on what is healthy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.outlook import outlook
from lossmon.history.columns import Series
from lossmon.history.run import History
from lossmon.history.summary import Summary
from tests.diagnosis import curves
from tests.diagnosis.curves import N
from tests.diagnosis.test_causes import of, played

STEPS = np.arange(1, N + 1)


def patterns(columns: dict[str, np.ndarray], **settings: float) -> set[str]:
    return {finding.pattern for finding in played(columns, told(**settings)).findings}


def told(**settings: float) -> Callable[[History], None]:
    def prepare(history: History) -> None:
        history.plan.settings = settings

    return prepare


# -- chance_level ----------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_a_loss_at_ln_c_is_guessing(classes: int) -> None:
    loss = math.log(classes) + curves.noise(N, 0.005)
    finding = of(played({"loss": loss}, told(classes=classes)), "chance_level")
    assert finding.severity == "warning"
    assert finding.numbers["chance"] == pytest.approx(math.log(classes))
    assert f"ln {classes:,}" in finding.evidence


def test_without_a_known_number_of_classes_nothing_is_called_guessing() -> None:
    assert "chance_level" not in patterns({"loss": math.log(10) + curves.noise(N, 0.005)})


@pytest.mark.parametrize(
    "loss",
    [
        math.log(10) * 1.05 + curves.noise(N, 0.005),  # flat, but elsewhere
        math.log(10) * np.exp(-STEPS / N),  # leaves it
        math.log(10) * (1.03 - 0.06 * STEPS / N),  # passes through
    ],
)
def test_a_loss_elsewhere_or_on_its_way_is_not_guessing(loss: np.ndarray) -> None:
    assert "chance_level" not in patterns({"loss": loss}, classes=10)


# -- staircase -------------------------------------------------------------------------------------


def staircase(size: float = 0.3, epochs: int = 5) -> dict[str, np.ndarray]:
    epoch = (STEPS - 1) * epochs / N
    loss = 2.0 - size * np.floor(epoch) - 0.02 * (epoch % 1) + curves.noise(N, 0.02)
    return {"loss": loss, "epoch": epoch}


def test_drops_at_epoch_boundaries_are_a_staircase() -> None:
    finding = of(played(staircase()), "staircase")
    assert finding.severity == "info"
    assert finding.since_step == pytest.approx(N // 5 + 1, abs=2)
    assert finding.numbers["boundary_share"] > 0.8
    assert "each start of an epoch (4 of them)" in finding.evidence


def test_a_smooth_fall_over_many_epochs_is_none() -> None:
    assert "staircase" not in patterns({"loss": curves.healthy(), "epoch": STEPS / 120})


def test_steps_elsewhere_than_at_boundaries_are_none() -> None:
    columns = staircase()
    columns["epoch"] = columns["epoch"] + 0.5
    assert "staircase" not in patterns(columns)


def test_a_running_mean_that_starts_anew_each_epoch_is_none() -> None:
    epoch = (STEPS - 1) * 5 / N
    raw = 2.0 * np.exp(-epoch / 2) + curves.noise(N, 0.2)
    place = (STEPS - 1) % (N // 5)
    loss = np.array([raw[i - place[i] : i + 1].mean() for i in range(N)])
    assert "staircase" not in patterns({"loss": loss, "epoch": epoch})


# -- restart ---------------------------------------------------------------------------------------


def test_a_step_that_goes_back_is_a_restart_with_its_place() -> None:
    steps = np.where(STEPS > 300, STEPS - 50, STEPS)
    finding = of(played({"loss": curves.healthy(), "step": steps}), "restart")
    assert finding.since_step == 251
    assert finding.numbers["lost_steps"] == 49
    assert finding.evidence == "the step went from 300 back to 251"


def test_a_loss_that_comes_back_higher_is_said() -> None:
    steps = np.where(STEPS > 300, STEPS - 50, STEPS)
    loss = curves.healthy() + np.where(STEPS > 300, 0.4, 0.0)
    finding = of(played({"loss": loss, "step": steps}), "restart")
    assert "the loss came back at" in finding.evidence
    assert finding.causes[0].why.endswith("higher than it had been there")


def resumed(again: np.ndarray, first: int = 120, left: int = 200) -> Finding:
    """What is said of a fall to 0.84 that went back eighty steps, to values of its own."""
    loss = 0.3 + 2 * np.exp(-STEPS / 150) + curves.noise(N, 0.02)
    steps = np.concatenate((STEPS[:left], STEPS[first:]))
    return of(
        played({"loss": np.concatenate((loss[:left], again[first:])), "step": steps}), "restart"
    )


def test_a_loss_that_comes_back_as_the_same_steps_had_it_is_restored() -> None:
    """Of a curve that falls it is higher than what was logged last."""
    falls = 0.3 + 2 * np.exp(-STEPS / 150)
    for again in (falls + curves.noise(N, 0.02), falls + curves.noise(N, 0.02, seed=7)):
        finding = resumed(again)
        assert finding.evidence == "the step went from 200 back to 121"
        assert finding.causes == ()
    worse = resumed(1.3 * falls + curves.noise(N, 0.02))
    assert [cause.id for cause in worse.causes] == ["resume_mismatch"]
    assert re.search("(29|30|31)% higher", worse.causes[0].why)


def test_the_steps_of_an_earlier_piece_tell_what_a_second_resume_goes_back_to() -> None:
    """It went from 200 back to 150, and then to 80, which only the first piece holds."""
    loss = 0.3 + 2 * np.exp(-STEPS / 150) + curves.noise(N, 0.02)
    cuts = [slice(0, 200), slice(149, 180), slice(79, N)]
    log = {"loss": np.concatenate([loss[cut] for cut in cuts])}
    finding = of(played(log | {"step": np.concatenate([STEPS[cut] for cut in cuts])}), "restart")
    assert finding.evidence == "the step went from 180 back to 80; 2 times in all"
    assert finding.causes == ()


def test_a_counter_that_wraps_all_the_time_is_no_restart() -> None:
    assert "restart" not in patterns({"loss": curves.healthy(), "step": 1 + (STEPS - 1) % 15})


# -- slowdown --------------------------------------------------------------------------------------


def seconds(pace: np.ndarray) -> np.ndarray:
    return 1.7e9 + np.cumsum(pace)


def jitter(size: float = 0.1) -> np.ndarray:
    return np.random.default_rng(0).lognormal(0, size, N)


def test_half_the_speed_for_good_is_a_slowdown() -> None:
    pace = np.where(STEPS > 400, 2.5, 1.0) * jitter()
    finding = of(played({"loss": curves.healthy(), "time": seconds(pace)}), "slowdown")
    assert finding.since_step == pytest.approx(400, abs=15)
    assert finding.numbers["slower"] == pytest.approx(2.5, rel=0.1)


def test_a_logged_throughput_that_halves_is_one_too() -> None:
    speed = np.where(STEPS > 400, 800.0, 2000.0) * jitter(0.05)
    assert "slowdown" in patterns({"loss": curves.healthy(), "tokens_per_second": speed})


SPEEDS = {
    "steady": jitter(0.3),
    "a slow start": np.where(STEPS < 60, 5.0, 1.0) * jitter(),
    "a pause": np.where(STEPS == 300, 5000.0, 1.0) * jitter(),
    "evaluations": np.where(STEPS % 25 == 0, 40.0, 1.0) * jitter(),
    "a slow hour that is over": np.where((STEPS > 250) & (STEPS < 350), 3.0, 1.0) * jitter(),
    "a third slower": np.where(STEPS > 300, 1.4, 1.0) * jitter(),
    "two lengths in turn": np.where(STEPS % 2 == 0, 3.0, 1.0) * jitter(),
}


@pytest.mark.parametrize("speed", SPEEDS)
def test_other_speeds_are_none(speed: str) -> None:
    columns = {"loss": curves.healthy(), "time": seconds(SPEEDS[speed])}
    assert "slowdown" not in patterns(columns)


def test_times_in_whole_seconds_of_a_fast_run_are_none() -> None:
    whole = np.floor(seconds(np.full(N, 0.11)))
    assert "slowdown" not in patterns({"loss": curves.healthy(), "time": whole})


# -- what training on may bring --------------------------------------------------------------------


def curve_of(values: np.ndarray) -> LossCurve:
    series = Series("loss", "train_loss")
    for i, value in enumerate(values.tolist(), 1):
        series.append(i, value)
    return LossCurve("loss", Summary().catch_up(series))


@pytest.mark.parametrize("power", [0.3, 0.5, 1.0])
def test_the_gain_of_training_on_lies_in_its_interval(power: float) -> None:
    step = np.arange(1.0, 2501)
    law = 1.0 + 3.0 * step**-power
    truth = law[1999] - law[2499]
    found = outlook(curve_of(law[:2000] + curves.noise(2000, truth / 10)))
    assert found is not None
    assert found.sure
    assert abs(found.gain - truth) <= max(found.gain_error, 0.2 * truth)


def test_noise_alone_has_no_outlook_to_tell() -> None:
    found = outlook(curve_of(2.0 + curves.noise(600, 0.05)))
    assert found is None or not found.sure


@pytest.mark.parametrize(
    "loss",
    [
        2.0 - STEPS / N,  # a line has no floor
        0.5 + 1.5 * np.cos(np.pi * STEPS / N / 2) ** 2,  # a schedule that ends
        np.where(STEPS < 400, 2.0, 1.0) * STEPS**-0.1,  # a step, which no law foretells
    ],
)
def test_what_is_no_power_law_has_no_outlook_to_tell(loss: np.ndarray) -> None:
    found = outlook(curve_of(loss + curves.noise(N, 0.005)))
    assert found is None or not found.sure


def test_where_it_flattens_is_said_for_a_steep_law_and_not_for_a_shallow_one() -> None:
    step = np.arange(1.0, 2001)
    steep = outlook(curve_of(1.0 + 60 * step**-0.8 + curves.noise(2000, 0.001)))
    assert steep is not None
    assert steep.flat is not None
    part = 1 - 1.25**-0.8
    truth = (60 * (part - 0.01) / 0.01) ** (1 / 0.8)
    assert steep.flat[0] * 0.8 <= truth <= steep.flat[1] * 1.2
    shallow = outlook(curve_of(0.2 + 3 * step**-0.1 + curves.noise(2000, 0.02)))
    assert shallow is None or shallow.flat is None
