"""Learning rate at or next to 0 for long while steps go on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import facts, rates
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, USUAL, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.summary import Sketch
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    none = Limit(1e-12, "rate that moves no 32-bit weight", "2^-24 of a weight is 6e-8")
    rate = Limit(1e-3, "of its peak", "runs")
    share = Limit(0.3, "of the run that it must have lasted", "runs")
    points = Limit(20, "points of the rate's curve", "runs")
    decays = Limit(0.5, "of the rate since then, at the end: it still decays", "cases")
    moved = Limit(3.0, "standard errors that the loss fell since then: it is no dead rate", "words")


def find(view: View) -> Finding | None:
    """Under a thousandth of its peak for three tenths of the run."""
    sketch = view.sketches.get("learning_rate")
    fact = facts.same(sketch)
    if fact is not None and fact.whole and fact.value == 0.0 and fact.rows >= Enough.facts:
        words = said(
            "learning rate is 0 in all {rows:,} rows since step {since:,}",
            rows=fact.rows,
            since=fact.since,
        )
        return _dead(view, fact.since, words, 0.0)
    if (none := _none(view, sketch)) is not None:
        return none
    if view.rate is None:
        return None
    step, value = view.rate
    if len(value) < Bounds.points:
        return None
    peak = float(np.fmax.reduce(value))
    if peak > 0 and value[-1] > Bounds.rate * peak:
        return None  # as nearly always
    dead = value <= Bounds.rate * peak
    alive = np.flatnonzero(~dead)
    since = int(alive[-1]) + 1 if len(alive) else 0
    if peak > 0 and len(value) - since < Bounds.share * len(value):
        return None
    at = int(step[min(since, len(step) - 1)])
    if 0 < value[-1] <= Bounds.decays * value[min(since, len(value) - 1)] or _moved(view, at):
        return None
    return Finding(
        "lr_zero",
        "warning",
        0.9,
        at,
        "learning_rate",
        said(
            "learning rate is {value:.2g} since step {at:,} ({ratio:.0%} of the run); its peak "
            "was {peak:.2g}",
            value=value[-1],
            at=at,
            ratio=1 - since / len(value),
            peak=peak,
        ),
        numbers={"peak": peak},
    )


def _none(view: View, sketch: Sketch | None) -> Finding | None:
    """At most 1e-12 in all rows: not a bit of any weight moves at that, whatever its peak was."""
    if sketch is None or sketch.n < Enough.facts or not len(sketch.high):
        return None  # none of them is a number
    peak = float(sketch.high.max())
    if not 0 < peak <= Bounds.none:
        return None
    words = said(
        "learning rate is at most {peak:.2g} in all {rows:,} rows: no weight moves at that",
        peak=peak,
        rows=sketch.n,
    )
    return _dead(view, int(sketch.step[0]), words, peak)


def _moved(view: View, at: int) -> bool:
    """The loss has fallen on since a step.

    DeePMD decays its rate to a hundred-millionth of the peak, and learns all the way.
    """
    train = view.train
    if train is None:
        return False
    since = train.value[np.searchsorted(train.step, at) :]
    if len(since) < 6:
        return False
    part = max(3, len(since) // 4)
    error = float(np.hypot(train.error_of(part), train.error_of(part)))
    return st.median(since[:part]) - st.median(since[-part:]) > Bounds.moved * error


def _dead(view: View, since: int, words: str, peak: float) -> Finding | None:
    """A fact, unless the loss falls: then the rate was only rounded to that."""
    if view.train is not None and view.train.falls:
        return None
    name = view.name_of("learning_rate")
    return Finding("lr_zero", "warning", 0.97, since, name, words, numbers={"peak": peak})


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    yield from rates.rate_fell(view, finding.since_step)
    total, at = view.around.total_steps, finding.since_step
    if np.nanmax(view.rate[1]) == 0:
        yield Reason("lr_too_low", said("learning rate is 0 in every row"), 3.0)
        if view.tail:
            yield Reason(
                "schedule_short",
                said(
                    "the log begins at step {step:,}, with the rate at 0: the schedule had ended",
                    step=at,
                ),
                3.2,
            )
    elif total and at < 0.95 * total:
        yield Reason(
            "schedule_short",
            said(
                "the schedule ended at step {at:,} of {total:,} planned ({ratio:.0%})",
                at=at,
                total=total,
                ratio=at / total,
            ),
            3.0,
        )


def _figures(finding: Finding, view: View) -> Numbers:
    peak = finding.numbers.get("peak", 0.0)
    return {"threshold": Bounds.rate * peak, "wasted_steps": view.step - finding.since_step}


PATTERN = Pattern(
    id="lr_zero",
    slot="beside",
    forbids=("steps+", "rate-"),
    sure=0.97,
    severity="warning",
    find=find,
    limits=Bounds,
    causes=_causes,
    typical=("lr_decayed",),
    figures=_figures,
    picture=Picture(curve="learning_rate", lines=USUAL, marks=(SINCE,)),
    example=lambda of: Example({"lr": np.maximum(0, 1 - of.t / 0.6)}, 0.6),
)
