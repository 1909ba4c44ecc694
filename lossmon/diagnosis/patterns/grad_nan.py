"""The grad norm is NaN or infinite row after row while the loss is still a number."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    infinite = Limit(8, "rows, where it is infinite", "a loss scale skips some at first")
    share = Limit(0.02, "of the rows, the newest", "single skipped steps are harmless")


def find(view: View) -> Finding | None:
    """Every update is skipped or broken."""
    sketch = view.sketches.get("grad_norm")
    found = facts.broken(sketch)
    if sketch is None or found is None:
        return None
    kind = said("NaN") if math.isnan(found.value) else said("infinite")
    least = Bounds.facts if kind == "NaN" else Bounds.infinite
    if found.rows < max(least, Bounds.share * sketch.n):
        return None
    return Finding(
        "grad_nan",
        "critical",
        0.97,
        found.since,
        view.name_of("grad_norm"),
        said(
            "grad norm is {kind} in {rows} since step {since:,}",
            kind=kind,
            rows=found.told,
            since=found.since,
        ),
        numbers={"count_rows": float(found.rows)},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    at = finding.since_step
    yield from co.log_told(view, at)
    yield from co.after_eval(view, at)
    sketch = view.sketches.get("grad_norm")
    if sketch is not None and sketch.nonfinite == sketch.n:
        yield Reason("broken_weights", said("it holds from the very first row on"), 1.5)


PATTERN = Pattern(
    id="grad_nan",
    slot="beside",
    severity="critical",
    find=find,
    hides=(
        "not_decreasing",
        "not_converged",
        "plateau",
        "falling",
        "healthy",
        "underfitting",
        "healthy_pair",
        "chance_level",
    ),  # of weights that do not move, the curve says nothing
    forbids=("rate+", "steps+", "capacity+", "capacity-"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("numeric_overflow", "broken_weights", "empty_targets"),
    picture=Picture(curve="grad_norm", marks=(SINCE,)),
    example=lambda of: Example({"train": 2.3 + 0.03 * of.noise}),
)
