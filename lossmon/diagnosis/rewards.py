"""What may be told of rewards: single episodes end sooner or later by chance.

8 to 24 about a mean of 10, which is the least that can be had, is no swing of what was learned; one
episode of 51 is no level that was held, and four of them at the end are no rise.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """What a level of rewards is."""

    episodes = Limit(8, "rows of a reward, whose median is a level", "single episodes vary")
    held = Limit(0.5, "of its rise, that the best of such levels has made", "words: half")


def judged(view: View) -> bool:
    """Whether the curve is a reward."""
    return view.train is not None and view.train.rises and view.kind.id in ("rl", "rlhf")


def swing(train: LossCurve) -> float:
    """How far its level went up and came down again, the smaller of the two, over the level."""
    levels = st.blocks(train.value, max(4, min(32, train.n // int(Bounds.episodes))))
    up = float(np.max(np.maximum.accumulate(levels) - levels))  # rewards are seen negative
    down = float(np.max(levels - np.minimum.accumulate(levels)))
    return min(up, down) / max(abs(st.median(levels)), 1e-300)


def held(train: LossCurve) -> bool:
    """Whether it was at its best for a while, and not in single episodes."""
    rows = min(int(Bounds.episodes), max(3, len(train.value) // 6))
    if len(train.value) < 2 * rows:
        return True  # too few to tell
    best = float(np.median(sliding_window_view(train.value, rows), axis=1).min())
    return train.start - best >= Bounds.held * (train.start - train.low)
