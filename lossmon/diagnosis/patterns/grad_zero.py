"""The grad norm is exactly 0: nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis import facts, flat, short
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    tail = Limit(0.1, "of the rows, the newest, where it was above 0 before", "runs")
    tail_least = Limit(10, "rows, likewise", "runs")


def find(view: View) -> Finding | None:
    """In all rows, or in the newest for long; where the loss falls, the norm was only rounded."""
    sketch, train = view.sketches.get("grad_norm"), view.train
    found = facts.same(sketch)
    if sketch is None or found is None or found.value != 0.0:
        return None
    least = Bounds.facts if found.whole else max(Bounds.tail_least, Bounds.tail * sketch.n)
    if found.rows < least or (train is not None and train.falls) or short.falls_each(view):
        return None
    return Finding(
        "grad_zero",
        "warning",
        0.95,
        found.since,
        view.name_of("grad_norm"),
        said(
            "grad norm is exactly 0 in {rows} since step {since:,}: nothing is trained",
            rows=found.told,
            since=found.since,
        ),
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("frozen_gradients", finding.evidence.split(":")[0], 3.0)
    yield from flat.few_trained(view)


PATTERN = Pattern(
    id="grad_zero",
    slot="beside",
    severity="warning",
    find=find,
    hides=("grad_vanishing",),
    forbids=("rate+", "rate-", "steps+", "capacity+", "capacity-"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("saturated",),
    picture=Picture(curve="grad_norm", marks=(SINCE,)),
    example=lambda of: Example({"grad norm": 0 * of.t}),
)
