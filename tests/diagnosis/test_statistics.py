"""The statistics against their definitions, numpy, and scipy where it is at hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from lossmon.diagnosis import statistics
from tests.diagnosis.curves import noise

values = arrays.arrays(float, some.integers(1, 60), elements=some.floats(-1e6, 1e6))


@given(values)
def test_medians_and_quantiles_are_those_of_numpy(some_values: np.ndarray) -> None:
    assert statistics.median(some_values) == pytest.approx(np.median(some_values))
    shares = (0.05, 0.5, 0.95)
    assert statistics.quantiles(some_values, shares) == pytest.approx(
        np.quantile(some_values, shares)
    )
    rows = np.stack((some_values, -some_values))
    assert statistics.row_medians(rows) == pytest.approx(np.median(rows, axis=1))


@given(arrays.arrays(np.int64, some.integers(0, 60), elements=some.integers(-9, 9)))
def test_distinct_values_are_those_of_numpy(some_values: np.ndarray) -> None:
    assert statistics.distinct(some_values).tolist() == np.unique(some_values).tolist()


def test_white_noise_has_no_memory_and_a_moving_average_has_that_of_its_window() -> None:
    white = noise(4000)
    assert statistics.memory(white) < 1.3
    window = 10
    averaged = np.convolve(white, np.ones(window) / window, "valid")
    assert statistics.memory(averaged) == pytest.approx(window, rel=0.3)


def test_spikes_do_not_change_the_memory_of_noise() -> None:
    spiked = noise(1000)
    spiked[::97] += 50
    assert statistics.memory(spiked) < 1.5


def test_the_error_of_a_line_allows_for_noise_that_wanders() -> None:
    """Of many wandering curves without a trend, few have a significant one."""
    dice = np.random.default_rng(4)
    significant = 0
    for _ in range(200):
        shocks, level, curve = dice.normal(0, 1, 150), 0.0, []
        for shock in shocks:
            level = 0.7 * level + shock
            curve.append(level)
        significant += abs(statistics.line(np.array(curve))[1]) > 3
    assert significant <= 6
    assert statistics.line(-0.1 * np.arange(100) + noise(100, 0.5))[1] > 10


def test_what_is_left_without_the_trend_has_none() -> None:
    curve = 5 * np.exp(-np.arange(600) / 150) + noise(600, 0.05)
    rest = statistics.detrend(curve, 24)
    assert abs(np.median(rest)) < 0.02
    assert statistics.mad(rest) == pytest.approx(0.05, rel=0.3)


def test_trend_statistics_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    curve = 2 - 0.01 * np.arange(50) + noise(50, 0.1, 5)
    tau = stats.kendalltau(np.arange(50), curve)
    assert statistics.mann_kendall(curve) == pytest.approx(
        stats.norm.isf(tau.pvalue / 2) * -1, rel=0.1
    )
    assert statistics.theil_sen(curve) == pytest.approx(stats.theilslopes(curve).slope)
    fit = stats.linregress(np.linspace(-0.5, 0.5, 50), curve)
    fall, t = statistics.line(curve)
    assert fall == pytest.approx(-fit.slope)
    assert t <= -fit.slope / fit.stderr * 1.05
