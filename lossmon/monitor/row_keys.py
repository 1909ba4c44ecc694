"""What two logs of one training have in common, as keys by which they are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.history.columns import Ints
from lossmon.monitor.agreement import LEAST_SIZE, Curve

Keys = tuple[tuple[int, ...], ...]  # of each row that a log may be found by
_KEYS = 48  # of a log, by which others that hold the same values are found
_MIXED = 0x1F35C9A3D6E47B91  # an odd number of 61 bits, which spreads what it is multiplied by
_ROUND = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000)


def keys_of(curve: Curve) -> tuple[int, ...]:
    """All that a curve is found by, each once; see `rows_of`."""
    return tuple(dict.fromkeys(key for row in rows_of(curve) for key in row))


def rows_of(curve: Curve) -> Keys:
    """What two logs of one training have in common, whatever digits and which rows they hold.

    Three values in a row, to three digits; and values at round steps, which logs that have not all
    rows share most easily. A value near the edge of its digits has another key, but not all have.
    A row has a key for its own step and one for the next, where rows are counted from 1: both are
    one thing in common. Taken for two, a single value that happened to agree had every log of a
    sweep compared with sixteen others.
    """
    with np.errstate(divide="ignore"):
        size = np.where(curve.value == 0, 0.0, np.floor(np.log10(np.abs(curve.value))))
    size = np.maximum(size, LEAST_SIZE)
    coded = np.round(curve.value / 10.0 ** (size - 2)).astype(np.int64) * 64 + size.astype(np.int64)
    coded &= (1 << 40) - 1
    first = coded[:_KEYS]
    three = (first[:-2] * _MIXED + first[1:-1]) * _MIXED + first[2:]
    keys = dict.fromkeys(zip(three.tolist(), strict=True))
    alone = coded * _MIXED + curve.step
    if len(alone) <= _KEYS // 2:  # each row is found by both
        return (*keys, *dict.fromkeys(zip(alone.tolist(), (alone + 1).tolist(), strict=True)))
    rows: dict[int, tuple[int, ...]] = {}
    for shift in (0, 1):
        for at in _roundest(curve.step + shift):
            rows[at] = (*rows.get(at, ()), int(alone[at]) + shift)
    return (*keys, *dict.fromkeys(rows.values()))


def _roundest(steps: Ints) -> Sequence[int]:
    """Where the roundest steps stand."""
    roundness = sum((steps % base == 0).astype(np.int64) for base in _ROUND)
    found: list[int] = np.argsort(-roundness, kind="stable")[: _KEYS // 2].tolist()
    return found
