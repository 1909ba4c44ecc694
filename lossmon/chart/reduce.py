"""At most two points a column: a picture costs the width of the screen, however long the run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lossmon.history.columns import Floats


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
        x and y of at most 2 x columns points.
    """
    if len(x) <= 2 * columns:
        return x, y
    edges = np.linspace(limits[0], limits[1], columns + 1)[1:-1]
    bounds = np.unique(np.concatenate(([0], np.searchsorted(x, edges), [len(x)]))).tolist()
    keep = {0, len(x) - 1}
    for a, b in pairwise(bounds):
        keep.add(a + int(np.argmin(y[a:b])))
        keep.add(a + int(np.argmax(y[a:b])))
    kept = np.array(sorted(keep))
    return x[kept], y[kept]


def column_levels(x: Floats, y: Floats, limits: tuple[float, float], columns: int) -> Floats:
    """A typical value of each column that holds points: its median, from at most 64 of them."""
    if len(x) <= 2 * columns:
        # Few points: a running median, which a spike of two does not move.
        if len(y) < 5:
            return y
        padded = np.pad(y, 2, mode="edge")
        return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))
    edges = np.linspace(limits[0], limits[1], columns + 1)
    starts = np.searchsorted(x, edges[:-1])
    stops = np.append(starts[1:], len(x))
    levels = []
    for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
        if b > a:
            levels.append(float(np.median(y[a : b : max(1, (b - a) // 64)])))
    return np.array(levels)
