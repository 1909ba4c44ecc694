"""The score gets better while the loss does not fall: judge by the score.

A loss that is a sum over a growing number of words, a value loss that grows with the rewards, a
temperature that sharpens: F1 goes from 9.6 to 93 beside a loss that went from 40 to 1,343.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import facts
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    digits = Limit(2, "digits of a reward that is a limit", "threads")
    rows = Limit(5, "rows of the score", "threads: 6")
    climbs = Limit(2.2, "Mann-Kendall z of the score, in its direction", "words")
    few = Limit(12, "rows of the score: its first and last tell", "threads: 6")
    gain = Limit(0.25, "of its newest level that the score gained", "threads")
    fell = Limit(0.05, "of the loss: it rises by more, or, summed, falls by less", "words")
    sum = Limit(30.0, "loss that is no mean over examples of a cross-entropy", "usual recipes")


def find(view: View) -> Finding | None:
    """A clear trend of the goal, and none of the loss; or a reward that cannot get higher."""
    return _ceiling(view) or _climbs(view)


def _ceiling(view: View) -> Finding | None:
    """CartPole ends at 200: a reward that is the same round number each time, and not 0."""
    train, loss = view.train, view.around.loss
    if train is None or not train.rises or loss is None or view.kind.id not in ("rl", "rlhf"):
        return None
    found = facts.same(train.sketch)
    if found is None or not found.whole or found.rows < Bounds.facts or not -found.value > 0:
        return None
    known = loss.value[np.isfinite(loss.value)]
    if facts.digits(found.value) > Bounds.digits or not len(known) or np.ptp(known) == 0:
        return None
    return Finding(
        "score_tells",
        "info",
        0.85,
        found.since,
        train.name,
        said(
            "{name} is {value:,.6g} in all {rows:,} rows, the most that can be had where an "
            "episode ends there; {loss} moves between {low:.4g} and {high:.4g}",
            name=train.name,
            value=-found.value,
            rows=found.rows,
            loss=loss.name,
            low=np.min(known),
            high=np.max(known),
        ),
        numbers={"score": -found.value},
    )


def _climbs(view: View) -> Finding | None:
    train = view.train
    if train is None or view.curve or 0 < train.end < (1 - 2 * Bounds.fell) * train.start:
        return None  # it falls, as most do
    goal, loss = view.around.goal, view.around.loss
    if goal is None or loss is None or len(goal.value) < Bounds.rows:
        return None
    values = goal.value
    if not np.isfinite(values).all() or len(loss.value) < Bounds.rows:
        return None
    if st.mann_kendall(st.blocks(values if goal.rises else -values, 24)) < Bounds.climbs:
        return None
    few = len(goal.value) < Bounds.few
    first, last = (values[0], values[-1]) if few else (goal.early(), goal.late())
    if abs(last - first) < Bounds.gain * max(abs(first), abs(last)):
        return None
    started, ended = loss.early(), loss.late()
    # One that stands still may have collapsed, whatever a noisy score does meanwhile.
    summed = min(started, ended) > Bounds.sum and ended > (1 - Bounds.fell) * started
    if not (summed or ended > (1 + Bounds.fell) * started > 0):
        return None
    return Finding(
        "score_tells",
        "info",
        0.9,
        int(goal.step[0]),
        goal.name,
        said(
            "{goal} went from {first:.4g} to {last:.4g} while {loss} went from {started:.4g} to "
            "{ended:.4g}",
            goal=goal.name,
            first=first,
            last=last,
            loss=loss.name,
            started=started,
            ended=ended,
        ),
        numbers={"score": last},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    loss = view.around.loss
    if view.kind.id in ("rl", "rlhf"):
        yield Reason(
            "loss_no_measure",
            said("the loss grows with the values that it learns, as rewards do"),
            2.0,
        )
    elif loss is not None and loss.late() > Bounds.sum:
        yield Reason(
            "loss_no_measure",
            said("{level:.4g} is no mean of a cross-entropy: it is summed", level=loss.late()),
            2.0,
        )


PATTERN = Pattern(
    id="score_tells",
    slot="beside",
    severity="info",
    find=find,
    hides=("not_decreasing", "untold", "rising", "underfitting"),
    forbids=("rate+",),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("loss_no_measure",),
)
