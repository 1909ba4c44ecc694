"""A held-out accuracy that its first evaluation had already: the share of the largest class.

0.7202 in epoch 1 and 0.7188 in epoch 15, while the loss came down by a third and looked healthy:
one answer for everything, of which the loss alone learns how often it is right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import signs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.facts import digits
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When an accuracy is that of one answer."""

    rows = Limit(8, "evaluations", "threads: 15")
    moves = Limit(0.005, "of its level, between the lowest and the highest", "threads: 0.002")
    most = Limit(0.9, "of all: from there on little is left to gain", "words")
    fell = Limit(0.15, "of its first value, by which the eval loss came down", "threads: 0.36")
    unmoved = Limit(2.0, "units of its last digit, by which the loss moves", "threads: 0.0001")
    few = Limit(6, "rows of such a loss", "as of a score")
    digits = Limit(3, "digits of such a loss", "printed digits")
    above = Limit(0.02, "by which the accuracy of train is above it: then it learns", "threads: 0")


def found(view: View) -> Finding | None:
    """It has not left its first value, and the eval loss came down all the while."""
    score = _answered(view)
    if score is None:
        return None
    first, newest = float(score.value[0]), float(score.value[-1])
    words = said(
        "{name} was {first:.4g} in the first of {rows:,} evaluations and is {newest:.4g} now, "
        "while the eval loss fell",
        name=score.name,
        first=first,
        rows=len(score.value),
        newest=newest,
    )
    step = int(score.step[0])
    return Finding(
        "worst_score", "warning", 0.85, step, score.name, words, numbers={"score": newest}
    )


def unmoved(view: View) -> Iterator[Reason]:
    """The loss moves by no more than its last digit either: nothing reaches what is answered."""
    train = view.train
    if train is None or train.rises or view.curve or train.n < Bounds.few:
        return
    values = train.sketch.newest
    unit = 10.0 ** -max(map(digits, values.tolist()))
    if float(np.ptp(values)) <= Bounds.unmoved * unit and digits(float(values[0])) >= Bounds.digits:
        why = said(
            "the loss moves by no more than its last digit either, around {value:.6g}",
            value=float(values[-1]),
        )
        yield Reason("inert_output", why, 1.7)
        yield Reason("nothing_updated", why, 1.6)


def _answered(view: View) -> Logged | None:
    """The accuracy that never left its first value while the eval loss fell; None for none."""
    evals = view.sketches.get("eval_loss")
    if evals is None or view.tail or view.kind.id not in ("", "classifier"):
        return None
    held = signs.accuracies(view, held_out=True)
    if not held or len(held[0].value) < Bounds.rows or len(evals.newest) < Bounds.rows:
        return None
    told = signs.share(held[0], view)
    if not np.isfinite([*told, *evals.newest]).all() or not 0 < told.min() <= told.max():
        return None
    if told.max() >= Bounds.most or float(np.ptp(told)) > Bounds.moves * st.median(told):
        return None
    own = signs.accuracies(view, held_out=False)
    learned = own and st.median(signs.share(own[0], view)[-3:]) > told[-1] + Bounds.above
    if learned or told[-1] > told[0]:
        return None
    last = st.median(evals.newest[-3:])
    return held[0] if 0 < last <= (1 - Bounds.fell) * float(evals.newest[0]) else None
