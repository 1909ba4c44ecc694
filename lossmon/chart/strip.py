"""A thin strip below the chart: one more curve on the same x axis."""

from __future__ import annotations

import numpy as np

from lossmon.chart import scale as sc
from lossmon.chart.axis import XScale
from lossmon.chart.canvas import Cell, Stroke, paint
from lossmon.chart.label_layout import LabelGrid, name_of, write_clipped, write_not_finite
from lossmon.chart.lines import Line
from lossmon.text import cell_width, short_exponent

_TALL = ((30, 4), (22, 3), (14, 2))  # rows of the picture from which on the strip has so many
_COLUMNS = 100


def strip_height(height: int) -> int:
    """Rows of a strip in a picture of so many; 0 where there is no room."""
    return next((rows for least, rows in _TALL if height >= least), 0)


def _scale(line: Line) -> sc.Scale:
    if line.range is None:
        return sc.Scale(0.0, 1.0, False)
    return sc.y_scale(line.levels(_COLUMNS), np.array(line.range), log=False)


def _ends(line: Line, y: sc.Scale) -> tuple[str, str]:
    """Labels of the least and the greatest value in sight; of the range where one is beyond it."""
    ends = line.range or (y.low, y.high)
    inside = (max(ends[0], y.low), min(ends[1], y.high))
    texts = [short_exponent(f"{end:.3g}") for end in inside]
    return texts[0], texts[1]


def gutter_of(line: Line | None) -> int:
    """Columns that the labels of a strip need."""
    return max(map(len, _ends(line, _scale(line)))) + 1 if line is not None else 0


def strip_rows(
    line: Line, x: XScale, gutter: int, width: int, height: int, ascii: bool
) -> list[list[Cell]]:
    """The strip: its range at the left, name and newest value where there is room.

    Returns:
        `height` rows of gutter + width cells.
    """
    y = _scale(line)
    style = line.curve.style
    strokes = []
    if line.range is not None:
        xs, ys = line.drawn(width)
        inside = (xs >= x.limits[0]) & (xs <= x.limits[1])
        if inside.any():
            marker = line.curve.sign if ascii else "braille"
            drawn = np.clip(ys[inside], y.low, y.high)
            strokes.append(Stroke(xs[inside], drawn, style, True, marker))
    grid = paint(strokes, width, height, x.limits, (y.low, y.high))
    low, high = _ends(line, y)
    labels = {height - 1: low, 0: high}
    if low == high:  # said once, beside the line: above and below it stood the same number
        labels = {next((n for n, row in enumerate(grid) if _drawn(row)), 0): low}
    on = LabelGrid(grid, x.limits, (y.low, y.high), ascii)
    write_clipped(on, [line], y)
    write_not_finite(on, [line])
    _write_name(on, line)
    edge = "|" if ascii else "│"
    rows = []
    for number, row in enumerate(grid):
        left = labels.get(number, "")[: gutter - 1].rjust(gutter - 1) + edge
        rows.append([(char, "axis") for char in left] + row)
    return rows


def _drawn(row: list[Cell]) -> bool:
    return any(char != " " for char, _ in row)


def _write_name(on: LabelGrid, line: Line) -> None:
    """Name and newest value in the first free place from the right, in any row."""
    newest = line.newest_value()
    text = name_of(line.curve.label) + ("" if newest is None else f" {newest:.4g}")
    length = cell_width(text)
    for column in range(on.width - length, -1, -max(1, length // 2)):
        for row in range(len(on.grid)):
            if on.free(row, column, length):
                on.write(row, column, text, line.curve.style)
                return
    on.write(0, max(0, on.width - length), text, line.curve.style)
