"""Steps a second between rows: where both the step and the clock went on, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.history.rates import step_rates

NAN = float("nan")


@pytest.mark.parametrize(
    ("step", "time", "at", "rates"),
    [
        ([0, 10, 30], [0.0, 2.0, 4.0], [1, 2], [5.0, 10.0]),
        ([0, 10, 20], [5.0, 5.0, 6.0], [2], [10.0]),  # two rows of one second
        ([0, 10, 20], [5.0, 4.0, 6.0], [2], [5.0]),  # a clock that was set back
        ([90, 10, 20], [0.0, 1.0, 3.0], [2], [5.0]),  # resumed from a checkpoint
        ([10, 10, 20], [0.0, 1.0, 3.0], [2], [5.0]),  # an evaluation at the step of its row
        ([0, 10, 20], [0.0, NAN, 4.0], [], []),
        ([7], [1.0], [], []),
        ([0, 1], [0.0, 0.5], [1], [2.0]),
    ],
)
def test_rates(step: list[int], time: list[float], at: list[int], rates: list[float]) -> None:
    later, found = step_rates(np.array(step, np.int64), np.array(time))
    assert (later.tolist(), found.tolist()) == (at, rates)
