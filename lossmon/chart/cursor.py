"""The cursor: it stands on logged points, and reads every metric there exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from lossmon.chart.axis import origin_of
from lossmon.chart.canvas import Cell
from lossmon.chart.lines import Track, track_of
from lossmon.chart.spec import Curve, Plot, Span, spans_of
from lossmon.history.columns import Ints, SeriesView
from lossmon.text import char_width

Rows = tuple[tuple[Span, ...], ...]
OVER = "|"  # in the name of a style: what is behind it


def moved(curves: Sequence[Curve], step: int, by: int) -> int:
    """The step of the next logged point of any curve; `by` points on, back where negative."""
    views = _steps(curves)
    for _ in range(abs(by)):
        if by > 0:
            ahead = [
                int(steps[at])
                for steps in views
                if (at := int(np.searchsorted(steps, step, side="right"))) < len(steps)
            ]
            step = min(ahead, default=step)
        else:
            behind = [
                int(steps[at - 1])
                for steps in views
                if (at := int(np.searchsorted(steps, step, side="left"))) > 0
            ]
            step = max(behind, default=step)
    return step


def nearest(curves: Sequence[Curve], x: float, axis: str, tokens: SeriesView | None) -> int | None:
    """The step of the logged point nearest to an x; None where there is none."""
    best: tuple[float, int] | None = None
    for track in _tracks(curves, axis, tokens):
        after = int(track.find(np.array([x]))[0])
        around = np.clip([after - 1, after], 0, len(track.step) - 1)
        places = track.x_at(around)
        away = np.abs(places - x)
        side = int(np.argmin(away))
        if best is None or away[side] < best[0]:
            at = int(track.find(places[side : side + 1])[0])  # of several there, the first
            best = float(away[side]), int(track.step[at])
    return best[1] if best is not None else None


def _tracks(curves: Sequence[Curve], axis: str, tokens: SeriesView | None) -> Iterator[Track]:
    origin = origin_of([curve.view for curve in curves])
    tracks = (track_of(curve, axis, origin, tokens) for curve in curves if not curve.faint)
    return (track for track in tracks if track is not None)


def at_step(curves: Sequence[Curve], step: int) -> int:
    """The logged step nearest to a step, of two as near the earlier; itself where none is."""
    around = []
    for steps in _steps(curves):
        at = int(np.searchsorted(steps, step))
        around += steps[max(0, at - 1) : at + 1].tolist()
    return min(around, key=lambda one: (abs(one - step), one), default=step)


def _steps(curves: Sequence[Curve]) -> list[Ints]:
    """The steps of each curve that the cursor stands on."""
    return [curve.view.step for curve in curves if not curve.faint and len(curve.view)]


def x_of(curves: Sequence[Curve], step: int, axis: str, tokens: SeriesView | None) -> float | None:
    """Where a step stands on an axis: exactly where it was logged, else between its neighbours."""
    found = None
    for track in _tracks(curves, axis, tokens):
        place, logged = track.place_of(step)
        if logged:
            return place
        found = place if found is None else found
    return found


def values_at(series: Mapping[str, SeriesView], step: int) -> dict[str, float]:
    """What each metric logged at a step, exactly; without those that logged nothing there."""
    found = {}
    for name, view in series.items():
        at = int(np.searchsorted(view.step, step, side="right")) - 1
        if at >= 0 and view.step[at] == step:
            found[name] = float(view.value[at])
    return found


def time_at(views: Iterable[SeriesView], step: int, column: str) -> float | None:
    """The time or the epoch ("time", "epoch") that any metric logged at a step."""
    for view in views:
        places_ = getattr(view, column)
        at = int(np.searchsorted(view.step, step, side="right")) - 1
        if places_ is not None and at >= 0 and view.step[at] == step and np.isfinite(places_[at]):
            return float(places_[at])
    return None


def with_cursor(rows: Rows, plot: Plot, x: float, values: Sequence[float], *, ascii: bool) -> Rows:
    """A picture with a dim line at an x, and a dot at each value there.

    Where a curve is, it stays to be seen: behind it the cell is lit.
    """
    column = plot.column(x)
    if column is None:
        return rows
    signs = {row for value in values if (row := plot.row(value)) is not None}
    drawn = list(rows)
    for y in (*range(plot.height), *range(*plot.strip)):
        cells = cells_of(rows[y])
        char = cells[column][0]
        if not char or char_width(char) == 2:
            continue  # half of a wide character can't be marked
        if y in signs:
            cells[column] = ("O" if ascii else "●", "cursor_dot")
        elif char == " ":
            cells[column] = ("|" if ascii else "│", both("cursor", cells[column][1]))
        else:
            cells[column] = (char, both(cells[column][1], "lit"))
        drawn[y] = spans_of(cells)
    return tuple(drawn)


def with_zone(rows: Rows, plot: Plot, low: float, high: float, style: str) -> Rows:
    """A picture whose columns from one x to another have a background of their own."""
    if high < plot.x.low or low > plot.x.high:
        return rows
    first = plot.column(max(low, plot.x.low))
    last = plot.column(min(high, plot.x.high))
    if first is None or last is None:
        return rows
    drawn = list(rows)
    for y in range(plot.height):
        cells = cells_of(rows[y])
        for column in range(first, min(last + 1, len(cells))):
            char, own = cells[column]
            cells[column] = (char, both(own, style))
        drawn[y] = spans_of(cells)
    return tuple(drawn)


def both(style: str, behind: str) -> str:
    """A style over the background of another."""
    return f"{style}{OVER}{behind}"


def with_selection(rows: Rows, plot: Plot, first: int, last: int) -> Rows:
    """A picture with a range of columns marked."""
    low, high = max(plot.left, min(first, last)), max(first, last)
    drawn = list(rows)
    for y in range(plot.height):
        cells = cells_of(rows[y])
        for column in range(low, min(high + 1, len(cells))):
            cells[column] = (cells[column][0], "selected")
        drawn[y] = spans_of(cells)
    return tuple(drawn)


def cells_of(row: Sequence[Span]) -> list[Cell]:
    """The cells of a row of spans."""
    cells: list[Cell] = []
    for span in row:
        for char in span.text:
            cells.append((char, span.style))
            if char_width(char) == 2:
                cells.append(("", span.style))
    return cells
