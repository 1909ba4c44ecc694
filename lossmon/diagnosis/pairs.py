"""Train and eval held against one another: whether eval runs ahead, and what shows in both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import reasons, settled
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import Pair, View
from lossmon.history.columns import Floats
from lossmon.words import said

_DEPTHS = (0.4, 0.5, 0.6, 0.7, 0.8)  # of train's drop
_NEVER = 9.0


class Bounds(Limits):
    """When eval is ahead of train."""

    ratio = Limit(0.62, "train's log drop over eval's", "words: 1 / 1.4 grey, 1 / 2.5 plain")
    pace = Limit(0.55, "steps for the same drop, eval's over train's", "words: a half")
    lead = Limit(0.05, "log drop by which it then leads", "runs")
    fall = Limit(0.14, "relative fall of eval", "words: 15 %")
    stuck = Limit(0.75, "log drop of train under which it may be stuck", "runs")
    stuck_share = Limit(0.24, "of its drop made after 40 %: still falling", "runs")
    early = Limit(0.06, "of its drop left at 40 %: it was made early", "words: plateau to 6 %")
    rows = Limit(0.8, "train rows an evaluation: each is the mean over a pass", "Keras, boosting")
    near_start = Limit(0.05, "log drop of train that is none", "words: 3 %")
    gap = Limit(0.10, "eval below train by so much throughout", "runs")
    share = Limit(0.45, "of the run in which eval reaches train's newest level", "words: a half")
    near = Limit(0.05, "of train's level: evals no farther from it are with it", "cases")
    guesses = Limit(0.15, "of 1 / C: an accuracy that is no better", "threads")
    knows = Limit(0.9, "accuracy of train that knows its examples", "threads")
    tail = Limit(4.0, "x: highest rows over the mean of those around them", "runs")


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
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < Enough.evals:
        return None
    # Lower is ahead: a fall from a worse start is only catching up. Train may catch up, in turn.
    under = pair.last(pair.value) <= pair.last(pair.train)
    noise = _noise(pair)
    caught_up = pair.last(pair.value - pair.train) <= (0.03 + noise) * abs(pair.last(pair.train))
    if not (under or caught_up):
        return None  # as most of the time
    if np.ptp(pair.value) == 0 or _together(pair):
        return None  # a test loss that a script never fills in, 0 in every row, leads nowhere
    eval_drop = float(1 - np.exp(-pair.fall))
    ratio = max(pair.train_fall, 0.0) / max(pair.fall, 1e-9)
    pace, lead = _pace(pair)
    falls = eval_drop >= Bounds.fall
    deeper = under and falls and ratio <= Bounds.ratio
    # A constant factor or term between the two (dropout, label smoothing) leads nowhere in time.
    sooner = falls and pace <= Bounds.pace and lead > 4 * noise + Bounds.lead
    sooner = sooner and (under or caught_up)
    below = under and pace >= _NEVER and _below(view)
    if not (deeper or sooner or below):
        return None
    window = pair.train_fall
    still = window < Bounds.near_start or train.drop < 3 * train.drop_error
    line = Bounds.stuck_share + 0.5 * train.block_error / max(abs(train.drop), 1e-300)
    left = train.left(0.4)
    # One that makes the same drop in the end is late, not stuck, unless it made it early.
    late = not deeper and not still and left > Bounds.early
    stuck = window < Bounds.stuck and (still or (left < line and _stopped(view))) and not late
    plain = late or window >= Bounds.stuck or still or not 0.5 * line < left < 1.5 * line
    return Ahead(ratio, pace, eval_drop, stuck, plain)


def _stopped(view: View) -> bool:
    """Train made its fall early, by the shape of all of it; of passes that need not be.

    Where each row is the mean over a pass, train falls on when eval has stopped: it learns its own
    noise by heart, and that is not following.
    """
    return _a_row_a_pass(view) or view.once(settled.left) <= Bounds.early


def _a_row_a_pass(view: View) -> bool:
    """One train row an evaluation: its mean over the pass that the evaluation ends."""
    pair, train = view.pair, view.train
    assert pair is not None
    assert train is not None
    return bool(Bounds.rows <= train.n / (len(pair.value) * pair.each) <= 1 / Bounds.rows)


def _together(pair: Pair) -> bool:
    """The two lie next to each other but for the first evaluation, that of an untrained model.

    Train 0.0284 and eval 0.0282 throughout: the fall from a first eval of 0.05 is no lead.
    """
    apart = np.abs(pair.value - pair.train)[1:] / np.maximum(np.abs(pair.train[1:]), 1e-300)
    return st.median(apart) <= Bounds.near


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
    pair = view.pair
    assert pair is not None
    target = pair.last(pair.train)
    reached = np.flatnonzero(pair.value <= target)
    if not len(reached) or pair.train.min() <= 0:
        return False
    below = pair.value < (1 - Bounds.gap) * pair.train
    return bool(pair.run_share[reached[0]] <= Bounds.share and np.mean(below) > 0.8)


# -- reasons ---------------------------------------------------------------------------------------


def eval_rises(view: View) -> Iterator[Reason]:
    """Eval has turned up while the train curve alone shows nothing of it."""
    pair, best = view.pair, None if view.lows is None else view.lows.newest
    if pair is None or len(pair.value) < 4 or best is None:
        return
    lowest, newest = float(pair.smooth[pair.best_at]), pair.last(pair.value)
    if lowest > 0 and newest > 1.02 * lowest and newest - lowest > 3 * pair.error:
        yield Reason(
            "overfit_suspected",
            said(
                "eval is {ratio} above its best at step {pair_step:,}",
                ratio=percent(newest / best.value - 1, 1),
                pair_step=best.step,
            ),
            2.0,
        )


def eval_guesses(view: View) -> Iterator[Reason]:
    """Eval answers as one who guesses while train is nearly perfect: it sees other inputs."""
    scores = [one for one in view.around.scores if one.rises and "acc" in one.name.lower()]
    held = next((one for one in scores if is_held_out(one.name)), None)
    train = next((one for one in scores if not is_held_out(one.name)), None)
    curve = view.train
    if held is None or train is None or curve is None or len(held.value) < 3:
        return
    level, known = held.late(0.5), train.late()
    level, known = (level / 100, known / 100) if max(level, known) > 1 else (level, known)
    classes = round(math.exp(curve.sketch.head[0])) if 0 < curve.sketch.head[0] < 7 else 0
    among = next(
        (n for n in (classes, 2, 10) if n >= 2 and abs(level * n - 1) <= Bounds.guesses), 0
    )
    if known < Bounds.knows or not among or held.early() > level * (1 + Bounds.guesses):
        return
    why = said(
        "{held} is {level:.3g}, as guessing among {among} gives, while {train} is {known:.3g}: "
        "eval is not given what train is",
        held=held.name,
        level=level,
        among=among,
        train=train.name,
        known=known,
    )
    yield Reason("eval_statistics", why, 2.3)
    yield Reason("split_mismatch", why, 2.2)


def train_above(finding: Finding, view: View) -> Iterator[Reason]:
    """Why train may lie above eval: how it is averaged, its tail, what only train carries."""
    pair, train = view.pair, view.train
    if pair is None or train is None:
        return
    yield from _epoch_mean(view)
    high, mean = train.sketch.high[-200:], train.value[-200:]
    keep = np.isfinite(high) & (mean > 0)
    if train.sketch.width > 1 and keep.sum() > 8:
        tail = float(np.median(high[keep] / mean[keep]))
        if tail > Bounds.tail:
            yield Reason(
                "hard_train",
                said("single rows reach {tail:.2g} x the mean of those around them", tail=tail),
                1.2,
            )


def _epoch_mean(view: View) -> Iterator[Reason]:
    """One train row an epoch is a mean over it: half an epoch behind the eval at its end."""
    pair, train = view.pair, view.train
    assert pair is not None
    assert train is not None
    if not _a_row_a_pass(view) or len(pair.value) < 6:
        return
    half = 0.5 * reasons.spacing_of(train.step)
    shifted = np.interp(pair.step + half, train.step, train.value)
    apart = np.abs(np.log(np.maximum(pair.train, 1e-300) / np.maximum(pair.value, 1e-300)))
    closer = np.abs(np.log(np.maximum(shifted, 1e-300) / np.maximum(pair.value, 1e-300)))
    early = slice(0, max(3, len(apart) // 2))
    if float(np.mean(closer[early])) < 0.7 * float(np.mean(apart[early])):
        yield Reason(
            "epoch_mean",
            said(
                "there is one train row for each eval; half an epoch later train is closer to "
                "eval by {ratio:.0%}",
                ratio=1 - np.mean(closer[early]) / np.mean(apart[early]),
            ),
            1.5,
        )
