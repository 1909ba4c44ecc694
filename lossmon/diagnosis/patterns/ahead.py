"""Whether eval runs ahead of train; shared by the two patterns in which it does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lossmon.diagnosis.view import View


class Ahead(NamedTuple):
    """How far eval is ahead.

    Attributes:
        ratio: train's log drop over eval's, over the same evaluations.
        eval_drop: relative drop of eval.
        train_drop: log drop of train since its start.
        stuck: train stopped falling early, at a high level.
    """

    ratio: float
    eval_drop: float
    train_drop: float
    stuck: bool


def ahead(view: View) -> Ahead | None:
    """None where eval is not clearly ahead of train."""
    pair, train, limits = view.pair, view.train, view.limits
    if pair is None or train is None or len(pair.value) < limits.min_evals:
        return None
    eval_drop = float(1 - np.exp(-pair.fall))
    if eval_drop < limits.ahead_fall and not _leads(view):
        return None
    ratio = max(pair.train_fall, 0.0) / max(pair.fall, 1e-9)
    if ratio > limits.ahead_ratio and not _leads(view):
        return None
    if pair.last(pair.value) > pair.last(pair.train):
        return None  # lower is ahead: a fall from a worse start is only catching up
    total = float(np.log(train.start / train.end)) if min(train.start, train.end) > 0 else 0.0
    window = pair.train_fall
    stuck = window < limits.train_stuck and (
        window < 0.1 or train.left(0.4) < limits.train_stuck_share
    )
    return Ahead(ratio, eval_drop, total, stuck)


def _leads(view: View) -> bool:
    """Eval reached train's newest level in less than half of the run, and lies below throughout."""
    pair, limits = view.pair, view.limits
    assert pair is not None
    target = pair.last(pair.train)
    reached = np.flatnonzero(pair.value <= target)
    if not len(reached) or np.min(pair.train) <= 0:
        return False
    below = pair.value < (1 - limits.lead_gap) * pair.train
    return bool(pair.run_share[reached[0]] <= limits.lead_share and np.mean(below) > 0.8)
