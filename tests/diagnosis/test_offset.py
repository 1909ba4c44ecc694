"""A fall that is small beside its level and plain beside its noise."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diagnosis import curves
from tests.diagnosis.curves import judged, replay

T = np.arange(600) / 600
WARNINGS = {"warning", "critical"}


def warned(values: np.ndarray, total: int | None = None) -> set[str]:
    """What was ever warned of while the run grew."""
    engine, _ = replay(values, total=total, ended=False)
    return {e.pattern for e in engine.diagnosis.timeline if e.severity in WARNINGS}


@pytest.mark.parametrize("constant", [50, 1500])
@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.slow
def test_a_constant_hides_no_fall_however_large(constant: float, planned: bool) -> None:
    """1.0 to 0.6 beneath 1,500: "0.03 % below its start" was called not_decreasing."""
    values = constant + 1 - 0.4 * T + curves.noise(600, 0.01)
    total = 600 if planned else None
    diagnosis = judged(values, total=total)
    assert diagnosis.train == "not_converged"
    (found,) = [f for f in diagnosis.findings if f.pattern == "not_converged"]
    assert "small beside its level" in found.evidence
    assert warned(values, total) == set()


def test_what_bends_beneath_a_constant_is_healthy() -> None:
    values = 1500 + np.exp(-6 * T) + curves.noise(600, 0.01)
    assert judged(values).train == "healthy"
    assert warned(values) == set()


def test_a_loss_that_begins_at_guessing_holds_no_constant() -> None:
    """A rate far too small: 2.3026 to 2.3006 in a straight line, without noise to speak of."""
    values = np.log(10) - 0.002 * T + curves.noise(600, 0.0001)
    assert judged(values).train == "not_decreasing"


def test_a_drift_within_the_noise_of_a_row_is_no_learning() -> None:
    """1.5 % in 8,000 rows with a noise of 0.5 %: 70 standard errors, and two tenths of a fall."""
    n = 8000
    values = 1.37 * (1 - 0.015 * np.arange(n) / n) + curves.noise(n, 0.007)
    assert judged(values).train == "not_decreasing"


def test_rows_over_the_same_data_have_no_noise_to_measure_a_fall_by() -> None:
    """80 rounds of boosting with a rate of 1e-5: each is lower than the one before."""
    values = 1.37 - 0.0005 * np.arange(80) / 80
    assert judged(values).train == "not_decreasing"
