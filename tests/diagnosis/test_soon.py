"""What a handful of rows proves, and what single rows among them do not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import lossmon
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import fill, load
from tests.diagnosis.test_few_rows import judged

NAN = math.nan
CONSTANT = [2.88, 2.87, 2.87, 2.88, 2.88, 2.88]


def patterns(*findings: Finding) -> set[str]:
    return {finding.pattern for finding in findings}


@pytest.mark.parametrize("worst", [1.0, 100.0])
def test_an_error_rate_of_all_is_the_worst_in_per_cent_too(worst: float) -> None:
    found = judged(loss=CONSTANT, wer=[worst] * 6).findings
    assert "worst_score" in patterns(*found)
    assert "its worst" in next(f.evidence for f in found if f.pattern == "worst_score")


def test_episodes_that_are_all_lost_alike_are_told_at_three_rows() -> None:
    lost = judged(first=9_700_000, episode_reward=[-21.0] * 3).findings
    assert patterns(*lost) == {"worst_score"}
    assert lost[0].causes[0].id == "exploration"
    won = judged(first=9_700_000, episode_reward=[21.0] * 3).findings
    assert "worst_score" not in patterns(*won)  # it may be all that there is to win


def test_the_logarithm_of_the_smallest_float_is_met_by_no_training() -> None:
    found = judged(loss=[87.3365] * 2).findings[0]
    assert (found.pattern, found.causes[0].id) == ("constant", "lr_too_high")
    assert "constant" not in patterns(*judged(loss=[86.3365] * 2).findings)


def test_a_leap_of_one_epoch_is_proved_by_its_evaluation() -> None:
    epoch = [1.0, 2, 3, 4, 5]
    losses, evals = [0.35, 0.22, 0.175, 0.16, 1.6e18], [5.1, 3.28, 3.21, 3.05, 1.86e7]
    both = judged(ended=False, epoch=epoch, loss=losses, eval_loss=evals).findings[0]
    assert (both.pattern, both.causes[0].id) == ("diverged", "lr_too_high")
    assert "eval_loss leapt with it" in both.evidence
    alone = judged(ended=False, epoch=epoch, loss=losses, eval_loss=[*evals[:4], 3.0]).findings
    assert "diverged" not in patterns(*alone)


def test_outliers_are_no_swings() -> None:
    """Five of seven rows stand at one level: the order of the data is not what makes two leap."""
    found = judged(ended=False, first=2564, loss=[0.66, 0.8, 4.27, 0.77, 0.556, 0.82, 6.66])
    assert found.findings[0].causes[0].id == "lr_too_high"
    assert "2 of 7 rows leap to 6.66" in found.findings[0].causes[0].why
    swings = judged(ended=False, first=2564, loss=[0.12, 0.68, 0.15, 0.6, 0.13, 0.7])
    assert swings.findings[0].causes[0].id == "data_order"


def test_a_part_that_ended_before_its_total_was_told_tells_how() -> None:
    columns = {
        "kld_loss": [3.4, 3.0, 2.8, NAN, NAN, NAN],
        "nll_loss": [73.6, 78.8, 79.0, NAN, NAN, NAN],
        "loss": [None, None, None, None, NAN, None],
    }
    found = judged(**columns).findings[0]  # type: ignore[arg-type]
    assert (found.pattern, found.since_step) == ("diverged", 4)
    assert "kld_loss is NaN since step 4; 3 of 6" in found.evidence
    assert found.causes[0].id == "variance_unbounded"
    assert found.numbers["resume_step"] == 3


def test_the_weights_of_a_log_that_begins_in_the_middle_are_not_its_first() -> None:
    losses = [28.7227, 28.7226, 28.7219, 28.7221, 28.7215, math.inf, math.inf, math.inf]
    tail = judged(first=7492, loss=losses).findings[0]
    assert "unlearned" not in tail.numbers
    assert tail.numbers["resume_step"] == 7496
    assert judged(first=0, loss=losses).findings[0].numbers["unlearned"] == 28.7227


@pytest.mark.parametrize("after", [4, 400])
def test_where_to_go_back_to_does_not_move_while_the_run_goes_on(after: int) -> None:
    falls = [2 / (1 + step / 40) for step in range(240)]
    assert judged(loss=[*falls, *[NAN] * after]).findings[0].numbers["resume_step"] == 236


def test_a_range_whose_ends_read_alike_is_one_number() -> None:
    alike = {"a": 0.366, "b": 0.371, "c": 1e-5}
    assert fill("{a:.2g} to {b:.2g}.", alike) == "0.37."
    assert fill("{c:.1g} to {c:.1g}, {a:.2g}", alike) == "1e-05, 0.37"
    assert fill("还剩 {a:.2g} 到 {b:.2g}。", {"a": 0.1, "b": 0.1}) == "还剩 0.1。"
    assert fill("{a:.2g} to {b:.2g}", {"a": 0.1, "b": 0.11}) == "0.1 to 0.11"


def test_a_message_behind_a_bar_that_ended_no_line_is_heard(tmp_path: Path) -> None:
    """TensorFlow writes it to another stream; the figure before it is 28.7215."""
    rows = [
        f" {step}/17725 [===>....] - ETA: 43:19 - loss: {28.7 + step % 3 / 1000:.4f}"
        for step in range(7489, 7496)
    ]
    rows.append(
        " 7496/17725 [===>....] - ETA: 43:18 - loss: 28.72152018-12-26 11:04:36.796989: W "
        "tensorflow/core/util/ctc/ctc_loss_calculator.cc:144] No valid path found."
    )
    rows += [f" {step}/17725 [===>....] - ETA: 43:18 - loss: inf" for step in range(7497, 7503)]
    (tmp_path / "log.txt").write_text("\n".join([*rows, ""]))
    found = lossmon.diagnose(tmp_path / "log.txt").findings[0]
    assert (found.pattern, found.since_step) == ("diverged", 7497)
    assert found.causes[0].id == "impossible_target"
    assert "has no valid path" in found.causes[0].why


def told(finding: Finding) -> tuple[str, ...]:
    return load("en").remedies(finding)


def test_no_lower_rate_is_advised_where_the_first_cause_rules_the_rate_out() -> None:
    """Faulty boxes: one part alone is no number, and a rate is logged."""
    found = judged(
        ended=False,
        loss=[0.9, 0.62, 0.25, NAN, NAN, NAN],
        rpn_loss_box=[0.1, 0.05, 0.003, NAN, NAN, NAN],
        rpn_loss_cls=[0.3, 0.22, 0.15, 0.66, 0.64, 0.63],
        lr=[0.001] * 6,
    ).findings[0]
    assert found.causes[0].id == "part_targets"
    assert not any("learning rate" in remedy for remedy in told(found)[:2])
    assert told(found)[0].startswith("Stop the run, and resume from a checkpoint")


def test_weights_that_are_sound_need_no_step_back() -> None:
    losses = [1.4, 1.3, NAN, 1.25, 1.3, NAN, 1.2, 1.25, NAN, 1.2, NAN]
    found = judged(ended=False, loss=losses, lr=[2e-4] * 11).findings[0]
    assert "the weights are sound" in found.causes[0].why
    assert not any("resume" in remedy for remedy in told(found))


def test_a_loss_of_0_beside_answers_that_are_all_right_is_no_nan() -> None:
    found = judged(loss=[0.0] * 5, accuracy=[1.0] * 5).findings[0]
    assert found.pattern == "zero_loss"
    assert "nan_filtered" not in {cause.id for cause in found.causes}


def test_a_sum_that_nothing_sets_back_is_told_as_one() -> None:
    found = judged(first=100, ended=False, loss=[4.92, 9.7], recall=[0.1, 0.4]).findings
    assert "reporting" not in patterns(*found)
    rows = {"loss": [4.92, 9.7, 15.14, 20.3, 25.2, 30.1]}
    summed = judged(first=1, **rows).findings
    assert patterns(*summed) == {"reporting"}
    assert summed[0].causes[0].id == "running_sum"
    assert "reporting" not in patterns(*judged(first=40, **rows).findings), "of a tail none knows"
    grows = judged(first=1, loss=[4.92, 9.7, 20.1, 41.0, 80.0, 170.0]).findings
    assert "reporting" not in patterns(*grows)


def test_a_mean_that_stands_still_leaps_where_the_next_epoch_begins() -> None:
    epoch = [12.0] * 7 + [13.0]
    still = [0.006357, 0.006356, 0.006354, 0.006351, 0.006348, 0.006362, 0.006389]
    found = judged(first=50, epoch=epoch, loss=[*still, 0.01654]).findings
    assert [one.causes[0].id for one in found if one.pattern == "reporting"] == ["running_mean"]
    step_down = [0.9, 0.901, 0.899, 0.9, 0.901, 0.6, 0.601, 0.599]
    by_heart = judged(first=50, epoch=[*[1.0] * 5, *[2.0] * 3], loss=step_down).findings
    assert "reporting" not in patterns(*by_heart)
    noisy = [0.0063, 0.0066, 0.0061, 0.0068, 0.0064, 0.006, 0.0064]
    for losses in ([*noisy, 0.01654], [*still, 0.0065]):
        assert "reporting" not in patterns(*judged(first=50, epoch=epoch, loss=losses).findings)
