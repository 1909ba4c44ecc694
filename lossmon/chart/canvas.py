"""Strokes in character cells. The one place that knows plotext, whose version 6 is another API."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lossmon.history.columns import Floats

Cell = tuple[str, str]  # a character and the name of its style
BLANK: Cell = (" ", "")

# Which columns of a stroke are drawn, again and again along it.
PATTERNS = ((1,), (1, 1, 1, 0), (1, 0), (1, 1, 1, 1, 0, 1, 0))

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
    return _cells(drawn, {_FIRST_CODE + i: s for i, s in enumerate(strokes)}, width, height)


def _pieces(stroke: Stroke) -> list[Stroke]:
    """The stretches between gaps: plotext 5 fails on infinity and joins across None."""
    usable = np.isfinite(stroke.x) & np.isfinite(stroke.y)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], usable.astype(np.int8), [0]))))
    return [
        replace(stroke, x=stroke.x[a:b], y=stroke.y[a:b])
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


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
