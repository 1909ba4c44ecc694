"""The loss stays at ln C, the value of guessing among C classes."""

from __future__ import annotations

import math

import numpy as np

from lossmon.diagnosis import flat
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Level, Pattern, Picture, Sketch
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    within = Limit(0.02, "of ln C", "words")
    share = Limit(0.5, "of the run, its newest part, that must be there", "runs")


def find(view: View) -> Finding | None:
    """The level of the newest half is within 2 % of ln C; C is told by the log or by the user."""
    train = view.train
    classes = view.around.settings.get("classes", 0.0)
    if train is None or classes < 2 or view.too_soon or len(train.value) < Enough.points:
        return None
    chance = math.log(classes)
    newest = train.value[int((1 - Bounds.share) * len(train.value)) :]
    levels = np.array([st.median(part) for part in np.array_split(newest, 4) if len(part)])
    if np.max(np.abs(levels - chance)) > Bounds.within * chance:
        return None
    off = train.end / chance - 1
    return Finding(
        "chance_level",
        "warning",
        0.9 if abs(off) <= Bounds.within / 2 else 0.75,
        train.at_step(0) if _always(view, chance) else train.at_step(len(train.value) // 2),
        train.name,
        f"the loss stays at {train.end:.4g}, {abs(off):.1%} from ln {classes:,.0f} = {chance:.4g}, "
        "the value of guessing",
        numbers={"chance": chance, "classes": classes, "level": train.end},
    )


def _always(view: View, chance: float) -> bool:
    """It has never been clearly below guessing."""
    train = view.train
    assert train is not None
    return train.low >= (1 - 2 * Bounds.within) * chance


PATTERN = Pattern(
    id="chance_level",
    slot="beside",
    severity="warning",
    find=find,
    limits=Bounds,
    causes=flat.reasons,
    typical=("bad_labels", "lr_too_low", "frozen_gradients"),
    picture=Picture(lines=(Level("ln C", "chance"),), marks=(SINCE,)),
    sketch=lambda of: Sketch(
        {
            "train": math.log(10) + np.exp(-60 * of.t) + 0.02 * of.noise,
            "ln 10": math.log(10) + 0 * of.t,
        }
    ),
)
