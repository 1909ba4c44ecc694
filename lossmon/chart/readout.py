"""The line below the chart: step, epoch, time and every metric at the cursor, as logged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from lossmon.chart.cursor import time_at, values_at
from lossmon.chart.of_run import metrics_of
from lossmon.chart.spec import Curve, Span
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.text import cell_width, clip, pad, printable

_MOST_ROWS = 3
_ROWS_OF_CHART = 9  # to each row of words
_VALUE = 8  # characters of a typical value


def exact(value: float) -> str:
    """A value as it was logged, at most ten digits of it."""
    text = repr(value)
    return text if len(text) <= 11 else f"{value:.8g}"


def readout_height(update: RunUpdate, width: int, height: int) -> int:
    """Rows of words for a run: the same at every step of it."""
    length = 32 + sum(len(name) + _VALUE + 3 for name in update.series)
    room = max(1, min(_MOST_ROWS, height // _ROWS_OF_CHART))
    return min(room, max(1, math.ceil(length / max(1, width)))) if height > 4 else 0


def readout(
    update: RunUpdate,
    curves: Sequence[Curve],
    step: int,
    width: int,
    height: int,
    *,
    ascii: bool,
    tell: Callable[[str], str] = str,
) -> tuple[tuple[Span, ...], ...]:
    """What is known of a step.

    Where a charted curve logged nothing there, its newest value before, with its step.

    Args:
        update: the run.
        curves: what is charted of it.
        step: where.
        width: cells of a row.
        height: rows.
        ascii: plain signs only.
        tell: names step, epoch and time in a language.

    Returns:
        `height` rows of `width` cells.
    """
    pairs = [(tell("step"), f"{step:,}")]
    logged = values_at(update.series, step) | values_at(update.ahead, step)
    charted: dict[str, str] = {}  # of a curve in pieces the one that says most
    for curve in curves:
        name = curve.view.name
        if curve.faint or not curve.label:
            continue
        here = values_at({name: curve.view}, step)
        if here:
            logged.pop(name, None)
            charted[curve.label] = exact(here[name])
        elif (before := _before(curve.view, step)) is not None:
            value, place = before
            charted[curve.label] = f"{exact(value)} @{place:,}"
    pairs += charted.items()
    views = (*update.series.values(), *update.ahead.values())
    epoch, at = (time_at(views, step, name) for name in ("epoch", "time"))
    if epoch is not None:
        pairs.append((tell("epoch"), f"{epoch:.6g}"))
    if at is not None and 0 < at < 1e11:
        pairs.append((tell("at"), time.strftime("%m-%d %H:%M:%S", time.localtime(at))))
    pairs += [(name, exact(logged[name])) for name in metrics_of(update) if name in logged]
    return _wrapped(pairs, width, height, ascii)


def _before(view: SeriesView, step: int) -> tuple[float, int] | None:
    at = int(np.searchsorted(view.step, step, side="right")) - 1
    return (float(view.value[at]), int(view.step[at])) if at >= 0 else None


def _wrapped(
    pairs: Iterable[tuple[str, str]], width: int, height: int, ascii: bool
) -> tuple[tuple[Span, ...], ...]:
    """Names and values in rows; at the end how many had no room."""
    rows: list[list[Span]] = [[]]
    used, left_out = 0, 0
    for name, value in pairs:
        label = clip(printable(name), max(1, width // 2), ascii=ascii)
        length = cell_width(label) + len(value) + 3
        reserve = 5 if len(rows) == height else 0
        if used + length > width - reserve and used:
            if len(rows) == height or left_out:
                left_out += 1
                continue
            rows.append([])
            used = 0
        rows[-1] += [Span(f" {label} ", "axis"), Span(f"{value} ", "value")]
        used += length
    if left_out:
        rows[-1].append(Span(f" +{left_out}", "axis"))
    rows += [[] for _ in range(height - len(rows))]
    return tuple(_exactly(row, width, ascii) for row in rows[:height])


def _exactly(row: Sequence[Span], width: int, ascii: bool) -> tuple[Span, ...]:
    cells, out = width, []
    for span in row:
        text = (
            span.text
            if cell_width(span.text) <= cells
            else pad(clip(span.text, cells, ascii=ascii), cells)
        )
        cells -= cell_width(text)
        out.append(Span(text, span.style))
    return (*out, Span(" " * cells, "")) if cells else tuple(out)
