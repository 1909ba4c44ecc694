"""Rows that one update threw, or none: what a handful of them says."""

from __future__ import annotations

import math

import pytest

from lossmon.diagnosis.finding import Diagnosis
from tests.diagnosis.test_few_rows import judged

NAN = math.nan
Columns = dict[str, list[float]]


def first(diagnosis: Diagnosis) -> tuple[str, str]:
    """The first finding and the first of its causes that has a reason."""
    found = diagnosis.findings[0]
    return found.pattern, next((one.id for one in found.causes if one.why), "")


THROWN: dict[str, tuple[Columns, str]] = {
    "the smallest float, then guessing": ({"loss": [87.3366, 8.26, 8.25, 8.24]}, "unscaled"),
    "back at guessing from far above": (
        {"loss": [25.1, 31.0, 12.2, 8.1, 6.98, 6.95]},
        "lr_too_high",
    ),
    "a gradient that ends first": (
        {"loss": [2.75, 2.61, 2.67, 2.5, 2.46], "grad_norm": [3.1, 2.8, 2.5, NAN, NAN]},
        "numeric_overflow",
    ),
    "no box is right": (
        {"box_loss": [0.12, 0.11, 0.12, 0.1], "cls_loss": [0.07] * 4, "mAP50": [0.0] * 4},
        "nothing_matched",
    ),
}


@pytest.mark.parametrize(("columns", "cause"), THROWN.values(), ids=list(THROWN))
def test_few_rows_speak_for_what_threw_them(columns: Columns, cause: str) -> None:
    assert first(judged(False, **columns)) == ("too_early", cause)


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": [87.21, 8.26, 8.25, 8.24]},  # near the smallest float is not at it
        {"loss": [25.1, 31.0, 12.2, 6.1, 6.95]},  # it has been better than guessing
        {"loss": [25.1, 31.0, 12.2, 8.1, 7.5, 6.95]},  # it goes on falling
        {"loss": [7.4, 7.1, 6.99, 6.95]},  # a little above guessing is a usual start
        {"loss": [2.7, 2.6, 2.5, 2.4], "grad_norm": [3.0, NAN, 2.5, 2.6]},  # one skipped step
        {"loss": [2.7, 2.6, 2.5, 2.4], "grad_norm": [2.9, 3.0, 2.5, 2.6]},
    ],
)
def test_usual_rows_speak_for_nothing(columns: Columns) -> None:
    assert first(judged(False, **columns)) == ("too_early", "")


@pytest.mark.parametrize("name", ["loss", "valid_loss"])
def test_two_rows_that_undo_a_fall_have_rebounded(name: str) -> None:
    fall = [10.0, 8.3, 6.5, 5.5, 5.0, 4.7, 4.5, 4.35, 4.28]
    found = judged(True, **{name: [*fall, 8.33, 8.31]}).findings[0]
    assert (found.pattern, found.since_step) == ("rebound", 10)
    assert "memorising" not in [one.id for one in found.causes]


def test_two_rows_that_take_back_a_little_have_not() -> None:
    fall = [10.0, 6.3, 3.5, 1.5, 0.9, 0.55, 0.5, 0.48, 0.47, 0.46]
    found = judged(True, loss=[*fall, 0.7, 0.71]).findings
    assert "rebound" not in [one.pattern for one in found]


@pytest.mark.parametrize("loss", [87.3362, 87.3363, 87.3365, 87.3366])
def test_a_mean_over_a_batch_of_the_smallest_float_is_told(loss: float) -> None:
    assert first(judged(True, loss=[loss] * 4)) == ("constant", "lr_too_high")


def test_batches_of_one_class_are_known_and_the_next_is_not() -> None:
    rows = [1.79, 3.6e-8, 1.3, 0.0, 1e-4, 0.0]
    assert first(judged(False, loss=rows)) == ("too_early", "data_order")
    assert first(judged(False, loss=[1.79, 0.9, 0.3, 0.0, 1e-4, 0.0])) == ("too_early", "")


def test_rewards_of_pairs_that_run_off_within_a_few_rows_speak_of_the_rate() -> None:
    rows = {
        "loss": [1.15, 2.11, 0.008, 3.95],
        "rewards/chosen": [4.9, 11.0, 9.0, 6.4],
        "rewards/rejected": [3.9, 11.8, 3.8, 6.3],
        "learning_rate": [9.4e-5, 9.7e-5, 1e-4, 9.9e-5],
    }
    assert first(judged(False, **rows)) == ("too_early", "lr_too_high")
    rows["learning_rate"] = [one / 100 for one in rows["learning_rate"]]
    told = judged(False, **rows).findings[0].causes
    assert not any("usual with pairs" in (one.why or "") for one in told)


def test_a_loss_of_unknown_kind_that_goes_through_0_is_not_called_healthy() -> None:
    rows = [0.14, -0.45, -0.66, -0.75, -0.82, -0.89, -0.935, -0.97, -1.0, -1.03, -1.05, -1.06]
    found = judged(True, loss=rows).findings[0]
    assert found.pattern == "falling"
    assert [one.id for one in found.causes][:2] == ["density", "loss_sign"]
