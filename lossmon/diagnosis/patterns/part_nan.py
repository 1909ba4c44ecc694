"""One part of the loss is no number while the others are: what only that part sees is broken.

`L: nan C: 7.5`, row after row: the boxes of such a detector are faulty and its classes are sound. A
few rows are enough, since no part comes back, and whoever waits trains on NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limits
from lossmon.diagnosis.parts import Broken, is_of_latent
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """A fact."""

    facts = Enough.facts


def find(view: View) -> Finding | None:
    """A loss beside the curve, or a column that always was a number, that ends in NaN."""
    for part in view.around.broken_parts:
        rows = part.rows
        if rows < Bounds.facts:
            continue
        kind = said("NaN") if math.isnan(part.value) else said("infinite")
        sound = (
            said(", while {others} still is a number", others=part.others) if part.others else ""
        )
        return Finding(
            "part_nan",
            "critical",
            0.97,
            part.since,
            part.name,
            said(
                "{name} is {kind} in the last {rows:,} rows, since step {since:,}{sound}",
                name=part.name,
                kind=kind,
                rows=rows,
                since=part.since,
                sound=sound,
            ),
        )
    return None


def of_parts(view: View) -> Iterator[Reason]:
    """Why a total is no number of which one part alone is none."""
    losses = [one for one in view.around.broken_parts if one.loss]
    if len(losses) == 1 and losses[0].others:
        yield from _causes_of(losses[0], view)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    part = next((one for one in view.around.broken_parts if one.name == finding.metric), None)
    if part is not None:
        yield from _causes_of(part, view)


def _causes_of(part: Broken, view: View) -> Iterator[Reason]:
    if part.others:
        why = said(
            "{name} alone is no number: {others} is sound",
            name=part.name,
            others=part.others,
        )
        yield Reason(_of(part.name, view.kind.id), why, 2.5, ("lr_too_high", "exploding_gradients"))


def _of(name: str, kind: str) -> CauseId:
    """What a part of this name does not survive."""
    form = plain(name)
    if is_of_latent(name):
        return "variance_unbounded"
    if kind == "speech" or any(word in form for word in _ALIGNED):
        return "impossible_target"
    return "part_targets"


_ALIGNED = ("ctc", "rnnt", "transducer")


PATTERN = Pattern(
    id="part_nan",
    slot="beside",
    severity="critical",
    find=find,
    hides=("healthy", "healthy_pair", "falling", "untold", "warm_up", "not_converged"),
    forbids=("rate+", "steps+"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("part_targets", "nan_in_data", "numeric_overflow"),
    typical_of={"speech": ("impossible_target",)},
    picture=Picture(marks=(SINCE,)),
)
