"""Whether one of two curves can be an average of the other, or both be of other trainings.

What a bar shows is an average of what a table holds: of the last rows, of all since the epoch's or
the training's first. However it is taken, it lies between the smallest and the largest value that
there was until then. Of a table that begins at 2.4 and falls no output shows 3.0, and what stands
below all that was printed is no average of it: such two trainings, started side by side in one
folder, were one run while they were short.
"""

from __future__ import annotations

import numpy as np

from lossmon.history.columns import Floats
from lossmon.monitor.agreement import Curve

_OVERLAP = 0.6  # of the steps that two curves span together: else they may count other things
_STRAY = 0.25  # share of the rows that may lie outside: other batches, a row that was garbled
_NOISE = 3.0  # times the noise by which a value may lie outside


def can_be_one(one: Curve, two: Curve) -> bool:
    """Whether either curve may be an average of the other, be it at its steps or anywhere.

    Two losses that differ by a penalty are of one training and no averages; their noise tells.
    """
    if not len(one) or not len(two):
        return True
    low, high = max(one.step[0], two.step[0]), min(one.step[-1], two.step[-1])
    span = max(one.step[-1], two.step[-1]) - min(one.step[0], two.step[0])
    in_step = high - low >= _OVERLAP * max(int(span), 1)
    return any(_within(a, b, in_step) for a, b in ((one, two), (two, one)))


def _within(average: Curve, of: Curve, in_step: bool) -> bool:
    """Whether a curve stays within what another had shown until then."""
    until = np.full(len(average), len(of))
    if in_step:
        shared = (average.step >= of.step[0]) & (average.step <= of.step[-1])
        # A bar counts from 0 where a table counts from 1, and epochs of two places give no step.
        until = np.minimum(np.searchsorted(of.step, average.step, side="right") + 1, len(of))
        until = until[shared]
        value = average.value[shared]
        if not len(value):
            return True
    else:
        value = average.value
    margin = _NOISE * max(average.noise, of.noise, 0.0) + _slack(average, of, value)
    low, high = (f.accumulate(of.value)[until - 1] for f in (np.minimum, np.maximum))
    outside = (value < low - margin) | (value > high + margin)
    return int(np.count_nonzero(outside)) <= _STRAY * len(value)


def _slack(one: Curve, two: Curve, value: Floats) -> Floats:
    return one.slack(value) + two.slack(value)
