"""How many rows of words stand under a chart: as many as names need, and few of its own rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.chart.readout import exact, readout_height


@pytest.mark.parametrize(
    ("names", "width", "height", "rows"),
    [
        (["loss"], 47, 40, 1),  # 32 cells of place, and name, value and gap: 4 + 8 + 3
        (["loss"], 46, 40, 2),
        (["loss", "eval_loss"], 67, 40, 1),
        (["loss", "eval_loss"], 66, 40, 2),
        (["x" * 40] * 9, 40, 40, 3),  # never more than three
        (["x" * 40] * 9, 40, 26, 2),  # a row to nine of the chart
        (["x" * 40] * 9, 40, 18, 2),
        (["x" * 40] * 9, 40, 17, 1),
        (["loss"], 46, 5, 1),
        (["loss"], 46, 4, 0),  # no room
        (["loss"], 0, 40, 3),
        ([], 32, 40, 1),
        ([], 31, 40, 2),
    ],
)
def test_rows_of_words(names: list[str], width: int, height: int, rows: int) -> None:
    update: Any = SimpleNamespace(series=names)
    assert readout_height(update, width, height) == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"), (1e-05, "1e-05"), (123456789.5, "123456789.5"), (1 / 3, "0.33333333"),
        (1234567890.5, "1.2345679e+09"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_a_value_is_told_as_it_was_logged_where_that_is_short(value: float, text: str) -> None:
    assert exact(value) == text
