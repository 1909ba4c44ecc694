"""How a loss is reported: what a row says may not be the loss of that moment.

A mean since the start of the epoch lags behind the training and jumps where it starts anew; a sum
over a window that was not full is divided by the full window; a total in 32-bit floats stands
still at a power of two. Each is told by a figure that no training would give by chance.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.kind import LIKE_LOSSES, plain, whole
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats


class Bounds(Limits):
    """When a way of reporting shows."""

    jump = Limit(4.0, "x the usual step from row to row, at the start of an epoch", "threads")
    smooth = Limit(0.75, "of the steps before it that go the same way: no noise", "threads")
    lag = Limit(1.8, "x: epoch length by the lag of the mean, over the true one", "threads")
    rows = Limit(4, "rows before a jump", "threads")
    still = Limit(0.01, "of the level, by which rows before it move: no batches do", "threads")
    leap = Limit(0.2, "of the level, by which it jumps then", "threads")
    evenly = Limit(1.12, "x: highest over lowest growth in each row of a sum", "threads")
    sums = Limit(5, "rows of a sum, where no score gets better beside it", "threads")
    boundaries = Limit(8, "newest boundaries that are looked at", "prototype")
    alike = Limit(0.02, "spread of the factor by which all parts change", "threads")
    two = Limit(0.005, "likewise of two", "threads")
    factor = Limit(1.6, "x: least of such factors", "threads")
    back = Limit(0.15, "of the level before, to which they come back", "threads")
    total = Limit(2.0**24, "total from which on 32-bit floats lose additions of 1", "IEEE 754")


class Mean(NamedTuple):
    """A running mean that starts anew.

    Attributes:
        step: where it jumped last.
        before, after: values on either side.
        length: steps of a mean that falls and jumps so; 0 where it stood too still to tell.
    """

    step: int
    before: float
    after: float
    length: float


def running_mean(view: View) -> Mean | None:
    """A mean over p steps that falls by d a step stands p x d above the loss of the moment.

    So where it starts anew, at the loss of the moment, it jumps by p x d: the jump over the slope
    before it is the length of the epoch. Means of the logarithm are those of a perplexity.
    """
    train = view.train
    if train is None or train.rises:
        return None
    step, value = train.sketch.newest_step.astype(float), train.sketch.newest
    if len(value) < int(Bounds.rows) + 1 or not np.isfinite(value).all() or value.min() <= 0:
        return None
    logarithm = whole(LIKE_LOSSES[0].name).search(plain(train.name)) is not None
    level: Floats = np.log(value) if logarithm else value
    starts, evals = view.around.epoch_starts, view.sketches.get("eval_loss")
    found = _jumps(step, level, starts, _lengths(view, starts)) if len(starts) else None
    if found is None and evals is not None and np.isfinite(evals.newest[-1]):
        target = float(np.log(evals.newest[-1]) if logarithm else evals.newest[-1])
        found = _jumps(step, level, evals.newest_step.astype(float) + 0.5, (), target)
    if found is None and len(starts):
        found = _leaps_out_of_stillness(step, value, starts)
    if found is None:
        return None
    at, length = found
    return Mean(int(step[at]), float(value[at - 1]), float(value[at]), length)


def _leaps_out_of_stillness(
    step: Floats, value: Floats, starts: Floats
) -> tuple[int, float] | None:
    """Rows of an epoch that hardly move, as a mean of thousands, and the first row of the next.

    0.006348, 0.006362, 0.006389 and 0.0165: the last one is of a single batch. What is learned by
    heart steps down where an epoch begins, and then stays as still.
    """
    at = int(np.searchsorted(step, starts[-1]))
    begin = int(np.searchsorted(step, starts[-2])) if len(starts) > 1 else 0
    before = value[begin:at]
    if at >= len(value) or len(before) < Bounds.rows + 1:
        return None
    level = float(before[-1])
    moves = np.abs(st.steps(before))
    leap = abs(float(value[at]) - level)
    if moves.max() > Bounds.still * level or leap < Bounds.leap * level:
        return None
    after = value[at : at + 2]
    of_a_batch = after[-1] > level if len(after) == 1 else abs(after[1] - after[0]) > leap / 10
    return (at, 0.0) if of_a_batch and leap > Bounds.jump * moves.max() else None


class Sum(NamedTuple):
    """A loss that is added up and never set back to 0.

    Attributes:
        step: its first.
        each: by how much it grows from row to row.
        rows: how many there are.
    """

    step: int
    each: float
    rows: int


def running_sum(view: View) -> Sum | None:
    """The k-th row is k times the first: no loss does so, and a sum since the start does.

    4.9, 9.7, 15.1 at steps 100, 200 and 300, while recall rises from 0.10 to 0.43.
    """
    train = view.train
    if train is None or train.rises or view.curve or train.n != len(train.sketch.newest):
        return None
    step, value = train.sketch.newest_step.astype(float), train.sketch.newest
    if len(value) < 3 or not np.isfinite(value).all() or value[0] <= 0:
        return None
    if value[1] < 1.5 * value[0]:
        return None  # as nearly always
    spacing = st.steps(step)
    first = float(step[0])
    if np.ptp(spacing) or first not in (0.0, 1.0, float(spacing[0])):
        return None
    each = value / np.arange(1, len(value) + 1)
    if each.max() > Bounds.evenly * each.min():
        return None
    if len(value) < Bounds.sums and not _a_score_rises(view):
        return None
    return Sum(int(first), float(value[-1] - value[0]) / (len(value) - 1), len(value))


def _a_score_rises(view: View) -> bool:
    rising = [one for one in view.around.scores if one.rises] + [*view.around.each(_RIGHT)]
    return any(len(one.value) > 2 and one.value[-1] > one.value[0] for one in rising)


_RIGHT = r"recall|precision"


def _lengths(view: View, starts: Floats) -> tuple[float, ...]:
    """What an epoch may measure in steps: between starts, else by the number of the newest."""
    if len(starts) > 1:
        return (st.median(st.steps(starts)),)
    epoch = view.epochs or 0.0  # counted from 0 or from 1
    number = int(epoch) if math.isfinite(epoch) else 0
    return tuple(float(starts[-1]) / done for done in (number, number - 1) if done > 0)


def _jumps(
    step: Floats,
    level: Floats,
    starts: Floats,
    lengths: tuple[float, ...],
    target: float | None = None,
) -> tuple[int, float] | None:
    """The newest boundary at which it jumps as a mean would, as most do: (place, length).

    Args:
        step: of the curve, shape (n,).
        level: of the curve, shape (n,).
        starts: first steps behind a boundary.
        lengths: of an epoch; none where it is to be found out.
        target: level of eval, which then lies beyond the jump.
    """
    places = np.searchsorted(step, starts[-int(Bounds.boundaries) :])
    places = places[(places >= 1) & (places < len(step))]
    moves = np.abs(st.steps(level))
    if not len(places) or moves[places - 1].max() < Bounds.jump * st.median(moves):
        return None  # most curves: nothing happens there
    edges = [0, *st.distinct(places).tolist()]
    hits: list[tuple[int, float]] = []
    for begin, at in pairwise(edges):
        length = _length(step, level, begin, at)
        if length is None:
            continue
        if lengths:
            fits = any(1 / Bounds.lag <= length / one <= Bounds.lag for one in lengths)
        else:
            fits = target is not None and (target - level[at]) * (level[at] - level[at - 1]) > 0
            fits = fits and length <= 1.1 * step[at - 1]
        if fits:
            hits.append((at, length))
    if 2 * len(hits) <= len(edges) - 1:
        return None
    return hits[-1]


def _slope(step: Floats, level: Floats, begin: int, at: int) -> float:
    first = max(begin, at - 8)
    return float((level[at - 1] - level[first]) / max(step[at - 1] - step[first], 1e-9))


def _length(step: Floats, level: Floats, begin: int, at: int) -> float | None:
    """Steps of a mean that would jump so; None where the curve before is none of a mean."""
    moves = np.diff(level[max(begin, at - 8) : at])
    if len(moves) < Bounds.rows - 1:
        return None
    jump, usual = level[at] - level[at - 1], st.median(np.abs(moves))
    slope = _slope(step, level, begin, at)
    if usual == 0.0 or jump * slope <= 0 or abs(jump) < Bounds.jump * usual:
        return None
    if np.mean(np.sign(moves) == np.sign(jump)) < Bounds.smooth:
        return None
    length = float(jump / slope)
    between = (step[at - 1] - step[max(begin, at - 8)]) / len(moves)
    return length if length >= 3 * between else None


class Factor(NamedTuple):
    """All parts of a loss changed by one factor from one row to the next.

    Attributes:
        step: the row.
        factor: after over before.
        parts: how many there are.
        back: the next row has them at the old level again.
    """

    step: int
    factor: float
    parts: int
    back: bool


def common_factor(view: View) -> Factor | None:
    """No learning divides each of several losses by the same number; a report does.

    That it comes back is asked, or a whole number, or that the run was resumed there.
    """
    if view.train is None or not _leaps(view.train.sketch.newest[-64:]):
        return None
    told = view.around.losses
    # Of a damaged log, or one that tells some of them less often, the rows must be the same.
    parts = [one for one in told if np.array_equal(one.step, told[0].step) and _tells(one)]
    if len(parts) < 2 or len(parts[0].value) < 3:
        return None
    table = np.array([one.value for one in parts])
    moves = np.diff(np.log(table), axis=1)
    usual = np.median(moves, axis=0)
    alike = np.ptp(moves, axis=0) <= (Bounds.alike if len(parts) > 2 else Bounds.two)
    far = alike & (np.abs(usual) >= np.log(Bounds.factor))
    same = np.ptp(np.log(table / table[:, :1]), axis=0)
    if not far.any() or np.max(same) < 1e-6:  # one loss that is printed twice
        return None
    places = np.flatnonzero(far)[::-1]
    for at in places:
        back = at + 1 < len(far) and far[at + 1] and abs(usual[at] + usual[at + 1]) <= Bounds.back
        if back:
            step = int(parts[0].step[at + 1])
            return Factor(step, float(np.exp(usual[at])), len(parts), back=True)
    for at in places:
        step, ratio = int(parts[0].step[at + 1]), float(np.exp(abs(usual[at])))
        whole = len(parts) > 2 and abs(ratio / round(ratio) - 1) <= Bounds.alike
        if whole or any(one.step == step for one in view.around.restarts):
            return Factor(step, float(np.exp(usual[at])), len(parts), back=False)
    return None


def _tells(part: Logged) -> bool:
    """A part that was never computed stands at 0, and has no share in a factor."""
    return bool(np.isfinite(part.value).all() and part.value.min() > 0)


def _leaps(newest: Floats) -> bool:
    """One of the newest rows is the other's multiple: worth a look at all parts."""
    with np.errstate(all="ignore"):
        ratios = newest[1:] / newest[:-1]
        return bool(((ratios >= Bounds.factor) | (ratios <= 1 / Bounds.factor)).any())


class Total(NamedTuple):
    """A total that stands still at a power of two, 2^power."""

    step: int
    name: str
    value: float
    power: int


def float_total(view: View) -> Total | None:
    """The newest rows of a total are 2^k, k from 24 on: it cannot grow in 32-bit floats."""
    for one in view.around.totals(_is_stuck):
        last = float(one.value[-1])
        if one.value[-2] == last:
            return Total(one.since(one.value == last), one.name, last, math.frexp(last)[1] - 1)
    return None


def _is_stuck(newest: float) -> bool:
    return newest >= Bounds.total and math.frexp(newest)[0] == 0.5
