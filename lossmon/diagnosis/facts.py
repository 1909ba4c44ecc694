"""Exact facts about a series: what was logged is the same each time, or no number at all.

They need no statistics: three rows are enough. What was rounded to a digit or two is no such fact.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lossmon.history.columns import Floats
from lossmon.history.summary import Sketch
from lossmon.words import Said, said


class Stretch(NamedTuple):
    """The newest rows, as far back as they are alike.

    Attributes:
        value: what each of them says; NaN or infinity for those that are no number.
        since: step of the first of them.
        rows: how many there are; of more than 512, at least so many.
        whole: there are no others.
    """

    value: float
    since: int
    rows: int
    whole: bool

    @property
    def told(self) -> Said:
        """Which rows these are, as a sentence names them."""
        if self.whole:
            return said("all {rows:,} rows", rows=self.rows)
        return said("the last {rows:,} rows", rows=self.rows)


def same(sketch: Sketch | None) -> Stretch | None:
    """The newest rows that are equal to the last digit."""
    if sketch is None or not len(sketch.newest) or not math.isfinite(sketch.newest[-1]):
        return None
    if len(sketch.newest) > 1 and sketch.newest[-2] != sketch.newest[-1]:  # as nearly always
        return Stretch(float(sketch.newest[-1]), int(sketch.newest_step[-1]), 1, False)
    return _stretch(sketch, sketch.newest == sketch.newest[-1])


def broken(sketch: Sketch | None) -> Stretch | None:
    """The newest rows that are NaN or infinite."""
    if sketch is None or not len(sketch.newest) or math.isfinite(sketch.newest[-1]):
        return None
    return _stretch(sketch, ~np.isfinite(sketch.newest))


def _stretch(sketch: Sketch, alike: np.ndarray) -> Stretch:
    other = np.flatnonzero(~alike)
    first = int(other[-1]) + 1 if len(other) else 0
    value = float(sketch.newest[-1])
    whole = first == 0 and _everywhere(sketch, value)
    since = int(sketch.newest_step[first])
    if whole and sketch.n > len(sketch.newest) and len(sketch.step):
        since = int(sketch.step[0])
    rows = sketch.n if whole else len(alike) - first
    return Stretch(value, since, rows, whole)


def _everywhere(sketch: Sketch, value: float) -> bool:
    """The rows before the newest are the same, too."""
    if not math.isfinite(value):
        return sketch.nonfinite == sketch.n
    return sketch.nonfinite == 0 and bool(
        np.all(sketch.low == value) and np.all(sketch.high == value)
    )


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
