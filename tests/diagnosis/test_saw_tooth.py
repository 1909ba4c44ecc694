"""Teeth as long as an epoch: the order of the examples, and not updates that overshoot."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diagnosis.test_few_rows import judged

# Sentences sorted by length, the long ones first: what is summed over each falls within an epoch.
TOOTH = np.array([6.0, 3.6, 3.0, 1.8, 2.1, 1.3, 1.4, 1.2, 1.1, 0.9, 0.7, 0.5])
DICE = np.random.default_rng(4)


def teeth(epochs: int, each: float, begins: int = 1) -> dict[str, list[float]]:
    """The same tooth in each epoch, by a factor lower than in the one before, and noise."""
    loss = np.concatenate([TOOTH * each**i for i in range(epochs)])
    noise = np.exp(0.01 * DICE.normal(0, 1, len(loss)))
    epoch = np.repeat(np.arange(begins, begins + epochs), len(TOOTH))
    return {"loss": list(loss * noise), "epoch": list(epoch.astype(float))}


@pytest.mark.parametrize("epochs", [2, 3, 8])
def test_teeth_that_get_lower_are_no_swing(epochs: int) -> None:
    """No rate is to be lowered for them; two epochs suffice where they are the same row by row."""
    found = judged(**teeth(epochs, 0.85))
    assert all(one.severity == "info" for one in found.findings)
    shown = next(one for one in found.findings if one.pattern == "saw_tooth")
    assert shown.causes[0].id == "data_order"
    assert "lr_too_high" not in {cause.id for cause in shown.causes}


def test_teeth_that_do_not_get_lower_are_trouble_of_the_same_cause() -> None:
    """Sorted by class: what an epoch learns its end forgets, and a lower rate mends nothing."""
    found = judged(**teeth(6, 1.0)).findings
    assert "saw_tooth" not in {one.pattern for one in found}
    first = found[0]
    assert first.severity == "warning"
    assert first.causes[0].id == "data_order"
    assert "lr_too_high" not in {cause.id for cause in first.causes}


def test_noise_has_no_teeth() -> None:
    for _ in range(40):
        loss = list(np.exp(0.5 * DICE.normal(0, 1, 24)))
        found = judged(loss=loss, epoch=[1.0] * 12 + [2.0] * 12)
        assert "saw_tooth" not in {one.pattern for one in found.findings}


def test_a_log_that_begins_with_epoch_11_begins_in_the_middle() -> None:
    """Its steps are numbers of rows, from 1 on; its epochs say where it stands."""
    assert "tail" in judged(**teeth(2, 0.9, begins=11)).unjudged
    assert "tail" not in judged(**teeth(2, 0.9)).unjudged
