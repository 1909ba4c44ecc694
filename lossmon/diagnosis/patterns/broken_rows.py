"""Single rows are no number, with sound ones before and behind: samples, not weights, are broken.

`cost 69.2, inf, 72.6, 70.7`: what diverged does not come back, and a mean over a window hides it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.5, "of the rows at most; else it is lost", "threads")
    often = Limit(0.02, "of the rows: it warns", "usual recipes")
    rows = Limit(3, "such rows, before it warns", "threads")


def find(view: View) -> Finding | None:
    """Some rows are NaN or infinite, the newest are not."""
    train = view.train
    if train is None or not train.sketch.nonfinite:
        return None
    sketch = train.sketch
    if not np.isfinite(sketch.newest[-1]) or not len(sketch.mean):
        return None
    found = facts.scattered(sketch.logged, facts.no_number, _all_together)
    if found is None or found.times > Bounds.share * found.of:
        return None
    first = not np.isfinite(sketch.logged.value[0])
    if first and found.times == 1:
        return None  # a mean of nothing yet: "Episode 0  Average reward: nan"
    warns = found.times >= max(Bounds.rows, Bounds.often * found.of)
    return Finding(
        "broken_rows",
        "warning" if warns else "info",
        0.98,
        found.since,
        train.name,
        said(
            "{broken:,} of {n:,} values {broken:is|are} no number (step {step:,}), with usual ones "
            "{between}",
            broken=found.times,
            n=found.of,
            step=found.since,
            between=said("between and behind") if first else said("before and behind"),
        ),
        numbers={"count_rows": float(found.times)},
    )


def _all_together(_bad: int, n: int) -> float:
    return float(n)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    train = view.train
    if train is not None and np.isinf(train.sketch.newest).any():
        yield Reason(
            "impossible_target",
            said("it is infinite, not NaN: such a target has no probability at all"),
            2.0 if view.kind.id == "speech" else 1.2,
        )
    yield from co.log_told(view, finding.since_step)


PATTERN = Pattern(
    id="broken_rows",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    forbids=("rate+",),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("numeric_overflow", "bad_batch", "impossible_target"),
    typical_of={"speech": ("impossible_target",), "llm": ("empty_targets", "numeric_overflow")},
    picture=Picture(marks=(SINCE,)),
)
