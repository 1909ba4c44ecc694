"""What is said of runs by what is trained, and of what was logged beside the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.diagnosis.knowledge import LANGUAGES, load
from lossmon.formats.names import choose, role
from lossmon.history.run import History
from tests.diagnosis.curves import checked

N = 200
DICE = np.random.default_rng(3)
T = np.arange(N) / N
FALL = 0.3 + 2 * np.exp(-5 * T) + DICE.normal(0, 0.02, N)
FLAT = np.ones(N)
NOISE = DICE.normal(0, 1, N)

Prepare = Callable[[History], None]


def judged(columns: dict[str, np.ndarray], prepare: Prepare | None = None) -> Diagnosis:
    """What is said of a finished run of these metrics; NaN is not logged."""

    def growing() -> Iterator[tuple[History, Mapping[str, str]]]:
        history = History(role)
        for i in range(len(next(iter(columns.values())))):
            row = {name: float(c[i]) for name, c in columns.items() if c[i] == c[i]}
            history.append(row, step=i + 1)
            if prepare is not None:
                prepare(history)
            yield history, choose(history.series)

    return checked(growing)


def found(diagnosis: Diagnosis, pattern: str) -> Finding:
    return next(one for one in diagnosis.findings if one.pattern == pattern)


def patterns(diagnosis: Diagnosis) -> set[str]:
    return {one.pattern for one in diagnosis.findings}


def every(n: int, values: np.ndarray) -> np.ndarray:
    """Of a column only each nth row, as an evaluation is logged."""
    return np.where(np.arange(len(values)) % n == n - 1, values, np.nan)


REWARD = -1 + 1.8 / (1 + np.exp(-10 * (T - 0.4))) + 0.03 * NOISE
COLLAPSED = np.where(T < 0.7, REWARD, -1 + 0.01 * NOISE)
GRPO = {"loss": 1e-4 * np.abs(NOISE), "reward_std": 0.3 * FLAT, "kl": 0.01 * FLAT}
PPO = {"value_loss": FLAT, "approx_kl": 0.01 + 0.002 * NOISE}
DPO = {"rewards/chosen": T, "rewards/rejected": -T}


class TestTheCurve:
    def test_a_policy_is_judged_by_its_reward_and_not_by_its_loss(self) -> None:
        diagnosis = judged({**GRPO, "reward": REWARD})
        assert diagnosis.train == "healthy"
        assert not [f for f in diagnosis.findings if f.severity != "info"]
        healthy = found(diagnosis, "healthy")
        assert healthy.metric == "reward"
        assert healthy.evidence.startswith("rose from -")
        assert load("en").told(healthy).title == "Reward rises"

    def test_a_reward_that_collapses_is_a_rebound_of_the_reward(self) -> None:
        diagnosis = judged({"reward": COLLAPSED, "entropy": FLAT})
        assert diagnosis.train == "rebound"
        rebound = found(diagnosis, "rebound")
        assert 0.68 * N <= rebound.since_step <= 0.76 * N
        assert rebound.numbers["low"] > 0.6  # as logged: the best reward
        assert any("KL" in remedy for remedy in load("en").remedies(rebound))
        assert not any("learning-rate schedule" in r for r in load("en").remedies(rebound))

    def test_a_log_of_rewards_alone_is_judged(self) -> None:
        assert judged({"Mean Reward": COLLAPSED, "Std of Reward": FLAT}).train == "rebound"
        assert judged({"Mean Reward": REWARD, "Std of Reward": FLAT}).train == "healthy"
        flat = judged({"Mean Reward": 0.5 + 0.02 * NOISE, "Std of Reward": FLAT})
        assert flat.train == "not_decreasing"
        assert "higher" not in " ".join(load("en").remedies(found(flat, "not_decreasing")))

    def test_the_two_losses_of_a_gan_say_nothing_by_their_shape(self) -> None:
        swings = {"D_A": np.abs(0.1 + 0.05 * NOISE), "G_A": np.abs(0.7 + 0.3 * NOISE)}
        assert patterns(judged(swings)) <= {"finished"}
        assert judged({**swings, "cycle_A": FALL}).train == "healthy"

    def test_diffusion_is_noise_around_a_flat_mean(self) -> None:
        noise = np.abs(0.1 + 0.08 * NOISE)
        assert not patterns(judged({"step_loss": noise, "lr": 1e-4 * FLAT}))

    def test_a_curve_that_comes_later_takes_over(self) -> None:
        late = np.where(np.arange(N) >= 50, REWARD, np.nan)
        assert found(judged({**GRPO, "reward": late}), "healthy").metric == "reward"


class TestChance:
    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"loss": 4.852 + 0.003 * NOISE, "logit_scale": 14.3 * FLAT, "batch_size": 128 * FLAT},
             "128"),
            ({"loss": np.log(2 * 256 - 1) + 0.002 * NOISE, "contrastive_loss": FLAT,
              "batch_size": 256 * FLAT}, "511"),
            ({"loss": 11.0904 + 0.001 * NOISE, "dino_loss": FLAT}, "65,536"),
            ({"loss": np.log(50257) + 0.002 * NOISE, "num_tokens": FLAT}, "50,257"),
            ({"loss": np.log(2) + 0.0005 * NOISE, **DPO}, "pair"),
        ],
    )  # fmt: skip
    def test_each_kind_has_its_own_level_of_guessing(
        self, columns: dict[str, np.ndarray], words: str
    ) -> None:
        finding = found(judged(columns), "chance_level")
        assert words in finding.evidence
        assert "guessing" in {
            cause.id for cause in finding.causes[:2]
        }  # what is seen; first comes why

    @pytest.mark.parametrize(
        "columns",
        [
            {"train_mse": 2.3026 + 0.003 * NOISE},  # a regression guesses nothing
            {"loss": 4.852 + 0.3 * T, "logit_scale": FLAT, "batch_size": 128 * FLAT},  # not flat
            {"loss": 4.852 + 0.003 * NOISE, "step_loss": FLAT, "batch_size": 128 * FLAT},
        ],
    )
    def test_a_level_that_is_met_by_coincidence_is_none(
        self, columns: dict[str, np.ndarray]
    ) -> None:
        diagnosis = judged(columns)
        assert "chance_level" not in patterns(diagnosis)
        assert not any(c.id == "guessing" for f in diagnosis.findings for c in f.causes)


def tells(kind: str, steps: list[int], text: str) -> Prepare:
    """Events of the log's text, as they were known at each row."""

    def prepare(history: History) -> None:
        passed = [step for step in steps if step <= (history.step or 0)]
        history.plan.events = tuple((kind, step, text) for step in (passed[:4] + passed[-4:]))
        history.plan.counts = {kind: len(passed)} if passed else {}

    return prepare


HALVING = np.maximum(2.0 ** (16 - np.arange(N) // 6), 1e-6)
GROWS = 30 + 0.2 * np.arange(N) + 0.1 * NOISE

SAID: dict[str, tuple[dict[str, np.ndarray], Prepare | None]] = {
    "loss_scale": ({"loss": FLAT + 0.01 * NOISE, "grad_scale": HALVING}, None),
    "data_wait": ({"loss": FALL, "data_time": 0.6 * FLAT, "step_time": FLAT}, None),
    "eval_misses": (
        {"loss": FALL, "eval_loss": every(10, FALL + 4), "acc": 0.9 * FLAT,
         "val_acc": every(10, 0.01 * FLAT)},
        None,
    ),
    "saturated_output": (
        {"loss": 16.118 * (0.5 + 0.01 * NOISE), "acc": 0.5 - 0.01 * NOISE}, None,
    ),
    "memory_growth": ({"loss": FALL, "memory(GiB)": GROWS}, None),
    "periodic_slow": (
        {"loss": FALL, "step_time": 1 + 3 * (np.arange(N) % 20 == 19) + 0.01 * NOISE}, None,
    ),
    "grad_explosion": ({"loss": FALL, "grad_norm": 1 + 30 * (T > 0.8) + 0.1 * NOISE}, None),
    "grad_vanishing": (
        {"loss": 2 + 0.02 * NOISE, "grad_norm": np.exp(-25 * np.maximum(0, T - 0.4))}, None,
    ),
    "gap": (
        {"loss": 0.3 + 2 * np.exp(-3 * T), "eval_loss": every(5, 1 + 1.2 * np.exp(-20 * T))}, None,
    ),
    "clip_saturated": ({"loss": FALL, "grad_norm": FLAT}, None),
    "expert_collapse": (
        {"loss": FALL, "aux_loss": 0.01 + 0.006 * np.maximum(T - 0.4, 0) + 1e-5 * NOISE}, None,
    ),
    "energy_stuck": (
        {"loss": FALL, "rmse_e": 100 + NOISE, "rmse_f": 100 * np.exp(-3 * T) + NOISE}, None,
    ),
    "discriminator_won": (
        {"d_loss": 0.5 * np.exp(-20 * T), "g_loss": 1 + 5 * T, "rec_loss": FALL}, None,
    ),
    "preference_saturated": (
        {"loss": 1e-4 * FLAT, "rewards/margins": 18 + NOISE, "rewards/accuracies": FLAT}, None,
    ),
    "policy_is_reference": (
        {"loss": 0.6931 * FLAT, "rewards/chosen": 0 * FLAT, "rewards/rejected": 0 * FLAT}, None,
    ),
    "chosen_falls": (
        {"loss": FALL, "logps/chosen": -100 - 40 * T + NOISE, "rewards/margins": 2 * T}, None,
    ),
    "equal_rewards": ({**GRPO, "reward": FLAT, "reward_std": 0 * FLAT}, None),
    "kl_drift": ({**GRPO, "reward": REWARD, "kl": 0.01 + 3 * np.maximum(T - 0.3, 0)}, None),
    "entropy_collapse": (
        {**PPO, "ep_rew_mean": COLLAPSED, "entropy": np.exp(-8 * T)}, None,
    ),
    "value_unlearned": (
        {**PPO, "ep_rew_mean": REWARD, "explained_variance": 0.01 * NOISE}, None,
    ),
    "stage": (
        {"loss": np.where(T < 0.6, FALL, FALL + 0.8)},
        tells("stage", [120], "Changing loss based on stage two"),
    ),
    "best_at_first": (
        {"train-logloss": 0.69 * np.exp(-3 * T), "valid-logloss": 0.69 + 0.4 * T}, None,
    ),
    "worst_score": ({"loss": FALL, "acc": 0 * FLAT}, None),
    "score_lost": ({"loss": FALL, "eval_psnr": every(20, np.where(T < 0.6, 20 + T, 9 - T))}, None),
}  # fmt: skip

NOT_SAID: dict[str, tuple[dict[str, np.ndarray], Prepare | None]] = {
    "loss_scale": (
        {"loss": FALL, "grad_scale": np.where(np.arange(N) < 5, 65536.0, 16384.0)}, None,
    ),
    "data_wait": ({"loss": FALL, "data_time": 0.05 * FLAT, "step_time": FLAT}, None),
    "memory_growth": ({"loss": FALL, "memory(GiB)": 60 + 3 * np.log1p(np.arange(N))}, None),
    "periodic_slow": ({"loss": FALL, "step_time": 1 + np.abs(NOISE)}, None),
    "grad_explosion": ({"loss": FALL, "grad_norm": 1 + 5 * (T > 0.8) + 0.1 * NOISE}, None),
    "grad_vanishing": ({"loss": 2 + 0.02 * NOISE, "grad_norm": np.exp(-5 * T)}, None),
    "gap": ({"loss": FALL, "eval_loss": every(10, FALL + 0.05)}, None),
    "clip_saturated": ({"loss": FALL, "grad_norm": 1 + 0.1 * NOISE}, None),
    "expert_collapse": ({"loss": FALL, "aux_loss": 0.01 + 1e-4 * NOISE}, None),
    "energy_stuck": (
        {"loss": FALL, "rmse_e": 100 * np.exp(-2 * T), "rmse_f": 100 * np.exp(-3 * T)}, None,
    ),
    "discriminator_won": (
        {"d_loss": 0.5 + 0.1 * NOISE, "g_loss": 1 + 0.2 * NOISE, "rec_loss": FALL}, None,
    ),
    "preference_saturated": (
        {"loss": 0.3 + 0.39 * np.exp(-5 * T), "rewards/margins": 2 * T, "rewards/accuracies": T},
        None,
    ),
    "policy_is_reference": ({"loss": 0.6931 + 0.001 * NOISE, "rewards/chosen": 0.01 * NOISE}, None),
    "chosen_falls": (
        {"loss": FALL, "logps/chosen": -100 - 4 * T + NOISE, "rewards/margins": 2 * T}, None,
    ),
    "equal_rewards": ({**GRPO, "reward": REWARD}, None),
    "kl_drift": ({**GRPO, "reward": REWARD, "kl": 0.01 + 0.05 * T}, None),
    "entropy_collapse": ({**PPO, "ep_rew_mean": REWARD, "entropy": np.exp(-8 * T)}, None),
    "value_unlearned": ({**PPO, "ep_rew_mean": REWARD, "explained_variance": 0.9 * T}, None),
    "stage": ({"loss": FALL}, tells("stage", [120], "Changing loss based on stage two")),
    "worst_score": ({"loss": FALL, "eval_accuracy": every(40, 1.0 * FLAT)}, None),
    "best_at_first": (
        {"train-logloss": 0.69 * np.exp(-3 * T), "valid-logloss": 0.3 + 0.39 * np.exp(-3 * T)},
        None,
    ),
    "eval_misses": (
        {"loss": FALL, "eval_loss": every(10, FALL + 0.3), "acc": 0.9 * FLAT,
         "val_acc": every(10, 0.8 * FLAT)},
        None,
    ),
    "saturated_output": ({"loss": 8.06 + 0.2 * NOISE, "acc": 0.5 + 0.01 * NOISE}, None),
    "score_lost": ({"loss": FALL, "eval_psnr": every(20, 15 + 5 * T - 0.4 * NOISE)}, None),
}  # fmt: skip
# Patterns whose logs are in another file of this folder, or among the made-up curves.
ELSEWHERE = frozenset((
    "not_decreasing", "not_converged", "oscillating", "plateau", "rebound", "rising", "falling",
    "healthy", "diverged", "zero_loss", "constant", "overfitting", "underfitting",
    "train_high_eval_low", "eval_faster", "eval_apart", "eval_swings", "healthy_pair",
    "spike", "stalled", "failed", "finished", "grad_nan",
    "grad_zero", "lr_zero", "eval_nan", "scaled_loss", "chance_level", "staircase", "saw_tooth",
    "restart",
    "slowdown", "impossible", "score_tells", "reporting", "broken_rows", "part_nan", "part_zero",
    "part_rises", "memorised", "posterior_collapse", "policy_loss", "noisy", "warm_up",
    "too_early", "too_few",
))  # fmt: skip


@pytest.mark.parametrize("pattern", SAID)
def test_what_is_there_is_said_with_numbers_and_words(pattern: str) -> None:
    columns, prepare = SAID[pattern]
    finding = found(judged(columns, prepare), pattern)
    assert any(digit in finding.evidence for digit in "0123456789")
    for lang in LANGUAGES:
        remedies = load(lang).remedies(finding)
        assert remedies
        assert not any("{" in remedy for remedy in remedies)


@pytest.mark.parametrize("pattern", NOT_SAID)
def test_what_is_usual_is_not_said(pattern: str) -> None:
    assert pattern not in patterns(judged(*NOT_SAID[pattern]))


def test_eval_that_fell_on_and_came_back_has_not_stood_still() -> None:
    """From 2.5 to 0.7 and up to 1.7, with train below it: "has stood at 1.7" was said of it."""
    n = np.arange(560)
    train = 0.4 + 2.5 * np.exp(-n / 120) + 0.004 * np.maximum(0, n - 420)
    evals = every(20, train + 0.1 + 0.003 * np.maximum(0, n - 300))
    assert "gap" not in patterns(judged({"loss": train, "eval_loss": evals}))


def test_memory_says_when_it_will_be_full() -> None:
    finding = found(judged({"loss": FALL, "memory(GiB)": 30 + 0.2 * np.arange(N)}), "memory_growth")
    assert finding.numbers["memory_size"] == 80
    assert abs(finding.numbers["full_step"] - 251) <= 4


def test_overflows_that_go_on_are_a_finding_and_a_few_are_none() -> None:
    text = "OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 1, reducing to 1"
    flat = {"loss": 3.4 + 0.001 * NOISE}
    finding = found(judged(flat, tells("overflow", list(range(1, N + 1)), text)), "loss_scale")
    assert finding.severity == "critical"
    assert finding.causes[0].id == "loss_scale"
    fine = "OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768"
    assert "loss_scale" not in patterns(judged({"loss": FALL}, tells("overflow", [1, 2, 3], fine)))
    rare = tells("overflow", list(range(20, N, 20)), "gradient overflow detected")
    assert "loss_scale" not in patterns(judged({"loss": FALL}, rare))


class TestTheGoal:
    EVALS = every(10, 0.5 + 0.5 * (T - 0.3) ** 2 * 4)
    UP = every(10, 0.6 + 0.3 * T)

    def run(self, **more: np.ndarray) -> Finding:
        return found(judged({"loss": FALL, "eval_loss": self.EVALS, **more}), "overfitting")

    @pytest.mark.parametrize(
        ("name", "column"), [("eval_accuracy", UP), ("eval_f1", UP), ("eval_wer", 1 - UP)]
    )
    def test_a_score_that_still_improves_softens_over_fitting(
        self, name: str, column: np.ndarray
    ) -> None:
        finding = self.run(**{name: column})
        assert finding.severity == "info"
        assert name in finding.evidence
        remedies = load("en").remedies(finding)
        assert f"step {round(finding.numbers['goal_best_step']):,}" in remedies[0]
        assert f"step {round(finding.numbers['best_step']):,}" in remedies[0]
        assert not any("Stop here" in remedy for remedy in remedies)

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"eval_accuracy": every(10, 0.9 - 0.5 * (T - 0.3) ** 2)},  # it turns with eval
            {"eval_accuracy": every(10, 0.9 * FLAT)},
            {"eval_wer": every(10, 0.2 + 0.3 * T)},
        ],
    )
    def test_without_one_it_stays_a_warning(self, more: dict[str, np.ndarray]) -> None:
        finding = self.run(**more)
        assert finding.severity == "warning"
        assert any("Stop here" in remedy for remedy in load("en").remedies(finding))


class TestWords:
    def test_from_a_new_stage_on_a_run_is_judged_anew(self) -> None:
        stage = tells("stage", [120], "Changing loss based on stage two")
        again = np.where(T < 0.6, FALL, 0.9 + 1.5 * np.exp(-9 * (T - 0.6)) + 0.01 * NOISE)
        plain, told = judged({"loss": again}), judged({"loss": again}, stage)
        assert plain.train in ("rebound", "rising")
        assert told.train in ("healthy", "not_converged", "falling")
        assert "stage two" in found(told, "stage").evidence
        assert found(told, "stage").causes[0].id == "loss_redefined"

    def test_words_near_an_onset_are_a_reason(self) -> None:
        resumed = tells("resumed", [118], "Resuming from checkpoint-118")
        diagnosis = judged({"loss": np.where(T < 0.6, FALL, FALL + 0.9)}, resumed)
        worse = found(diagnosis, str(diagnosis.train))
        assert worse.causes[0].id == "resume_mismatch"
        assert "checkpoint-118" in worse.causes[0].why

    def test_a_rate_that_still_rose_when_it_broke_is_named(self) -> None:
        history, engine = History(role), Engine()
        for i in range(120):
            value = float(FALL[i]) if i < 100 else float("nan")
            history.append({"loss": value, "lr": 1e-5 * (i + 1)}, step=i + 1)
            engine.observe(history, choose(history.series))
        diverged = found(engine.conclude(history, choose(history.series), ended=True), "diverged")
        assert any("still rising" in cause.why for cause in diverged.causes)


def test_a_discriminator_that_is_sure_of_every_sample_has_won_after_three_rows() -> None:
    """PSNR fell from 20 to 9 dB in four evaluations, with D(SR) at 0.00002: "too early to tell"."""
    outputs = {"D(HR)": np.array([0.8, 0.99, 0.998, 0.999]), "D(SR)": np.array([0.2, *[1e-3] * 3])}
    losses = {
        "D Loss": np.array([0.14, 3e-3, 2e-3, 2e-3]),
        "G Loss": np.array([0.6, 0.8, 0.6, 0.6]),
    }
    won = found(judged({**losses, **outputs}), "discriminator_won")
    assert "last 3 rows since step 2" in won.evidence
    assert "discriminator_won" not in patterns(judged({**losses, "D(HR)": outputs["D(HR)"]}))


def test_what_an_evaluation_says_of_train_is_held_against_it() -> None:
    """nanoGPT evaluates both over many batches; the loss of single ones says 1.0 or 0.3."""
    single = np.where(np.arange(N) % 20 == 19, 0.34, 1.0)
    diagnosis = judged(
        {
            "loss": single,
            "train loss": every(100, 1.0 - 0.3 * T),
            "val loss": every(100, 3.7 + 0.3 * T),
        }
    )
    assert "train fell from 0.8515 to 0.7015" in found(diagnosis, "overfitting").evidence
