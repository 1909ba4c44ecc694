"""At most two points a column: a picture costs the width of the screen, however long the run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats, Ints

_SAMPLES = 64  # points of a column that tell its level
_FEW = 8  # points of a part: fewer have no quartiles that a spike would not move


def reduce(
    x: Floats, y: Floats, limits: tuple[float, float], columns: int
) -> tuple[Floats, Floats]:
    """Least and greatest value of each column, in the order they occurred: no spike is lost.

    Args:
        x: shape (n,), ascending.
        y: shape (n,), finite.
        limits: first and last x of the picture.
        columns: width of the picture in cells.

    Returns:
        x and y of at most 2 x columns points, and of both ends.
    """
    edges = np.linspace(limits[0], limits[1], columns + 1)[1:-1]
    bounds = st.distinct(np.concatenate(([0], np.searchsorted(x, edges), [len(x)]))).tolist()
    keep = {0, len(x) - 1}
    for a, b in pairwise(bounds):
        keep.add(a + int(np.argmin(y[a:b])))
        keep.add(a + int(np.argmax(y[a:b])))
    kept = np.array(sorted(keep))
    return x[kept], y[kept]


def levels(y: Floats, bounds: Ints) -> Floats:
    """Typical values of each part that holds points: its quartiles, from at most 64 of them.

    Medians alone would leave most of a steady noise outside. Of few points the quartiles would
    be their extremes, and a spike; there both are the median.

    Args:
        y: shape (n,); what is not finite is passed over.
        bounds: where each part begins, and where the last one ends.
    """
    starts, stops = bounds[:-1], bounds[1:]
    some = stops > starts
    starts, lengths = starts[some, None], (stops - starts)[some, None]
    rows = y[starts + np.arange(_SAMPLES) * lengths // _SAMPLES]
    finite = np.isfinite(rows)
    count = finite.sum(axis=1)
    rows = np.sort(np.where(finite, rows, np.inf), axis=1)[count > 0]
    count = count[count > 0]
    each = np.arange(len(rows))
    middle = (rows[each, (count - 1) // 2] + rows[each, count // 2]) / 2
    few = count < _FEW
    low = np.where(few, middle, rows[each, count // 4])
    high = np.where(few, middle, rows[each, count - 1 - count // 4])
    return np.concatenate((low, high))


def running_level(y: Floats) -> Floats:
    """Of few points, all finite, a running median, which a spike of two does not move."""
    if len(y) < 5:
        return y
    padded = np.pad(y, 2, mode="edge")
    return st.row_medians(np.lib.stride_tricks.sliding_window_view(padded, 5))
