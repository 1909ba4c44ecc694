"""The policy's entropy fell to almost nothing before it had learned: it no longer explores."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_ENTROPY = r"(?:policy_|actor_|objective_|mean_|action_)?entropy(?:_loss|_mean)?"


class Bounds(Limits):
    """When it holds."""

    left = Limit(0.1, "of its early level", "PPO, GRPO: it should fall slowly")
    few = Limit(8, "rows of a log that has ended", "threads")
    points = Limit(20, "rows", "the first batches scatter")
    best = Limit(0.9, "of the best reward: a policy that solved its task needs no entropy", "runs")


def find(view: View) -> Finding | None:
    """Nearly none is left, and the reward is not next to its best."""
    entropy = view.around.logged(_ENTROPY)
    if entropy is None or len(entropy.value) < (Bounds.few if view.ended else Bounds.points):
        return None
    size = np.abs(entropy.value)  # an entropy loss is its negative
    early, late = abs(entropy.early()), abs(entropy.late())
    # A continuous policy's entropy goes through 0: only of one sign is a ratio.
    one_sign = bool(np.all(entropy.value >= 0) or np.all(entropy.value <= 0))
    if not one_sign or not late <= Bounds.left * early:
        return None
    reward = view.train
    if reward is None or not reward.rises or _next_to_best(-reward.value, -reward.end):
        return None
    return Finding(
        "entropy_collapse",
        "warning",
        0.8,
        entropy.since(size < 2 * Bounds.left * early),
        entropy.name,
        said(
            "{entropy_name} fell from {early:.3g} to {late:.3g}, {ratio:.1%} of its start, while "
            "{reward_name} stands at {reward_end:.4g} (best {reward_low:.4g})",
            entropy_name=entropy.name,
            early=early,
            late=late,
            ratio=late / max(early, 1e-300),
            reward_name=reward.name,
            reward_end=-reward.end,
            reward_low=-reward.low,
        ),
        numbers={"entropy": late, "early": early},
    )


def _next_to_best(rewards: np.ndarray, newest: float) -> bool:
    low, high = float(np.min(rewards)), float(np.max(rewards))
    return newest >= low + Bounds.best * (high - low)


PATTERN = Pattern(
    id="entropy_collapse",
    slot="beside",
    severity="warning",
    find=find,
    kinds=("rl", "rlhf"),
    logs=(_ENTROPY,),
    looks=3,
    limits=Bounds,
    typical=("lr_too_high", "reward_hacked"),
)
