"""What to draw, and what was drawn: values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from lossmon.chart.axis import XScale
from lossmon.chart.scale import Scale
from lossmon.chart.window import Window
from lossmon.history.columns import SeriesView
from lossmon.words import ENGLISH, Words


@dataclass(frozen=True)
class Span:
    """Neighbouring cells of one style; `style` is a name such as "train", not a colour."""

    text: str
    style: str


def spans_of(cells: Iterable[tuple[str, str]]) -> tuple[Span, ...]:
    """Cells, each a sign and its style, as spans."""
    return tuple(
        Span("".join(sign for sign, _ in group), style)
        for style, group in groupby(cells, key=lambda cell: cell[1])
    )


@dataclass(frozen=True)
class Curve:
    """One metric to draw.

    Attributes:
        label: written at its end; may be empty.
        style: name of its style.
        view: its points.
        points: mark single points, since there are few and each counts (an eval loss).
        faint: drawn as logged, behind the others, without a say in the range (an older segment).
        guide: no data but a line drawn over it (a threshold, a fit): never smoothed.
        raw: show the points as logged, faint, behind the smoothed curve.
        pattern: of the stroke, so that curves differ without colour; see `canvas.PATTERNS`.
        sign: the ASCII character it is drawn with.
        edge: of a band: the lower one, or the upper one that follows it; the ground is lit between.
    """

    label: str
    style: str
    view: SeriesView
    points: bool = False
    faint: bool = False
    guide: bool = False
    raw: bool = True
    pattern: int = 0
    sign: str = "*"
    edge: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step: a finding's onset, the best eval, a restart, an epoch.

    Attributes:
        step: where.
        style: name of its style.
        label: written beside its line; without one the line is dotted and gives way to others.
    """

    step: int
    style: str
    label: str = ""


@dataclass(frozen=True)
class ChartSpec:
    """What to draw.

    Attributes:
        curves: the first one tells where a step lies on another x axis.
        width, height: in cells.
        marks: the most important first.
        x_axis: one of `axis.X_AXES`.
        log_y: a logarithmic y axis, where any value allows it; None for one where the curves
            span more than three decades, which a linear axis would flatten.
        log_x: a logarithmic x axis.
        smoothing: weight of the past, in [0, 1).
        ascii: plain signs only.
        growing: points are still to come: the axes end where they need not move at each point.
        window: the part of the x axis to show; None for all.
        whole_y: the y axis holds every value; else one spike does not flatten the curve.
        tokens: the metric that counts tokens, where there is one.
        strip: one more curve, in a thin strip below on the same x axis.
        words: the language in which the axes are named.
    """

    curves: tuple[Curve, ...]
    width: int
    height: int
    marks: tuple[Mark, ...] = ()
    x_axis: str = "step"
    log_y: bool | None = False
    smoothing: float = 0.0
    ascii: bool = False
    growing: bool = False
    log_x: bool = False
    window: Window | None = None
    whole_y: bool = False
    tokens: SeriesView | None = None
    strip: Curve | None = None
    words: Words = ENGLISH


@dataclass(frozen=True)
class Plot:
    """Where the curves stand in a picture.

    Attributes:
        left: columns before the first one of the curves.
        width, height: of the curves, in cells.
        x, y: the scales of the axes.
        extent: first and last x of all points, whatever is shown of them.
        strip: rows of the picture that the strip takes, as (first, behind the last).
    """

    left: int
    width: int
    height: int
    x: XScale
    y: Scale
    extent: tuple[float, float]
    strip: tuple[int, int] = (0, 0)

    def column(self, x: float) -> int | None:
        """The column of the picture at an x; None where it is not shown."""
        share = self.x.share(x)
        return self.left + round(share * (self.width - 1)) if 0.0 <= share <= 1.0 else None

    def x_at(self, column: int) -> float:
        """The x at a column of the picture."""
        return self.x.at((column - self.left) / max(1, self.width - 1))

    def row(self, value: float) -> int | None:
        """The row of the picture at a value; None where it is not shown."""
        share = self.y.share(value)
        return round((1.0 - share) * (self.height - 1)) if 0.0 <= share <= 1.0 else None


@dataclass(frozen=True)
class Picture:
    """What was drawn.

    Attributes:
        rows: `height` rows of spans, each exactly `width` cells.
        x_axis: the axis that was used; "step" where the wanted one is not logged.
        axes: the axes that could be used.
        clipped: points outside of the y range.
        log_y: whether the y axis is logarithmic.
        plot: where the curves stand; None where nothing was drawn.
    """

    rows: tuple[tuple[Span, ...], ...]
    x_axis: str
    axes: tuple[str, ...]
    clipped: int = 0
    log_y: bool = False
    plot: Plot | None = None


def told_in(spec: ChartSpec, words: Words) -> ChartSpec:
    """The same in a language; what a log calls a metric stays as it is."""
    if not words.table:
        return spec
    marks = tuple(replace(mark, label=words.say(mark.label)) for mark in spec.marks)
    strip = spec.strip and replace(spec.strip, label=words.say(spec.strip.label))
    return replace(spec, curves=named_in(spec.curves, words), marks=marks, strip=strip, words=words)


def named_in(curves: Iterable[Curve], words: Words) -> tuple[Curve, ...]:
    """Curves whose names are ours (train, eval, a guide) have them in a language."""
    return tuple(replace(curve, label=words.say(curve.label)) for curve in curves)
