"""What a detector loses by its boxes is exactly 0 in each row, while its classes cost something.

`regression_loss: 0.0 - classification_loss: 0.1008`, `box 0, obj 0.03, cls 0`: perfect boxes are
never 0 to the last digit. None is compared at all, since no anchor meets an object or no label was
found; the class of "nothing there" is learned, and the loss falls as if all were well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """A fact."""

    facts = Enough.facts


_OF_BOXES = re.compile(
    r"(?:^|_)(?:b?box(?:es)?|reg(?:ression)?|loc(?:ali[sz]ation)?|[gcd]?iou|masks?|dfl|kpts?"
    r"|keypoints?)(?:_|$)"
)
_OF_CLASSES = re.compile(r"(?:^|_)(?:cls|class(?:es|ification)?|conf(?:idence)?|obj\w*)(?:_|$)")


def find(view: View) -> Finding | None:
    """The part of boxes or masks is 0 from its first row on, beside one of classes that is not."""
    losses = view.around.losses
    zero = [one for one in losses if _OF_BOXES.search(plain(one.name)) and not one.value.any()]
    if not zero or len(zero[0].value) < Bounds.facts:
        return None
    others = (one for one in losses if _OF_CLASSES.search(plain(one.name)))
    other = next((one for one in others if np.isfinite(one.value).all() and one.value.all()), None)
    if other is None or not zero[0].whole:
        return None
    return Finding(
        "part_zero",
        "warning",
        0.98,
        int(zero[0].step[0]),
        zero[0].name,
        said(
            "{name} is exactly 0 in all {rows:,} rows, while {other} is {value:.4g}",
            name=zero[0].name,
            rows=len(zero[0].value),
            other=other.name,
            value=float(other.value[-1]),
        ),
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    why = said("of boxes that are compared something is left over: not one of them was")
    yield Reason("nothing_matched", why, 3.0)


PATTERN = Pattern(
    id="part_zero",
    slot="beside",
    severity="warning",
    find=find,
    hides=("healthy", "healthy_pair", "falling", "untold", "warm_up", "constant"),
    forbids=("rate+", "rate-", "steps+"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("bad_labels",),
    picture=Picture(marks=(SINCE,)),
)
