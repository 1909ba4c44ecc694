"""Where the step went back, and how the loss came back: against what the same steps had before.

A run that resumes perfectly from an earlier checkpoint logs the loss of that step again, and on a
curve that falls it is higher than the loss of the last step before: of steps 200 to 299 that came
twice with equal values it was said that not all state had been restored.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats, Series, SeriesView

_RESTARTS = 16  # newest ones; and so far back an earlier value of a step is looked for
_AFTER = 12  # rows behind a restart that tell how the loss came back
_LEAST = 5  # rows of a level, where there are so many


class Restart(NamedTuple):
    """The run was resumed.

    Attributes:
        step: the step that it went back to.
        left: the newest step before that.
        before, after: median loss of the same steps, before it went back and since; where few
            were logged twice, of the last before and the first since.
        noise: scatter of one point there.
    """

    step: int
    left: int
    before: float
    after: float
    noise: float

    @property
    def rise(self) -> float:
        """How much higher the loss came back, over its level; 0 where noise explains it."""
        rise = self.after - self.before
        if rise <= 3 * 1.25 * self.noise / 3**0.5:  # medians of a few points
            return 0.0
        return rise / max(abs(self.before), 1e-300)


def restarts_of(train: Series) -> tuple[Restart, ...]:
    """The newest restarts of a loss, at most 16."""
    if len(train.restarts) > len(train) / 20:
        return ()  # a counter that starts anew every few rows is no restart
    view, found = train.view(), []
    pieces = list(pairwise((0, *train.restarts)))
    first = max(0, len(pieces) - _RESTARTS)
    for at in range(first, len(pieces)):
        one = _restart(view, pieces[max(0, at + 1 - _RESTARTS) : at + 1])
        if one is not None:
            found.append(one)
    return tuple(found)


def _restart(view: SeriesView, pieces: list[tuple[int, int]]) -> Restart | None:
    """The restart behind the last of some pieces of the log, in each of which steps ascend."""
    at = pieces[-1][1]
    step, left = int(view.step[at]), int(view.step[at - 1])
    since = view.step[at : at + _AFTER]
    falls = np.flatnonzero(since[1:] < since[:-1])
    since = since[: falls[0] + 1] if len(falls) else since
    since = since[: max(_LEAST, int(since.searchsorted(left, side="right")))]
    before = _had(view, pieces, step, int(since[-1]))
    after = view.value[at : at + len(since)]
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if not len(before) or not len(after):
        return None
    around = before if len(before) > 3 else view.value[max(0, at - _AFTER) : at]
    around = around[np.isfinite(around)]
    noise = 1.4826 * st.median(np.abs(np.diff(around))) / 2**0.5 if len(around) > 3 else 0.0
    return Restart(step, left, st.median(before), st.median(after), noise)


def _had(view: SeriesView, pieces: list[tuple[int, int]], first: int, last: int) -> Floats:
    """What some steps had before the end of the pieces, the newest of each.

    Where that is few, with rows before them: on a falling curve these lie higher, and nothing is
    said of a run that they do not allow.
    """
    found: list[Floats] = []
    count = 0
    for start, stop in reversed(pieces):
        step = view.step[start:stop]
        end = start + int(step.searchsorted(last, side="right"))
        begin = start + int(step.searchsorted(first))
        if step[0] <= first or start == pieces[0][0]:
            begin = max(start, min(begin, end - (_LEAST - count)))
        if begin < end:
            found.append(view.value[begin:end])
            count += end - begin
            last = min(last, int(step[0]) - 1)
        if step[0] <= first:
            break
    return np.concatenate(found[::-1]) if found else np.empty(0)
