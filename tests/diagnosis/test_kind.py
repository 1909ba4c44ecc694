"""The kind of a training, from names, settings and words; which series it is judged by."""

from __future__ import annotations

import pytest

from lossmon.diagnosis.finding import PATTERN_IDS
from lossmon.diagnosis.kind import KINDS, KindId, Measure, kind_of
from lossmon.diagnosis.measures import Names, measured
from lossmon.diagnosis.patterns import of_slot


def found(
    measures: tuple[Measure, ...], points: dict[str, int], held_out: bool | None = None
) -> tuple[str, str] | None:
    """`measured` of metrics that have so many points each."""
    return measured(measures, Names(points), {k: range(n) for k, n in points.items()}, held_out)


TOLD: list[tuple[KindId, str]] = [
    ("preference", "loss, rewards/chosen, rewards/rejected, rewards/accuracies, rewards/margins"),
    ("preference", "loss, logps/chosen, logps/rejected, nll_loss, log_odds_ratio"),  # ORPO
    ("preference", "loss, min_reward, mean_reward, max_reward, accuracy, margin"),  # TRL's RewardTrainer
    ("rlhf", "loss, reward, reward_std, kl, completions/mean_length"),  # GRPO
    ("rlhf", "objective/kl, objective/entropy, objective/rlhf_reward, loss/policy_avg"),
    ("rlhf", "critic/rewards/mean, response_length/mean, actor/pg_loss, actor/entropy_loss"),  # verl
    ("rl", "rollout/ep_rew_mean, train/approx_kl, train/loss"),
    ("rl", "Mean Reward, Std of Reward"),  # nothing but rewards
    ("rl", "act_loss, cri_loss, lr"),
    ("gan", "D_A, G_A, cycle_A, D_B, G_B, cycle_B"),
    ("gan", "Loss/G/loss, Loss/D/loss, Metrics/fid50k_full"),
    ("gan", "loss_disc, loss_gen, loss_fm, loss_mel, loss_kl"),
    ("potential", "rmse_trn, rmse_e_trn, rmse_f_trn, lr"),
    ("potential", "loss, RMSE_E_per_atom, RMSE_F"),
    ("potential", "train_loss, forces_mae, per_atom_energy_mae"),
    ("detection", "train/box_loss, train/cls_loss, train/dfl_loss, metrics/mAP50(B)"),
    ("detection", "loss_rpn_cls, loss_box_reg, loss_cls, total_loss"),
    ("segmentation", "training loss, validation pixAcc, mIoU"),
    ("speech", "loss, simple_loss, pruned_loss, lr"),
    ("speech", "loss, eval_loss, eval_wer"),
    ("boosting", "train-logloss, valid-logloss"),
    ("boosting", "training's l2, valid_1's l2"),
    ("boosting", "learn, test"),  # CatBoost
    ("diffusion", "lr, step_loss"),
    ("diffusion", "loss, loss_q0, loss_q1, loss_q2, loss_q3"),
    ("contrastive", "Loss, LR, logit_scale"),
    ("llm", "loss, grad_norm, mean_token_accuracy, num_tokens"),
    ("llm", "Train Loss, Train Perplexity"),
    ("classifier", "loss, accuracy, val_loss, val_accuracy"),
    ("classifier", "cross_entropy, lr"),
    ("regression", "train_mse"),
    ("regression", "loss, mae, val_loss, val_mae"),
    ("", "loss, grad_norm, learning_rate, eval_loss"),
    ("", "loss, lr, time, scores_seen"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "names"), TOLD)
def test_names_tell_the_kind(kind: KindId, names: str) -> None:
    assert kind_of(names.split(", ")).id == kind
    assert kind_of(reversed(names.split(", "))).id == kind


@pytest.mark.parametrize(
    ("names", "not_this"),
    [
        ("loss, train_score, eval_mAP", "rl"),  # a score is no reward
        ("loss, gradient_accumulation_steps", "classifier"),
        ("train_loss, valid_error", "boosting"),
        ("rollout/ep_rew_mean, train/approx_kl", "rlhf"),
        ("loss, beta_kleene", "rl"),
        ("loss, pixel_mean, wermuth", "speech"),
    ],
)
def test_a_word_within_a_word_tells_nothing(names: str, not_this: str) -> None:
    assert kind_of(names.split(", ")).id != not_this


def test_settings_and_words_tell_where_names_do_not() -> None:
    plain = ["loss", "lr"]
    assert kind_of(plain, {"lora_rank": 8}).id == "lora"
    assert kind_of(plain, {"trainable": 4e6, "parameters": 7e9}).id == "lora"
    assert kind_of(plain, {"trainable": 6e9, "parameters": 7e9}).id == ""
    assert kind_of(["loss", "rewards/margins"], {"lora_rank": 8}).id == "preference"
    assert kind_of(plain, words={"diffusion"}).id == "diffusion"
    assert kind_of(["d_loss", "g_loss"], words={"diffusion"}).id == "gan"


@pytest.mark.parametrize(
    ("names", "curve"),
    [
        ("loss, reward_std, reward, kl, completions/mean_length", ("reward", "higher")),
        ("rollout/ep_len_mean, rollout/ep_rew_mean", ("rollout/ep_rew_mean", "higher")),
        ("D_A, G_A, cycle_A", ("cycle_A", "lower")),
        ("loss_disc, loss_gen, loss_mel", ("loss_mel", "lower")),
        ("D_real, D_fake, G_GAN", None),
        ("loss, accuracy", None),  # the loss itself
        ("Mean Reward, Std of Reward", ("Mean Reward", "higher")),
    ],
)
def test_the_kind_says_which_series_is_the_curve(names: str, curve: tuple[str, str] | None) -> None:
    points = dict.fromkeys(names.split(", "), 100)
    assert found(kind_of(points).curve, points) == curve


def test_a_goal_is_of_held_out_data_and_not_what_is_logged_once() -> None:
    points = {"accuracy": 1000, "eval_accuracy": 900, "best_accuracy": 900, "eval_f1": 900}
    goals = kind_of(points).goals
    assert found(goals, points) == ("eval_accuracy", "higher")
    assert found(goals, points, held_out=False) == ("accuracy", "higher")
    assert found(goals, {**points, "eval_accuracy": 2}) == ("accuracy", "higher")
    assert found(goals, {"loss": 3}) is None


def test_potentials_are_judged_by_forces_each_side_by_its_own() -> None:
    points = dict.fromkeys(("rmse_val", "rmse_trn", "rmse_e_val", "rmse_f_val", "rmse_f_trn"), 50)
    curve = kind_of(points).curve
    assert found(curve, points, held_out=False) == ("rmse_f_trn", "lower")
    assert found(curve, points, held_out=True) == ("rmse_f_val", "lower")


def test_each_kind_is_declared_once() -> None:
    ids = [kind.id for kind in KINDS]
    assert len(set(ids)) == len(ids)
    assert all(kind.told_by or kind.raw or kind.together for kind in KINDS)


def test_quiet_patterns_exist_and_no_verdict_on_a_shape_is_forgotten() -> None:
    facts = {"diverged", "zero_loss", "constant"}
    shapes = {*of_slot("train"), *of_slot("pair")} - facts
    for kind in KINDS:
        assert kind.quiet | kind.quiet_of_curve <= {*PATTERN_IDS}
    assert shapes <= next(kind.quiet for kind in KINDS if kind.id == "gan")
