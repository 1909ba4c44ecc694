"""The loss is exactly 0: from the first row on, or while each answer is right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import facts
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.limits import Enough, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts


def find(view: View) -> Finding | None:
    """A NaN that the logger hides, or a loss over nothing; a fact, not a statistic."""
    found = facts.same(view.sketches.get("train_loss"))
    if found is None or found.value != 0.0 or found.rows < Bounds.facts:
        return None
    if view.train is not None and view.train.rises and view.kind.id not in _REWARDED:
        return None  # an accuracy that stands in for a loss: no NaN is printed as one
    if not found.whole and not perfect(view, found.since):
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


_REWARDED = ("rl", "rlhf")


def perfect(view: View, since: int) -> str:
    """The score that says since a step that each answer is right; empty where none does.

    Weights that are no number answer nothing right: beside an accuracy of 100 a loss of 0 is one.
    """
    for one in view.around.scores:
        newest = one.value[one.step >= since]
        if one.rises and len(newest) >= Bounds.facts and np.isin(newest, (1.0, 100.0)).all():
            return one.name
    return ""


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if name := perfect(view, finding.since_step):
        why = said("{name} is perfect in each of these rows", name=name)
        # Weights that are no number answer nothing right.
        if view.kind.id == "detection":  # all is background, and no box is left
            yield Reason("nothing_matched", why, 2.7, _NAN)
        yield Reason("one_class", why, 2.5, _NAN)
    elif not view.sketches.keys() & {"grad_norm", "learning_rate", "eval_loss"} and (
        not view.around.scores and len(view.around.losses) < 2
    ):
        why = said("nothing else is logged that would show whether it trains")
        yield Reason("not_computed", why, 1.5)


_NAN: tuple[CauseId, ...] = ("nan_filtered", "numeric_overflow")


PATTERN = Pattern(
    id="zero_loss",
    slot="train",
    severity="critical",
    find=find,
    after=("diverged",),
    hides=("pair", "untold"),
    forbids=("rate+", "rate-", "steps+", "capacity+", "capacity-"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    # Of 7 threads: labels of one class 3, no target matched 2, not computed 1; a NaN that the
    # logger hides of language models alone.
    typical=("one_class", "empty_targets", "nan_filtered", "not_computed"),
    typical_of={
        "llm": ("nan_filtered", "empty_targets", "numeric_overflow"),
        "detection": ("nothing_matched", "empty_targets"),
        "classifier": ("one_class", "wrong_output"),
        "segmentation": ("one_class", "target_range"),
        "rl": ("exploration", "few_steps"),
        "rlhf": ("task_too_hard",),
    },
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": 0 * of.t}),
)
