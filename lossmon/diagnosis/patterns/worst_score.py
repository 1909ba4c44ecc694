"""The score that counts is at its worst, or the same to the last digit, in every row."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.facts import digits
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(6, "rows, all of them the same", "a fact; the first evaluations may be so")
    digits = Limit(3, "digits of a score that stays the same", "0.5 of 10 examples may stay")


def find(view: View) -> Finding | None:
    """An accuracy of exactly 0, a WER of exactly 1; or any score that never moves."""
    goal = view.around.goal
    if goal is None or len(goal.value) < Bounds.rows or np.ptp(goal.value) != 0:
        return None
    value = float(goal.value[0])
    worst = value == (0.0 if goal.rises else 1.0)
    if not worst and (digits(value) < Bounds.digits or value == (1.0 if goal.rises else 0.0)):
        return None
    what = said("its worst") if worst else said("the same to the last digit")
    return Finding(
        "worst_score",
        "warning",
        0.9,
        int(goal.step[0]),
        goal.name,
        said(
            "{name} is {value:.4g}, {what}, in all {rows:,} rows",
            name=goal.name,
            value=value,
            what=what,
            rows=len(goal.value),
        ),
        numbers={"score": value},
    )


PATTERN = Pattern(
    id="worst_score",
    slot="beside",
    severity="warning",
    find=find,
    hides=("healthy", "healthy_pair"),
    looks=2,
    limits=Bounds,
    typical=("collapsed", "bad_labels", "frozen_gradients"),
)
