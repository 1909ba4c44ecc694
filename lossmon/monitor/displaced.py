"""Whether one run of two logs would hide rows that only one of them tells.

Logs that hold no equal value are joined by their course alone, and then the rows of one stand for
those of both. That loses nothing where each row lies at a step of the other: a smoothed value
beside what it smooths. Of a console that printed each step beside JSON lines each tenth step 180
rows of 200 were in no run, and among them those that were no number; and of two seeds, one of which
jumped up, all rows of one. What is hidden is lost, and a second run is no harm.
"""

from __future__ import annotations

import numpy as np

from lossmon.formats.lexicon import EVAL_LOSS, TRAIN_LOSS
from lossmon.history.columns import among, counts_epochs
from lossmon.monitor.agreement import Curve, compare
from lossmon.monitor.curves import Curves, is_inexact
from lossmon.monitor.places import LEAST, places

_COVERED = 0.9  # share of the rows of either log for which the other has one: few are not written
_CHANCE = 0.125  # share of the rows that agree by chance, or before an average has begun
_MANY = 2  # times the fewest rows that can be told apart, of which a log of fewer hides most
_GARBLED = 2  # rows that one of two logs of a training may tell otherwise
_SAME = 0.95  # share that agrees where both tell the same, one so coarsely that it proves nothing


def displaces(one: Curves, two: Curves) -> bool:
    """Whether rows of a loss that one of two logs tells alone would not be seen.

    What a bar draws yields to what was written, which is what it draws. Of few rows on either side
    hardly any can be told apart.
    """
    if is_inexact(one.log) or is_inexact(two.log):
        return False
    for role in (TRAIN_LOSS, EVAL_LOSS):
        first, second = one.chosen(role), two.chosen(role)
        if first is None or second is None:
            continue
        few, many = sorted((len(first), len(second)))
        if few >= LEAST:
            return _displaces(first, second)
        if few and many >= _MANY * LEAST:  # and hardly a row of it is told by the other
            return _count_alike(first, second) and not _is_told(first, second)
    return False


def are_sick_apart(one: Curves, two: Curves) -> bool:
    """Whether one log tells numbers at several steps where the other has none: a fork.

    A training that diverged, and the same once more from a checkpoint, were one run, in which the
    rows of one of them stood nowhere. A row or two that one writer tells otherwise are no other.
    """
    if is_inexact(one.log) or is_inexact(two.log):
        return False
    names = [curves.log.chosen.get(TRAIN_LOSS) for curves in (one, two)]
    if names[0] is None or names[1] is None:
        return False
    first = one.log.history.series[names[0]].kept()
    second = two.log.history.series[names[1]].kept()
    shared = first.step[among(first.step, second.step)]
    a, b = (view.value[view.step.searchsorted(shared)] for view in (first, second))
    return int(np.count_nonzero(np.isfinite(a) != np.isfinite(b))) > _GARBLED


def _displaces(one: Curve, two: Curve) -> bool:
    if not _count_alike(one, two):
        return False
    met = places(one, two)
    if met is None or len(met) < _COVERED * max(len(one), len(two)):
        return True
    first, second = one.value[met.first], two.value[met.second]
    slack = 1.01 * (one.slack(first) + two.slack(second))
    agreed = float(np.mean(np.abs(first - second) <= slack))
    # What agrees for a while and then does not is a fork, and averages nothing.
    return _CHANCE < agreed < _SAME


def _count_alike(one: Curve, two: Curve) -> bool:
    """Not where one has a row an epoch, the mean of its batches, which lies where it ends."""
    return counts_epochs(one.step, one.epoch) == counts_epochs(two.step, two.epoch)


def _is_told(one: Curve, two: Curve) -> bool:
    """Whether the few rows of one of them all stand in the other: too few for a proof."""
    found = compare(one, two)
    return found.same and found.compared >= min(len(one), len(two))
