"""The learning rate still rises and the loss has not moved yet: usual, and nothing to judge.

A detector at 1.9 for 740 steps while its rate goes from 2e-6 to 7.4e-5: its updates are next to
nothing by design, so that a flat loss tells of no fault.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import early
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(4, "rows of the loss", "usual: warm-ups of hundreds of steps")
    errors = Limit(3.0, "standard errors of a fall, from which it has begun", "words: 3 to 5")
    moved = Limit(0.10, "of the start level, by which it may have moved", "words: grey to 10 %")


def find(view: View) -> Finding | None:
    """A rate that rises to its newest row, a loss that neither fell nor rose by much."""
    train, rate = view.train, view.rate
    if train is None or rate is None or not view.warming_up or train.rises:
        return None
    if view.plan_share is not None and view.plan_share >= Enough.done:
        return None
    if train.n < Bounds.rows or not len(train.value):
        return None
    if train.n < Enough.points_live and early.leaps(train.sketch.newest):
        return None  # what leaps by its own size is not waiting for its rate
    moved = train.drop / train.scale
    fell = train.drop > Bounds.errors * train.drop_error and moved > Bounds.moved / 3
    if fell or (abs(moved) > Bounds.moved and -train.drop > Bounds.errors * train.drop_error):
        return None
    step, value = rate
    return Finding(
        "warm_up",
        "info",
        0.9,
        int(step[0]),
        view.name_of("learning_rate"),
        said(
            "the learning rate still rises, from {first:.3g} to {newest:.3g} at step {step:,}; "
            "the loss has moved by {moved} so far",
            first=value[0],
            newest=value[-1],
            step=int(step[-1]),
            moved=percent(abs(moved), 1),
        ),
        numbers={"rate_now": float(value[-1])},
    )


PATTERN = Pattern(
    id="warm_up",
    slot="beside",
    severity="info",
    find=find,
    hides=("not_decreasing", "underfitting", "plateau", "untold", "not_converged"),
    forbids=("rate+", "rate-"),
    looks=2,
    limits=Bounds,
    causes=lambda finding, _: iter((Reason("lr_warmup", finding.evidence, 2.0),)),
    picture=Picture(curve="learning_rate"),
    example=lambda of: Example({"train": 2.3 + 0.02 * of.noise, "rate": np.minimum(of.t, 1.0)}),
)
