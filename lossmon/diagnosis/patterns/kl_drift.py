"""The policy runs away from its reference: KL grows far beyond what is usual."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_KL = (
    r"approx_?kl|ppo_kl|objective_kl|mean_kl|ref_kl|kl_ref|actor_kl\w*|^kl$"
    r"|(?:train|policy|actor)_kl"
)


class Bounds(Limits):
    """When it holds."""

    growth = Limit(5.0, "x its level in the first quarter", "TRL issues 204, 615, 1098")
    update = Limit(0.1, "KL of one update (approx_kl)", "PPO: 0.005 to 0.02 is usual")
    token = Limit(1.0, "KL to the reference a token (GRPO's kl)", "GRPO: 0.01 to 0.1 is usual")
    answer = Limit(30.0, "KL to the reference an answer (objective/kl)", "TRL's PPO aims at 6")
    points = Limit(20, "rows", "the first batches scatter")


def find(view: View) -> Finding | None:
    """The newest tenth against the first quarter, and against what is usual for such a KL."""
    kl = view.around.logged(_KL)
    if kl is None or len(kl.value) < Bounds.points:
        return None
    early, late = kl.early(0.25), kl.late()
    low = kl.name.lower()
    line = Bounds.update if "approx" in low or "ppo_kl" in low or "mean_kl" in low else Bounds.token
    line = Bounds.answer if "objective" in low else line
    if not late >= max(line, Bounds.growth * max(early, 0.0)):
        return None
    reward = view.train
    rises = reward is not None and reward.rises and reward.drop > 2 * reward.drop_error
    above = kl.value > np.sqrt(max(early, 1e-12) * late)
    words = said(
        "{name} grew from {early:.3g} to {late:.3g} (usual is far below {line:.3g})",
        name=kl.name,
        early=early,
        late=late,
        line=line,
    )
    if rises and reward is not None:
        words += said(" while {reward_name} still rises: it may be hacked", reward_name=reward.name)
    return Finding(
        "kl_drift",
        "warning",
        0.85,
        kl.since(above),
        kl.name,
        words,
        numbers={"kl": late, "early": early},
    )


PATTERN = Pattern(
    id="kl_drift",
    slot="beside",
    severity="warning",
    find=find,
    kinds=("rl", "rlhf"),
    logs=(_KL,),
    looks=3,
    limits=Bounds,
    typical=("lr_too_high", "reward_hacked"),
)
