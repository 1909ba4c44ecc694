"""Which rows of two curves tell of one moment: those of one step, of one epoch, or of one number.

What HF Trainer prints has epochs and no step, and its `trainer_state.json` has both: row by row
they can be compared all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossmon.history.columns import Floats, Ints
from lossmon.monitor.agreement import Curve, rounding

LEAST = 6  # rows in common: of fewer nothing is told
_MOST = 0.5  # share of the rows of the shorter curve that lie where the other has one
_UNIQUE = 0.9  # share of the epochs that no other row has: else they tell no rows apart
_LONGER = 0.02  # by which one of two curves may be longer whose rows are counted
_LATEST = 1e9  # epoch
_FINE = 1e-6  # of an epoch
_SAMPLED = 512  # epochs that tell how many digits they have


@dataclass(frozen=True, eq=False)
class Places:
    """Two curves on an axis that they share.

    Attributes:
        axes: where the rows of each lie, int64, ascending.
        first, second: the rows of the one and of the other that lie at one place.
        exact: the axis counts what both logs say, no rows nor whole epochs.
    """

    axes: tuple[Ints, Ints]
    first: Ints
    second: Ints
    exact: bool

    def __len__(self) -> int:
        return len(self.first)


def places(one: Curve, two: Curve) -> Places | None:
    """Where two curves tell of the same moments; None where that is not known, or of too few."""
    unit = _unit(one, two)
    by_step = _met(one.step, two.step, exact=True)
    if by_step is not None and _agree(one, two, by_step, unit):
        return by_step
    if unit is not None:
        axes = _in_units(one, unit), _in_units(two, unit)
        if all(len(np.unique(axis)) >= _UNIQUE * len(axis) for axis in axes):
            return _met(*axes, exact=unit < 1)
    if abs(len(one) - len(two)) > max(1, _LONGER * len(one)) or not (
        _counted(one) or _counted(two)
    ):
        return None
    by_order = _met(np.arange(len(one)), np.arange(len(two)), exact=False)
    return by_order if by_order is not None and _agree(one, two, by_order, unit) else None


def are_apart(one: Curve, two: Curve) -> bool:
    """Whether one curve goes on where the other was left, so that hardly a row was told twice."""
    unit = _unit(one, two)
    if unit is None or unit >= 1:
        return False
    few, many = sorted((_in_units(one, unit), _in_units(two, unit)), key=len)
    told_twice = np.count_nonzero((few >= many[0]) & (few <= many[-1]))
    return len(few) >= LEAST and bool(told_twice < _MOST * len(few))


def _met(first: Ints, second: Ints, *, exact: bool) -> Places | None:
    """The rows that lie at one place; one log may count from 0 where the other does from 1."""
    best: tuple[Ints, Ints] | None = None
    for shift in (0, 1, -1):
        at = np.maximum(second.searchsorted(first + shift, side="right") - 1, 0)
        rows = np.flatnonzero(second[at] == first + shift)
        rows = rows[np.diff(at[rows], prepend=-1) > 0]  # two rows of a step are told once
        if best is None or len(rows) > len(best[0]):
            best = rows, at[rows]
    assert best is not None
    if len(best[0]) < max(LEAST, _MOST * min(len(first), len(second))):
        return None
    return Places((first, second), *best, exact)


def _unit(one: Curve, two: Curve) -> float | None:
    """What the epochs of both are known to; None where either has none."""
    if one.epoch is None or two.epoch is None:
        return None
    if not all((np.abs(epoch) < _LATEST).all() for epoch in (one.epoch, two.epoch)):
        return None  # one is missing, or is none
    told = (
        rounding(epoch[:: max(1, len(epoch) // _SAMPLED)])[0] for epoch in (one.epoch, two.epoch)
    )
    return max(_FINE, *(2 * half for half in told))


def _in_units(curve: Curve, unit: float) -> Ints:
    assert curve.epoch is not None
    counted: Floats = np.maximum.accumulate(np.round(curve.epoch / unit))
    return counted.astype(np.int64)


def _agree(one: Curve, two: Curve, met: Places, unit: float | None) -> bool:
    """Whether epochs say nothing else than steps, or the numbers of the rows, do."""
    if unit is None:
        return True
    assert one.epoch is not None
    assert two.epoch is not None
    apart = np.abs(one.epoch[met.first] - two.epoch[met.second])
    return bool(np.median(apart) <= 1.01 * unit)


def _counted(curve: Curve) -> bool:
    """Whether its steps may be the numbers of its rows."""
    return int(curve.step[-1] - curve.step[0]) == len(curve) - 1
