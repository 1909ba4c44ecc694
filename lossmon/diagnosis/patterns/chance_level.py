"""The loss stays at the value of guessing: ln C among C classes, ln N among a batch of N."""

from __future__ import annotations

import math

import numpy as np

from lossmon.diagnosis import flat
from lossmon.diagnosis.chance import Bounds, Chance, by_score, chance_of, guessing_for_epochs
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """The newest half stands at a level of guessing; what is guessed is known by the kind."""
    train = view.train
    if train is None:
        return None
    if (guessed := by_score(view)) is not None:
        return _of_score(guessed, train)
    if view.curve:
        return None
    chance = guessing_for_epochs(view)
    few = chance is not None
    chance = chance or (None if view.too_soon else chance_of(view))
    if chance is None or (
        not few and chance.within == Bounds.usual and view.kind.id not in _CERTAIN
    ):
        return None
    off = train.end / chance.level - 1
    return Finding(
        "chance_level",
        "warning",
        0.975 if abs(off) <= chance.within / 2 else 0.75,
        train.at_step(0) if _always(train, chance) else train.at_step(len(train.value) // 2),
        train.name,
        said(
            "the loss stays at {end:.4g}, {off:.1%} from {chance_sum}: guessing among "
            "{chance_words}",
            end=train.end,
            off=abs(off),
            chance_sum=chance.sum,
            chance_words=chance.words,
        ),
        numbers={"chance": chance.level, "classes": chance.among, "level": train.end},
    )


def _of_score(chance: Chance, train: LossCurve) -> Finding:
    mean = -float(np.mean(train.value))
    return Finding(
        "chance_level",
        "warning",
        0.9,
        train.at_step(0),
        train.name,
        said(
            "{name} stays at {mean:.3g} in all {rows:,} rows, as guessing among {chance_words} "
            "gives",
            name=train.name,
            mean=mean,
            rows=train.n,
            chance_words=chance.words,
        ),
        numbers={"guessed": chance.among},
    )


_CERTAIN = ("contrastive", "llm", "lora", "preference")  # a level from a list says enough of these


def _always(train: LossCurve, chance: Chance) -> bool:
    """It has never been clearly below guessing."""
    return train.low >= (1 - 2 * max(chance.within, Bounds.flat)) * chance.level


PATTERN = Pattern(
    id="chance_level",
    slot="beside",
    severity="warning",
    find=find,
    needs=("train",),
    forbids=("steps+",),
    limits=Bounds,
    causes=flat.reasons,
    # Of 14 threads at ln C: the rate too large 5; last layer, data, no update, start 2 each.
    typical=("collapsed", "wrong_output", "bad_labels", "frozen_gradients"),
    typical_of={"llm": ("bad_state", "frozen_gradients"), "preference": ("same_reference",)},
    picture=Picture(lines=(Level("ln C", "chance"),), marks=(SINCE,)),
    example=lambda of: Example(
        {
            "train": math.log(10) + np.exp(-60 * of.t) + 0.02 * of.noise,
            "ln 10": math.log(10) + 0 * of.t,
        }
    ),
)
