"""Causes are earned: each is told by a figure of the log, and ordered by what the log supports."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.kind import KINDS
from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.patterns import PATTERNS
from tests.diagnosis.test_few_rows import NAN, judged

Columns = dict[str, list[float]]
FALL = [2.3, 1.9, 1.6, 1.4, 1.3, 1.2, 1.1, 1.05]
LEVEL = [1.2, 1.1, 1.3, 1.15, 1.25, 1.2, 1.1, 1.3]


def means(epochs: int, rows: int) -> Columns:
    """A running mean over each epoch, as a progress bar prints it, of a loss that falls evenly."""
    loss = (0.5 + 2.0 * np.exp(-np.arange(epochs * rows) / 30)).reshape(epochs, rows)
    printed = np.cumsum(loss, axis=1) / np.arange(1, rows + 1)
    return {"loss": list(printed.ravel()), "epoch": list(np.arange(epochs * rows) / rows)}


TABLE: dict[str, tuple[Columns, str, str]] = {
    "a mean over each epoch jumps where it starts anew": (
        means(4, 12), "reporting", "running_mean"),
    "all parts at one factor for one row": (
        {"loss": [9, 9.1, 0.75, 9.0, 8.9], "loss_a": [3, 3.1, 0.256, 3.05, 3.0],
         "loss_b": [6, 6.0, 0.496, 5.95, 5.9]}, "reporting", "partial_window"),
    "all parts at twice their level, for good": (
        {"loss": [3, 2.9, 2.8, 2.7, 5.36, 5.32], "loss_a": [1, 0.95, 0.92, 0.9, 1.79, 1.76],
         "loss_b": [2, 1.95, 1.88, 1.8, 3.57, 3.56]}, "reporting", "summed_loss"),
    "a total of 32-bit floats": (
        {"loss": [5e5, 4e5, 9e4, 0.0, 0.0], "total_loss_sum": [1e8, 1.3e8, 2.0**27, 2.0**27, 2.0**27]},
        "reporting", "float_total"),
    "train is 16 x eval": (
        {"loss": [16 * x for x in FALL], "eval_loss": FALL}, "scaled_loss", "summed_loss"),
    "a fall and a climb like a pendulum": (
        {"loss": [1.03, 0.82, 0.47, 0.2, 0.06, 0.09, 0.28, 0.53, 0.75, 0.87]},
        "rebound", "gradients_kept"),
    "train and eval jump together": (
        {"train_loss": [0.46, 0.41, 0.42, 0.4, 0.4, 0.36, 0.41, 0.36, 0.7, 0.8, 1.05],
         "val_loss": [0.35, 0.33, 0.33, 0.32, 0.33, 0.33, 0.32, 0.32, 0.76, 0.81, 1.04],
         "epoch": list(range(11))}, "rebound", "lr_too_high"),
    "boosting that climbs from its first round": (
        {"train-logloss": [0.71, 0.73, 0.75, 0.77], "eval-logloss": [0.71, 0.73, 0.75, 0.77]},
        "rising", "objective_mismatch"),
    "it climbs while the rate decays": (
        {"loss": [0.8, 0.6, 1.3, 2.2, 2.6, 3.3, 3.0, 4.8, 4.2, 4.6, 7.9],
         "lr": list(1e-3 * 0.56 ** np.arange(11))}, "rising", "bad_labels"),
    "few rows that leap about": (
        {"loss": [0.64, 0.43, 0.12, 0.68, 0.3, 0.63, 0.2, 0.64, 0.5]}, "oscillating", "lr_too_high"),
    "an accuracy of 0 beside a loss that falls": (
        {"loss": FALL, "acc": [0.0] * 8, "val_loss": FALL, "val_acc": [0.0] * 8},
        "worst_score", "metric_wrong"),
    "two epochs of it": (
        {"loss": [0.89, 0.68], "acc": [0.0, 0.0], "val_loss": [0.76, 0.23], "val_acc": [0.0, 0.0]},
        "worst_score", "metric_wrong"),
    "an F1 that one answer for all gives": (
        {"loss": LEVEL, "test_acc": [0.65] * 8, "test_f1": [2 * 0.65 / 1.65 / 3] * 8},
        "worst_score", "one_answer"),
    "an accuracy that is the share of a class": (
        {"loss": FALL, "val_acc": [0.79269] * 8}, "worst_score", "one_answer"),
    "a perplexity at e^100": (
        {"ppl": [math.exp(100)] * 6, "acc": [0.4, 0.5, 0.9, 0.8, 1.0, 1.1]}, "constant", "lr_too_high"),
    "the epsilon of a logarithm": (
        {"loss": [0.55, *[1.1921e-07] * 4], "acc": [0.31, 0.29, 0.29, 0.29, 0.29]},
        "constant", "wrong_output"),
    "a negative loss that stands still": (
        {"loss": [-55.03, *[-55.0284] * 6], "acc": [0.1142, *[0.1141] * 6]},
        "constant", "target_range"),
    "all zero and all right": (
        {"loss": [0.0] * 6, "accuracy": [1.0] * 6}, "zero_loss", "one_class"),
    "ln 65,536 to the fifth digit": (
        {"loss": [11.09033 + 1e-6 * i for i in range(10)]}, "chance_level", "collapsed"),
    "a classifier that creeps up above ln 10": (
        {"loss": list(np.linspace(2.297, 2.312, 16)), "acc": [0.1 + 0.004 * (-1) ** i for i in range(16)]},
        "not_decreasing", "lr_too_high"),
    "a triplet loss at its margin": (
        {"loss": [1.0072, 1.006, 1.0051, 1.0051, 1.0034, 1.0025, 1.0044, 1.0007],
         "triplet_acc": LEVEL}, "not_decreasing", "collapsed"),
    "broken before any update": (
        {"loss": [537, 916, 1892, 425, 1528, 6e7, 0, 0, 0],
         "lr": [0, 0, 0, 0, 0, 3e-6, 3e-6, 1e-5, 4e-5]}, "diverged", "broken_weights"),
    "gone in the first rows of a warm-up": (
        {"loss": [3.85, 0, 0, 0, 0], "lr": [3.4e-7 * i for i in range(1, 6)]},
        "diverged", "numeric_overflow"),
    "grad norm is gone before the loss": (
        {"loss": [*LEVEL * 5, NAN, NAN], "grad_norm": [1.0] * 38 + [math.inf] * 4},
        "diverged", "numeric_overflow"),
    "a leap by two orders": (
        {"loss": [0.05, 0.06, 0.05, 0.04, 0.07, 0.08, 0.04, 0.13, 17.8, NAN, NAN]},
        "diverged", "exploding_gradients"),
    "a leap of a loss that has learned nothing yet": (
        {"loss": [3.1, 10.4, 9.2, 11.8, 15.5, 6e9, NAN, NAN]}, "diverged", "lr_too_high"),
    "each row a multiple of the last, from the first on": (
        {"loss": [952.7 * 4.7**i for i in range(10)]}, "diverged", "lr_too_high"),
    "exactly 0 while each answer is right, which no broken weights give": (
        {"loss": [6.9, 3.0, 0.0, 0.0, 0.0, 0.0], "acc": [0.0, 60.0, 100.0, 100.0, 100.0, 100.0]},
        "zero_loss", "one_class"),
    "a loss without a floor": (
        {"loss": [22.0, -91.0, -310.0, -655.0, NAN, NAN]}, "diverged", "unbounded_loss"),
    "a total whose part alone is no number": (
        {"loss": [6.1, *[NAN] * 5], "loss_cls": [2.0, 1.9, 1.7, 1.8, 1.5, 1.4],
         "loss_bbox": [1.1, *[NAN] * 5]}, "diverged", "part_targets"),
    "a fall of next to nothing, row by row": (
        {"loss": [7.301, 7.295, 7.287, 7.281, 7.274, 7.268, 7.261, 7.253, 7.246, 7.240],
         "epoch": list(range(10))}, "not_decreasing", "lr_too_low"),
    "the probability of guessing, with its sign turned": (
        {"loss": [-0.206, -0.199, -0.2, -0.203, -0.201, -0.198, -0.202, -0.2],
         "acc": [0.21, 0.19, 0.2, 0.2, 0.21, 0.2, 0.19, 0.2]}, "impossible", "frozen_gradients"),
    "the same ups and downs every three rows, however they fall": (
        {"loss": [8, 9, 2, 7, 6.5, 1, 6, 5.6, 1.1, 5.7, 5.1, 1, 5.3, 4.8, 1.05, 5, 4.6, 1.02, 4.7, 4.5, 1]},
        "oscillating", "lr_too_high"),
    "an accuracy of 0 beside a loss that is next to nothing": (
        {"loss": [0.0141, 0.0139, 0.0135, 0.0133, 0.0136, 0.0131, 0.0130, 0.0132],
         "acc": [0.0] * 8, "val_loss": [0.0101, 0.0099, 0.0098, 0.0097, 0.0099, 0.0096, 0.0095, 0.0096],
         "val_acc": [0.0] * 8}, "worst_score", "metric_wrong"),
    "eval far above train since the first epoch, and never better": (
        {"loss": [0.4, 0.08, 0.06, 0.055, 0.05], "val_loss": [3.1, 9.0, 4.5, 5.2, 4.2],
         "epoch": list(range(5))}, "eval_apart", "other_mode"),
    "boxes that cost exactly nothing": (
        {"loss": [0.41, 0.4, 0.39, 0.385], "box_loss": [0.0] * 4, "cls_loss": [0.41, 0.4, 0.39, 0.385]},
        "part_zero", "nothing_matched"),
    "a loss that nothing fills in": ({"loss": [0.0] * 5}, "zero_loss", "not_computed"),
    "a spread of one episode": (
        {"Mean Reward": [-57.0, -80.0, -63.0, -40.0, -39.0, -28.0], "Std of Reward": [0.0] * 6},
        "reporting", "one_episode"),
    "values that are learned from themselves": (
        {"td_loss": [5, 37, 60, 900, 6e3, 3e4, 2e5, 9e5, 2.6e6], "loss": [5, 37, 60, 900, 6e3, 3e4, 2e5, 9e5, 2.6e6]},
        "diverged", "bootstrap"),
    "a row that is infinite": (
        {"loss": [69.8, 69.5, 69.2, math.inf, 72.6, 70.7, 73.3, 68.9], "cer": LEVEL},
        "broken_rows", "impossible_target"),
    "one part rises under a total that falls": (
        {"loss": [*FALL, 1.0, 0.9, 0.85, 0.8], "loss_box": list(np.linspace(0.1, 0.5, 12)),
         "loss_cls": [*FALL, 0.9, 0.7, 0.5, 0.3]}, "part_rises", "parts_pull"),
    "a summed loss beside a score that climbs": (
        {"loss": [40, 2163, 1182, 1150, 1087, 1343], "ents_f": [9.6, 83.2, 88.9, 90.0, 92.0, 93.1]},
        "score_tells", "loss_no_measure"),
    "a return at its ceiling": (
        {"average_return": [200.0] * 5, "loss": [2e5, 2e3, 1e3, 2e5, 900]},
        "score_tells", "loss_no_measure"),
    "several passes between two rows": (
        {"loss": [6.5, 2.1, 0.6, 0.2], "lr": [2e-5] * 4, "epoch": [4.2, 8.3, 12.5, 16.7]},
        "memorised", "memorising"),
    "back at ln 10 for good": (
        {"loss": [2.3, 1.9, 1.5, 1.2, 1.0, 0.9, 0.8, 2.9, 2.304, 2.303, 2.302, 2.303, 2.303, 2.302],
         "acc": [0.1, 0.3, 0.45, 0.55, 0.63, 0.67, 0.7, 0.2, *[0.1, 0.099] * 3]},
        "rebound", "collapsed"),
    "eval that never moves beside a train that does": (
        {"loss": FALL, "val_loss": [0.6931] * 8, "val_acc": [0.4876] * 8}, "worst_score", "stale_eval"),
    "a policy that is NaN under a reward that is not": (
        {"ep_rew_mean": LEVEL, "loss": [0.1, 0.2, 0.3, 0.2, NAN, NAN, NAN, NAN]},
        "diverged", "bootstrap"),
    "half the answers wrong, at 16.118 each": (
        {"loss": [8.06, 8.05, 8.06, 8.06, 8.07, 8.06, 8.06, 8.05], "acc": [0.5, 0.501] * 4},
        "saturated_output", "wrong_output"),
    "eval answers as one who guesses": (
        {"loss": [2.3, 1.2, 0.6, 0.2, 0.1, 0.05], "acc": [0.2, 0.6, 0.8, 0.93, 0.97, 0.99],
         "val_loss": [2.3, 2.6, 3.1, 3.9, 4.4, 5.2], "val_acc": [0.1, 0.11, 0.1, 0.09, 0.1, 0.1]},
        "overfitting", "eval_statistics"),
    "eval lies below train throughout": (
        {"loss": FALL, "val_loss": [0.8 * x for x in FALL], "epoch": list(range(8))},
        "healthy_pair", "regularised_train"),
    "the loss of eval rises while its accuracy does, too": (
        {"loss": [0.9, 0.6, 0.4, 0.25, 0.15, 0.1, 0.06, 0.03],
         "val_loss": [0.7, 0.6, 0.55, 0.6, 0.7, 0.8, 0.95, 1.1],
         "val_acc": [0.6, 0.68, 0.72, 0.75, 0.78, 0.8, 0.815, 0.825]}, "overfitting", "overconfident"),
    "a discriminator that wins in few epochs": (
        {"d_loss": [0.6, 0.3, 0.1, 0.01, 0.006, 0.004, 0.003], "g_loss": [0.7, 1.2, 2, 3, 4, 4.6, 5]},
        "discriminator_won", "unbalanced_game"),
    "a code that says nothing": (
        {"loss": [200, 180, 171, 170, 170, 169.5, 169.6, 169.4],
         "recon_loss": [180, 172, 169.9, 169.8, 169.7, 169.5, 169.5, 169.4],
         "kl_loss": [20, 8, 1.1, 0.1, 0.02, 0.01, 0.01, 0.008]}, "posterior_collapse", "kl_weight"),
    "a score that stays under a loss that falls": (
        {"loss": list(np.linspace(1.0, 0.2, 14)), "acc": [0.5, 0.505] * 7},
        "worst_score", "metric_wrong"),
    "an accuracy of 0 beside another that is good": (
        {"loss": [14.7, 14.3, 15.5, 16.0, 14.6, 15.7, 15.3, 15.0, 15.5, 14.7], "acc": [0.0] * 10,
         "verification_accuracy": [0.86, 0.87] * 5}, "worst_score", "metric_wrong"),
    "a held-out accuracy of 0 beside batches of 100 %": (
        {"loss": LEVEL, "acc": [100.0, 0.0, 100.0, 0.0] * 2, "eval_accuracy": [0.0] * 8},
        "worst_score", "metric_wrong"),
    "a cross-entropy below 0": (
        {"loss_ce": [-1.2, -3.4, -5.6, -9.9, -12.4, -15.0, -17.1, -20.0]},
        "impossible", "target_range"),
    "a probability with its sign turned": (
        {"loss": list(-np.linspace(0.1, 0.8, 10)), "acc": list(np.linspace(0.1, 0.8, 10))},
        "impossible", "wrong_output"),
    "an accuracy of 640 %": (
        {"loss": FALL, "acc": [320.0, 400.0, 480.0, 520.0, 560.0, 600.0, 620.0, 640.0]},
        "impossible", "metric_wrong"),
    "at ln 7 from the first row on": (
        {"loss": [1.9460, 1.9459, 1.9459, 1.9460, 1.9462, 1.9462, 1.9460, 1.9459],
         "acc": [0.14, 0.14, 0.13, 0.13, 0.14, 0.15, 0.14, 0.14], "epoch": list(range(8))},
        "not_decreasing", "bad_labels"),
    "each epoch writes the figures of the one before": (
        {"accuracy": [0.093281, 0.098437, 0.100469, 0.098125, 0.104063] * 4},
        "constant", "nothing_updated"),
    "eval far away before anything was learned": (
        {"loss": [0.463, 0.8565, 0.7886, 0.108, 0.1144, 0.0402],
         "val_loss": [302.5, 497.0, 1050.9, 744.5, 1353.3, 3238.0]}, "eval_apart", "other_mode"),
    "trees whose leaves grow without bound": (
        {"learn": [0.6 * 0.95**i for i in range(20)] + [NAN] * 3}, "diverged", "weak_l2"),
    "one in a thousand, whatever is done": (
        {"accuracy": [0.000391, 0.001563, 0.0, 0.001172, 0.000781, 0.001563, 0.001953, 0.001563,
                      0.000781, 0.001563, 0.000781, 0.000781, 0.000391],
         "epoch": list(range(13))}, "chance_level", "not_started"),
    "a KL that alone is no number": (
        {"loss": LEVEL, "recon_loss": FALL, "kl_loss": [0.3, 0.4, 0.5, *[NAN] * 5]},
        "part_nan", "variance_unbounded"),
    "a CTC part that alone is no number": (
        {"loss": LEVEL, "att_loss": FALL, "ctc_loss": [3, 2, 2.5, *[math.inf] * 5]},
        "part_nan", "impossible_target"),
    "trees that find no split": (
        {"train-logloss": [0.69314] * 6, "valid-auc": [0.5] * 6}, "constant", "no_split"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "pattern", "cause"), TABLE.values(), ids=list(TABLE))
def test_a_signature_tells_its_cause_first(columns: Columns, pattern: str, cause: str) -> None:
    found = judged(**columns).findings
    first: Finding | None = next((one for one in found if one.pattern == pattern), None)
    assert first is not None, [one.pattern for one in found]
    assert first.causes[0].id == cause
    assert first.causes[0].why or cause in PATTERNS[first.pattern].usual(first.setting)


def test_a_checkpoint_lies_before_the_climb_and_not_only_before_the_first_nan() -> None:
    climb = judged(loss=[3.1, 3.0, 3.2, 2.9, 3.1, 40.0, 900.0, 6e9, NAN, NAN]).findings[0]
    assert climb.numbers["resume_step"] <= 5
    unsound = judged(loss=[3.1, NAN, NAN, NAN]).findings[0]  # nothing was saved before its start
    assert "resume_step" not in unsound.numbers or unsound.numbers["resume_step"] <= 1


def test_a_run_that_only_ever_rose_has_no_checkpoint_to_go_back_to() -> None:
    rose = judged(loss=[952.7 * 4.7**i for i in range(10)]).findings[0]
    assert "resume_step" not in rose.numbers
    assert rose.since_step <= 3  # and not where a tenth of the way up to 1e9 is reached
    advice = load("en").remedies(rose)
    assert "begin again from the weights that the log begins with" in advice[0]
    assert not any("checkpoint" in one for one in advice)


NOTHING: dict[str, tuple[Columns, str]] = {
    "a staircase of what is remembered": (
        {"loss": [x + 0.02 * (-1) ** i for i, x in enumerate(np.repeat([2.0, 1.5, 1.1, 0.8], 12))],
         "epoch": list(np.repeat(np.arange(4.0), 12) + np.tile(np.arange(12) / 12, 4))}, "reporting"),
    "a spike of all parts": (
        {"loss": [9, 9.1, 0.75, 9.0, 8.9], "loss_a": [3, 3.1, 0.5, 3.05, 3.0],
         "loss_b": [6, 6.0, 0.2, 5.95, 5.9]}, "reporting"),
    "a loss scale of 2^24": ({"loss": FALL, "loss_scale": [2.0**24] * 8}, "reporting"),
    "a fall with one row back": ({"loss": [2.3, 1.9, 1.6, 1.4, 1.2, 1.0, 0.8, 0.9]}, "rebound"),
    "a few noisy rows of a fall": ({"loss": [3.0, 1.0, 2.5, 0.9, 2.0, 0.8, 1.5, 0.7, 1.0]}, "oscillating"),
    "an eval of few examples whose leaps have calmed down": (
        {"loss": [0.16, 0.064, 0.061, 0.04, 0.041, 0.038, 0.031, 0.029, 0.03],
         "val_loss": [0.02, 0.068, 0.016, 0.0096, 0.012, 0.0095, 0.0075, 0.01, 0.0088],
         "epoch": list(range(9))}, "eval_swings"),
    "a regularisation of 0, and no boxes": (
        {"loss": FALL, "reg_loss": [0.0] * 8, "ce_loss": FALL}, "part_zero"),
    "few epochs of a noisy, steady fall": (
        {"loss": [0.0138, 0.0125, 0.0122, 0.0112, 0.0118, 0.012, 0.0108, 0.0113, 0.011, 0.0107, 0.0096],
         "epoch": list(range(11))}, "not_decreasing"),
    "four rows that happen to climb": ({"loss": [1.0, 1.01, 1.05, 1.06]}, "rising"),
    "an accuracy of 0 in the first two of a flat loss": (
        {"loss": [2.3, 2.3], "acc": [0.0, 0.0]}, "worst_score"),
    "a small part that rises": (
        {"loss": [*FALL, 1, 0.9, 0.85, 0.8], "loss_box": list(np.linspace(1e-3, 5e-3, 12))}, "part_rises"),
    "a KL that should rise": (
        {"loss": [*FALL, 1, 0.9, 0.85, 0.8], "kl_loss": list(np.linspace(0.1, 0.5, 12))}, "part_rises"),
    "a classifier that learns its few examples": (
        {"loss": [2.3, 1.0, 0.2, 0.05], "acc": [0.1, 0.5, 0.9, 1.0], "epoch": [1, 2, 3, 4]},
        "memorised"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "pattern"), NOTHING.values(), ids=list(NOTHING))
def test_what_looks_like_a_signature_and_is_none(columns: Columns, pattern: str) -> None:
    assert pattern not in {one.pattern for one in judged(**columns).findings}


def test_what_a_weightier_reason_rules_out_is_no_cause_however_it_coincides() -> None:
    columns = TABLE["gone in the first rows of a warm-up"][0]
    causes = {cause.id for cause in judged(**columns).findings[0].causes}
    assert not causes & {"lr_jump", "lr_too_high", "exploding_gradients"}


def test_usual_causes_are_those_of_the_kind_first_and_each_has_its_words() -> None:
    kinds = {kind.id for kind in KINDS} | {"lora"}
    for pattern in PATTERNS.values():
        assert set(pattern.typical_of) <= kinds
        for kind in pattern.typical_of:
            usual = pattern.usual(kind)
            assert usual[: len(pattern.typical_of[kind])] == pattern.typical_of[kind]
            assert len(set(usual)) == len(usual)
            assert set(usual) <= set(load("en").causes)
    assert PATTERNS["diverged"].usual("lora")[0] == PATTERNS["diverged"].typical_of["llm"][0]


def test_a_score_at_its_worst_beside_a_good_one_accuses_nothing_else() -> None:
    found = judged(
        loss=[14.7, 14.3, 15.5, 16.0, 14.6, 15.7, 15.3, 15.0, 15.5, 14.7],
        acc=[0.0] * 10,
        verification_accuracy=[0.86, 0.87] * 5,
    ).findings
    told = {cause.id for one in found for cause in one.causes}
    assert not told & {"collapsed", "bad_labels", "frozen_gradients", "lr_too_low", "lr_too_high"}
    assert "not_decreasing" not in {one.pattern for one in found}


def test_trees_are_told_of_no_gradients() -> None:
    finding = judged(learn=[0.6 * 0.95**i for i in range(20)] + [NAN] * 3).findings[0]
    assert not {cause.id for cause in finding.causes} & {"numeric_overflow", "exploding_gradients"}
    for lang in ("en", "zh"):
        told = " ".join(load(lang).remedies(finding)).lower()
        assert "l2" in told
        assert not any(word in told for word in ("clip", "fp16", "bf16", "裁剪"))


@pytest.mark.parametrize(
    "rows",
    [
        [0.9375, 0.96875, 1.0] * 6,  # scores of few values meet again
        [2.3026] * 12,
        [0.5, 0.25, 0.75, 0.5] * 4,
        list(np.linspace(2, 1, 20)),
    ],
)
def test_rows_that_are_alike_by_chance_are_no_repetition(rows: list[float]) -> None:
    found = judged(accuracy=rows).findings
    assert "nothing_updated" not in {cause.id for one in found for cause in one.causes}


@pytest.mark.parametrize(
    "accuracy",
    [
        list(np.linspace(0.0005, 0.0015, 13)),  # it climbs
        [0.0] * 13,  # one batch's, early
        [0.101, 0.12, 0.3, 0.2, 0.4, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1],
        [0.03] * 6 + [0.031] * 7,
    ],
)
def test_an_accuracy_that_is_not_that_of_guessing(accuracy: list[float]) -> None:
    found = judged(accuracy=accuracy, epoch=list(range(len(accuracy)))).findings
    assert "chance_level" not in {one.pattern for one in found}


def test_what_was_never_better_is_not_said_to_have_collapsed_first() -> None:
    found = judged(loss=LEVEL * 3).findings
    flat = next(one for one in found if one.pattern == "not_decreasing")
    assert flat.causes[0].id != "collapsed"
