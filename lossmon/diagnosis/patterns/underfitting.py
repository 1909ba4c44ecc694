"""Both stay high."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns import not_decreasing
from lossmon.diagnosis.view import View, went


def find(view: View) -> Finding | None:
    """Neither train nor eval fell by more than a few per cent."""
    pair, train, limits = view.pair, view.train, view.limits
    if pair is None or train is None or len(pair.value) < limits.min_evals:
        return None
    eval_drop = 1 - np.exp(-pair.fall)
    flat_eval = eval_drop <= limits.underfit_fall
    train_drop = train.drop / train.scale
    flat_train = train_drop <= limits.underfit_fall or not_decreasing.find(view) is not None
    if not (flat_eval and flat_train) or view.too_soon or not_decreasing.more_will_tell(view):
        return None
    return Finding(
        "underfitting",
        "warning",
        0.9 if max(eval_drop, train_drop) <= limits.underfit_fall / 2 else 0.7,
        int(pair.step[0]),
        pair.name,
        f"over {len(pair.value)} evals, eval {went(eval_drop)} and train {went(train_drop)}",
        numbers={"eval_drop": float(eval_drop), "train_drop": float(train_drop)},
    )
