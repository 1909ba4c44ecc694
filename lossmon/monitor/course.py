"""Whether two logs in one folder are as long and have one course, where no value of them agrees.

A bar's running means beside a table of single rows hold no number in common. Two seeds have one
course, too: before it is asked for, `strangers.py` has looked whether rows tell them apart.
"""

from __future__ import annotations

import numpy as np

from lossmon.formats.lexicon import EVAL_LOSS, TRAIN_LOSS
from lossmon.history.columns import Floats
from lossmon.monitor.agreement import Curve, compare
from lossmon.monitor.averages import can_be_one
from lossmon.monitor.common_noise import shares_noise
from lossmon.monitor.curves import Curves, Told

END = 0.02  # of the run by which the ends of two logs of one training may be apart
ROWS = 2.5  # and so many rows
_FEW = 5  # points of a curve that has a course
_COURSE = 0.15  # two courses differ when their levels are further apart than this, over the range
_LEVEL = 4.0  # the ratio of the median losses of two logs of one training


def gap(log: Told) -> float:
    """Steps between two rows of the metric that has most of them."""
    longest = max(log.history.series.values(), key=len, default=None)
    if longest is None or len(longest) < 2:
        return 1.0
    steps = longest.view().step
    return float(steps[-1] - steps[0]) / (len(steps) - 1)


def as_long(a: Told, b: Told) -> bool:
    """Both logs end at the same step, as far as their rows and plans can tell.

    What one died of, the other did not survive.
    """
    one, two = a.history.step or 0, b.history.step or 0
    allowed = max(END * max(one, two), ROWS * max(gap(a), gap(b)))
    if abs(one - two) > allowed and (a if one < two else b).history.plan.failure:
        return False
    if a.history.epoch and b.history.epoch and abs(a.history.epoch - b.history.epoch) <= 1.0:
        return True  # a bar's own steps start anew in each epoch
    ends = [(one, two), (a.history.plan.total_steps, two), (one, b.history.plan.total_steps)]
    return any(
        end is not None and other is not None and abs(end - other) <= allowed for end, other in ends
    )


def same_course(one: Curves, two: Curves) -> bool:
    """Whether two curves fall and shake alike where one is smoothed or printed late.

    True without any.
    """
    for main in (TRAIN_LOSS, EVAL_LOSS):
        first, second = one.chosen(main), two.chosen(main)
        if first is None or second is None:
            continue
        if not (shares_noise(first, second) or can_be_one(first, second)):
            return False
        if min(len(first), len(second)) >= _FEW:
            near = _course_distance(first.value, second.value) <= _COURSE
            return near or _same_level(first, second) or compare(first, second).same
    return True


def _same_level(one: Curve, two: Curve) -> bool:
    """Both stand at the same level: one prints coarsely what the other holds."""
    small, large = sorted((np.abs(one.value), np.abs(two.value)), key=np.median)
    # A bar that prints three decimals shows a small loss as 0.000.
    rounding = 2 * small[small > 0].min(initial=np.inf) if np.median(small) == 0 else 0.0
    return bool(np.median(large) <= max(_LEVEL * float(np.median(small)), rounding))


def _course_distance(one: Floats, two: Floats) -> float:
    """Median distance of the two curves at eight positions, over their common range."""
    levels = [
        np.array([np.median(part) for part in np.array_split(c, 8) if len(part)])
        for c in (one, two)
    ]
    n = min(len(level) for level in levels)
    span = max(float(np.ptp(np.concatenate(levels))), 1e-12)
    return float(np.median(np.abs(levels[0][:n] - levels[1][:n]))) / span
