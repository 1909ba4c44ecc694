"""The eval loss is no number while the train loss is one."""

from __future__ import annotations

import math

from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture, Sketch
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    evals = Limit(2, "evaluations, the newest", "a fact: one may be a broken file")


def find(view: View) -> Finding | None:
    """The newest evaluations, one after the other."""
    found = facts.broken(view.sketches.get("eval_loss"))
    if found is None or found.rows < Bounds.evals:
        return None
    kind = "NaN" if math.isnan(found.value) else "infinite"
    rows = f"all {found.rows:,} evals" if found.whole else f"the last {found.rows:,} evals"
    return Finding(
        "eval_nan",
        "warning",
        0.97,
        found.since,
        view.name_of("eval_loss"),
        f"eval loss is {kind} in {rows} since step {found.since:,}, while train is a number",
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
    sketch=lambda of: Sketch({"train": of.fall + 0.02 * of.noise}),
)
