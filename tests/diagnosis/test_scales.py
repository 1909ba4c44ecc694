"""Losses of any size are diagnosed: squares of small ones are 0, and of large ones infinite."""

from __future__ import annotations

import numpy as np
import pytest

import lossmon
from tests.conftest import some_of

X = np.arange(1.0, 121)
CURVES = {
    "falls": 2 / (1 + X / 50),
    "rises": X,
    "comes back": np.abs(X - 60) / 60 + 0.1,
    "spikes": 2 / (1 + X / 50) + 50 * (X == 90),
}


@pytest.mark.parametrize("scale", some_of([5e-324, 1e-310, 1e-200, 1e-160, 1e300], 2))
@pytest.mark.parametrize("shape", CURVES)
def test_no_size_of_a_loss_breaks_the_diagnosis(shape: str, scale: float) -> None:
    loss = CURVES[shape] * scale
    report = lossmon.diagnose(train_loss=loss, eval_loss=loss[3::4], eval_step=X[3::4])
    assert report.update.errors == ()
