"""What decides how a number or a count is written, at the very bound."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from lossmon.chart.scale import clock_label, count_label, y_scale

NOON = 1_750_000_000.0


@pytest.mark.parametrize(
    ("span", "form"),
    [(599.0, "%H:%M:%S"), (600.0, "%H:%M"), (86399.0, "%H:%M"), (86400.0, "%m-%d %H:%M")],
)
def test_a_time_is_as_exact_as_the_span_calls_for(span: float, form: str) -> None:
    assert clock_label(NOON, span) == time.strftime(form, time.localtime(NOON))


@pytest.mark.parametrize("seconds", [1e11, -1e11, 1e300])
def test_what_no_clock_has_is_a_count(seconds: float) -> None:
    assert clock_label(seconds, 10.0) == count_label(seconds)


@pytest.mark.parametrize(
    ("levels", "extremes", "log"),
    [
        ([1.0, 999.0], [], False),
        ([1.0, 1001.0], [], True),
        ([1.0, 1001.0], [0.0], False),  # a value that has no place there
        ([1.0, 1001.0], [-1.0], False),
        ([1.0, 2.0], [1e9], False),  # one spike is clipped
        ([1.0, math.nan, 1001.0], [], True),
        ([math.nan], [], False),
        ([], [], False),
    ],
)
def test_an_axis_is_logarithmic_where_levels_span_more_than_three_decades(
    levels: list[float], extremes: list[float], log: bool
) -> None:
    assert y_scale(np.array(levels), np.array(extremes), None).log is log
