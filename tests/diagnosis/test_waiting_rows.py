"""What a few rows of a run that goes on say: words beside "too early", and facts at once."""

from __future__ import annotations

import re

import pytest

from lossmon.diagnosis.finding import Diagnosis
from tests.diagnosis.test_few_rows import judged

RISING = [1.0, 1.1, 1.25, 1.3, 1.5, 1.7, 1.9, 2.3]
SPEAK = {  # what few rows speak for, while too few are there for a verdict
    "each row above the one before": ({"loss": RISING[:5]}, "lr_too_high"),
    "a fall, and a climb": ({"loss": [4, 3, 2.2, 1.8, 2.5, 3.1, 3.9, 4.4]}, "lr_too_high"),
    "gradients that multiply": (
        {"loss": [2.3, 2.2, 2.5, 2.4, 2.6], "grad_norm": [1e3, 5e4, 2e6, 8e7, 3e9]},
        "exploding_gradients",
    ),
    "an error of guessing": ({"train-error": [0.99899, 0.99898]}, "not_started"),
    "eval below train": (
        {"loss": [0.41, 0.405, 0.407, 0.41], "eval_loss": [0.21, 0.212, 0.21, 0.211]},
        "regularised_train",
    ),
}


@pytest.mark.parametrize(("columns", "cause"), SPEAK.values(), ids=list(SPEAK))
def test_few_rows_speak_for_a_cause(columns: dict, cause: str) -> None:
    first = judged(False, **columns).findings[0]
    assert first.pattern == "too_early"
    assert first.causes[0].id == cause


@pytest.mark.parametrize("n", range(2, 9))
def test_what_is_too_early_is_told_with_the_rows_of_now(n: int) -> None:
    """A rise that is not ripe had been found, and "7 points; 13 more" stood beside eight rows."""
    (told,) = judged(False, loss=RISING[:n]).findings
    assert told.pattern == "too_early"
    assert re.match(rf"{n} points; {20 - n} more", told.evidence)


def facts(diagnosis: Diagnosis) -> set[str]:
    return {one.pattern for one in diagnosis.findings}


def test_a_fact_is_told_by_the_first_look_at_rest() -> None:
    """Rows of the discriminator follow those of the loss: no look of a loss's row saw them."""
    early, late = [None] * 4, [None] * 4
    columns = {
        "loss": [0.01, 0.009, 0.01, 0.009, *late],
        "d_loss": [*early, 0.1, 3e-3, 2e-3, 2e-3],
        "g_loss": [*early, 0.6, 0.8, 0.6, 0.6],
        "D(x)": [*early, 0.9, 0.99, 0.998, 0.999],
        "D(G(z))": [*early, 0.1, 1e-3, 1e-4, 1e-5],
    }
    assert "discriminator_won" in facts(judged(False, **columns))


def test_a_rate_that_moves_nothing_is_none() -> None:
    assert "lr_zero" in facts(judged(False, loss=[2.31, 2.3, 2.31, 2.3], lr=[3e-23, 1e-24] * 2))
    assert "lr_zero" not in facts(judged(False, loss=[2.31, 2.3, 2.31, 2.3], lr=[1e-8, 1e-7] * 2))


def test_train_right_and_held_out_answers_as_at_first_is_a_gap() -> None:
    """Two classes, 0.88 to 0.90 of train, 0.53 to 0.64 of eval without a trend: over-fitting."""
    columns = {
        "loss": [0.5, 0.3, 0.2, 0.1, 0.08, 0.06, 0.05, 0.05],
        "acc": [0.8, 0.9, 0.93, 0.96, 0.97, 0.98, 0.98, 0.99],
        "val_acc": [0.55, 0.53, 0.56, 0.54, 0.56, 0.55, 0.54, 0.56],
        "epoch": [float(i) for i in range(1, 9)],
    }
    found = judged(**columns).findings[0]
    assert (found.pattern, found.severity) == ("gap", "warning")
    better = {**columns, "val_acc": [0.55, 0.6, 0.63, 0.66, 0.68, 0.7, 0.7, 0.71]}
    assert "gap" not in facts(judged(**better))


def test_a_score_is_not_said_to_go_on_to_what_is_no_better() -> None:
    """Medians of three went up, and the words were "val_acc went on from 0.55 to 0.54"."""
    found = judged(
        loss=[0.5, 0.3, 0.2, 0.1, 0.08, 0.06],
        val_loss=[0.9, 0.95, 0.9, 1.0, 1.0, 1.05],
        val_acc=[0.55, 0.53, 0.56, 0.54, 0.56, 0.55],
        epoch=[1.0, 2, 3, 4, 5, 6],
    )
    assert not any("went on" in one.evidence for one in found.findings)


def test_a_rate_or_a_norm_of_which_no_row_is_a_number_is_no_error() -> None:
    nan = float("nan")
    loss = [2.31, 2.3, 2.31, 2.3]
    assert facts(judged(False, loss=loss, lr=[nan] * 4, grad_norm=[nan] * 4))
