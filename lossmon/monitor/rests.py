"""Runs whose newest rows nobody looked at: looks come ever rarer, and a run may pause between two.

A loss that had risen to 4.45 in 200 rows was told to have risen to 3.9 for as long as nothing more
came, since the newest look was seven rows back; `check` said the one and the screen the other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Container, Iterator

from lossmon.monitor.training import Training

_REST_S = 2.0  # without a row
_SLICE_S = 0.01  # of the processor for them at a poll: a look takes 6 ms, and hundreds may pause


class Rests:
    """When rows came of each run that goes on, until all of them were looked at."""

    def __init__(self) -> None:
        self._came: dict[Training, float] = {}  # in that order

    def note(self, training: Training, now: float, *, settled: bool = False) -> None:
        """Rows came of a run; settled: all that was there when it was found."""
        self.looked_at(training)
        if training.judging == "as it grows":
            self._came[training] = -math.inf if settled else now

    def looked_at(self, training: Training) -> None:
        """All its rows were."""
        self._came.pop(training, None)

    def over(self, now: float, there: Container[Training]) -> Iterator[Training]:
        """Those there that are at rest, each once; as many as a slice of the processor allows."""
        end = time.thread_time() + _SLICE_S
        self._came = {one: came for one, came in self._came.items() if one in there}
        for training, came in list(self._came.items()):
            if 0.0 <= now - came < _REST_S or time.thread_time() > end:  # a clock may be set back
                break
            self.looked_at(training)
            yield training
