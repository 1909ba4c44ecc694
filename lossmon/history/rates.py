"""How fast steps went, by the times of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Floats, Ints


def step_rates(step: Ints, time: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Steps a second from each row to the next, wherever both the step and the clock went on.

    A time that is not known, rows of one second and a counter that starts anew give no rate: a run
    resumed from a checkpoint had "-4,000 steps/s" for a row.

    Returns:
        The later row of each such pair, and the rate.
    """
    took, made = np.diff(time), np.diff(step)
    good = np.flatnonzero((took > 0) & (made > 0))
    return good + 1, made[good] / took[good]
