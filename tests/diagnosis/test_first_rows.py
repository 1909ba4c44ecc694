"""What next to no rows tell, and what they speak for where they prove nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.diagnosis.knowledge import load
from tests.diagnosis.test_few_rows import judged

NAN = math.nan


def found(pattern: str, diagnosis: Diagnosis) -> Finding:
    """The finding of a pattern."""
    named = {one.pattern: one for one in diagnosis.findings}
    assert pattern in named, f"{pattern} is not among {sorted(named)}"
    return named[pattern]


def causes(finding: Finding) -> list[str]:
    """Those with a reason in the log."""
    return [one.id for one in finding.causes if one.why]


# -- four rows -------------------------------------------------------------------------------------


def test_four_rows_that_multiply_are_a_rise_whether_or_not_the_run_goes_on() -> None:
    rows = [2.1, 2.6, 4.0, 11.0]
    for ended in (True, False):
        finding = found("rising", judged(ended, loss=rows))
        assert causes(finding)[0] == "lr_too_high"
        remedies = load("en").remedies(finding)
        assert remedies[0].startswith("Lower the learning rate")
        assert not any("checkpoint at" in one for one in remedies), "there is nothing to go back to"


@pytest.mark.parametrize(
    "rows", [[2.1, 2.6, 2.5, 11.0], [2.1, 2.2, 2.3, 2.4], [0.0, 0.1, 0.2, 3.0]]
)
def test_a_step_back_or_a_small_rise_is_none(rows: list[float]) -> None:
    assert "rising" not in {one.pattern for one in judged(False, loss=rows).findings}


def test_a_rise_of_the_first_rows_is_over_once_more_rows_tell_otherwise() -> None:
    swings = [12.0, 3.0, 14.0, 4.0, 9.0, 2.5, 13.0, 3.5] * 8
    said = judged(loss=[2.1, 2.6, 4.0, 11.0, *swings])
    assert "rising" not in {one.pattern for one in said.findings}


# -- too early, with what the rows speak for -------------------------------------------------------

EARLY = {  # rows, and the cause that they speak for first
    "at ln 1000": ([6.911, 6.905, 6.906, 6.907], "frozen_gradients"),
    "back and forth": ([0.12, 0.68, 0.13, 0.58, 0.63], "data_order"),
    "a leap": ([2.31, 2.29, 2.28, 5.6], "lr_too_high"),
}


@pytest.mark.parametrize(("rows", "cause"), EARLY.values(), ids=list(EARLY))
def test_too_early_says_what_to_look_for_first(rows: list[float], cause: str) -> None:
    finding = found("too_early", judged(False, loss=rows))
    assert causes(finding)[0] == cause
    assert finding.severity == "info", "it is no verdict"


def test_a_leap_at_a_rate_of_next_to_nothing_is_no_matter_of_the_rate() -> None:
    rows = [2.28, 2.29, 2.27, 11.05]
    finding = found("too_early", judged(False, loss=rows, learning_rate=[1e-9, 2e-9, 3e-9, 4e-9]))
    assert causes(finding)[0] == "bad_state"
    assert "lr_too_high" not in causes(finding)


def test_eval_that_turned_twice_while_train_falls_speaks_for_learning_by_heart() -> None:
    finding = found(
        "too_early",
        judged(False, loss=[1.608, 1.531, 1.481, 1.451], val_loss=[1.556, 1.528, 1.551, 1.586]),
    )
    assert causes(finding) == ["memorising", "small_data"]


@pytest.mark.parametrize("rows", [[2.3, 1.9, 1.6, 1.4], [1.0, 0.9, 0.95, 0.85]])
def test_a_fall_speaks_for_nothing(rows: list[float]) -> None:
    assert not causes(found("too_early", judged(False, loss=rows)))


def test_a_few_updates_are_no_training_that_does_not_fall() -> None:
    """Each fifth step up to step 50: the noise of batches."""
    history = judged_at(
        range(0, 55, 5), [0.46, 0.47, 0.48, 0.48, 0.5, 0.5, 0.54, 0.53, 0.55, 0.52, 0.49]
    )
    assert "not_decreasing" not in {one.pattern for one in history.findings}


def judged_at(steps: range, rows: list[float]) -> Diagnosis:
    """A run whose rows are some steps apart."""
    from lossmon.diagnosis.engine import Engine
    from lossmon.formats.lexicon import role
    from lossmon.history.run import History

    history, engine, roles = History(role), Engine(), {"train_loss": "loss"}
    for step, value in zip(steps, rows, strict=True):
        history.append({"loss": value}, step)
        engine.observe(history, roles)
    return engine.conclude(history, roles, True)


# -- below 0 ---------------------------------------------------------------------------------------


def test_a_loss_that_falls_below_0_faster_and_faster_has_no_floor() -> None:
    rows = [16_745_235, 19.6, -13.4, -145.2, -683.1, -2291.4, -6880.8]
    finding = found("impossible", judged(loss=rows))
    assert causes(finding) == ["target_range", "unbounded_loss"]
    assert finding.numbers["off"] == pytest.approx(-6880.8)


@pytest.mark.parametrize(
    "rows",
    [
        [3.0, -2.0, -5.0, -7.0, -8.2, -8.9, -9.3],  # slower and slower, to a floor
        [3.0, -1.0, -4.0, -6.0, -8.0, -10.0, -12.0],  # as a likelihood may
        [3.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02],
    ],
)
def test_a_loss_that_is_below_0_and_slows_down_is_not_impossible(rows: list[float]) -> None:
    assert "impossible" not in {one.pattern for one in judged(loss=rows).findings}


# -- no number from the first row on ---------------------------------------------------------------


def test_the_first_row_of_epochs_is_a_mean_over_many_updates() -> None:
    """Any of them may have been too large: data with NaN comes behind that."""
    epochs = [1.0, 2.0, 3.0, 4.0]
    ids = causes(found("diverged", judged(loss=[NAN] * 4, epoch=epochs)))
    assert ids.index("lr_too_high") < ids.index("nan_in_data")
    ids = causes(found("diverged", judged(loss=[NAN] * 4, mae=[NAN] * 4, epoch=epochs)))
    assert ids[:2] == ["unscaled", "lr_too_high"]


def test_epochs_that_are_counted_from_the_middle_on_are_epochs() -> None:
    epochs = [7.0, 8.0, 9.0, 10.0]
    ids = causes(found("diverged", judged(first=7, loss=[NAN] * 4, epoch=epochs)))
    assert ids[0] == "lr_too_high"


def test_where_each_row_is_an_epoch_none_begins_near_an_onset() -> None:
    epochs = [82.0, 83.0, 84.0]
    ids = causes(found("diverged", judged(first=82, loss=[0.79, 0.87, math.inf], epoch=epochs)))
    assert "epoch_boundary" not in ids


def test_caffe_prints_the_logarithm_of_the_smallest_float() -> None:
    for rows in ([184.4, 1746.73, 1746.73, 1746.73], [6.9, 87.3365, 87.3365, 87.3365]):
        finding = found("constant", judged(loss=rows))
        assert causes(finding)[:2] == ["lr_too_high", "numeric_overflow"]
        assert load("en").remedies(finding)[0].startswith("Lower the learning rate")


def test_a_rate_that_trained_weights_do_not_bear_is_a_reason() -> None:
    rows = [1.24, 1.84, 1.87, 1.8, 1.72, 1.59, 1.58, 2.41, 2.3, 2.35]
    rates = [0.0015, 0.003, 0.003, 0.003, 0.0029, 0.0029, 0.0029, 0.0029, 0.0028, 0.0028]
    said = judged(loss=rows, learning_rate=rates, eval_wer=[100.0] * 10)
    assert said.kind == "speech"
    first = next(one for one in said.findings if one.metric == "loss")
    assert causes(first)[0] == "lr_too_high"
    tail = judged(first=5000, loss=rows, learning_rate=rates, eval_wer=[100.0] * 10)
    assert not any("from trained weights on" in c.why for one in tail.findings for c in one.causes)
    calm = judged(loss=rows, learning_rate=[one / 100 for one in rates], eval_wer=[100.0] * 10)
    assert not any("from trained weights on" in c.why for one in calm.findings for c in one.causes)


# -- epochs ----------------------------------------------------------------------------------------


def epochs_of(rows: int, epochs: int, value: Callable[[int, int], float]) -> Diagnosis:
    """A run whose rows name their epoch."""
    columns = {
        "loss": [value(e, s) for e in range(epochs) for s in range(rows)],
        "epoch": [float(e) for e in range(epochs) for _ in range(rows)],
    }
    return judged(**columns)


def test_a_fall_within_each_epoch_that_the_next_takes_back_is_the_order_of_the_data() -> None:
    said = epochs_of(20, 6, lambda e, s: 2.4 - 0.025 * s - 0.02 * e + 0.01 * ((7 * s + 3 * e) % 5))
    why = {c.id: c.why for one in said.findings for c in one.causes}
    assert "within an epoch" in why["data_order"]
    assert "frozen_gradients" not in why
    assert said.findings[0].causes[0].id == "data_order"


@pytest.mark.parametrize(
    "value",
    [
        lambda e, s: 2.4 - 0.001 * (20 * e + s),  # on and on
        lambda e, s: 2.3 + 0.05 * ((7 * s + 3 * e) % 5),  # noise
        lambda e, s: 2.4 - 0.25 * e,  # stairs
    ],
)
def test_other_epochs_have_no_teeth(value: Callable[[int, int], float]) -> None:
    causes_of = {c.why for one in epochs_of(20, 6, value).findings for c in one.causes}
    assert not any("within an epoch" in why for why in causes_of)


def test_a_loss_whose_first_row_is_as_all_others_is_moved_by_nothing() -> None:
    whole = found("constant", judged(train_loss=[0.7132] * 5, test_acc=[49.12] * 5))
    assert causes(whole)[:2] == ["inert_output", "frozen_gradients"]
    learned = found("constant", judged(train_loss=[0.9, *[0.7132] * 5]))
    assert "frozen_gradients" not in causes(learned)


def test_no_box_is_right_while_the_loss_falls() -> None:
    rows = [2.1 * 0.8**i for i in range(7)]
    finding = found("worst_score", judged(loss=rows, mAP=[0.0] * 7))
    assert [one.id for one in finding.causes][:2] == ["bad_labels", "metric_wrong"]


def test_six_evaluations_that_leap_back_and_forth_are_enough() -> None:
    train = [0.6, 0.4, 0.3, 0.22, 0.18, 0.15]
    epochs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    leaps = judged(loss=train, val_loss=[0.9, 4.2, 0.7, 6.1, 1.2, 3.3], epoch=epochs)
    assert found("eval_swings", leaps).causes[0].id == "eval_statistics"
    calm = judged(loss=train, val_loss=[0.9, 0.7, 0.75, 0.6, 0.65, 0.62], epoch=epochs)
    assert "eval_swings" not in {one.pattern for one in calm.findings}


def test_zeros_that_hide_nan_were_no_first_loss() -> None:
    finding = found("diverged", judged(loss=[0.0] * 5, grad_norm=[NAN] * 5))
    assert not any("begin again" in one for one in load("en").remedies(finding))


# -- scores alone ----------------------------------------------------------------------------------


def test_a_score_that_fell_to_the_share_of_one_class_and_stays_there() -> None:
    finding = found("worst_score", judged(Accuracy=[0.1113, 0.3183, *[0.098] * 8]))
    assert finding.since_step == 3
    assert causes(finding) == ["numeric_overflow", "lr_too_high", "collapsed"]


@pytest.mark.parametrize(
    "rows",
    [
        [0.5, 0.8, *[0.6] * 8],  # of ten examples
        [0.1113, 0.3183, 0.4101, 0.4, 0.4, 0.4],
        [0.7113, 0.9183, *[0.97] * 8],
    ],
)
def test_a_score_of_few_examples_or_at_its_best_may_stay(rows: list[float]) -> None:
    assert "worst_score" not in {one.pattern for one in judged(Accuracy=rows).findings}


def test_four_rows_of_a_share_that_no_small_set_gives_are_one_answer_for_all() -> None:
    train = [0.5, 0.5, 0.75, 1.0]
    columns = {"train_accuracy": train, "val_accuracy": [0.73037] * 4}
    assert causes(found("worst_score", judged(**columns)))[0] == "one_answer"
    of_fifteen = {"train_accuracy": train, "val_accuracy": [0.86667] * 4}
    assert "worst_score" not in {one.pattern for one in judged(**of_fifteen).findings}


def test_scores_alone_tell_of_learning_by_heart() -> None:
    columns = {"train_accuracy": [1.0] * 5, "val_accuracy": [0.82, 0.819, 0.82, 0.821, 0.82]}
    finding = found("memorised", judged(**columns))
    assert finding.severity == "warning"
    assert causes(finding)[:3] == ["memorising", "small_data", "eval_statistics"]
    near = {**columns, "val_accuracy": [0.95, 0.96, 0.96, 0.96, 0.96]}
    assert "memorised" not in {one.pattern for one in judged(**near).findings}


def test_a_loss_that_begins_at_0_and_rises_in_each_row_has_diverged() -> None:
    """It was held against its first row: a division by 0."""
    finding = found("diverged", judged(loss=[i / 7 for i in range(60)]))
    assert finding.evidence.startswith("loss 8.286 is 58 x its first rows (0.1429)")
