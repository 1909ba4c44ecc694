"""The whole picture: curves, axes, marks and labels in exactly width x height cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from lossmon.chart import scale as sc
from lossmon.chart.canvas import BLANK, Cell, Stroke, paint
from lossmon.chart.reduce import column_levels, reduce
from lossmon.chart.smoothing import smooth
from lossmon.history.columns import Floats, SeriesView
from lossmon.text import printable

X_AXES = ("step", "epoch", "time")
_HUGE = 1e100  # beyond it arithmetic on an axis may overflow; drawn as this, where it is clipped
_GRAINS = 32  # a growing x axis ends at a multiple of at most this part of it
_RAW = "_raw"  # suffix of the style of the faint raw curve behind a smoothed one


@dataclass(frozen=True)
class Span:
    """Neighbouring cells of one style; `style` is a name such as "train", not a colour."""

    text: str
    style: str


@dataclass(frozen=True)
class Curve:
    """One metric to draw.

    Attributes:
        label: written at its end.
        style: name of its style.
        view: its points.
        points: mark single points, since there are few and each counts (an eval loss).
        guide: no data but a line drawn over it (a threshold, a fit): never smoothed.
    """

    label: str
    style: str
    view: SeriesView
    points: bool = False
    guide: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step: a finding's onset, the best eval, a restart."""

    step: int
    style: str
    label: str


@dataclass(frozen=True)
class ChartSpec:
    """What to draw.

    Attributes:
        smoothing: weight of the past, in [0, 1).
        growing: points are still to come: the axes end where they need not move at each point.
    """

    curves: tuple[Curve, ...]
    width: int
    height: int
    marks: tuple[Mark, ...] = ()
    x_axis: str = "step"
    log_y: bool = False
    smoothing: float = 0.0
    ascii: bool = False
    growing: bool = False


@dataclass(frozen=True)
class Picture:
    """What was drawn.

    Attributes:
        rows: `height` rows of spans, each exactly `width` cells.
        x_axis: the axis that was used; "step" where the wanted one is not logged.
        axes: the axes that could be used.
        clipped: points outside of the y range.
        log_y: whether the y axis is logarithmic.
    """

    rows: tuple[tuple[Span, ...], ...]
    x_axis: str
    axes: tuple[str, ...]
    clipped: int = 0
    log_y: bool = False


@dataclass
class _Line:
    """A curve on its way to the canvas: finite points in drawn coordinates."""

    curve: Curve
    x: Floats
    y: Floats
    bad_x: Floats  # where a value is not finite
    smooth: Floats | None = None
    levels: Floats = field(default_factory=lambda: np.empty(0))


def draw(spec: ChartSpec) -> Picture:
    """Draw a chart; any values and any size give a picture, never an error."""
    axes = _axes(spec.curves)
    axis = spec.x_axis if spec.x_axis in axes else "step"
    lines = [line for curve in spec.curves if (line := _line(curve, axis, spec)) is not None]
    width, height = spec.width, spec.height
    if not lines or width < 12 or height < 3:
        return Picture(_empty(width, height), axis, axes)
    x_limits = _x_limits(lines, spec.growing)
    plot_height = height - 2 if height >= 6 else height - 1
    for line in lines:
        line.levels = column_levels(line.x, line.y, x_limits, max(8, width - 8))
    y = sc.y_scale(
        np.concatenate([line.levels for line in lines]),
        np.array([end for line in lines if len(line.y) for end in (line.y.min(), line.y.max())]),
        spec.log_y,
    )
    y_ticks = sc.y_ticks(y, max(2, plot_height // 4))
    gutter = min(max([len(label) for _, label in y_ticks], default=1) + 1, width // 3)
    plot_width = width - gutter
    grid = paint(
        _strokes(lines, spec, plot_width, x_limits, y),
        plot_width,
        plot_height,
        x_limits,
        (y.low, y.high),
    )
    place = _Place(grid, x_limits, (y.low, y.high), spec.ascii)
    clipped = sum(_outside(line.y, y) for line in lines if not line.curve.guide)
    _bad_values(place, lines)
    if clipped:
        place.write(
            0,
            plot_width - 1 - len(str(clipped)),
            ("^" if spec.ascii else "▲") + str(clipped),
            "clipped",
        )
    _end_labels(place, lines, y)
    _marks(place, spec.marks, axis, lines)
    rows = _with_y_axis(grid, y_ticks, y, gutter, spec.ascii)
    rows += _x_axis(x_limits, axis, gutter, plot_width, height - plot_height, spec.ascii)
    return Picture(tuple(_spans(row) for row in rows), axis, axes, clipped, y.log)


# -- data ------------------------------------------------------------------------------------------


def _axes(curves: Sequence[Curve]) -> tuple[str, ...]:
    """The axes on which at least one curve has two different places."""
    found = ["step"]
    for name in ("epoch", "time"):
        for curve in curves:
            places = getattr(curve.view, name)
            if places is not None and np.nanmax(places) > np.nanmin(places):
                found.append(name)
                break
    return tuple(found)


def _line(curve: Curve, axis: str, spec: ChartSpec) -> _Line | None:
    view = curve.view
    places = getattr(view, axis)
    if places is None or not len(view):
        return None
    x = places.astype(float)
    keep = np.isfinite(x)
    x, y = x[keep], view.value[keep]
    if axis == "time" and len(x):
        x = x - _first_time(spec.curves)
    if np.any(np.diff(x) < 0):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    finite = np.isfinite(y)
    if not finite.any() and not len(x):
        return None
    line = _Line(curve, x[finite], np.clip(y[finite], -_HUGE, _HUGE), x[~finite])
    if spec.smoothing > 0 and not (curve.points or curve.guide) and len(line.y) > 4:
        line.smooth = smooth(line.y, spec.smoothing, log=spec.log_y)
    return line


def _first_time(curves: Sequence[Curve]) -> float:
    times = [np.nanmin(c.view.time) for c in curves if c.view.time is not None and len(c.view)]
    return float(min(times, default=0.0))


def _x_limits(lines: Sequence[_Line], growing: bool) -> tuple[float, float]:
    ends = [
        end
        for line in lines
        for part in (line.x, line.bad_x)
        if len(part)
        for end in (part[0], part[-1])
    ]
    low, high = float(min(ends)), float(max(ends))
    if growing and high > low:
        grain = sc.grain(high - low, _GRAINS)
        high = low + grain * np.ceil((high - low) / grain)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _strokes(
    lines: Sequence[_Line], spec: ChartSpec, width: int, x_limits: tuple[float, float], y: sc.Scale
) -> list[Stroke]:
    """Raw curves first and faint, smoothed ones over them, evaluations on top."""
    strokes: list[Stroke] = []
    marker = (
        {"raw": ".", "line": "*", "point": "o"}
        if spec.ascii
        else {"raw": "braille", "line": "braille", "point": "●"}
    )
    for line in sorted(lines, key=lambda line: line.curve.points):
        if not len(line.x):
            continue
        style = line.curve.style
        if line.curve.guide and np.ptp(line.y) == 0:  # a level: dashes, so that it is no curve
            x = np.linspace(line.x[0], line.x[-1], 2 * width)
            values = _outside_gone(y.drawn(np.full(len(x), line.y[0])), y)
            strokes.append(Stroke(x, values, style, False, "-" if spec.ascii else "╌"))
            continue
        x, values = reduce(line.x, line.y, x_limits, width)
        if line.smooth is not None:
            strokes.append(
                Stroke(x, _inside(y.drawn(values), y), style + _RAW, True, marker["raw"])
            )
            x, values = reduce(line.x, line.smooth, x_limits, width)
        strokes.append(Stroke(x, _inside(y.drawn(values), y), style, True, marker["line"]))
        if line.curve.points and len(line.x) <= width // 3:
            strokes.append(
                Stroke(x, _outside_gone(y.drawn(values), y), style, False, marker["point"])
            )
    return strokes


def _inside(drawn: Floats, y: sc.Scale) -> Floats:
    """Points outside of the range are drawn at its edge, so that the line leads there."""
    return np.clip(drawn, y.low, y.high)


def _outside_gone(drawn: Floats, y: sc.Scale) -> Floats:
    return np.where((drawn >= y.low) & (drawn <= y.high), drawn, np.nan)


def _outside(values: Floats, y: sc.Scale) -> int:
    drawn = y.drawn(values)
    return int(np.count_nonzero((drawn > y.high) | (drawn < y.low) | np.isnan(drawn)))


# -- what is written into the grid -----------------------------------------------------------------


@dataclass
class _Place:
    """Writes text into blank cells of the grid."""

    grid: list[list[Cell]]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    ascii: bool

    def column(self, x: float) -> int:
        low, high = self.x_limits
        return round((x - low) / (high - low) * (len(self.grid[0]) - 1))

    def row(self, drawn: float) -> int:
        low, high = self.y_limits
        below_top = min(max((high - drawn) / (high - low), 0.0), 1.0)
        return round(below_top * (len(self.grid) - 1))

    def free(self, row: int, column: int, length: int) -> bool:
        """Whether cells are blank (a mark's line may be written over)."""
        if not 0 <= row < len(self.grid) or column < 0 or column + length > len(self.grid[0]):
            return False
        return all(cell[0] in (" ", "┊", ":") for cell in self.grid[row][column : column + length])

    def write(self, row: int, column: int, text: str, style: str) -> None:
        for offset, char in enumerate(text):
            if 0 <= column + offset < len(self.grid[row]):
                self.grid[row][column + offset] = (char, style)


def _bad_values(place: _Place, lines: Sequence[_Line]) -> None:
    for line in lines:
        for column in {place.column(x) for x in line.bad_x.tolist()}:
            place.write(0, column, "x" if place.ascii else "✗", "nonfinite")


def _end_labels(place: _Place, lines: Sequence[_Line], y: sc.Scale) -> None:
    """Each curve's name near its newest point: colour is never the only sign."""
    for line in lines:
        values = line.y if line.smooth is None else line.smooth
        if not len(values):
            continue
        label = printable(line.curve.label)[:14]
        drawn = float(y.drawn(values[-1:])[0])
        if not np.isfinite(drawn):
            continue
        row, end = place.row(drawn), place.column(float(line.x[-1]))
        column = max(0, min(end, len(place.grid[0])) - len(label))
        for shift in (-1, 1, -2, 2, -3, 3, -4, 4):
            if place.free(row + shift, column, len(label)):
                place.write(row + shift, column, label, line.curve.style)
                break


def _marks(place: _Place, marks: Sequence[Mark], axis: str, lines: Sequence[_Line]) -> None:
    bar, head = (":", "v") if place.ascii else ("┊", "▾")
    height = len(place.grid)
    for mark in marks:
        x = _place_of_step(mark.step, axis, lines)
        if x is None or not place.x_limits[0] <= x <= place.x_limits[1]:
            continue
        column = place.column(x)
        for row in range(height):
            if place.grid[row][column] == BLANK:
                place.grid[row][column] = (bar, mark.style)
        label = printable(mark.label)
        for row in range(min(4, height)):
            right, left = column + 1, column - len(label)
            if place.free(row, right, len(label)):
                place.write(row, column, head + label, mark.style)
                break
            if place.free(row, left, len(label)):
                place.write(row, left, label + head, mark.style)
                break


def _place_of_step(step: int, axis: str, lines: Sequence[_Line]) -> float | None:
    """Where a step lies on the x axis."""
    if axis == "step":
        return float(step)
    for line in lines:
        view, places = line.curve.view, getattr(line.curve.view, axis)
        if places is not None and len(view):
            at = min(int(np.searchsorted(view.step, step)), len(view) - 1)
            if np.isfinite(places[at]):
                first = _first_time([one.curve for one in lines]) if axis == "time" else 0.0
                return float(places[at]) - first
    return None


# -- axes ------------------------------------------------------------------------------------------


def _with_y_axis(
    grid: list[list[Cell]], y_ticks: list[tuple[float, str]], y: sc.Scale, gutter: int, ascii: bool
) -> list[list[Cell]]:
    tick, line = ("+", "|") if ascii else ("┤", "│")
    place = _Place(grid, (0, 1), (y.low, y.high), ascii)
    names = {place.row(drawn): label for drawn, label in y_ticks}
    rows = []
    for number, row in enumerate(grid):
        label = names.get(number, "")
        left = label[: gutter - 1].rjust(gutter - 1) + (tick if label else line)
        rows.append([(char, "axis") for char in left] + row)
    return rows


def _x_axis(
    limits: tuple[float, float], axis: str, gutter: int, width: int, rows: int, ascii: bool
) -> list[list[Cell]]:
    corner, line, tick = ("+", "-", "+") if ascii else ("└", "─", "┬")
    name = {"step": sc.count_label, "epoch": sc.count_label, "time": sc.time_label}[axis]
    places = sc.ticks(limits[0], limits[1], max(2, width // 12))
    rule = [corner] + [line] * width
    text = [" "] * (gutter + width)
    end = -2
    for value in places:
        label = name(value)
        column = round((value - limits[0]) / (limits[1] - limits[0]) * (width - 1))
        start = gutter + max(0, min(column - len(label) // 2, width - len(label)))
        if start > end + 1:
            text[start : start + len(label)] = label
            rule[1 + column] = tick
            end = start + len(label) - 1
    if axis not in "".join(text) and end + 1 + len(axis) < gutter + width:
        text[gutter + width - len(axis) :] = axis
    drawn = [" "] * (gutter - 1) + rule
    out = [drawn[: gutter + width], text[: gutter + width]]
    return [[(char, "axis") for char in row] for row in out[-rows:]]


def _spans(row: list[Cell]) -> tuple[Span, ...]:
    return tuple(
        Span("".join(char for char, _ in cells), style)
        for style, cells in groupby(row, key=lambda cell: cell[1])
    )


def _empty(width: int, height: int) -> tuple[tuple[Span, ...], ...]:
    return tuple((Span(" " * max(0, width), ""),) for _ in range(max(0, height)))
