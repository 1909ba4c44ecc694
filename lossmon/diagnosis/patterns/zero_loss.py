"""The loss is exactly 0 from the first row on."""

from __future__ import annotations

from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture, Sketch
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts


def find(view: View) -> Finding | None:
    """A NaN that the logger hides, or a loss over nothing; a fact, not a statistic."""
    found = facts.same(view.sketches.get("train_loss"))
    if found is None or found.value != 0.0 or not found.whole or found.rows < Bounds.facts:
        return None
    name = view.name_of("train_loss")
    return Finding(
        "zero_loss",
        "critical",
        0.97,
        found.since,
        name,
        said(
            "{name} is exactly 0 in all {rows:,} rows since step {since:,}",
            name=name,
            rows=found.rows,
            since=found.since,
        ),
    )


PATTERN = Pattern(
    id="zero_loss",
    slot="train",
    severity="critical",
    find=find,
    after=("diverged",),
    hides=("pair", "too_early"),
    forbids=("rate+", "rate-", "steps+", "capacity+", "capacity-"),
    looks=1,
    limits=Bounds,
    typical=("nan_filtered", "empty_targets", "numeric_overflow"),
    picture=Picture(marks=(SINCE,)),
    sketch=lambda of: Sketch({"train": 0 * of.t}),
)
