"""Whether eval runs ahead of train; shared by the two patterns in which it does."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.view import Pair, View
from lossmon.history.columns import Floats


class Ahead(NamedTuple):
    """How far eval is ahead.

    Attributes:
        ratio: train's log drop over eval's, over the same evaluations.
        pace: steps that eval took for a drop over those that train took for the same, median
            over depths; 9 where eval never got there.
        eval_drop: relative drop of eval.
        stuck: train stopped falling early, at a high level.
        plain: there is no doubt whether it stopped or falls.
    """

    ratio: float
    pace: float
    eval_drop: float
    stuck: bool
    plain: bool


def ahead(view: View) -> Ahead | None:
    """None where eval is not clearly ahead of train."""
    pair, train, limits = view.pair, view.train, view.limits
    if pair is None or train is None or len(pair.value) < limits.min_evals:
        return None
    eval_drop = float(1 - np.exp(-pair.fall))
    ratio = max(pair.train_fall, 0.0) / max(pair.fall, 1e-9)
    # Lower is ahead: a fall from a worse start is only catching up. Train may catch up, in turn.
    under = pair.last(pair.value) <= pair.last(pair.train)
    noise = _noise(pair)
    caught_up = pair.last(pair.value - pair.train) <= (0.03 + noise) * abs(pair.last(pair.train))
    pace, lead = _pace(pair)
    falls = eval_drop >= limits.ahead_fall
    deeper = under and falls and ratio <= limits.ahead_ratio
    # A constant factor or term between the two (dropout, label smoothing) leads nowhere in time.
    sooner = falls and pace <= limits.ahead_pace and lead > 4 * noise + limits.ahead_lead
    sooner = sooner and (under or caught_up)
    below = under and pace >= _NEVER and _below(view)
    if not (deeper or sooner or below):
        return None
    window = pair.train_fall
    still = window < limits.train_near_start or train.drop < 3 * train.drop_error
    line = limits.train_stuck_share + 0.5 * train.block_error / max(abs(train.drop), 1e-300)
    left = train.left(0.4)
    stuck = window < limits.train_stuck and (still or left < line)
    plain = window >= limits.train_stuck or still or not 0.5 * line < left < 1.5 * line
    return Ahead(ratio, pace, eval_drop, stuck, plain)


_DEPTHS = (0.4, 0.5, 0.6, 0.7, 0.8)  # of train's drop
_NEVER = 9.0


def _pace(pair: Pair) -> tuple[float, float]:
    """Pace of eval as in `Ahead`, and by how much of a log drop it leads there."""
    train, evals = _fallen(pair.train), _fallen(pair.smooth)
    place = pair.run_share - pair.run_share[0]
    if train[-1] <= 0:
        return _NEVER, 0.0
    paces, leads = [], []
    for depth in _DEPTHS:
        drop = depth * train[-1]
        if evals[-1] < drop:
            paces.append(_NEVER)
            leads.append(0.0)
            continue
        there = float(np.interp(drop, evals, place))
        paces.append(there / max(float(np.interp(drop, train, place)), 1e-9))
        leads.append(drop - float(np.interp(there, place, train)))
    return st.median(np.array(paces)), st.median(np.array(leads))


def _fallen(values: Floats) -> Floats:
    """Log drop made so far, never less than before; relative where losses go below zero."""
    lowest = np.minimum.accumulate(values)
    if lowest[-1] > 0:
        return np.asarray(np.log(lowest[0] / lowest))
    return np.asarray((lowest[0] - lowest) / max(abs(float(lowest[0])), 1e-300))


def _noise(pair: Pair) -> float:
    """Relative noise of the two levels that are compared."""
    train, evals = (
        st.curve_noise(one) / max(abs(st.median(one)), 1e-300) for one in (pair.train, pair.value)
    )
    return math.hypot(train, evals)


def _below(view: View) -> bool:
    """Eval reached train's newest level in less than half of the run, and lies below throughout."""
    pair, limits = view.pair, view.limits
    assert pair is not None
    target = pair.last(pair.train)
    reached = np.flatnonzero(pair.value <= target)
    if not len(reached) or np.min(pair.train) <= 0:
        return False
    below = pair.value < (1 - limits.lead_gap) * pair.train
    return bool(pair.run_share[reached[0]] <= limits.lead_share and np.mean(below) > 0.8)
