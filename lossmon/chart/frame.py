"""The axes around the curves."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lossmon.chart import scale as sc
from lossmon.chart.axis import XScale
from lossmon.chart.canvas import Cell
from lossmon.text import cell_width, cells_of

Row = list[Cell]


def with_y_axis(
    grid: list[Row], y_ticks: Sequence[tuple[float, str]], y: sc.Scale, gutter: int, ascii: bool
) -> list[Row]:
    """The rows of the curves with labels before them; `gutter` columns of labels and a line."""
    tick, line = ("+", "|") if ascii else ("┤", "│")
    names = {
        round((y.high - drawn) / (y.high - y.low) * (len(grid) - 1)): label
        for drawn, label in y_ticks
    }
    rows = []
    for number, row in enumerate(grid):
        label = names.get(number, "")
        left = label[: gutter - 1].rjust(gutter - 1) + (tick if label else line)
        rows.append([(char, "axis") for char in left] + row)
    return rows


def x_axis(
    x: XScale,
    axis: str,
    gutter: int,
    width: int,
    rows: int,
    ascii: bool,
    named: tuple[str, str],
) -> list[Row]:
    """The line below the curves, and its labels where there is a second row.

    Args:
        x: its scale.
        axis: one of `axis.X_AXES`.
        gutter: columns before it.
        width: its own columns.
        rows: how many there are of them.
        ascii: plain signs only.
        named: the axis in the reader's language, and what is said of the y axis, below it.
    """
    name, of_y = named
    corner, line, tick = ("+", "-", "+") if ascii else ("└", "─", "┬")
    rule = [corner] + [line] * width
    text = [" "] * (gutter + width)
    end = -2
    for value, label in x_ticks(x, axis, max(2, width // 12)):
        column = round(x.share(value) * (width - 1))
        start = gutter + max(0, min(column - len(label) // 2, width - len(label)))
        if start > end + 1 and 0 <= column < width:
            text[start : start + len(label)] = label
            rule[1 + column] = tick
            end = start + len(label) - 1
    if name not in "".join(text) and end + 1 + cell_width(name) < gutter + width:
        text[gutter + width - cell_width(name) :] = cells_of(name)
    below = cells_of(of_y) if cell_width(of_y) < gutter else []
    drawn = [" "] * (gutter - 1 - len(below)) + below + rule
    out = [drawn[: gutter + width], text[: gutter + width]]
    return [[(char, "axis") for char in row] for row in out[-rows:]]


def x_ticks(x: XScale, axis: str, most: int) -> list[tuple[float, str]]:
    """At most about `most` places of the x axis, with their labels."""
    span = x.high - x.low
    if axis == "clock":
        local = time.localtime(x.low) if -1e11 < x.low < 1e11 else time.localtime(0)
        # A label of a clock is wide.
        values = sc.time_ticks(x.low, x.high, max(2, most * 2 // 3), float(local.tm_gmtoff))
        return [(value, sc.clock_label(value, span)) for value in values]
    if x.log:
        values = sc.log_ticks(x.low, x.high, most)
    elif axis == "time":
        values = sc.time_ticks(x.low, x.high, most)
    else:
        values = sc.ticks(x.low, x.high, most)
    if axis == "time":
        return [(value, sc.time_label(value)) for value in values]
    names = [sc.count_label(value) for value in values]
    if len(set(names)) < len(names):  # zoomed in far: digits that tell them apart
        names = sc.labels(values)
    return list(zip(values, names, strict=True))
