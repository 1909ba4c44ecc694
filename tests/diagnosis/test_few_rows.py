"""What people paste is short: how a loss was lost, what a few epochs tell, and scores alone."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.diagnosis.limits import Limit
from lossmon.formats.lexicon import role
from lossmon.history.run import History

NAN = math.nan


def judged(ended: bool = True, first: int = 1, **columns: list[float]) -> Diagnosis:
    """A run of these metrics; `epoch` is a place."""
    history, engine = History(role), Engine()
    roles = {
        role(name): name for name in columns if role(name) in ("train_loss", "eval_loss", "grad_norm",
                                                               "learning_rate")}  # fmt: skip
    for i in range(len(next(iter(columns.values())))):
        values = {
            name: column[i]
            for name, column in columns.items()
            if name != "epoch" and column[i] is not None
        }
        epoch = columns["epoch"][i] if "epoch" in columns else None
        history.append(values, first + i, epoch)
        engine.observe(history, roles)
    return engine.conclude(history, roles, ended)


USUAL = [1.1, 1.5, 0.9, 1.3, 1.2, 1.4]
LOST = {  # how the loss was lost, and what that speaks for
    "data of one's own, from the first row": ({"loss": [NAN] * 5}, "nan_in_data"),
    "a model with a grad norm, from the first row": (
        {"loss": [NAN] * 5, "grad_norm": [NAN] * 5},
        "broken_weights",
    ),
    "an absurd first loss": ({"loss": [2.8e10, NAN, NAN, NAN]}, "unscaled"),
    "a climb": ({"loss": [45.7, 46.0, 45.8, 60.2, 61.2, 70.4, NAN, NAN]}, "lr_too_high"),
    "within the first rows": ({"loss": [*USUAL, NAN, NAN, NAN]}, "lr_too_high"),
    "after many rows, at once": ({"loss": [*USUAL * 10, NAN, NAN]}, "numeric_overflow"),
    "single rows": ({"loss": [*USUAL, NAN, 1.2, 1.1, NAN, 1.3, 1.2, NAN]}, "numeric_overflow"),
}


@pytest.mark.parametrize(("columns", "cause"), LOST.values(), ids=list(LOST))
def test_how_a_loss_was_lost_tells_its_cause(columns: dict, cause: str) -> None:
    finding = judged(**columns).findings[0]
    assert finding.pattern == "diverged"
    assert finding.causes[0].id == cause
    assert finding.causes[0].why


def test_where_no_row_was_sound_there_is_nothing_to_resume() -> None:
    assert "resume_step" not in judged(loss=[NAN] * 5).findings[0].numbers


def test_a_rate_in_proportion_to_its_step_still_rose_from_0() -> None:
    """The log begins at step 748 of a warm-up over 12,500 steps."""
    steps = np.arange(748, 753)
    found = judged(first=748, loss=[8.3, 9.1, NAN, NAN, NAN], lr=list(8e-7 * steps)).findings[0]
    assert "still rising, in proportion to the step" in found.causes[0].why


def test_a_value_that_repeats_to_the_last_digit_is_stuck_whatever_came_before() -> None:
    """Keras clips what it takes the logarithm of: 1.1921e-07 in each epoch."""
    found = judged(loss=[0.55, 1.1921e-07, 1.1921e-07, 1.1921e-07]).findings[0]
    assert (found.pattern, found.since_step) == ("constant", 2)
    assert "constant" not in _said(judged(loss=[0.55, 0.3, 0.01, 0.01, 0.01]))  # rounded
    few = [*np.linspace(2, 1, 40), 1.2345, 1.2345, 1.2345]
    assert "constant" not in _said(judged(loss=few))


def test_a_few_epochs_at_ln_10_guess() -> None:
    epochs = {"loss": [2.3086, 2.2973, 2.3083, 2.3027, 2.3045, 2.3057], "epoch": [*range(1, 7)]}
    assert _said(judged(**epochs)) == {"chance_level"}
    rows = {"loss": epochs["loss"], "epoch": [0.01 * i for i in range(6)]}
    assert "chance_level" not in _said(judged(**rows))  # each training begins there


def test_a_warning_and_too_early_are_not_said_together() -> None:
    found = _said(judged(loss=[0.54, 0.46, 0.31, 0.25, 0.21],
                         eval_loss=[0.75, 0.80, 1.17, 1.36, 1.48]))  # fmt: skip
    assert "overfitting" in found
    assert "too_early" not in found


def test_rows_of_a_tail_that_leap_do_not_swing() -> None:
    """Losses of single batches late in a training leap, and nobody knows what they fell from."""
    rows = [0.4, 0.9, 0.3, 1.1, 0.35, 0.95, 0.4, 1.0, 0.5]
    assert "oscillating" in _said(judged(loss=rows))
    assert "oscillating" not in _said(judged(first=260_000, loss=rows))


def test_eval_that_leaps_over_a_smooth_train_swings() -> None:
    train = [2.27, 1.55, 1.07, 0.87, 0.59, 0.52, 0.38, 0.32, 0.21, 0.34]
    evals = [3.29, 0.92, 1.43, 1.85, 0.58, 2.30, 0.17, 1.52, 0.14, 2.81]
    found = judged(loss=train, eval_loss=evals)
    swings = next(f for f in found.findings if f.pattern == "eval_swings")
    assert swings.numbers["best_step"] == 9
    noise = np.random.default_rng(2).normal(0, 0.05, 40)
    falls = 2 * np.exp(-np.arange(40) / 20)
    calm = judged(loss=list(falls), eval_loss=list(1.1 * falls * np.exp(noise)))
    assert "eval_swings" not in _said(calm)


def test_of_a_run_without_a_loss_a_score_or_perplexity_is_the_curve() -> None:
    stuck = judged(acc=[0.4, 0.3, 0.1, 1.1, 0.2], ppl=[2.688e43] * 5)
    assert (stuck.findings[0].pattern, stuck.findings[0].metric) == ("constant", "ppl")
    rises = list(0.9 - 0.7 * np.exp(-np.arange(60) / 12) + 0.004 * (np.arange(60) % 3))
    assert judged(train_acc=rises).train == "healthy"
    assert judged(train_acc=rises[::-1]).train in ("rising", "rebound", "diverged")


def test_a_discriminator_at_0_is_no_lost_loss() -> None:
    assert "zero_loss" not in _said(judged(d_loss=[0.0] * 8, g_loss=[9.2, 9.5, 8.5, 8.9] * 2))


def _said(diagnosis: Diagnosis) -> set[str]:
    return {finding.pattern for finding in diagnosis.findings}


def test_a_classifiers_loss_far_below_0_and_a_dice_above_1_are_impossible() -> None:
    """Masks of 0 to 255: cross-entropy falls without a floor, and looks as if all were well."""
    masks = judged(loss=[-9e5, -4.7e6, -1.1e7, -2e7, -3.4e7], val_dice=[1.97] * 5)
    assert masks.findings[0].pattern == "impossible"
    sound = judged(loss=[-0.1, -0.3, -0.4, -0.5, -0.6], val_dice=[0.3, 0.4, 0.5, 0.55, 0.6])
    assert "impossible" not in _said(sound)


def test_slow_and_steady_is_no_underfitting() -> None:
    train = [0.8586, 0.8168, 0.8095, 0.8032, 0.8001, 0.7941, 0.7898, 0.7872]
    evals = [0.8122, 0.8112, 0.8107, 0.8102, 0.8069, 0.8022, 0.7992, 0.8005]
    assert "underfitting" not in _said(judged(loss=train, eval_loss=evals))


def test_a_rate_of_1_is_a_reason_where_nothing_moves() -> None:
    """The default for SGD with Adam: the perplexity stands at its cap, e^100."""
    found = judged(ppl=[2.688e43] * 6, lr=[1.0] * 6).findings[0]
    assert (found.pattern, found.causes[0].id) == ("constant", "lr_too_high")


def test_zeros_beside_an_eval_of_nan_are_a_loss_that_is_lost() -> None:
    found = judged(loss=[530.0, 0.0, 915.0, 0.0, 0.0], eval_loss=[NAN] * 5)
    assert found.findings[0].pattern == "diverged"
    assert "while eval loss is NaN" in found.findings[0].evidence


def test_errors_of_a_gan_are_its_losses() -> None:
    g = list(np.linspace(0.76, 5.0, 24))
    d = list(0.6 * np.exp(-np.arange(24) / 4) + 0.005)
    assert _said(judged(generator_error=g, discriminator_error=d)) == {"discriminator_won"}


def test_findings_cross_processes() -> None:
    """Their sentences hold limits as values."""
    found = judged(loss=[0.54, 0.46, 0.31, 0.25, 0.21], eval_loss=[0.75, 0.8, 1.17, 1.36, 1.48])
    assert pickle.loads(pickle.dumps(found)) == found
    limit = Limit(0.5, "unit", "source")
    assert pickle.loads(pickle.dumps(limit)).unit == "unit"


def test_the_two_levels_of_a_rebound_are_no_noise() -> None:
    """A jump of 0.9 with noise of 0.03 was said to scatter by 80 % of the level."""
    dice, steps = np.random.default_rng(3), np.arange(950)
    loss = 0.4 + 2 * np.exp(-steps / 150) + dice.normal(0, 0.03, 950) + 0.9 * (steps > 700)
    found = _said(judged(loss=loss.tolist()))
    assert "rebound" in found
    assert "noisy" not in found
