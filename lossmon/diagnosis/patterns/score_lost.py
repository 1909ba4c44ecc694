"""A score that had been had and is gone: all newest rows lie far below all before.

PSNR 19.95, 19.99, then 9.15 and 8.84 where a discriminator was switched on: four evaluations, and
nothing of it in the loss. Rows that all lie below all earlier ones, by more than those ever moved
and a quarter of their level, are no noise, however few they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.kind import MORE_SCORES, SCORES
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(2, "evaluations on either side, at least", "threads: 2 and 2")
    share = Limit(0.2, "of all evaluations, that must lie behind the drop", "one may be a dip")
    gap = Limit(0.25, "of the level before, that is lost", "words: a quarter")
    range = Limit(1.0, "x the range of the rows before, likewise", "as of a jump of few rows")
    most = Limit(256, "evaluations, all of which are compared", "bounded")


class Drop(NamedTuple):
    """Where it was lost: index of the first row behind, usual levels on either side."""

    at: int
    before: float
    after: float


def find(view: View) -> Finding | None:
    """The first score of held-out data, or else of train, that was lost."""
    if view.train is not None and view.train.rises:
        return None  # then the score is the curve itself
    for score in _scores(view):
        drop = _drop(score)
        if drop is None:
            continue
        best = int(np.argmax(score.value))
        since = int(score.step[drop.at])
        return Finding(
            "score_lost",
            "warning",
            0.9,
            since,
            score.name,
            said(
                "{name} was {before:.4g} before step {since:,} and is {after:.4g} since: all "
                "{rows:,} rows since lie below all before",
                name=score.name,
                before=drop.before,
                since=since,
                after=drop.after,
                rows=len(score.value) - drop.at,
            ),
            numbers={
                "goal_best_step": float(score.step[best]),
                "goal_best": float(score.value[best]),
            },
        )
    return None


def _scores(view: View) -> list[Logged]:
    """What rises as answers get better, each once."""
    found: dict[str, Logged] = {one.name: one for one in view.around.scores if one.rises}
    for measure in (*SCORES, *MORE_SCORES):
        if measure.direction == "higher" and (one := view.around.logged(measure.name)) is not None:
            found.setdefault(one.name, one)
    return list(found.values())


def _drop(score: Logged) -> Drop | None:
    values = score.value
    if not (score.whole and 2 * Bounds.rows <= len(values) <= Bounds.most):
        return None
    if not np.isfinite(values).all() or values.min() < 0:
        return None
    least = np.minimum.accumulate(values)[:-1]  # of the rows up to each place
    most = np.maximum.accumulate(values[::-1])[::-1][1:]  # of those behind it
    at = int(np.argmax(least - most)) + 1
    before, after = values[:at], values[at:]
    gap = float(least[at - 1] - most[at - 1])
    usual = st.median(before)
    if len(before) < Bounds.rows or len(after) < max(Bounds.rows, Bounds.share * len(values)):
        return None
    if gap < Bounds.gap * usual or gap <= Bounds.range * float(np.ptp(before)):
        return None
    return Drop(at, usual, st.median(after))


PATTERN = Pattern(
    id="score_lost",
    slot="beside",
    severity="warning",
    find=find,
    hides=("healthy", "falling", "score_tells"),
    forbids=("steps+", "rate+"),
    looks=2,
    sure=0.9,  # two evaluations, each of which tells it, are two looks
    limits=Bounds,
    typical=("lr_too_high", "bad_state", "other_mode"),
    typical_of={"gan": ("unbalanced_game",)},
)
