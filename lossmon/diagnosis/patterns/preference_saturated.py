"""A preference loss at its floor: every pair is told apart by a wide margin."""

from __future__ import annotations

from lossmon.diagnosis.around import MARGIN
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

ACCURACY = r"rewards?_accurac\w*|^accuracy$"


class Bounds(Limits):
    """When it holds."""

    loss = Limit(0.02, "loss of the newest tenth", "ln 2 = 0.693 at the start")
    accuracy = Limit(0.98, "of the pairs told apart", "all of them")
    margin = Limit(5.0, "of reward, where margins are logged", "usual: 0.5 to 3")
    begun = Limit(0.1, "loss of the first rows: it was so from the start", "ln 2 is usual there")
    points = Limit(5, "rows", "a fact, not a statistic")


def find(view: View) -> Finding | None:
    """Next to 0 with all pairs told apart."""
    train = view.train
    if train is None or train.n < Bounds.points:
        return None
    margin, accuracy = view.around.logged(MARGIN), view.around.logged(ACCURACY)
    if train.end > Bounds.loss or (accuracy is None and margin is None):
        return None
    if accuracy is not None and not accuracy.late() >= Bounds.accuracy:
        return None
    if margin is not None and not margin.late() >= Bounds.margin:
        return None
    words, numbers = [], {"level": train.end}
    if accuracy is not None:
        words.append(f"{accuracy.name} {accuracy.late():.3g}")
    if margin is not None:
        words.append(f"{margin.name} {margin.late():.3g}")
        numbers["margin"] = margin.late()
    since = train.at_step(next((i for i, v in enumerate(train.value) if v <= Bounds.loss), 0))
    return Finding(
        "preference_saturated",
        # Where it was seen to fall, the pairs have been learned; else they never taught anything.
        "warning" if train.start <= Bounds.begun else "info",
        0.9,
        since,
        train.name,
        said(
            "the loss is {end:.3g} with {figures}: no pair has anything left to teach",
            end=train.end,
            figures=", ".join(words),
        ),
        numbers=numbers,
    )


PATTERN = Pattern(
    id="preference_saturated",
    slot="beside",
    severity="warning",
    find=find,
    needs=("train",),
    kinds=("preference",),
    hides=(
        "zero_loss",
        "constant",
        "not_decreasing",
        "untold",
        "grad_vanishing",
        "underfitting",
        "noisy",
        "spike",
    ),
    looks=2,
    limits=Bounds,
    typical=("over_optimised", "pairs_trivial", "lr_too_high"),
)
