"""What a diagnosis says. Values only: they are shown, compared and written as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

Severity = Literal["info", "warning", "critical"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

# The patterns, in the order of the reference: of one curve, of two, beyond the table. Each is
# declared in the file of its name in `patterns/`.
PatternId = Literal[
    "not_decreasing", "not_converged", "oscillating", "plateau", "rebound", "rising", "falling",
    "healthy", "diverged", "zero_loss", "constant", "overfitting", "underfitting",
    "train_high_eval_low", "eval_faster", "gap", "eval_apart", "eval_misses", "eval_swings",
    "healthy_pair",
    "spike", "stalled", "failed", "finished", "grad_explosion", "grad_vanishing", "grad_nan",
    "grad_zero", "lr_zero",
    "eval_nan", "scaled_loss", "chance_level", "staircase", "saw_tooth", "restart", "stage",
    "slowdown",
    "data_wait", "periodic_slow", "memory_growth", "loss_scale", "clip_saturated", "impossible",
    "saturated_output", "worst_score", "score_lost", "score_tells", "best_at_first", "reporting",
    "broken_rows", "part_nan",
    "part_zero", "part_rises", "memorised", "posterior_collapse", "expert_collapse", "energy_stuck",
    "discriminator_won", "preference_saturated", "policy_is_reference", "chosen_falls",
    "equal_rewards", "kl_drift", "entropy_collapse", "value_unlearned", "policy_loss", "noisy",
    "warm_up", "too_early", "too_few",
]  # fmt: skip
CauseId = Literal[
    "adam_epsilon", "bad_batch", "bad_index", "bad_labels", "bad_state", "batch_accuracy",
    "batch_changed",
    "blank_plateau", "bootstrap", "broken_weights", "classes_apart", "clip_too_low", "collapsed",
    "collective_timeout", "data_changed", "data_floor", "data_order", "density", "disk_full",
    "easy_eval", "edge_of_stability", "empty_targets", "energy_weight", "epoch_boundary",
    "epoch_mean", "eval_precision", "eval_state", "eval_statistics", "exploding_gradients",
    "exploration", "few_epochs", "few_steps", "float_total", "frozen_gradients", "gradients_kept",
    "guessing", "hard_train", "high_capacity", "impossible_target", "inert_output", "job_memory",
    "job_node",
    "job_preempted", "job_timeout", "killed", "kl_weight", "late_start", "learning_well",
    "local_optimum", "log_says", "log_warns", "longer_samples", "loss_no_measure", "loss_of_kl",
    "loss_redefined", "loss_scale", "loss_sign", "low_capacity", "lr_constant", "lr_decayed",
    "lr_jump", "lr_too_high", "lr_too_low", "lr_warmup", "memorising", "memory_leak",
    "metric_wrong", "missing_file", "nan_filtered", "nan_in_data", "no_split", "noisy_data",
    "not_computed", "not_started", "nothing_matched", "nothing_updated", "numeric_overflow",
    "objective_mismatch", "one_answer", "one_class", "one_episode", "other_machine", "other_mode",
    "out_of_memory", "over_optimised", "overconfident", "overfit_suspected", "pairs_trivial",
    "part_targets", "partial_window", "parts_pull", "policy_collapsed", "poor_data", "process_gone",
    "process_hangs",
    "process_waits", "rate_for_batch", "reference_energies", "regularised_train", "resume_mismatch",
    "returns_unscaled", "reward_hacked", "running_mean",
    "running_sum", "same_batch", "same_reference",
    "saturated", "schedule_short", "shape_mismatch", "shared_gpu", "slow_data", "slow_saving",
    "small_batch", "small_data", "small_eval", "split_mismatch", "stale_eval", "stop_direction",
    "strong_decoder", "summed_loss", "target_range", "task_too_easy", "task_too_hard",
    "unbalanced_game", "unbounded_loss", "unscaled", "variance_unbounded", "weak_balance",
    "weak_l2", "wrong_output",
]  # fmt: skip

PATTERN_IDS: tuple[PatternId, ...] = get_args(PatternId)


@dataclass(frozen=True)
class Cause:
    """A likely cause.

    Attributes:
        id: names its text in the knowledge files.
        why: the coincidence that was measured, in numbers; empty where the cause is only typical.
    """

    id: CauseId
    why: str = ""


@dataclass(frozen=True)
class Hint:
    """What few rows show already: true of them, and no finding.

    Attributes:
        says: in a sentence with its numbers.
        pattern: what more such rows would be, "" where nothing is called so.
        causes: what it speaks for, the likeliest first.
    """

    says: str
    pattern: PatternId | Literal[""] = ""
    causes: tuple[CauseId, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that holds for a run now.

    Attributes:
        pattern: which.
        severity: how bad it is.
        confidence: in [0, 1].
        since_step: the step since which it holds.
        metric: the metric that shows it.
        evidence: numbers that a person can check on the curve, one line.
        causes: most likely first.
        numbers: figures for remedies and drawings (best_step, best_value, level, ...).
        setting: the kind of training, which changes the advice (see `lossmon.diagnosis.kind`).
        unwise: moves that nothing may advise in this run, "rate+" (see `lossmon.diagnosis.advice`).
        hints: what its rows show already, where they are too few for a verdict.
    """

    pattern: PatternId
    severity: Severity
    confidence: float
    since_step: int
    metric: str
    evidence: str
    causes: tuple[Cause, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    setting: str = ""
    unwise: frozenset[str] = frozenset()
    hints: tuple[Hint, ...] = ()


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In the order in which they are shown; of one severity those of the clock before the others.

    But for silence: it is seen at a glance, and says nothing of why.
    """
    return tuple(
        sorted(findings, key=lambda f: (-SEVERITIES.index(f.severity), f.pattern == "stalled"))
    )


@dataclass(frozen=True)
class TimelineEntry:
    """When a finding came and went, as the live monitor would have shown it."""

    pattern: PatternId
    severity: Severity
    metric: str
    since_step: int
    shown_at_step: int
    cleared_at_step: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """All that is said of a run now.

    Attributes:
        findings: worst first.
        timeline: oldest first.
        train: the single-curve pattern of the whole curve as of now; None before anything is known.
        pair: the train/eval pattern, or None.
        kind: what is trained (see `lossmon.diagnosis.kind`); "" where that is not known.
        unjudged: what could not be judged, as names of texts.
        curve: the metric that takes the place of the train loss; "" where none does.
        held_out: that of held-out data which is judged beside it; "" where none is.
    """

    findings: tuple[Finding, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    train: str | None = None
    pair: str | None = None
    kind: str = ""
    curve: str = ""
    held_out: str = ""
    unjudged: tuple[str, ...] = ()
