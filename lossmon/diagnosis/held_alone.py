"""A loss of held-out data with no train loss beside it: what its turn says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.signs import accuracies
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When a turn is none of a jump."""

    turned = Limit(3, "evaluations on the way up", "a jump has none or one")
    ends = Limit(0.125, "of the rise, at either end of it: not on the way", "words")


def learned_by_heart(view: View, low_step: float) -> Iterator[Reason]:
    """The curve is of held-out data and turned, row by row: over-fitting comes to mind first.

    Of `train_acc 99.1 valid_loss 2.5` without a train loss the rate was told to be too large.

    Args:
        view: the run as of now.
        low_step: where the curve was lowest.
    """
    train = view.train
    if train is None or train.rises or not is_held_out(train.name):
        return
    behind = train.sketch.newest[train.sketch.newest_step > low_step]
    behind = behind[np.isfinite(behind)]
    if not len(behind):
        return
    low, top = train.low, float(np.max(behind))
    end = Bounds.ends * (top - low)
    if np.count_nonzero((behind > low + end) & (behind < top - end)) < Bounds.turned:
        return  # a jump
    for own in accuracies(view, held_out=False):
        before, after = own.value[own.step <= low_step], own.value[own.step > low_step]
        if not len(before) or len(after) < Bounds.turned:
            continue
        then, now = float(before[-1]), float(np.median(after[-int(Bounds.turned) :]))
        if now > then:
            why = said(
                "{name} went on from {then:.4g} to {now:.4g} while {held} rose",
                name=own.name,
                then=then,
                now=now,
                held=train.name,
            )
            yield Reason("memorising", why, 3.0)
            return
    yield Reason(
        "memorising",
        said(
            "{held} is of held-out data and rises row by row; no loss of the data that is "
            "trained on was read",
            held=train.name,
        ),
        2.1,
    )
