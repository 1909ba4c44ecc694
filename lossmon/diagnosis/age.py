"""How far a training has come, by what its log tells: its end, its plan, its epochs, its steps.

Four rows of epoch 456 of 1,000 are few and not early: what is missing is rows, and no patience.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """Until when a training is young."""

    plan = Enough.plan
    passes = Limit(2.0, "passes over the data: before, a training is young", "usual recipes")
    before = Limit(2.0, "x the steps from row to row, before the first one", "logs of each N steps")


def is_young(view: View) -> bool:
    """Whether it has only begun; where the log tells of no plan, as long as its rows are the first.

    A log that begins in the middle may be of any age: then rows are few, and that is all.
    """
    if view.over:
        return False
    if view.plan_share is not None:
        return view.plan_share < Bounds.plan
    if view.epochs is not None and view.epochs >= Bounds.passes:
        return False
    return _begins_with_it(view)


def _begins_with_it(view: View) -> bool:
    """The first row stands where the first row of a training does."""
    step = _steps(view)
    if len(step) < 2:
        return True
    between = max(1.0, st.median(np.diff(step)))
    return float(step[0]) - view.around.base <= Bounds.before * between


def _steps(view: View) -> Floats:
    if view.train is not None:
        return view.train.sketch.newest_step.astype(float)
    most = view.around.logged(r"\w+")
    return np.empty(0) if most is None else most.step


def told(view: View) -> str:
    """Where a training that is not young stands, as the end of a sentence."""
    if view.over:
        return said("and the training is over")
    if view.plan_share is not None:
        return said("of a training that has made {share:.0%} of its plan", share=view.plan_share)
    if view.epochs is not None and view.epochs >= Bounds.passes:
        return said("of a training that is in epoch {epoch:,.0f}", epoch=view.epochs)
    return said("of a training that is at step {step:,}", step=view.step)
