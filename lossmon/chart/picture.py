"""The whole picture: curves, axes, marks and labels in exactly width x height cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.chart import axis as ax
from lossmon.chart import band, frame, label_layout
from lossmon.chart import scale as sc
from lossmon.chart.canvas import Stroke, paint
from lossmon.chart.lines import Line, Track, ends, line_of, track_of
from lossmon.chart.spec import ChartSpec, Curve, Mark, Picture, Plot, Span, spans_of
from lossmon.chart.strip import gutter_of, strip_height, strip_rows
from lossmon.chart.window import Window, shown
from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats
from lossmon.text import cell_width

__all__ = ["ChartSpec", "Curve", "Mark", "Picture", "Plot", "Span", "Window", "draw"]

_RAW = "_raw"  # suffix of the style of the faint raw curve behind a smoothed one
_GIANT = 20.0  # times the range of the middle curve
_SMALLEST = (12, 3)  # columns and rows that a picture needs


@dataclass(frozen=True)
class Layout:
    """What lies where, before it is drawn: in cells by `draw`, in pixels by `svg.draw_svg`.

    Attributes:
        axis: the x axis that is used, one of `axes`.
        origin: the time of the first row.
        tracks, lines: of the curves that have points on this axis; of no curve both are empty.
        extent: the scale of all points; `x` of those that are shown.
    """

    axis: str
    axes: tuple[str, ...]
    origin: float
    tracks: Sequence[Track]
    lines: Sequence[Line]
    extent: ax.XScale
    x: ax.XScale
    y: sc.Scale


def lay_out(spec: ChartSpec) -> Layout:
    """Choose the axes and place the curves on them."""
    views = [curve.view for curve in spec.curves]
    axes = ax.axes_of(views, spec.tokens)
    axis = spec.x_axis if spec.x_axis in axes else "step"
    origin = ax.origin_of(views)
    tracks = [t for c in spec.curves if (t := track_of(c, axis, origin, spec.tokens)) is not None]
    if not tracks:
        nothing = ax.XScale(0.0, 1.0)
        return Layout(axis, axes, origin, (), (), nothing, nothing, sc.Scale(0.0, 1.0, False))
    extent = ax.whole(ends(tracks), log=spec.log_x, growing=spec.growing)
    x = extent if spec.window is None else shown(spec.window, max(ends(tracks)), extent.log)
    y = _y_scale([line_of(track, x) for track in tracks], spec)
    columns = _columns(spec)
    lines = [line_of(track, x, spec.smoothing, y.log, columns) for track in tracks]
    return Layout(axis, axes, origin, tracks, lines, extent, x, y)


def _columns(spec: ChartSpec) -> int:
    """Columns of the curves, before it is known how wide the labels of their axis are."""
    return max(8, spec.width - 8)


def draw(spec: ChartSpec) -> Picture:
    """Draw a chart; any values and any size give a picture, never an error."""
    laid = lay_out(spec)
    axis, tracks, lines, x, y = laid.axis, laid.tracks, laid.lines, laid.x, laid.y
    if not tracks or spec.width < _SMALLEST[0] or spec.height < _SMALLEST[1]:
        return Picture(_empty(spec.width, spec.height), axis, laid.axes)

    strip = None
    if spec.strip is not None and (tall := strip_height(spec.height)):
        strip = track_of(spec.strip, axis, laid.origin, spec.tokens)
    below = tall if strip is not None else 0
    height = spec.height - below
    plot_height = height - 2 if height >= 6 else height - 1
    y_ticks = sc.y_ticks(y, max(2, plot_height // 4))
    strip_line = line_of(strip, x) if strip is not None else None
    named = (spec.words(axis), spec.words("log{y}", y="") if y.log else "")
    needed = max([*(len(label) for _, label in y_ticks), cell_width(named[1]), 1]) + 1
    gutter = min(max(needed, gutter_of(strip_line)), spec.width // 3)
    width = spec.width - gutter

    strokes = _strokes(lines, spec, width, x.limits, y)
    grid = paint(strokes, width, plot_height, x.limits, (y.low, y.high))
    band.shade(grid, lines, x.limits, y)
    on = label_layout.LabelGrid(grid, x.limits, (y.low, y.high), spec.ascii)
    clipped = label_layout.write_clipped(on, lines, y)
    label_layout.write_not_finite(on, lines)
    label_layout.write_newest(on, lines, y)
    label_layout.write_marks(on, spec.marks, x_of_step(tracks, x))
    label_layout.write_names(on, lines, y)  # they have more places to go to than a mark's label
    rows = frame.with_y_axis(grid, y_ticks, y, gutter, spec.ascii)
    rows += frame.x_axis(x, axis, gutter, width, height - plot_height, spec.ascii, named)
    if strip_line is not None:
        rows += strip_rows(strip_line, x, gutter, width, below, spec.ascii)
    whole = (min(ends(tracks)), laid.extent.high)
    plot = Plot(gutter, width, plot_height, x, y, whole, (height, height + below))
    return Picture(tuple(map(spans_of, rows)), axis, laid.axes, clipped, y.log, plot)


def _y_scale(lines: Sequence[Line], spec: ChartSpec) -> sc.Scale:
    columns = _columns(spec)
    told = [line for line in lines if not line.curve.faint and line.seen]
    told = told or [line for line in lines if line.range]
    if not told:
        return sc.Scale(0.0, 1.0, False)
    # A band may reach far beyond its curve (on a log axis to 1e-9): it gets what room is left.
    levels = [line.levels(columns) for line in told if not line.curve.edge]
    levels = levels or [line.levels(columns) for line in told]
    if len(levels) > 2 and not spec.whole_y:
        levels = _without_giants(levels)
    extremes = [end for line in told for end in line.range or ()]
    return sc.y_scale(np.concatenate(levels), np.array(extremes), spec.log_y, spec.whole_y)


def _without_giants(levels: list[Floats]) -> list[Floats]:
    """Of many curves those that would flatten all others: one run of a sweep that diverged."""
    spans = np.array([np.ptp(one) if len(one) else 0.0 for one in levels])
    tops = np.array([np.abs(one).max(initial=0.0) for one in levels])
    usual = st.median(np.maximum(spans, 1e-3 * tops))
    kept = [one for one, span in zip(levels, spans, strict=True) if span <= _GIANT * usual]
    return kept or levels


def _strokes(
    lines: Sequence[Line], spec: ChartSpec, width: int, limits: tuple[float, float], y: sc.Scale
) -> list[Stroke]:
    """Older segments and raw curves first, smoothed ones over them, evaluations on top."""
    strokes: list[Stroke] = []

    def stroke(line: Line, smooth: bool, style: str, sign: str, pattern: int = 0) -> None:
        xs, ys = line.drawn(width, smooth)
        xs, ys = _cut(xs, y.drawn(ys), limits)
        marker = sign if spec.ascii else "braille"
        # Points outside of the range are drawn at its edge, so that the line leads there.
        strokes.append(Stroke(xs, np.clip(ys, y.low, y.high), style, True, marker, pattern))

    for line in sorted(lines, key=_height):
        curve = line.curve
        if line.range is None:
            continue
        low, high = line.range
        if curve.guide and low == high:  # a level: dashes, so that it is no curve
            first, last = np.clip(line.x_ends, *limits).tolist()
            xs = np.linspace(first, last, 2 * width)
            ys = np.full(len(xs), y.drawn(np.array([low]))[0])
            ys = np.where((ys >= y.low) & (ys <= y.high), ys, np.nan)
            strokes.append(Stroke(xs, ys, curve.style, False, "-" if spec.ascii else "╌"))
            continue
        if not line.smoothed:
            stroke(line, False, curve.style, "." if curve.faint else curve.sign, curve.pattern)
        else:
            if curve.raw:
                stroke(line, False, curve.style + _RAW, ".")
            stroke(line, True, curve.style, curve.sign, curve.pattern)
        xs, ys = line.dots() if curve.points else (np.empty(0), np.empty(0))
        if 0 < len(xs) <= width // 3:
            drawn = y.drawn(ys)
            inside = (drawn >= y.low) & (drawn <= y.high)
            sign = "o" if spec.ascii else "●"
            strokes.append(Stroke(xs[inside], drawn[inside], curve.style, False, sign))
    return strokes


def _height(line: Line) -> int:
    """What lies over what: a median that its dashed edges cover looks as if points were missing."""
    curve = line.curve
    return 2 if curve.points else 0 if curve.faint or curve.edge else 1


def _cut(x: Floats, y: Floats, limits: tuple[float, float]) -> tuple[Floats, Floats]:
    """Lines that lead out of the picture end at its edge."""
    if len(x) < 2 or (x[0] >= limits[0] and x[-1] <= limits[1]):
        return x, y
    at = np.clip(x, *limits)
    inner = y.copy()
    for end, next_ in ((0, 1), (-1, -2)):
        if at[end] != x[end]:
            share = (at[end] - x[next_]) / (x[end] - x[next_])
            inner[end] = y[next_] + share * (y[end] - y[next_])
    return at, inner


def x_of_step(tracks: Sequence[Track], x: ax.XScale) -> Callable[[int], float | None]:
    """Where a step stands on the axis, in drawn units, by the first curve that holds it."""

    def found(step: int) -> float | None:
        for track in tracks:
            if track.covers(step):
                at, _ = track.place_of(step)
                return float(x.drawn(np.array([at]))[0]) if at > 0 or not x.log else None
        return None

    return found


def _empty(width: int, height: int) -> tuple[tuple[Span, ...], ...]:
    return tuple((Span(" " * max(0, width), ""),) for _ in range(max(0, height)))
