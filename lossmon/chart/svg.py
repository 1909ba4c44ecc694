"""A chart as a picture that scales: one SVG element that asks nothing of the network.

The same curves, scales and marks as on the terminal, laid out by the same code, so that a report
and the screen cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from lossmon.chart import scale as sc
from lossmon.chart.frame import x_ticks
from lossmon.chart.lines import Line
from lossmon.chart.picture import Layout, lay_out, x_of_step
from lossmon.chart.spec import ChartSpec, Curve, Mark
from lossmon.history.columns import Floats
from lossmon.text import printable

_CELL = (8, 16)  # pixels that a cell of the terminal takes here
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 24, 28  # pixels around the curves
# Colours that hold on white and on black paper; a mark's label has its mark's colour.
_COLORS = {
    "train": "#0a84b8", "eval": "#c77700", "other": "#a04fb0", "axis": "#888888",
    "mark_critical": "#d22f2f", "mark_warning": "#c77700", "mark_info": "#888888",
    "mark_best": "#2f8f4e", "mark_epoch": "#888888", "guide": "#2f8f4e",
    **{f"run_{i}": code for i, code in enumerate(
        ("#0a84b8", "#c77700", "#2f8f4e", "#a04fb0", "#d22f2f", "#5a63d6"))},
}  # fmt: skip
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


def draw_svg(spec: ChartSpec) -> str:
    """Draw a chart, `width` x `height` cells large; one without points says so.

    Text of the log (metric names in labels) is escaped: what a log says is never markup.
    """
    width, height = spec.width * _CELL[0], spec.height * _CELL[1]
    laid = lay_out(spec)
    paper = _Paper(laid, width, height)
    body = [] if laid.tracks else [_text(width / 2, height / 2, "no points", "axis", "middle")]
    if laid.tracks:
        body += [*_axes(paper), *_marks(spec.marks, paper)]
        for line in sorted(laid.lines, key=lambda one: (one.curve.points, not one.curve.faint)):
            body += _curve(line, paper)
        body += _legend(spec.curves)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="ui-monospace, monospace" font-size="12">'
    )
    return "\n".join([head, *body, "</svg>"])


@dataclass(frozen=True)
class _Paper:
    """Where drawn units of a layout lie, in pixels."""

    laid: Layout
    width: int
    height: int

    @property
    def inner(self) -> int:
        return self.width - _LEFT - _RIGHT

    @property
    def floor(self) -> int:
        return self.height - _BOTTOM

    def across(self, drawn: Floats | float) -> Floats:
        low, high = self.laid.x.limits
        return np.asarray(_LEFT + (drawn - low) / max(high - low, 1e-300) * self.inner)

    def down(self, drawn: Floats | float) -> Floats:
        low, high = self.laid.y.low, self.laid.y.high
        share = np.clip((drawn - low) / (high - low), 0.0, 1.0)  # beyond the range: at its edge
        return np.asarray(self.floor - share * (self.floor - _TOP))


def _axes(paper: _Paper) -> Iterator[str]:
    laid, right = paper.laid, paper.width - _RIGHT
    for drawn, label in sc.y_ticks(laid.y, max(2, paper.height // 64)):
        y = float(paper.down(drawn))
        yield _rule(_LEFT, y, right, y, "axis", faint=True)
        yield _text(_LEFT - 6, y + 4, label, "axis", "end")
    for value, label in x_ticks(laid.x, laid.axis, max(2, paper.inner // 96)):
        x = _LEFT + laid.x.share(value) * paper.inner
        yield _rule(x, paper.floor, x, paper.floor + 4, "axis")
        yield _text(x, paper.height - 10, label, "axis", "middle")
    yield _rule(_LEFT, paper.floor, right, paper.floor, "axis")


def _marks(marks: Sequence[Mark], paper: _Paper) -> Iterator[str]:
    laid = paper.laid
    low, high = laid.x.limits
    found = x_of_step(laid.tracks, laid.x)
    named = 0
    for mark in marks:
        at = found(mark.step)
        if at is None or not low <= at <= high:
            continue
        x = float(paper.across(at))
        yield _rule(x, _TOP, x, paper.floor, mark.style, dashes="3 3", faint=not mark.label)
        if mark.label:
            anchor, place = ("start", x + 4) if x < paper.width * 0.8 else ("end", x - 4)
            height = _TOP + 12 + 14 * (named % 4)  # neighbours do not write over each other
            yield _text(place, height, printable(mark.label), mark.style, anchor)
            named += 1


def _curve(line: Line, paper: _Paper) -> Iterator[str]:
    if line.range is None:
        return
    curve, scale = line.curve, paper.laid.y
    smooth = line.smoothed
    for smoothed in [False, True] if smooth and curve.raw else [smooth]:
        xs, ys = line.drawn(paper.inner // 2, smoothed)
        drawn = scale.drawn(ys)
        shown = np.isfinite(drawn)
        points = zip(paper.across(xs[shown]), paper.down(drawn[shown]), strict=True)
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        behind = ' opacity="0.3"' if curve.faint or smoothed != smooth else ""
        yield (
            f'<polyline fill="none" stroke="{_color(curve.style)}" stroke-width="1.5"'
            f'{_dash(_DASHES[curve.pattern % len(_DASHES)])}{behind} points="{path}"/>'
        )
    if curve.points:
        xs, ys = line.dots()
        drawn = scale.drawn(ys)
        for x, y in zip(paper.across(xs), paper.down(drawn), strict=True):
            if np.isfinite(y):
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_color(curve.style)}"/>'


def _legend(curves: Sequence[Curve]) -> Iterator[str]:
    x = float(_LEFT)
    for curve in curves:
        if curve.label:
            label = printable(curve.label)
            yield _text(x, 14, label, curve.style, "start")
            x += _CELL[0] * (len(label) + 3)


def _rule(
    x1: float, y1: float, x2: float, y2: float, style: str, *, dashes: str = "", faint: bool = False
) -> str:
    opacity = ' opacity="0.35"' if faint else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{_color(style)}"{_dash(dashes)}{opacity}/>'
    )


def _text(x: float, y: float, text: str, style: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{_color(style)}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _dash(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _color(style: str) -> str:
    return _COLORS.get(style.removesuffix("_raw"), "#888888")
