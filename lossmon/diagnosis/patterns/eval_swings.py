"""Eval leaps up and down from one evaluation to the next while train runs smoothly.

Train 2.27, 1.55, 1.07, ... 0.21 and eval 3.29, 0.92, 1.43, 1.85, 0.58, 2.30, 0.17, 1.52: each
update goes from one side of the valley to the other, or eval measures something else than train.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import signs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.figures import Numbers, best_eval
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    evals = Limit(8, "evaluations", "threads: 10")
    few = Limit(6, "evaluations that leap far, each back on the one before", "1 of 60 orders")
    far = Limit(0.9, "median |ln| of those", "threads: 2 to 10 x")
    newest = Limit(40, "evaluations that are looked at", "it may calm down")
    leap = Limit(0.4, "median |ln| of one eval over the one before: by half", "threads: 2 to 10 x")
    turns = Limit(0.5, "of the leaps that go back on the one before", "2/3 in noise")
    train = Limit(3.0, "x: train's own leaps over the same steps are smaller by so much", "threads")


def find(view: View) -> Finding | None:
    """Most leaps are large, many are taken back at once, and train makes none."""
    pair = view.pair
    if pair is None or len(pair.value) < Bounds.few or np.min(pair.value) <= 0:
        return None
    if np.min(pair.train) <= 0:
        return None
    newest = -int(Bounds.newest) - 1
    leaps = st.steps(np.log(pair.value[newest:]))
    leap = st.median(np.abs(leaps))
    late = leaps[len(leaps) // 2 :]  # leaps that have calmed down are no trouble of now
    if leap < Bounds.leap or st.median(np.abs(late)) < Bounds.leap:
        return None
    train = st.median(np.abs(st.steps(np.log(pair.train[newest:]))))
    turns = float(np.mean(leaps[1:] * leaps[:-1] < 0))
    if len(pair.value) < Bounds.evals and (turns < 1.0 or leap < Bounds.far):
        return None
    if turns < Bounds.turns or leap < Bounds.train * train:
        return None
    low, high = float(np.min(pair.value[newest:])), float(np.max(pair.value[newest:]))
    return Finding(
        "eval_swings",
        "warning",
        0.85,
        int(pair.step[max(0, len(pair.step) + newest)]),
        pair.name,
        said(
            "eval leaps between {low:.4g} and {high:.4g}, usually by {leap:.0%} from one to the "
            "next, while train moves by {train:.0%}",
            low=low,
            high=high,
            leap=np.expm1(leap),
            train=np.expm1(train),
        ),
        numbers={"low": low, "high": high},
    )


def _figures(finding: Finding, view: View) -> Numbers:
    return best_eval(view)


PATTERN = Pattern(
    id="eval_swings",
    slot="pair",
    severity="warning",
    find=find,
    needs=("pair",),
    after=("eval_apart", "overfitting", "underfitting"),
    hides=("gap", "healthy_pair", "train_high_eval_low", "eval_faster", "healthy"),
    forbids=("rate+",),
    looks=3,
    limits=Bounds,
    causes=lambda _, view: signs.above_guessing(view),
    typical=("eval_statistics", "lr_too_high", "small_eval"),  # four of six threads: batch norm
    figures=_figures,
    picture=Picture(),
    example=lambda of: Example(
        {"train": of.fall, "eval": of.fall + 0.9 * np.abs(np.sin(40 * of.t)) + 0.1}
    ),
)
