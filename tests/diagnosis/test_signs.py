"""Values out of the range of their kind, which few rows are enough to see."""

from __future__ import annotations

import math

import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis.test_few_rows import judged
from tests.diagnosis.test_first_rows import causes, found

NAN = math.nan


def planned(total: int, rows: list[float]) -> Diagnosis:
    """A run of a loss whose plan is known."""
    history, engine = History(role), Engine()
    history.plan.total_steps = total
    for step, value in enumerate(rows, 1):
        history.append({"loss": value}, step, None)
        engine.observe(history, {"train_loss": "loss"})
    return engine.conclude(history, {"train_loss": "loss"}, True)


def said(diagnosis: Diagnosis) -> set[str]:
    return {one.pattern for one in diagnosis.findings}


EARLY = {  # rows that are too few for a verdict, and the cause that they speak for first
    "targets of 4e8": ({"train_loss": [4.39e8, 1.14e8, 5.9e7, 5.7e7]}, "unscaled"),
    "through 0 and on": (
        {"train_loss": [1.19e6, 1.7e5, -9.5e5, -2.2e6, -3.3e6]}, "target_range",
    ),
    "on both sides of 0, without order": (
        {"loss": [8774.0, 247.0, 2267.0, -1100.0, 3000.0, -6398.0]}, "density",
    ),
    "above ln of any vocabulary": (
        {"loss": [22.6, 16.8, 16.2, 15.9, 16.5, 15.3],
         "grad_norm": [495.0, 284.0, 177.0, 199.0, 178.0, 179.0],
         "learning_rate": [4.8e-5, 4.6e-5, 4.4e-5, 4.2e-5, 4e-5, 3.7e-5]},
        "summed_loss",
    ),
    "a rate of next to nothing that falls": (
        {"total_loss": [1.51, 1.38, 1.47, 1.41], "loss_bbox": [0.7, 0.6, 0.6, 0.6],
         "learning_rate": [2.3e-7, 2.2e-7, 2.0e-7, 1.9e-7]},
        "lr_too_low",
    ),
    "worse than guessing at its only evaluation": (
        {"loss": [1.93, 2.1, 2.0, 2.0], "Acc@1": [59.4, 56.5, 57.0, 57.2],
         "eval_loss": [NAN, NAN, NAN, 24.6], "eval_Acc@1": [NAN, NAN, NAN, 0.1]},
        "other_mode",
    ),
    "an accuracy of 0.5 after fifty steps, and none now": (
        {"train_accuracy": [0.507, 0.027, 0.061, 0.0]}, "data_order",
    ),
    "back at ln 4 behind a first epoch that was better": (
        {"loss": [1.356, 1.3864, 1.3864, 1.3863], "accuracy": [0.31, 0.25, 0.25, 0.25]},
        "collapsed",
    ),
    "an accuracy of 0 of single batches": ({"acc": [0.0] * 6}, "batch_accuracy"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "cause"), EARLY.values(), ids=list(EARLY))
def test_a_value_out_of_its_range_speaks_before_there_are_rows_enough(
    columns: dict[str, list[float]], cause: str
) -> None:
    rows = {
        name: [None if value != value else value for value in column]
        for name, column in columns.items()
    }
    finding = found("too_early", judged(False, **rows))  # type: ignore[arg-type]
    assert causes(finding)[0] == cause
    assert finding.severity == "info", "it is no verdict"


SILENT = {  # the same, within what is usual
    "a loss of 400": {"train_loss": [439.0, 114.0, 59.0, 57.0]},
    "a negated Dice": {"train_loss": [-0.2, -0.4, -0.5, -0.55]},
    "a rate that warms up": {
        "total_loss": [1.5, 1.4, 1.42, 1.41],
        "learning_rate": [2e-7, 4e-7, 6e-7, 8e-7],
    },
    "an accuracy that rises": {"train_accuracy": [0.1, 0.2, 0.3, 0.35]},
}


@pytest.mark.parametrize("columns", SILENT.values(), ids=list(SILENT))
def test_usual_values_speak_for_nothing(columns: dict[str, list[float]]) -> None:
    assert not any(causes(one) for one in judged(False, **columns).findings)


def test_a_training_that_is_over_and_hardly_fell_is_told_so() -> None:
    rows = [0.265, 0.260, 0.252, 0.269, 0.255]
    assert "wrong_output" in causes(found("too_few", planned(5, rows)))
    assert causes(found("too_early", planned(50, rows))) == []
    assert causes(found("too_early", judged(True, loss=rows))) == [], "it may go on elsewhere"
    assert not any(causes(one) for one in planned(5, [0.265, 0.22, 0.19, 0.16, 0.15]).findings)


# -- facts that hold ------------------------------------------------------------------------------


def test_a_class_that_train_never_sees_is_no_over_fitting() -> None:
    epochs = list(range(1, 7))
    diagnosis = judged(
        False,
        loss=[0.98, 0.57, 0.40, 0.33, 0.30, 0.27],
        acc=[0.64, 0.81, 0.87, 0.89, 0.90, 0.91],
        val_loss=[4.3, 5.2, 5.3, 3.3, 4.8, 4.7],
        val_acc=[0.0, 0.0, 0.0, 0.07, 0.0, 0.0136],
        epoch=epochs,
    )
    finding = found("eval_misses", diagnosis)
    assert causes(finding)[0] == "classes_apart"
    assert "overfitting" not in said(diagnosis)


def test_an_accuracy_of_0_beside_a_small_eval_loss_is_computed_wrongly() -> None:
    diagnosis = judged(
        loss=[0.9, 0.5, 0.3, 0.2], acc=[0.6, 0.8, 0.9, 0.95], val_loss=[0.8, 0.5, 0.35, 0.3],
        val_acc=[0.0] * 4, epoch=[1, 2, 3, 4],
    )  # fmt: skip
    assert "eval_misses" not in said(diagnosis)
    assert causes(found("worst_score", diagnosis))[0] == "metric_wrong"


def test_a_wrong_answer_at_its_highest_cost_in_each_row_is_a_saturated_output() -> None:
    acc = [0.6, 0.5391, 0.5121, 0.5081, 0.518]
    diagnosis = judged(False, loss=[16.118 * (1 - one) for one in acc], acc=acc)
    assert causes(found("saturated_output", diagnosis))[:2] == ["wrong_output", "unscaled"]
    assert "too_early" not in said(diagnosis)
    other = judged(False, loss=[0.69, 0.70, 0.68, 0.69, 0.69], acc=acc)
    assert "saturated_output" not in said(other)


def test_wrong_answers_that_cost_less_than_any_can_are_a_fault_of_the_accuracy() -> None:
    few = judged(False, loss=[0.0236, 0.0235, 0.0235, 0.0234], Acc=[0.0] * 4)
    assert causes(found("too_early", few))[0] == "metric_wrong"
    loss, acc = [1.48, 0.93, 0.80, 0.60], [0.0998, 0.1016, 0.1019, 0.102]
    assert causes(found("too_early", judged(False, loss=loss, accuracy=acc)))[0] == "metric_wrong"
    dear = judged(False, loss=[2.4, 2.0, 1.7, 1.4], accuracy=acc)
    right = judged(False, loss=loss, accuracy=[0.5, 0.65, 0.7, 0.8])
    assert not any(causes(one) for told in (dear, right) for one in told.findings)


def test_the_newest_rows_at_a_hundred_times_all_before_have_diverged() -> None:
    rows = [9.57, 8.61, 7.5, 6.87, 10405.0, 4.8e9, 7.7e12]
    finding = found("diverged", judged(False, loss=rows))
    assert (finding.since_step, finding.severity) == (5, "critical")
    assert "diverged" not in said(judged(False, loss=[*rows[:5]])), "one row may be a spike"


def test_a_leap_of_a_few_rows_has_the_rate_as_its_measured_cause() -> None:
    rows = [0.063, 0.163, 0.058, 5.4e19, 4.3e20, 2.1e21, 7.8e21]
    assert causes(found("diverged", judged(False, loss=rows)))[0] == "lr_too_high"


def test_a_first_epoch_that_differs_by_more_than_its_last_digit_was_moved() -> None:
    still = judged(True, loss=[0.7533, *[0.7534] * 5])
    assert causes(found("constant", still))[0] == "inert_output"
    moved = judged(True, loss=[1.9112, *[1.9105] * 5])
    assert "inert_output" not in causes(found("constant", moved))


def test_each_row_above_the_one_before_starts_at_its_first() -> None:
    rows = [451.0 * 3.55**i for i in range(13)]
    finding = found("diverged", judged(True, loss=rows))
    assert finding.since_step == 1
    assert "its first, 451:" in finding.evidence


def test_a_loss_that_is_nan_now_and_then_is_so_since_the_first_of_them() -> None:
    rows = [5.6, 5.3, 5.7, NAN, 5.1, 5.5, NAN, 5.2, 5.4, 5.3, NAN, 5.5, 5.0, NAN]
    assert found("diverged", judged(True, loss=rows)).since_step == 4


def test_a_tail_is_resumed_from_a_step_that_it_shows() -> None:
    rows = [0.43, 0.48, 0.26, 0.27, 0.23, 3.6, 8.5, 5.3, 322.0, 21.9, 131.0, 4977.0, 155.7]
    finding = found("diverged", judged(True, first=3866, loss=rows))
    assert 3866 <= finding.numbers["resume_step"] <= 3871


def test_what_lay_at_1e_12_and_is_back_at_1e_3_is_not_healthy() -> None:
    rows = [91.7, 76.9, 63.4, 51.5, 40.9, 31.8, 2.2e-12, 1.9e-12, 2.3e-12, 2.1e-3, 2e-3, 1.7e-3]
    diagnosis = judged(True, loss=rows)
    assert "healthy" not in said(diagnosis)
    finding = found("rebound", diagnosis)
    assert (finding.severity, causes(finding)[0]) == ("info", "adam_epsilon")
    assert "healthy" in said(judged(True, loss=[*rows[:9], 2.2e-12, 2.1e-12, 2.4e-12]))


# -- which cause comes first ----------------------------------------------------------------------


def test_a_pendulum_swings_evenly_and_a_run_that_is_thrown_off_does_not() -> None:
    even = [1.03, 0.82, 0.47, 0.196, 0.062, 0.088, 0.278, 0.532, 0.753, 0.870]
    assert causes(found("rebound", judged(True, loss=even)))[0] == "gradients_kept"
    uneven = judged(
        True,
        loss=[15.5, 13.0, 3.8, 2.39, 1.43, 5.82, 7.05, 10.03],
        grad_norm=[42.7, 14.0, 24.4, 7.1, 7.7, 15.6, 15.3, 70.7],
    )
    assert causes(found("rebound", uneven))[0] == "lr_too_high"


def test_eval_that_leaps_behind_a_first_epoch_far_above_guessing_speaks_of_the_rate() -> None:
    val = [3.29, 0.92, 1.43, 1.85, 0.58, 2.30, 0.17, 1.52, 0.14, 2.81]
    acc = [0.50, 0.50, 0.51, 0.58, 0.72, 0.79, 0.85, 0.88, 0.91, 0.88]
    loss = [2.27, 1.55, 1.07, 0.87, 0.59, 0.52, 0.38, 0.32, 0.21, 0.34]
    leaps = judged(loss=loss, acc=acc, val_loss=val, epoch=list(range(1, 11)))
    assert causes(found("eval_swings", leaps)) == ["lr_too_high"]
    calm = [0.69, *loss[4:], 0.2, 0.2, 0.2]
    usual = judged(loss=calm, acc=acc, val_loss=val, epoch=list(range(1, 11)))
    assert causes(found("eval_swings", usual)) == []


def test_eval_at_a_multiple_of_train_from_its_first_on_is_no_healthy_pair() -> None:
    diagnosis = judged(
        loss=[0.10, 0.065, 0.056, 0.053, 0.05, 0.048, 0.046, 0.044, 0.043, 0.042],
        val_loss=[0.70, 0.545, 0.545, 0.50, 0.45, 0.42, 0.38, 0.35, 0.32, 0.30],
        epoch=list(range(1, 11)),
    )
    assert "healthy_pair" not in said(diagnosis)
    assert causes(found("gap", diagnosis))[0] == "other_mode"


def test_of_a_loss_that_is_a_number_in_each_row_no_nan_in_the_data_is_blamed() -> None:
    rows = [0.43, 0.48, 0.26, 0.27, 0.23, 3.6, 8.5, 5.3, 322.0, 21.9, 131.0, 4977.0, 155.7]
    told = {one.id for one in found("diverged", judged(True, loss=rows)).causes}
    assert "nan_in_data" not in told


def test_an_accuracy_that_stands_in_for_the_loss_is_no_zero_loss() -> None:
    assert not said(judged(False, acc=[0.0] * 6)) & {"zero_loss", "worst_score"}


def test_boxes_that_are_never_matched_are_told_before_a_single_class() -> None:
    diagnosis = judged(
        False, loss=[1.2, 0.0, 0.0, 0.0, 0.0], loss_rpn_cls=[0.2, 0.0, 0.0, 0.0, 0.0],
        acc=[60.0, 100.0, 100.0, 100.0, 100.0],
    )  # fmt: skip
    assert causes(found("zero_loss", diagnosis))[:2] == ["nothing_matched", "one_class"]
