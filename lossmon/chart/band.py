"""The ground between two edges: where the runs of a group lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.chart.canvas import Cell
from lossmon.chart.cursor import both
from lossmon.chart.lines import Line
from lossmon.chart.scale import Scale

GROUND = "lit"  # seen also where the band is narrower than a cell and its edges fall on the median


def shade(grid: list[list[Cell]], lines: Sequence[Line], x: tuple[float, float], y: Scale) -> None:
    """Light the cells between each lower edge and the upper one that follows it.

    Args:
        grid: the cells, top row first.
        lines: of which the edges of bands say so.
        x: the limits of the x axis.
        y: the scale of the other one.
    """
    edges = [line for line in lines if line.curve.edge]
    if not grid or y.high <= y.low:
        return
    height, width = len(grid), len(grid[0])
    columns = np.linspace(*x, width)
    for pair in zip(edges[::2], edges[1::2], strict=False):
        rows = []
        for line in pair:
            at, value = line.drawn(width, line.smoothed)
            if len(at) < 2:
                break
            level = np.interp(columns, at, y.drawn(value), np.nan, np.nan)
            share = (np.clip(level, y.low, y.high) - y.low) / (y.high - y.low)
            rows.append(height - 1 - share * (4 * height - 1) // 4)
        if len(rows) < 2:
            continue
        for column in np.flatnonzero(np.isfinite(rows[0] + rows[1])).tolist():
            for row in range(int(rows[1][column]), int(rows[0][column]) + 1):
                sign, style = grid[row][column]
                grid[row][column] = (sign, both(style, GROUND))
