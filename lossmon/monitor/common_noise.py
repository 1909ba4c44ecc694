"""Whether two curves of one course also shake alike, as two tellings of one training do.

A bar's running mean and a table of points hold no equal value, and two seeds of one model have one
course as well. What tells them apart is the noise: of one training it is the same noise, smoothed
or not; of two it is independent. A CSV and a text log of two seeds in one folder were one run.
"""

from __future__ import annotations

import math

import numpy as np

from lossmon.history.columns import Floats, Ints, among
from lossmon.monitor.agreement import Curve

_LEAST = 24  # rows in common: of fewer a coefficient is not normal
_MOST = 4096  # rows that are looked at
_SURE = 3.5  # standard errors; six looks at independent noise go beyond once in 700 times
_UNCLEAR = 0.5  # a coefficient from which on few rows say neither
_REPEATS = 8  # rows over which a column is compared with itself
_ENDS = 0.05  # of the range of steps by which the ends may differ where both count the same
_FLAT = 0.5  # share of rows that bend not at all as printed, from which on nothing is told


def shares_noise(one: Curve, two: Curve) -> bool | None:
    """Whether two curves go up and down together from row to row.

    How the sparser curve bends at each row is ranked against how the other does at the same steps,
    taken there as points and as means since the row before, one row earlier and later as well: a
    bar counts from 0 where a table counts from 1. Under independence Spearman's coefficient has a
    standard error of 1 / sqrt(n) (Kendall and Gibbons 1990), and more where both columns repeat
    themselves, as smoothed ones do (Bartlett 1935).

    Returns:
        None where it can't be told: few rows in common, steps counted otherwise, values printed so
        coarsely that most do not change, or alike but not so that it is sure.
    """
    sparse, dense = (one, two) if len(one) <= len(two) else (two, one)
    if len(sparse) < _LEAST or not _counts_alike(sparse, dense) or _misses(sparse, dense):
        return None
    at = np.searchsorted(dense.step, sparse.step, side="right")
    inside = at > 0
    at, value = at[inside][-_MOST:], sparse.value[inside][-_MOST:]
    if len(value) < _LEAST:
        return None
    sums = np.concatenate(([0.0], np.cumsum(dense.value - dense.value.mean())))
    begin = np.concatenate((at[:1] - 1, at[:-1]))
    means = (sums[at] - sums[begin]) / np.maximum(at - begin, 1)
    told = [
        _errors(value, other, lag) for other in (dense.value[at - 1], means) for lag in (-1, 0, 1)
    ]
    known = [found for found in told if found is not None]
    if not known:
        return None
    if max(errors for errors, _ in known) > _SURE:
        return True
    # Of 30 rows not even what is the same is sure to be.
    return None if max(share for _, share in known) > _UNCLEAR else False


def _counts_alike(one: Curve, two: Curve) -> bool:
    """Whether two curves span the same steps, so that rows can be matched by them."""
    span = max(int(one.step[-1] - one.step[0]), int(two.step[-1] - two.step[0]), 1)
    ends = (one.step[0] - two.step[0], one.step[-1] - two.step[-1])
    return all(abs(int(end)) <= max(_ENDS * span, 1) for end in ends)


def _misses(sparse: Curve, dense: Curve) -> bool:
    """Whether most steps of one curve are none of the other: then each saw other batches.

    A bar of Lightning showed the last of 19 batches where its table held each fifth.
    """
    shared = max(_shared(sparse.step + shift, dense.step) for shift in (-1, 0, 1))
    return shared < max(_LEAST, len(sparse) / 2)


def _shared(few: Ints, many: Ints) -> int:
    """How many steps are also among others; both ascend."""
    return int(np.count_nonzero(among(few, many)))


def _errors(one: Floats, two: Floats, lag: int) -> tuple[float, float] | None:
    """By how many standard errors two columns bend alike, one moved by `lag` rows, and how much.

    Their falls have the course in common, and so would correlate without any noise.
    """
    first, second = np.diff(one, 2), np.diff(two, 2)
    if lag:
        first, second = (first[lag:], second[:-lag]) if lag > 0 else (first[:lag], second[-lag:])
    if min(np.count_nonzero(first), np.count_nonzero(second)) <= _FLAT * len(first):
        return None
    a, b = (ranks(column) for column in (first, second))
    repeats = sum(float(a[:-k] @ a[k:]) * float(b[:-k] @ b[k:]) for k in range(1, _REPEATS + 1))
    alike = float(a @ b)
    return alike * math.sqrt(len(a) / max(1.0, 1.0 + 2.0 * repeats)), alike


def ranks(column: Floats) -> Floats:
    """Its ranks, with mean 0 and length 1: the product of two such is Spearman's coefficient."""
    found = np.argsort(np.argsort(column)).astype(np.float64)
    found -= (len(column) - 1) / 2
    return found / math.sqrt(float(found @ found))
