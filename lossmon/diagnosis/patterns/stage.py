"""The log says that something else is trained or measured from here on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.coincidence import Reason
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    shift = Limit(0.1, "of the level, from the rows before to those after", "words: of the lowest")


def find(view: View) -> Finding | None:
    """Words of a new stage, and a level that changed with them."""
    loss = view.around.loss
    events = [(at, text) for kind, at, text in view.around.events if kind == "stage"]
    if loss is None or not events:
        return None
    for at, text in reversed(events):
        if at is None:
            continue
        before, after = loss.value[loss.step <= at][-5:], loss.value[loss.step > at][:5]
        if len(before) < 3 or not len(after):
            continue
        was, now = float(np.median(before)), float(np.median(after))
        if not abs(now - was) >= Bounds.shift * max(abs(was), abs(now)):
            continue
        return Finding(
            "stage",
            "info",
            0.9,
            int(loss.step[len(loss.step[loss.step <= at])]),
            loss.name,
            f'the log says "{text[:80]}" at step {at:,}; the loss went from {was:.4g} to '
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
