"""A preference loss of exactly ln 2 with rewards of 0: the policy is still the reference."""

from __future__ import annotations

import math

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Level, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said

_REWARDS = (r"rewards?_chosen", r"rewards?_rejected", r"rewards?_margins?")


class Bounds(Limits):
    """When it holds."""

    within = Limit(0.001, "of ln 2, in all rows", "printed digits")
    reward = Limit(1e-6, "reward that is none", "exactly 0 but for rounding")
    points = Limit(5, "rows: the first are so of any run", "warm-up takes a few")


def find(view: View) -> Finding | None:
    """All rows at ln 2, all rewards 0."""
    train = view.train
    if train is None or train.n < Bounds.points:
        return None
    rewards = [one for name in _REWARDS if (one := view.around.logged(name)) is not None]
    if not rewards or any(not np.all(np.abs(one.value) <= Bounds.reward) for one in rewards):
        return None
    if np.max(np.abs(train.value - math.log(2))) > Bounds.within:
        return None
    return Finding(
        "policy_is_reference",
        "warning",
        0.95,
        train.at_step(0),
        train.name,
        said(
            "the loss is ln 2 = 0.6931 and {reward} exactly 0 in all {n:,} rows: "
            "policy and reference give the same probabilities, nothing is trained",
            reward=rewards[0].name,
            n=train.n,
        ),
        numbers={"chance": math.log(2)},
    )


PATTERN = Pattern(
    id="policy_is_reference",
    slot="beside",
    severity="warning",
    find=find,
    needs=("train",),
    kinds=("preference",),
    hides=(
        "constant",
        "not_decreasing",
        "plateau",
        "untold",
        "chance_level",
        "underfitting",
        "worst_score",
    ),
    looks=2,
    limits=Bounds,
    typical=("frozen_gradients", "same_reference", "lr_too_low"),
    picture=Picture(lines=(Level("ln 2", "chance"),)),
)
