"""Strokes in character cells. The one place that knows plotext, whose version 6 is another API."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats, Ints

Cell = tuple[str, str]  # a character and the name of its style
BLANK: Cell = (" ", "")

# Which columns of a stroke are drawn, again and again along it.
PATTERNS = ((1,), (1, 1, 1, 0), (1, 0), (1, 1, 1, 1, 0, 1, 0))

# Bits of the Braille dots by row from the bottom and column.
_BITS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]], dtype=np.int64)
_HALF = 0.5 + 1e-6
_FAR = 1e5  # dots outside of the picture: such a line is not followed

_FIRST_CODE = 101  # colour codes that tag each stroke in plotext's output
_TOKENS = re.compile(r"\x1b\[(?P<sgr>[0-9;]*)m|(?P<text>[^\x1b\n]+)|(?P<line>\n)")
_LOCK = threading.Lock()  # plotext draws on one global figure


@dataclass(frozen=True)
class Stroke:
    """One curve to draw.

    Attributes:
        x, y: shape (n,), in the units of the limits; NaN is a gap.
        style: name of its style.
        joined: draw lines between points.
        marker: "braille" or one character.
        pattern: which of PATTERNS.
    """

    x: Floats
    y: Floats
    style: str
    joined: bool = True
    marker: str = "braille"
    pattern: int = 0


def paint(
    strokes: Sequence[Stroke],
    width: int,
    height: int,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> list[list[Cell]]:
    """Draw strokes, the last on top.

    Returns:
        `height` rows of `width` cells.
    """
    import plotext

    if not strokes or width < 1 or height < 1:
        return [[BLANK] * width for _ in range(height)]
    pieces = _pieces(strokes, width, height, x_limits, y_limits)
    with _LOCK:
        plotext.clear_figure()
        plotext.limit_size(False, False)  # else it draws no larger than the terminal is
        plotext.plotsize(width, height)
        plotext.frame(False)
        plotext.xfrequency(0)
        plotext.yfrequency(0)
        for setting in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
            setting("default")
        plotext.xlim(0, max(1, width - 1))
        plotext.ylim(0, max(1, height - 1))
        drawn = ""
        for column, row, code, signs in pieces:
            plotext.text(signs, column, row, color=code, alignment="left")
        if pieces:
            drawn = plotext.build()
        plotext.clear_figure()
    return _cells(drawn, {_FIRST_CODE + i: s for i, s in enumerate(strokes)}, width, height)


def _pieces(
    strokes: Sequence[Stroke],
    width: int,
    height: int,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> list[tuple[int, int, int, str]]:
    """Neighbouring cells of one stroke: first column, row from the bottom, colour code, signs.

    plotext takes eight times as long for a point as for a character of a text.
    """
    signs = np.full((height, width), " ")
    codes = np.zeros((height, width), dtype=np.int64)
    for code, stroke in enumerate(strokes, _FIRST_CODE):
        columns, rows, drawn = signs_of(stroke, width, height, x_limits, y_limits)
        signs[rows, columns] = drawn
        codes[rows, columns] = code
    found = []
    for row in np.flatnonzero(codes.any(axis=1)).tolist():
        starts = [0, *(np.flatnonzero(np.diff(codes[row])) + 1).tolist(), width]
        text = "".join(signs[row])
        for start, stop in pairwise(starts):
            if code := int(codes[row, start]):
                found.append((start, row, code, text[start:stop]))
    return found


def signs_of(
    stroke: Stroke,
    width: int,
    height: int,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> tuple[list[int], list[int], list[str]]:
    """The cells that a stroke touches, and the sign in each.

    plotext joins points and packs Braille dots in loops of Python, which takes a noisy curve a
    third of a second; here the same is done in arrays, and plotext sets one sign a cell.

    Returns:
        Columns from the left, rows from the bottom, signs.
    """
    fine_x, fine_y = (2, 4) if stroke.marker == "braille" else (1, 1)
    across, up = width * fine_x, height * fine_y
    with np.errstate(all="ignore"):
        x = (stroke.x - x_limits[0]) / (x_limits[1] - x_limits[0]) * (across - 1)
        y = (stroke.y - y_limits[0]) / (y_limits[1] - y_limits[0]) * (up - 1)
    usable = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < _FAR) & (np.abs(y) < _FAR)
    column, row = _dots(x, y, usable, stroke.joined)
    inside = (column >= 0) & (column < across) & (row >= 0) & (row < up)
    column, row = column[inside], row[inside]
    cell = (row // fine_y) * width + column // fine_x
    if fine_x == 1:
        cells = st.distinct(cell)
        signs = [stroke.marker] * len(cells)
    else:
        bits = np.zeros(width * height, dtype=np.int64)
        np.bitwise_or.at(bits, cell, _BITS[row % fine_y, column % fine_x])
        cells = np.flatnonzero(bits)
        signs = [chr(0x2800 + code) for code in bits[cells].tolist()]
    return (cells % width).tolist(), (cells // width).tolist(), signs


def _dots(x: Floats, y: Floats, usable: NDArray[np.bool_], joined: bool) -> tuple[Ints, Ints]:
    """Points, and where joined the dots between neighbours; across a gap nothing is joined."""
    # Half up, and a little less than half: a level line that lies between two dots stays level.
    column, row = (np.floor(np.where(usable, v, -1) + _HALF).astype(np.int64) for v in (x, y))
    own = column[usable], row[usable]
    pairs = np.flatnonzero(usable[:-1] & usable[1:]) if joined else np.empty(0, dtype=np.int64)
    if not len(pairs):
        return own
    dx, dy = column[pairs + 1] - column[pairs], row[pairs + 1] - row[pairs]
    count = np.maximum(np.maximum(np.abs(dx), np.abs(dy)), 1)
    pair = np.repeat(np.arange(len(pairs)), count)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    share = place / count[pair]
    columns = np.rint(column[pairs][pair] + dx[pair] * share).astype(np.int64)
    rows = np.rint(row[pairs][pair] + dy[pair] * share).astype(np.int64)
    return np.concatenate((columns, own[0])), np.concatenate((rows, own[1]))


def _cells(drawn: str, strokes: dict[int, Stroke], width: int, height: int) -> list[list[Cell]]:
    """The output of plotext, ANSI codes read back into styles, cut or filled to the exact size."""
    rows: list[list[Cell]] = [[]]
    stroke: Stroke | None = None
    for token in _TOKENS.finditer(drawn):
        if token["line"] is not None:
            rows.append([])
        elif token["text"] is not None:
            rows[-1] += _styled(token["text"], stroke, len(rows[-1]))
        else:
            code = token["sgr"].split(";")
            stroke = strokes.get(int(code[-1])) if len(code) == 3 and code[-1] else None
    rows = rows[:height] + [[]] * (height - len(rows))
    return [(row + [BLANK] * width)[:width] for row in rows]


def _styled(text: str, stroke: Stroke | None, column: int) -> list[Cell]:
    """Cells of a stroke, with the gaps of its pattern."""
    if stroke is None:
        return [(char, "") for char in text]
    pattern, style = PATTERNS[stroke.pattern % len(PATTERNS)], stroke.style
    if len(pattern) == 1:
        return [(char, style) if char != " " else BLANK for char in text]
    return [
        (char, style) if char != " " and pattern[i % len(pattern)] else BLANK
        for i, char in enumerate(text, column)
    ]
