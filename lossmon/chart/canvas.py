"""Strokes in character cells. The one place that knows plotext, whose version 6 is another API."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.history.columns import Floats

Cell = tuple[str, str]  # a character and the name of its style
BLANK: Cell = (" ", "")

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
        marker: "braille", "hd", or one character.
    """

    x: Floats
    y: Floats
    style: str
    joined: bool = True
    marker: str = "braille"


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

    pieces = [(code, piece) for code, s in enumerate(strokes, _FIRST_CODE) for piece in _pieces(s)]
    blank = [[BLANK] * width for _ in range(height)]
    if not pieces or width < 1 or height < 1:
        return blank
    with _LOCK:
        plotext.clear_figure()
        plotext.limit_size(False, False)  # else it draws no larger than the terminal is
        plotext.plotsize(width, height)
        plotext.frame(False)
        plotext.xfrequency(0)
        plotext.yfrequency(0)
        for setting in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
            setting("default")
        plotext.xlim(*x_limits)
        plotext.ylim(*y_limits)
        for code, piece in pieces:
            draw = plotext.plot if piece.joined and len(piece.x) > 1 else plotext.scatter
            draw(piece.x.tolist(), piece.y.tolist(), marker=piece.marker, color=code)
        drawn = plotext.build()
        plotext.clear_figure()
    return _cells(drawn, {_FIRST_CODE + i: s.style for i, s in enumerate(strokes)}, width, height)


def _pieces(stroke: Stroke) -> list[Stroke]:
    """The stretches between gaps: plotext 5 fails on infinity and joins across None."""
    usable = np.isfinite(stroke.x) & np.isfinite(stroke.y)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], usable.astype(np.int8), [0]))))
    return [
        Stroke(stroke.x[a:b], stroke.y[a:b], stroke.style, stroke.joined, stroke.marker)
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def _cells(drawn: str, styles: dict[int, str], width: int, height: int) -> list[list[Cell]]:
    """The output of plotext, ANSI codes read back into styles, cut or filled to the exact size."""
    rows: list[list[Cell]] = [[]]
    style = ""
    for token in _TOKENS.finditer(drawn):
        if token["line"] is not None:
            rows.append([])
        elif token["text"] is not None:
            rows[-1] += [(char, style if char != " " else "") for char in token["text"]]
        else:
            code = token["sgr"].split(";")
            style = styles.get(int(code[-1]), "") if len(code) == 3 and code[-1] else ""
    rows = rows[:height] + [[]] * (height - len(rows))
    return [(row + [BLANK] * width)[:width] for row in rows]
