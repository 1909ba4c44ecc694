"""Each wrong answer costs the most that one can, row by row: outputs stand at 0 or 1.

A loss of 7.83 at an accuracy of 0.514 and of 6.447 at 0.6: both are 16.118 a wrong answer, -ln of
the 1e-7 that Keras clips at. A ReLU in place of a sigmoid, or inputs of up to 100,000, do so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import flat, signs
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    newest = Limit(16, "newest rows that are looked at", "threads: 7")
    wrong = Limit(0.05, "of the answers, that are wrong: few are no sign", "threads: 0.28")
    near = Limit(0.2, "of that cost, of the newest values, before rows are compared", "quick")
    exact = Limit(0.01, "of that cost, in each row", "rounding of three digits")


def find(view: View) -> Finding | None:
    """Loss and accuracy of the same rows are tied by one number; a fact, three rows suffice."""
    train, loss = view.train, view.around.loss
    if train is None or loss is None or train.rises or view.curve:
        return None
    if view.kind.id not in ("", "classifier"):
        return None
    own = signs.accuracies(view, held_out=False) if _costs(float(train.sketch.newest[-1])) else ()
    if not own:
        return None
    wrong = 1 - own[0].value[-1] / (100 if own[0].value[-1] > 1.5 else 1)
    if not any(abs(loss.value[-1] / c - wrong) <= Bounds.near * wrong for c in flat.COSTS):
        return None  # as nearly always; of rows that are not logged together the rest decides
    _, of_loss, of_score = np.intersect1d(loss.step, own[0].step, return_indices=True)
    most = int(Bounds.newest)
    values, right = loss.value[of_loss][-most:], signs.share(own[0], view)[of_score][-most:]
    if len(values) < Bounds.facts or not np.isfinite([*values, *right]).all():
        return None
    wrong = 1 - right
    if wrong.min() < Bounds.wrong or np.ptp(values) == 0:  # the same in each row is another fact
        return None
    cost = next(
        (c for c in flat.COSTS if np.all(np.abs(values / wrong / c - 1) <= Bounds.exact)), None
    )
    if cost is None:
        return None
    return Finding(
        "saturated_output",
        "warning",
        0.95,
        int(loss.step[of_loss][-most:][0]),
        loss.name,
        said(
            "{name} is {cost:.4g} x the share of wrong answers in each of {rows:,} rows, now "
            "{value:.4g}: the most that one can cost",
            name=loss.name,
            cost=cost,
            rows=len(values),
            value=values[-1],
        ),
        numbers={"level": float(values[-1])},
    )


def _costs(loss: float) -> bool:
    """Whether a loss can be that of wrong answers at their highest cost: quick, asked each time."""
    return Bounds.wrong * min(flat.COSTS) * (1 - Bounds.exact) <= loss <= 1.01 * max(flat.COSTS)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    words = said("outputs are all at 0 or 1, whatever the input")
    yield Reason("wrong_output", words, 2.6)
    yield Reason("unscaled", words, 2.5)
    yield Reason("lr_too_high", words, 2.4)


PATTERN = Pattern(
    id="saturated_output",
    slot="beside",
    severity="warning",
    find=find,
    hides=(
        "untold",
        "not_decreasing",
        "oscillating",
        "plateau",
        "underfitting",
        "chance_level",
        "healthy",
        "falling",
        "not_converged",
        "noisy",
    ),
    forbids=("rate+", "steps+", "capacity+"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("wrong_output", "unscaled", "lr_too_high"),
    picture=Picture(marks=(SINCE,)),
)
