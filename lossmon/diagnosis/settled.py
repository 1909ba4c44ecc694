"""How early a curve made its fall, told by all of it at once.

"Flat since 40 % of the run" is a matter of a few percent of the fall, and the median around one
place of a noisy curve is off by more than that: of 73 healthy runs that flattened all the way, 8
were told to have been flat since, one with 15 % of its true fall still to come. A fall tells by its
beginning what is left of it later: an exponential that has 10 % left at 40 % had 32 % left at 20 %,
and one with 1 % left had 10 %. So known kinds of falls are fitted to the whole curve, each is
weighed by how well it fits, and what is told is the part that as likely more as less is left: it
has a fraction of the error, and where a curve tells little (smoothed, a few rows) it is no mean
that all kinds pull up.

It knows falls of one scale: a curve that first drops and then creeps is one that has stopped to it.
So it is asked beside what was measured at the place itself, never in its stead.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats

_MOST = 64  # block medians that are fitted: spikes move none of them
_MEMORY = 0.9  # of neighbouring residuals, at the most
_AT, _END = 0.4, 0.95  # places: since then it is flat; the middle of the last tenth, the end level

# Shares of a run, in which kinds of falls are made.
_SPEED = np.geomspace(0.008, 1.0, 18)
_POWER, _BEND = np.array((0.5, 1.0, 2.0)), np.geomspace(0.003, 0.5, 10)
_END_AT = np.geomspace(0.03, 1.0, 11)
_WAIT, _LATE_SPEED = np.array((0.05, 0.1, 0.2, 0.3)), np.geomspace(0.02, 0.6, 8)
_MIDDLE = np.array((0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5))
_WIDTH = np.array((0.02, 0.04, 0.07, 0.1))


def left(view: View) -> float:
    """The part of the fall that came after 40 % of the run, in the median of all that fit.

    NaN where nothing falls.
    """
    train = view.train
    if train is None or len(train.value) < 4:
        return float("nan")
    level = st.blocks(train.value, _MOST)
    falls, parts = _known(len(level))
    level = level - st.mean(level)
    scale = falls @ level  # least squares, for each kind: all have length 1
    power = np.where(scale > 0, float(level @ level) - scale * scale, np.inf)
    best = int(power.argmin())
    if scale[best] <= 0:
        return float("nan")
    least = max(float(power[best]), 1e-12 * float(level @ level), 1e-300)
    rest = level - scale[best] * falls[best]
    follow = float(rest[1:] @ rest[:-1]) / least  # residuals that follow one another
    follow = min(max(follow, 0.0), _MEMORY)
    news = len(level) * (1 - follow) / (1 + follow)
    weight = np.maximum(power / least, 1.0) ** (-news / 2)  # the likelihood, its variance profiled
    likely = np.add.accumulate(weight)
    return float(parts[int(np.searchsorted(likely, likely[-1] / 2))])


@lru_cache(maxsize=_MOST)
def _known(count: int) -> tuple[Floats, Floats]:
    """Falls at the centres of so many blocks, shape (kinds, count), and the part that each leaves.

    They have mean 0 and length 1, and are in ascending order of that part.
    """
    falls = _kinds((np.arange(count) + 0.5) / count)
    falls -= np.add.reduce(falls, axis=1, keepdims=True) / count
    start, at, end = _kinds(np.array((0.0, _AT, _END))).T
    parts = (at - end) / (start - end)
    length = np.sqrt(np.add.reduce(falls * falls, axis=1))
    wide = np.flatnonzero(length > 0)  # others are over within the first block
    order = wide[np.argsort(parts[wide])]
    return falls[order] / length[order, None], parts[order]


def _kinds(u: Floats) -> Floats:
    """Falls from 1 towards 0 over a run, shape (kinds, len(u)); each at many speeds."""
    late = np.maximum(u - _WAIT[:, None, None], 0.0)  # after a warm-up, or what had to break first
    away = (u - _MIDDLE[:, None, None]) / _WIDTH[:, None]
    return np.concatenate(
        (
            np.exp(-u / _SPEED[:, None]),
            ((1 + u / _BEND[:, None]) ** -_POWER[:, None, None]).reshape(-1, len(u)),
            np.maximum(1 - u / _END_AT[:, None], 0.0),  # broken off, as by a rate that was cut
            np.exp(-late / _LATE_SPEED[:, None]).reshape(-1, len(u)),
            (1 / (1 + np.exp(away))).reshape(-1, len(u)),
        )
    )
