"""The eval loss is no number while the train loss is one."""

from __future__ import annotations

import math

from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    evals = Limit(2, "evaluations, the newest", "a fact: one may be a broken file")


def find(view: View) -> Finding | None:
    """The newest evaluations, one after the other."""
    found = facts.broken(view.sketches.get("eval_loss"))
    if found is None or found.rows < Bounds.evals:
        return None
    kind = said("NaN") if math.isnan(found.value) else said("infinite")
    rows = (
        said("all {rows:,} evals", rows=found.rows)
        if found.whole
        else said("the last {rows:,} evals", rows=found.rows)
    )
    return Finding(
        "eval_nan",
        "warning",
        0.97,
        found.since,
        view.name_of("eval_loss"),
        said(
            "eval loss is {kind} in {rows} since step {since:,}, while train is a number",
            kind=kind,
            rows=rows,
            since=found.since,
        ),
    )


PATTERN = Pattern(
    id="eval_nan",
    slot="beside",
    severity="warning",
    find=find,
    hides=("pair",),
    looks=1,
    limits=Bounds,
    typical=("eval_precision", "empty_targets", "numeric_overflow"),
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": of.fall + 0.02 * of.noise}),
)
