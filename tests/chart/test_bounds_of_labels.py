"""What decides how a number or a count is written, at the very bound."""

from __future__ import annotations

import time

import pytest

from lossmon.chart.scale import clock_label, count_label

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
