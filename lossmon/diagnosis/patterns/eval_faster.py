"""Eval falls markedly faster than train, which is still falling."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import pairs
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pairs import ahead
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture, Sketch
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(0.45, "train's log drop over eval's: no doubt is left", "runs")
    pace = Limit(0.35, "steps for the same drop, likewise", "runs")


def find(view: View) -> Finding | None:
    """Eval is clearly ahead, and train follows."""
    found, pair = ahead(view), view.pair
    if found is None or pair is None or found.stuck or view.too_soon:
        return None
    words = f"its log drop is {percent(found.ratio)} of eval's"
    if found.ratio > pairs.Bounds.ratio and found.pace < 1:
        words = f"eval took {percent(found.pace)} of the steps that train took for the same drop"
    plain = found.ratio < Bounds.ratio or found.pace < Bounds.pace
    return Finding(
        "eval_faster",
        "warning",
        0.65 if not found.plain else 0.9 if plain else 0.7,
        int(pair.step[0]),
        pair.name,
        f"eval fell {found.eval_drop:.0%} to {pair.last(pair.value):.4g}, train only to "
        f"{pair.last(pair.train):.4g}: {words}",
        numbers={"ratio": found.ratio, "pace": found.pace},
    )


PATTERN = Pattern(
    id="eval_faster",
    slot="pair",
    severity="warning",
    find=find,
    after=("train_high_eval_low",),
    limits=Bounds,
    causes=pairs.train_above,
    typical=("easy_eval", "hard_train", "regularised_train"),
    picture=Picture(marks=(SINCE,)),
    sketch=lambda of: Sketch(
        {"train": 0.5 + 1.8 * np.exp(-2 * of.t), "eval": 0.2 + 2 * np.exp(-9 * of.t)}
    ),
)
