"""Whether two logs tell the same metrics row by row, and other values: then they are two trainings.

Two seeds of one model have one course; the output of one and the table of the other, in one folder,
were one run, and the curve of one of them was gone. Of one training

    an evaluation has one result,
    the learning rate is what it was set to,
    a loss and a gradient norm are the same numbers, or one averages the other.

What averages is smoother, or lags behind and so lies on one side of what falls, and what is told
with a penalty or another reduction shakes alike. Rows of which nothing of that holds are strangers.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from lossmon.formats.lexicon import EVAL_LOSS, GRAD_NORM, LEARNING_RATE, TRAIN_LOSS
from lossmon.history.columns import Floats, Ints
from lossmon.monitor.agreement import Curve, compare, contradict
from lossmon.monitor.common_noise import ranks, shares_noise
from lossmon.monitor.curves import Curves, is_inexact
from lossmon.monitor.places import LEAST, Places, are_apart, places

_RATES = 4  # learning rates of a log that are compared
_ROWS = 64  # of them
_DIGITS = 8  # times what printing may do to values by which they differ, if it can be told
_CHANCE = 0.125  # share of rows that agree by chance
_SIDE = 0.2  # share of rows that lie on either side of the other curve, unless one lags or is more
_SURE = 3.0  # standard errors by which it lies there on average
_ALIKE = 0.8  # Spearman's coefficient of what shakes alike
_SMOOTHER = 2.5  # times that one curve shakes less than another which it may average
_DENSER = 2.0  # rows of one log for each of the other, of which that may tell any
_SINGLE = 1e-6  # event files hold values in single precision
_PUNCTUATION = re.compile(r"[\W_]+")


def are_forks(one: Curves, two: Curves) -> bool:
    """Whether two logs that begin alike tell other values at their ends."""
    first, second = one.chosen(TRAIN_LOSS), two.chosen(TRAIN_LOSS)
    if first is None or second is None or not len(first) or not len(second):
        return False
    return _forks(first, second) is True


def _forks(one: Curve, two: Curve) -> bool | None:
    """Whether curves that begin alike go on otherwise; None where they do not begin so.

    What averages, lags behind or is more does so from the start. Where rows of one were lost, the
    others are there all the same, some steps off.
    """
    rest = behind_fork(one, two)
    return None if rest is None else 2 * compare(*rest).agreed < min(map(len, rest))


def are_strangers(one: Curves, two: Curves) -> bool:
    """Whether any metric says that two logs, none of whose values agree, are of two trainings."""
    if _evaluated_otherwise(one, two) or _set_otherwise(one, two):
        return True
    drawn = is_inexact(one.log) or is_inexact(two.log)
    for role in (TRAIN_LOSS, EVAL_LOSS, GRAD_NORM):
        first, second = one.chosen(role), two.chosen(role)
        if first is None or second is None or not len(first) or not len(second):
            continue
        told = tell_otherwise(first, second, drawn)
        if told or are_apart(first, second):
            return True
        if told is False and role == TRAIN_LOSS:
            return False  # of gradients each rank may print its own
    return False


def _evaluated_otherwise(one: Curves, two: Curves) -> bool:
    """Whether two logs hold one eval loss with other values: two seeds of one course."""
    of = [
        {_PUNCTUATION.sub("", name).lower(): curves[name] for name in curves.of(EVAL_LOSS)}
        for curves in (one, two)
    ]
    return any(contradict(of[0][name], of[1][name]) for name in of[0].keys() & of[1].keys())


def _set_otherwise(one: Curves, two: Curves) -> bool:
    """Whether no rate of one log is one of the other: each group of weights has its own."""
    of = [
        [curves[name] for name in islice(curves.of(LEARNING_RATE), _RATES)] for curves in (one, two)
    ]
    return all(of) and all(is_set_otherwise(first, second) for first, second in product(*of))


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def is_set_otherwise(one: Curve, two: Curve) -> bool:
    """Whether two learning rates differ at most of the rows that tell of one moment.

    One may be told before and one after it is set anew, or be a mean since the row before.
    """
    met = places(one, two) if len(one) and len(two) else None
    if met is None:
        return False
    slack = 1.01 * (_last_digit(one)[met.first] + _last_digit(two)[met.second])
    rows = np.unique(np.linspace(0, len(met) - 1, min(_ROWS, len(met))).astype(np.int64))
    outside = _outside(one.value[met.first], two.value, met.second, slack, rows)
    outside &= _outside(two.value[met.second], one.value, met.first, slack, rows)
    return 2 * int(np.count_nonzero(outside)) > len(rows)


def _outside(own: Floats, other: Floats, at: Ints, slack: Floats, rows: Ints) -> NDArray[np.bool_]:
    """Which rows lie beyond all that the other curve has since the row before."""
    since = np.minimum(at[np.maximum(rows - 1, 0)], np.maximum(at[rows] - 1, 0))
    near = [other[a : b + 2] for a, b in zip(since.tolist(), at[rows].tolist(), strict=True)]
    low, high = (np.array([limit(part) for part in near]) for limit in (np.min, np.max))
    return (own[rows] < low - slack[rows]) | (own[rows] > high + slack[rows])


def _last_digit(curve: Curve) -> Floats:
    """How far the values behind those of a curve may be, each by the size of its own digits."""
    size, (decimals, digits) = np.abs(curve.value), curve.printed
    tens = 10.0 ** np.floor(np.log10(np.where(size > 0, size, 1.0)))
    return np.maximum(decimals, digits * tens) + _SINGLE * size


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def tell_otherwise(one: Curve, two: Curve, drawn: bool = False) -> bool | None:
    """Whether two curves, of which a bar drew one, tell other values row by row.

    None where that can't be told.
    """
    if (fork := _forks(one, two)) is not None:
        return fork
    noise = shares_noise(one, two)
    if noise is not None:
        return not noise
    met = places(one, two)
    if met is None:
        return None
    if met.exact:  # the same by epochs, where steps are the numbers of rows
        noise = shares_noise(
            *(replace(c, step=axis) for c, axis in zip((one, two), met.axes, strict=True))
        )
        if noise is not None:
            return not noise
    return True if _are_others(one, two, met, drawn) else None


def behind_fork(one: Curve, two: Curve) -> tuple[Curve, Curve] | None:
    """What two curves tell from where on they differ; None where they did not begin alike.

    A training that is started again from a checkpoint, with the log that it had by then: of text
    and JSON lines that had the first 100 of 400 rows in common one branch was lost.
    """
    met = places(one, two)
    if met is None:
        return None
    first, second = one.value[met.first], two.value[met.second]
    slack, apart = one.slack(first) + two.slack(second), np.abs(first - second)
    equal = apart <= 1.01 * slack
    fork = int(equal.argmin())
    rest = equal[fork:]
    if min(fork, len(rest)) < LEAST or np.count_nonzero(rest) > _CHANCE * len(rest):
        return None
    if np.median(apart[fork:]) < _DIGITS * np.median(slack):
        return None
    return _from(one, int(met.first[fork])), _from(two, int(met.second[fork]))


def _from(curve: Curve, row: int) -> Curve:
    epoch = None if curve.epoch is None else curve.epoch[row:]
    return Curve(curve.step[row:], curve.value[row:], epoch)


def _are_others(one: Curve, two: Curve, met: Places, drawn: bool) -> bool:
    """Whether rows at one place are those of two trainings, and neither averages the other.

    A bar that is drawn each tenth step shows the value of any step since: nothing is told by it.
    """
    if drawn and max(int(at[-1] - at[0]) for at in (met.first, met.second)) > _DENSER * len(met):
        return False
    first, second = one.value[met.first], two.value[met.second]
    slack = 1.01 * (one.slack(first) + two.slack(second))
    beyond = first - second
    apart = np.abs(beyond)
    if np.count_nonzero(apart <= slack) > _CHANCE * len(met):
        return False
    if np.median(apart) < _DIGITS * np.median(slack):
        return False  # printed so coarsely that nothing is told
    if _lies_beside(beyond):
        return False
    bends = np.diff(first, 2), np.diff(second, 2)
    calm, wild = sorted(float(np.sqrt(np.mean(bend**2))) for bend in bends)
    if wild > _SMOOTHER * calm:
        return False
    shown = (first, second), (_means(one, met.first), second), (first, _means(two, met.second))
    return not any(_alike(*pair) for pair in shown)


def _lies_beside(beyond: Floats) -> bool:
    """Whether one curve is above the other beyond chance: it lags behind what falls, or is more."""
    above, rows = np.count_nonzero(beyond > 0), len(beyond)
    if min(above, rows - above) < _SIDE * rows:
        return True
    return bool(abs(np.mean(beyond)) * math.sqrt(rows) > _SURE * np.std(beyond, ddof=1))


def _alike(first: Floats, second: Floats) -> bool:
    """Whether two columns shake alike from row to row, and not as their courses bend alone."""
    differences = ((np.diff(first, order), np.diff(second, order)) for order in (2, 3))
    return all(float(ranks(a) @ ranks(b)) >= _ALIKE for a, b in differences)


def _means(curve: Curve, at: Ints) -> Floats:
    """The means of a curve since the row before, at some of its rows."""
    begin = np.concatenate((at[:1], at[:-1] + 1))
    means: Floats = np.add.reduceat(curve.value[: at[-1] + 1], begin) / (at + 1 - begin)
    return means
