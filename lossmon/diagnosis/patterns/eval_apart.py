"""Eval is tens or hundreds of times train from its first evaluation on: it computes in another way.

The averages of batch norm after a few steps, a mean over a sum, inputs that were not scaled: a
`val_loss` of 302 beside a loss of 0.46 in epoch 1 is no over-fitting, as nothing was learned yet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    first = Limit(30.0, "x train, at the first evaluation", "threads: 650")
    first_mean = Limit(5.0, "likewise where train is the mean over an epoch", "threads: 8")
    ratio = Limit(30.0, "x train, at each evaluation", "threads: 580 to 140,000")
    evals = Limit(2, "evaluations", "a fact")


def find(view: View) -> Finding | None:
    """The first evaluation is as far away as the others, when nothing can be learned by heart."""
    pair, train = view.pair, view.train
    if pair is None or train is None or train.rises or view.tail or view.curve:
        return None
    sketch = train.sketch
    if len(pair.value) < Bounds.evals or not len(sketch.head):
        return None
    head = float(sketch.head[0])
    if head <= 0 or float(pair.value[0]) < Bounds.first_mean * head:
        return None  # as nearly always, and no train level has to be measured for it
    first = float(pair.train[0])
    if first <= 0:
        return None
    begins = float(pair.value[0]) / max(head, first)
    # Where train is a mean over its first epoch, from scratch, the factor shows from the second on.
    late = begins >= Bounds.first_mean and view.rows_are_epochs and len(pair.value) > Bounds.evals
    if begins < Bounds.first and not late:
        return None
    if not np.isfinite(pair.value).all() or np.min(pair.train) <= 0:
        return None
    ratios, start = pair.value / pair.train, begins
    if float(np.min(ratios[1:] if late else ratios)) < Bounds.ratio:
        return None
    if begins < Bounds.first and float(np.min(pair.value)) < float(pair.value[0]):
        return None  # eval came down with train, and is only far behind
    return Finding(
        "eval_apart",
        "warning",
        0.95,
        int(pair.step[0]),
        pair.name,
        said(
            "eval is {ratio:,.0f} x train at its first evaluation, and {newest:,.0f} x now",
            ratio=start,
            newest=float(ratios[-1]),
        ),
        numbers={"ratio": start},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if finding.numbers["ratio"] < Bounds.first:
        words = said("eval was never better than at its first evaluation, far above train")
        yield Reason("other_mode", words, 2.0)
        yield Reason("eval_statistics", words, 1.9)
        yield Reason("small_data", words, 1.8)
        return
    words = said(
        "such a factor from the first evaluation on was not learned: no example can have been "
        "learned by heart by then"
    )
    yield Reason("other_mode", words, 2.5, _LEARNED)


_LEARNED: tuple[CauseId, ...] = ("memorising", "small_data", "high_capacity", "split_mismatch")


PATTERN = Pattern(
    id="eval_apart",
    slot="pair",
    severity="warning",
    find=find,
    hides=("untold", "healthy", "falling"),
    forbids=("steps-", "capacity-", "rate+", "rate-"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("other_mode", "eval_statistics", "summed_loss"),
    picture=Picture(marks=(SINCE,), log_far=True),
    example=lambda of: Example({"train": of.fall, "eval": 40 * of.fall + 4 * of.t}),
)
