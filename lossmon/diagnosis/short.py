"""What a few rows say by their order alone: they bound no noise, and need not.

Half of what people show of a sick training is 4 to 19 rows. Rows that all lie above all earlier
ones by more than those ever moved, a fall and a climb without one step back, a rise from the first
row to the last: each is rarer by chance than any standard error of so few rows could tell.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats


class Bounds(Limits):
    """When a shape of few rows is plain."""

    rows = Limit(4, "rows at least", "threads: 4 rounds of boosting")
    calm = Limit(6, "rows, where no eval says the same", "1 of 720 orders")
    shape = Limit(5, "likewise, for a word and no verdict", "1 of 120 orders")
    jump = Limit(1.0, "x the range of the earlier rows, by which the newest lie above", "threads")
    level = Limit(0.25, "of the level, likewise", "words: a quarter of the fall")
    after = Limit(2, "rows behind a jump", "one may be a spike")
    turn = Limit(3, "rows up without a step back, behind a fall of two or more", "threads: 5 and 5")
    back = Limit(0.3, "of the fall that a turn takes back", "words: a quarter")
    orders = Limit(100, "orders of rows, of which one at most climbs so", "1 of 100 by chance")
    rise = Limit(0.02, "of the first row that a rise makes", "threads: 8 %")
    multiplies = Limit(2.5, "x the first row, without a step back: of whatever run", "threads: 5 x")
    blown = Limit(100.0, "x all rows before, of the newest two or more", "threads: 1,000 x")
    below = Limit(-1.5, "loss below 0 by more than cross-entropy less Dice", "it ends at -1")
    halves = Limit(2, "turns of the moves themselves", "a fall and a climb of a pendulum")
    climbs = Limit(2.9, "Mann-Kendall z of a rise with steps back", "words: 3 to 5")
    apart = Limit(1.2, "x: lowest of the last third over the highest of the first", "threads: 3 x")
    falls = Limit(5, "rows in which train and eval fall, all of them", "1 of 120 orders each")
    each = Limit(0.1, "of the first row, by which rows that all fall have fallen", "threads: 20 %")
    swings = Limit(0.3, "of the level: usual move from row to row", "threads: 0.33")
    turns = Limit(0.4, "of the moves that go back on the one before", "2/3 in noise")
    no_fall = Limit(-1.3, "Mann-Kendall z: there is no fall beneath", "1 of 10 in noise")


Shape = Literal["jump", "turn", "climb", "multiplies", "undone"]


class Rise(NamedTuple):
    """A rise that a few rows show.

    Attributes:
        shape: how it goes.
        at: first row of it.
        low: level before it: the lowest row, or the usual one before a jump.
        level: where it has come.
        smooth: no step was taken back, on either side.
    """

    shape: Shape
    at: int
    low: float
    level: float
    smooth: bool


def few(view: View) -> Floats | None:
    """The rows of a short log that is over, or whose rows are means of epochs; else None.

    Of one that goes on, the next rows tell more.
    """
    return _rows(view) if view.ended or view.rows_are_epochs else None


def _rows(view: View) -> Floats | None:
    """All rows of a short log; None of one whose rate warms up, or with a row that is no number."""
    train = view.train
    if train is None or not Bounds.rows <= train.n < Enough.points_live or view.warming_up:
        return None
    values = train.sketch.newest
    return values if np.isfinite(values).all() else None


def rise_of(view: View) -> Rise | None:
    """The rise that a few rows show; None where there is none."""
    values = few(view)
    if values is None:
        return _multiplies(view)
    told = _jump(values) or _turn(values) or _climb(values, view) or _multiplies(view)
    return told or _undone(values)


def shape(view: View) -> Rise | None:
    """The same of a run that goes on, too: no verdict, as the next rows tell more, and a word."""
    values = _rows(view)
    return (
        None
        if values is None
        else _jump(values) or _turn(values) or _climb(values, view, Bounds.shape) or _undone(values)
    )


def _multiplies(view: View) -> Rise | None:
    """2.1, 2.6, 4.1, 11: each row is above the one before, and the newest is far above the first.

    No noise of batches does that, so that it need not be known whether the run goes on.
    """
    values = _rows(view)
    if values is None or values[0] <= 0 or (st.steps(values) <= 0).any():
        return None
    first, last = float(values[0]), float(values[-1])
    return Rise("multiplies", 0, first, last, True) if last >= Bounds.multiplies * first else None


def blown(view: View) -> tuple[int, float] | None:
    """(first row, level before) of the newest rows, all a hundred times all before; else None.

    Two of them, as one may be a spike; of means of epochs one, where eval says the same.
    """
    train = view.train
    if train is None or view.curve or train.rises or not Bounds.rows < train.n < Enough.points_live:
        return None
    values = train.sketch.newest
    if not np.isfinite(values).all() or values.min() <= 0:
        return None
    after = 1 if _eval_blown(view) else int(Bounds.after)
    for at in range(3, len(values) - after + 1):
        before, since = values[:at], values[at:]
        if float(since.min()) >= Bounds.blown * float(before.max()):
            return at, st.median(before)
    return None


def _eval_blown(view: View) -> bool:
    """The newest evaluation leapt as far: it is of weights that stand, no batch made it so."""
    evals = view.sketches.get("eval_loss")
    if evals is None or len(evals.newest) < Enough.facts or not view.rows_are_epochs:
        return False
    before = evals.newest[:-1]
    return float(evals.newest[-1]) >= Bounds.blown * float(before.max()) > 0


def falls_each(view: View) -> bool:
    """Each of a few rows is below the one before, and the last well below the first."""
    train = view.train
    if train is None or not Enough.facts <= train.n < Enough.points_live:
        return False
    values = train.sketch.newest
    fell = float(values[0] - values[-1])
    return bool((st.steps(values) < 0).all()) and fell > Bounds.each * abs(float(values[0]))


def _newest_rises(values: Floats) -> int:
    """How often the newest rows rose without a step back."""
    down = np.flatnonzero(st.steps(values) <= 0)
    return len(values) - 1 - (int(down[-1]) + 1 if len(down) else 0)


def climbs(values: Floats) -> int:
    """The same, where it is so many that chance is out of the question; else 0."""
    k = _newest_rises(values) if len(values) > 1 and np.isfinite(values).all() else 0
    if not k or math.factorial(k + 1) < Bounds.orders:
        return 0
    rise = float(values[-1] - values[-1 - k])
    return k if rise >= Bounds.rise * abs(float(values[-1 - k])) else 0


def swings_evenly(view: View) -> bool:
    """Its moves grow and shrink in turn, as those of a pendulum do: each half has one fastest."""
    values = few(view)
    if values is None:
        return False
    faster = st.steps(st.steps(values))
    return int(np.count_nonzero(faster[1:] * faster[:-1] < 0)) <= Bounds.halves


def _jump(values: Floats) -> Rise | None:
    rows = values.tolist()  # so few that arrays take ten times as long
    for after in range(len(rows) // 2, int(Bounds.after) - 1, -1):
        at = len(rows) - after
        if at < Bounds.rows:
            continue
        most = max(rows[:at])
        gap = min(rows[at:]) - most
        if gap <= 0 or gap <= Bounds.jump * (most - min(rows[:at])):
            continue
        usual = st.median(values[:at])
        if gap > Bounds.level * abs(usual):
            return Rise("jump", at, usual, st.median(values[at:]), False)
    return None


def _undone(values: Floats) -> Rise | None:
    """Two rows or more back up, behind a fall whose later half never moved by so much.

    10.0, 8.3, ... 4.34, 4.28, and then 8.33 and 8.31: not above the first rows, and yet a jump.
    """
    rows = values.tolist()
    for after in range(int(Bounds.after), len(rows) // 2 + 1):
        at = len(rows) - after
        before, since = rows[at // 2 : at], rows[at:]
        gap = min(since) - max(before)
        if len(before) < Bounds.rows or gap <= max(since) - min(since):
            continue
        usual = st.median(values[at // 2 : at])
        fall = max(rows[:at]) - min(before)
        known = max(Bounds.jump * (max(before) - min(before)), Bounds.level * abs(usual))
        if gap > known and min(since) - min(before) >= Bounds.back * fall:
            return Rise("undone", at, usual, st.median(values[at:]), False)
    return None


def _turn(values: Floats) -> Rise | None:
    at = int(values.argmin())
    up, down = st.steps(values[at:]), st.steps(values[: at + 1])
    if len(up) < Bounds.turn or len(down) < 2 or (up <= 0).any():
        return None
    rising = math.factorial(len(up) + 1)  # orders of the rows from the lowest on
    valley = math.factorial(len(values)) / 2 ** len(values) if (down < 0).all() else 0.0
    if max(rising, 2 * valley) < Bounds.orders:
        return None
    low, fall = float(values[at]), float(np.max(values[: at + 1]) - values[at])
    risen = float(values[-1]) - low
    if risen < Bounds.back * fall or risen < Bounds.level * abs(low):
        return None
    smooth = bool((down < 0).all()) and len(up) + 1 >= Bounds.rows
    return Rise("turn", at + 1, low, float(values[-1]), smooth)


def _climb(values: Floats, view: View, rows: float = Bounds.calm) -> Rise | None:
    first, last = float(values[0]), float(values[-1])
    if first <= 0 or last - first < Bounds.rise * first:
        return None
    strict = bool((st.steps(values) > 0).all())
    if strict and (len(values) >= rows or _eval_climbs(view)):
        return Rise("climb", 0, first, last, True)
    third = len(values) // 3
    if third < 2 or st.mann_kendall(values) < Bounds.climbs:
        return None
    early, late = values[:third], values[-third:]
    if late.min() < Bounds.apart * early.max():
        return None
    return Rise("climb", third, st.median(early), st.median(late), False)


def _eval_climbs(view: View) -> bool:
    evals = view.sketches.get("eval_loss")
    if evals is None or len(evals.newest) < Bounds.rows:
        return view.kind.id == "boosting"
    return bool((st.steps(evals.newest) > 0).all())


def both_fall(view: View) -> bool:
    """Train and eval fall from epoch to epoch, each of them: few rows say that all is well."""
    pair, train = view.pair, view.train
    if pair is None or train is None or not view.rows_are_epochs or view.curve:
        return False
    if not Bounds.falls <= min(len(pair.value), train.n) <= Enough.points_live:
        return False
    rows = (train.sketch.newest, view.sketches["eval_loss"].newest)
    if rows[0][0] > 0 and rows[0][-1] < Bounds.below:
        return False
    return all(bool((st.steps(one) < 0).all()) for one in rows)


def falls(view: View) -> bool:
    """The curve gets better from epoch to epoch, in each of a few rows that are means of epochs."""
    train = view.train
    if train is None or not Bounds.falls <= train.n < Enough.points_live:
        return False
    if not (view.rows_are_epochs and not view.warming_up):
        return False
    if train.sketch.newest[0] > 0 and train.sketch.newest[-1] < Bounds.below:
        return False  # what goes down through 0 and on may have no floor
    return bool((st.steps(train.sketch.newest) < 0).all())


def enough(view: View) -> bool:
    """There are rows enough to say that a curve gets better."""
    return view.train is not None and (view.train.n >= view.enough or falls(view))


def swings(view: View) -> float | None:
    """Usual move from row to row over the level, of rows that leap about with no fall; or None.

    Of a log that begins in the middle nobody knows what they fell from: losses of single batches
    of epoch 52 leap between 0.002 and 0.9 beside a mean that stands.
    """
    values = few(view)
    if values is None or view.tail or len(values) < Enough.points or values.min() <= 0:
        return None
    level, moves = st.median(values), st.steps(values)
    usual = float(np.mean(np.abs(moves))) / level
    turns = float(np.mean(moves[1:] * moves[:-1] < 0))
    flat = st.mann_kendall(values) > Bounds.no_fall
    stays = st.median(values[-3:]) > 0.75 * st.median(values[:3])
    return usual if usual >= Bounds.swings and turns >= Bounds.turns and flat and stays else None
