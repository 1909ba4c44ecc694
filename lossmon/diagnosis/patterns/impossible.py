"""A value that what is measured cannot have: a classifier's loss far below 0, a Dice of 1.97.

Masks of 0 to 255 in place of 0 and 1, ten classes behind one sigmoid: cross-entropy then falls
without a floor, and looks as if all were well.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    loss = Limit(-1.5, "loss of a classifier or segmenter", "cross-entropy less Dice ends at -1")
    score = Limit(1.001, "of a score that is a share", "rounding")
    percent = Limit(5.0, "of a score: beyond it is per cent", "a Dice of 5 % is a start")


_OF_CLASSES = ("classifier", "segmentation")
_SHARES = r"(?:\w+_)?(?:dice|iou|miou|f1|auc|auroc)(?:_\w+)?"


def find(view: View) -> Finding | None:
    """A loss or a score out of its range, in each of the newest rows."""
    if view.kind.id not in _OF_CLASSES:
        return None
    train = view.train
    if train is not None and negative(view):
        return Finding(
            "impossible",
            "warning",
            0.975,
            train.at_step(int(np.argmax(train.value < Bounds.loss))),
            train.name,
            said(
                "{name} is {value:.4g}, which no cross-entropy or Dice loss can be",
                name=train.name,
                value=float(train.sketch.newest[-1]),
            ),
        )
    score = view.around.logged(_SHARES)
    if score is None or len(score.value) < Bounds.facts:
        return None
    last = score.value[-int(Bounds.facts) :]
    if not np.all((last > Bounds.score) & (last < Bounds.percent)):
        return None
    return Finding(
        "impossible",
        "warning",
        0.8,
        int(score.step[0]),
        score.name,
        said("{name} is {value:.4g}, and cannot exceed 1", name=score.name, value=float(last[-1])),
    )


def negative(view: View) -> bool:
    """The loss of a classifier or segmenter is far below 0 in each of the newest rows."""
    train = view.train
    if view.kind.id not in _OF_CLASSES or train is None or train.rises or view.curve:
        return False
    newest = train.sketch.newest[-int(Bounds.facts) :]
    return len(newest) >= int(Bounds.facts) and bool(np.all(newest < Bounds.loss))


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    """The value itself is the reason: labels or masks that the loss is not made for."""
    yield Reason("target_range", finding.evidence, 2.0)


PATTERN = Pattern(
    id="impossible",
    slot="beside",
    severity="warning",
    find=find,
    hides=("healthy", "healthy_pair", "falling", "underfitting", "too_early", "not_converged"),
    forbids=("rate+", "steps+", "capacity+"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("target_range", "wrong_output", "bad_labels"),
    picture=Picture(marks=(SINCE,)),
)
