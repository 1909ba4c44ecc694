"""Exact facts about a series: what was logged is the same each time, or no number at all.

They need no statistics: three rows are enough. What was rounded to a digit or two is no such fact.
Since when and in how many rows something holds is counted here alone, over all rows that the log
has: by the newest 512, by those of one stage, by those that a resumed run left, a loss that was NaN
in each of 8 rows was told as "since step 81, 1 of 1 values".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Floats, SeriesView
from lossmon.history.summary import NEWEST, Sketch
from lossmon.words import Said, said

Holds = Callable[[Floats], NDArray[np.bool_]]


class Stretch(NamedTuple):
    """The newest rows, as far back as something holds of each.

    Attributes:
        value: what the newest says; NaN or infinity where it is no number.
        since: step of the first of them.
        rows: how many there are.
        of: all rows of the log.
        whole: there are no others in what is judged, the newest stage of the training.
    """

    value: float
    since: int
    rows: int
    of: int
    whole: bool

    @property
    def told(self) -> Said:
        """Which rows these are, as a sentence names them."""
        if self.rows == self.of:
            return said("all {rows:,} rows", rows=self.rows)
        return said("the last {rows:,} rows", rows=self.rows)


class Scattered(NamedTuple):
    """Rows of which something holds, with a few others between them.

    Attributes:
        value: what the newest of them says.
        since: step of the first of those that belong to the newest.
        times: all of which it holds, wherever they stand.
        of: all rows of the log.
        behind: rows behind the newest of them.
    """

    value: float
    since: int
    times: int
    of: int
    behind: int


def stretch(logged: SeriesView, holds: Holds, judged: int | None = None) -> Stretch | None:
    """The newest rows, as far back as something holds; None where it does not of the newest.

    Args:
        logged: all rows of the log.
        holds: of which values, shape (n,) -> (n,).
        judged: how many of them, the newest, are of the newest stage; all where it is left out.
    """
    first, size = len(logged), NEWEST
    while first:  # most stretches are short, and all rows are many
        begin = max(0, first - size)
        others = np.flatnonzero(~holds(logged.value[begin:first]))
        first = begin if not len(others) else begin + int(others[-1]) + 1
        if len(others):
            break
        size *= 2
    rows, of = len(logged) - first, len(logged)
    if not rows:
        return None
    whole = rows >= (of if judged is None else judged)
    return Stretch(float(logged.value[-1]), int(logged.step[first]), rows, of, whole)


def scattered(
    logged: SeriesView, holds: Holds, apart: Callable[[int, int], float]
) -> Scattered | None:
    """Rows of which something holds; None where it holds of none.

    Args:
        logged: all rows of the log.
        holds: of which values, shape (n,) -> (n,).
        apart: (rows of which it holds, all rows) -> rows from one of them to the next, up to which
            they belong together.
    """
    places = np.flatnonzero(holds(logged.value))
    if not len(places):
        return None
    parted = np.flatnonzero(np.diff(places) > apart(len(places), len(logged)))
    first, newest = int(places[parted[-1] + 1 if len(parted) else 0]), int(places[-1])
    return Scattered(
        float(logged.value[newest]),
        int(logged.step[first]),
        len(places),
        len(logged),
        len(logged) - 1 - newest,
    )


def no_number(values: Floats) -> NDArray[np.bool_]:
    """Which values are NaN or infinite."""
    return ~np.isfinite(values)


def same(sketch: Sketch | None) -> Stretch | None:
    """The newest rows that are equal to the last digit."""
    if sketch is None or not len(sketch.newest) or not math.isfinite(sketch.newest[-1]):
        return None
    last, of = sketch.logged.value[-1], len(sketch.logged)
    if of > 1 and sketch.logged.value[-2] != last:  # as nearly always
        step = int(sketch.logged.step[-1])
        return Stretch(float(sketch.newest[-1]), step, 1, of, whole=sketch.n <= 1)
    found = stretch(sketch.logged, lambda values: values == last, sketch.n)
    return found and found._replace(value=float(sketch.newest[-1]))


def broken(sketch: Sketch | None) -> Stretch | None:
    """The newest rows that are NaN or infinite."""
    if sketch is None or not len(sketch.newest) or math.isfinite(sketch.newest[-1]):
        return None  # as nearly always
    return stretch(sketch.logged, no_number, sketch.n)


class Period(NamedTuple):
    """The newest rows, which repeat those before them to the last digit.

    Attributes:
        rows: after how many it begins anew.
        times: how often it was written.
        since: step of the first of them.
    """

    rows: int
    times: int
    since: int


def period(sketch: Sketch | None, least: int = 4, most: int = 128) -> Period | None:
    """Rows that come again to the last digit, as where nothing is updated; None where none do.

    Of rows that are all the same nothing is told (see `same`), nor of scores of few values, which
    meet again by chance.
    """
    if sketch is None or len(sketch.newest) < 3 * least:
        return None
    values = sketch.newest
    again_at: list[int] = np.flatnonzero(values[-2 : -most - 2 : -1] == values[-1]).tolist()
    for rows in (at + 1 for at in again_at):
        again = values[rows:] == values[:-rows]
        other = np.flatnonzero(~again)
        alike = len(again) if not len(other) else len(again) - int(other[-1]) - 1
        unlike: int = len(np.unique(values[-rows:]))
        if (
            rows >= least
            and alike >= max(rows, 2 * least)
            and unlike >= least
            and unlike >= 0.75 * rows
        ):
            first = len(values) - alike - rows
            return Period(int(rows), 1 + alike // int(rows), int(sketch.newest_step[first]))
    return None


def digits(value: float) -> int:
    """Significant digits that a value was written with, as far as can be told: 2.3026 has 5."""
    mantissa = f"{abs(value):.12e}".split("e")[0]
    return len(mantissa.replace(".", "").rstrip("0"))


def before(sketch: Sketch, step: int, most: int = 5) -> Floats:
    """The finite values just before a step."""
    values = sketch.newest[sketch.newest_step < step]
    return values[np.isfinite(values)][-most:]
