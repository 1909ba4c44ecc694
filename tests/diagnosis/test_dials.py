"""A loss that rises with a setting that the log shows being moved, and one that merely rises."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis import curves

N = 300
T = np.arange(N) / N
RAMP = np.clip((T - 0.3) / 0.3, 0, 1)  # as a KL term is brought in
FALL = 2.0 + 40 * np.exp(-30 * T) + curves.noise(N, 0.05)
GOES_UP = ("rising", "rebound", "diverged")


def grown(loss: np.ndarray, **columns: np.ndarray) -> Diagnosis:
    """Row by row, then at the end; the timeline holds what was shown on the way."""
    history, engine = History(role), Engine()
    history.plan.total_steps = N
    for i, value in enumerate(loss.tolist()):
        row = {"loss": value} | {name: float(one[i]) for name, one in columns.items()}
        history.append(row, step=i + 1)
        engine.observe(history, {"train_loss": "loss"})
    return engine.conclude(history, {"train_loss": "loss"}, ended=True)


def shown(found: Diagnosis) -> set[str]:
    return {entry.pattern for entry in found.timeline}


@pytest.mark.parametrize("name", ["kl_weight", "train/beta", "adv_eps", "loss_weight/kl"])
def test_a_loss_that_goes_up_with_a_setting_is_quiet_and_says_why(name: str) -> None:
    """A VAE: 42 to 2, then to 6.5 while the weight of its KL term goes from 0.02 to 1."""
    found = grown(FALL + 4.5 * RAMP, **{name: 0.02 + 0.98 * RAMP})
    assert not shown(found) & {*GOES_UP, "plateau", "not_decreasing"}
    assert found.train == "healthy"
    (stage,) = [f for f in found.findings if f.pattern == "stage"]
    assert stage.since_step == pytest.approx(0.3 * N, abs=0.05 * N)
    assert "by design" in stage.evidence
    assert name in stage.evidence


def test_the_same_rise_while_the_setting_stands_is_one() -> None:
    """It was brought in from 5 to 25 % of the run, and nothing moved when the loss went up."""
    before = 0.02 + 0.98 * np.clip((T - 0.05) / 0.2, 0, 1)
    assert shown(grown(FALL + 4.5 * RAMP, kl_weight=before)) & set(GOES_UP)


def test_a_rise_that_goes_on_behind_the_setting_is_one() -> None:
    """The weight stood again after a tenth of the run, in which a tenth of the rise was made."""
    short = 0.02 + 0.98 * np.clip((T - 0.3) / 0.1, 0, 1)
    later = np.clip((T - 0.55) / 0.3, 0, 1)
    assert shown(grown(FALL + 0.4 * RAMP + 6 * later, kl_weight=short)) & set(GOES_UP)


@pytest.mark.parametrize("name", ["weight_norm", "kl", "mean_weight", "epoch_fraction"])
def test_what_is_measured_or_counted_is_no_setting(name: str) -> None:
    """A norm of weights grows with a loss that breaks; a counter goes up with anything."""
    assert shown(grown(FALL + 4.5 * RAMP, **{name: 0.02 + 0.98 * RAMP})) & set(GOES_UP)


def test_a_setting_that_only_ever_moves_tells_nothing() -> None:
    """One that goes up from the first row to the last coincides with each rise."""
    assert shown(grown(FALL + 4.5 * RAMP, kl_weight=T)) & set(GOES_UP)


def test_no_number_is_none_however_the_setting_was_moved() -> None:
    loss = FALL + 4.5 * RAMP
    loss[200:] = np.nan
    assert "diverged" in shown(grown(loss, kl_weight=0.02 + 0.98 * RAMP))
