"""The loss is the same to the last digit, in every row or from one on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lossmon.diagnosis import facts, flat
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.patterns import impossible
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds: what is written with few digits has to stay the same for longer."""

    facts = Enough.facts
    digits = Limit(4, "digits of a value that stays the same", "threads: 2.3 may stay by rounding")
    ceiling = Limit(2, "rows at -ln of the smallest float, which no training meets", "threads")
    rounded = Limit(30, "rows, where it has fewer digits", "a slow fall shows by then")
    capped = Limit(1e20, "perplexity that no model has", "threads")
    clipped = Limit(2e-7, "loss at the epsilon of its logarithm", "threads")
    perfect = Limit(0.9, "of a score: then it may be learned", "threads")
    moved = Limit(
        1.01, "of its last digit, by which the first row differs", "threads: 0.7533, 0.7534"
    )
    before = Limit(0.1, "of the rows, but 3 at least, may differ: then it learned", "threads")


def find(view: View) -> Finding | None:
    """Each batch gives the same: the weights do not move, or the loss does not see them."""
    if (again := _again(view)) is not None:
        return again
    found = facts.same(view.sketches.get("train_loss"))
    if found is None or found.value == 0.0 or view.train is None or found.rows < Bounds.ceiling:
        return None
    fine = facts.digits(found.value) >= Bounds.digits
    ceiling = not view.train.rises and not view.curve and flat.smallest_floats(found.value) > 0
    least = Bounds.ceiling if ceiling else Bounds.facts if fine else Bounds.rounded
    if found.rows < least:
        return None
    others = view.train.n - found.rows
    if not found.whole and not (fine and others <= max(3, Bounds.before * view.train.n)):
        return None
    rows = (
        said("in all {rows:,} rows", rows=found.rows)
        if found.whole
        else said("in the last {rows:,} rows", rows=found.rows)
    )
    name = view.name_of("train_loss")
    return Finding(
        "constant",
        "warning",
        0.97,
        found.since,
        name,
        said(
            "{name} is {value:.10g} to the last digit {rows} since step {since:,}",
            name=name,
            value=found.value,
            rows=rows,
            since=found.since,
        ),
        numbers={"level": found.value},
    )


def _again(view: View) -> Finding | None:
    """Each epoch writes the figures of the one before."""
    sketch = view.sketches.get("train_loss")
    found = facts.period(sketch)
    if found is None or sketch is None or view.train is None:
        return None
    if max(map(facts.digits, sketch.newest[-found.rows :].tolist())) < Bounds.digits:
        return None
    name = view.name_of("train_loss")
    return Finding(
        "constant",
        "warning",
        0.97,
        found.since,
        name,
        said(
            "the same {rows:,} values of {name} come {times:,} times, to the last digit, since "
            "step {since:,}",
            rows=found.rows,
            name=name,
            times=found.times,
            since=found.since,
        ),
        numbers={"again": float(found.times)},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if "again" in finding.numbers:
        words = said("weights that moved by anything would change the last digits")
        yield Reason("nothing_updated", words, 4.0, _MOVES)
        return
    value, score = finding.numbers["level"], view.around.goal
    if view.train is not None and view.train.rises and not view.tail:
        yield Reason("data_order", said("batches that hold one class after the other end so"), 1.2)
    if view.curve and value >= Bounds.capped:
        yield Reason(
            "lr_too_high",
            said(
                "{value:.4g} is e^{power:.0f}, the highest that is printed: the loss itself is "
                "beyond",
                value=value,
                power=math.log(value),
            ),
            3.0,
        )
    if impossible.negative(view):
        yield Reason(
            "target_range", said("{value:.4g} is below 0, as no cross-entropy is", value=value), 3.0
        )
    if 0 < value <= Bounds.clipped and not (score and score.rises and _perfect(score)):
        yield Reason(
            "wrong_output",
            said(
                "{value:.4g} is what a logarithm is clipped at, and no loss that is learned",
                value=value,
            ),
            2.5,
        )
    if _never_moved(finding, view):
        why = said("not even the first rows differ: nothing that is trained moves it")
        if view.kind.id not in _OF_OUTPUTS:
            yield Reason("inert_output", why, 1.6)
        yield Reason("frozen_gradients", why, 1.5)
    yield from flat.reasons(finding, view)


_MOVES: tuple[CauseId, ...] = (
    "collapsed", "frozen_gradients", "wrong_output", "lr_too_high", "lr_too_low", "bad_labels",
)  # fmt: skip


_OF_OUTPUTS = ("boosting", "rl", "rlhf", "llm", "lora", "preference")  # no softmax of one there


def _never_moved(finding: Finding, view: View) -> bool:
    """The first rows are the same, or but for their last digits."""
    train = view.train
    if train is None or view.tail or not len(train.sketch.head):
        return False
    value = finding.numbers["level"]
    if value == 0.0:
        return False
    last = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - facts.digits(value))
    return abs(float(train.sketch.head[0]) - value) <= Bounds.moved * last


def _perfect(score: Logged) -> bool:
    return bool(score.late() >= Bounds.perfect)


PATTERN = Pattern(
    id="constant",
    slot="train",
    severity="warning",
    find=find,
    needs=("train",),
    after=("zero_loss",),
    hides=("untold",),
    forbids=("rate+", "steps+", "capacity+", "capacity-"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    # Of 9 threads: a net that died of its rate 3, the last layer 2, no update 2, the data 2.
    typical=("collapsed", "wrong_output", "frozen_gradients", "bad_labels"),
    typical_of={
        "boosting": ("no_split", "objective_mismatch"),
        "regression": ("collapsed", "unscaled"),
        "rl": ("few_steps", "exploration"),
    },
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": 2.3 + 0 * of.t}),
)
