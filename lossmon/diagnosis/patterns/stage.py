"""The log says that something else is trained or measured from here on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.coincidence import Reason, spacing_of
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    near = Limit(3, "rows between the words and the step of the level", "words come before the row")
    shift = Limit(0.1, "of the level, from the rows before to those after", "words: of the lowest")


def find(view: View) -> Finding | None:
    """Words of a new stage, and a level that changed with them."""
    train = view.train
    if train is None:
        return None
    steps = [step for kind, step, _ in view.around.events if kind == "stage" and step is not None]
    for at in sorted(steps, reverse=True):
        before = train.value[train.step <= at][-5:]
        after = train.value[train.step > at][: 5 + int(Bounds.near)]
        if len(before) < 3 or len(after) < 1:
            continue
        was, now = float(np.median(before)), float(np.median(after))
        if abs(now - was) < Bounds.shift * max(abs(was), abs(now)):
            continue
        said = next(
            text for kind, step, text in view.around.events if kind == "stage" and step == at
        )
        since = int(at + spacing_of(train.step))
        return Finding(
            "stage",
            "info",
            0.9,
            since,
            train.name,
            f'the log says "{said[:80]}" at step {at:,}; the loss went from {was:.4g} to '
            f"{now:.4g}: levels before and after do not compare",
            numbers={"resume_before": was, "resume_after": now},
        )
    return None


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("loss_redefined", finding.evidence, 3.0)


PATTERN = Pattern(
    id="stage",
    slot="beside",
    severity="info",
    find=find,
    looks=1,
    limits=Bounds,
    causes=_causes,
    picture=Picture(marks=(SINCE,)),
)
