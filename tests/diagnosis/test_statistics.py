"""The statistics against their definitions, numpy, and scipy where it is at hand."""

from __future__ import annotations

from functools import partial

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
    near = partial(pytest.approx, abs=1e-6)  # between 1e6 and -1e6 one weighs in another order
    assert statistics.median(some_values) == near(np.median(some_values))
    shares = (0.05, 0.5, 0.95)
    assert statistics.quantiles(some_values, shares) == near(np.quantile(some_values, shares))
    rows = np.stack((some_values, -some_values))
    assert statistics.row_medians(rows) == near(np.median(rows, axis=1))


@given(arrays.arrays(np.int64, some.integers(0, 60), elements=some.integers(-9, 9)))
def test_distinct_values_are_those_of_numpy(some_values: np.ndarray) -> None:
    assert statistics.distinct(some_values).tolist() == np.unique(some_values).tolist()


@given(values)
def test_means_and_trends_are_what_their_definitions_say(some_values: np.ndarray) -> None:
    assert statistics.mean(some_values) == np.mean(some_values)
    assert statistics.variance_of(some_values) == np.var(some_values)
    assert statistics.steps(some_values).tolist() == np.diff(some_values).tolist()
    n = len(some_values)
    s = sum(np.sign(b - a) for i, a in enumerate(some_values) for b in some_values[i + 1 :])
    z = (s - np.sign(s)) / (n * (n - 1) * (2 * n + 5) / 18) ** 0.5 if n >= 4 and s else 0.0
    assert statistics.mann_kendall(some_values) == pytest.approx(z)


def test_a_power_law_gains_what_its_formula_says() -> None:
    t = np.arange(1.0, 400)
    found = statistics.power_law(t, 0.5 + 3.0 * t**-0.5, 0.25)
    assert found is not None
    assert found[0] == pytest.approx(3.0 * 399**-0.5 * (1 - 1.25**-0.5), rel=1e-6)
    assert statistics.power_law(t, 0.5 + t / 400, 0.25) is None  # it does not fall


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


@pytest.mark.parametrize("n", [1, 2, 3, 24, 100, 1023])
def test_even_places_are_those_of_numpy_to_the_bit(n: int) -> None:
    for first, last in ((-0.5, 0.5), (-1.0, 1.0)):
        assert np.array_equal(statistics.spread(first, last, n), np.linspace(first, last, n))
