"""Losses of held-out data without a train loss: what turns with them is over-fitting first."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diagnosis.test_of_kinds import judged

N = 24
AT = np.arange(1.0, N + 1)
TURNS = np.where(AT > 6, 1.6 + 0.05 * (AT - 6), 1.6 + 0.2 * (6 - AT))
NOISE = np.random.default_rng(5).normal(0, 0.005, N)
FALLS = 3 + 20 * np.exp(-AT / 4) + NOISE


@pytest.mark.parametrize(
    ("train", "held_out"),
    [("train_ppl", "valid_ppl"), ("ppl", "dev_perplexity"), ("bpc", "val_bpc")],
)
def test_perplexities_are_a_pair(train: str, held_out: str) -> None:
    found = judged({train: FALLS, held_out: TURNS + NOISE}).findings[0]
    assert (found.pattern, found.metric) == ("overfitting", held_out)


def test_a_perplexity_of_a_few_rows_is_no_train_curve() -> None:
    few = np.where(AT > N - 2, FALLS, np.nan)
    found = judged({"train_ppl": few, "valid_ppl": TURNS + NOISE}).findings[0]
    assert (found.pattern, found.metric) == ("rebound", "valid_ppl")


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ({"train_acc": np.minimum(99.9, 50 + 3 * AT)}, "train_acc went on from 68 to 99.9"),
        ({"train_acc": np.full(N, 50.0) - AT}, "no loss of the data that is trained on was read"),
        ({}, "no loss of the data that is trained on was read"),
    ],
)
def test_the_first_cause_of_its_turn_is_learning_by_heart(
    beside: dict[str, np.ndarray], why: str
) -> None:
    found = judged({"valid_loss": TURNS + NOISE, **beside}).findings[0]
    assert found.pattern == "rebound"
    assert found.causes[0].id == "memorising"
    assert why in (found.causes[0].why or "")


def test_a_jump_is_none() -> None:
    jumps = np.where(AT > 16, 3.0, 0.5 + 2 * np.exp(-AT / 5)) + NOISE
    found = judged({"valid_loss": jumps}).findings[0]
    assert found.pattern == "rebound"
    assert "memorising" not in [cause.id for cause in found.causes]


def test_a_train_loss_that_turns_is_none() -> None:
    found = judged({"loss": TURNS + NOISE, "train_acc": np.minimum(99.9, 50 + 3 * AT)}).findings[0]
    assert "memorising" not in [cause.id for cause in found.causes]
