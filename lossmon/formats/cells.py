"""What a single cell of a row says, and what a column of cells says: numbers and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossmon.formats.decoder import Floats, Ints
from lossmon.formats.numbers import as_float, parse_number

_NUMBERS = frozenset({int, float})
_WHOLE = 2.0**53  # beyond it a float does not tell whole numbers apart
_OFTEN = 0.25  # of all rows
_MISSING = frozenset({"", "na", "n/a", "none", "null", "-", "--", "?"})


def floats(cells: Sequence[Any]) -> Floats:
    """A column of numbers, shape (n,); raises ValueError where one is none."""
    if not _NUMBERS.issuperset(map(type, cells)):
        raise ValueError
    return np.fromiter(cells, np.float64, len(cells))  # twice as fast as np.array


def counts(cells: Sequence[Any]) -> Ints:
    """A column of whole numbers, shape (n,); raises ValueError where one is none."""
    if set(map(type, cells)) == {int}:
        return np.fromiter(cells, np.int64, len(cells))
    numbers = floats(cells)
    if not (np.abs(numbers) < _WHOLE).all() or (numbers != np.floor(numbers)).any():
        raise ValueError
    return numbers.astype(np.int64)


def goes_astray(positions: Ints) -> bool:
    """Whether what is called a counter counts nothing: the games of an iteration, say.

    It falls all the time, not to where it began, as the batches of an epoch do, and hardly ever
    gets further than before, as rows do that several processes write out of order.
    """
    falls = (positions[1:] < positions[:-1]) & (positions[1:] != positions[0])
    further = positions[1:] > np.maximum.accumulate(positions)[:-1]
    return bool(falls.mean() > _OFTEN > further.mean()) if len(falls) else False


def read_number(cell: Any) -> float | None:
    """A number, also as text; None where there is none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float | int):
        return as_float(cell)
    if not isinstance(cell, str):
        return None
    number = parse_number(cell) if cell[:1].isdigit() else None  # as nearly all cells begin
    if number is not None or (len(cell) <= 64 and cell.strip().lower() in _MISSING):
        return number
    return parse_number(cell)


def fraction(cell: Any) -> tuple[float | None, float | None]:
    """A number, or "10/438" as (10, 438)."""
    if isinstance(cell, str) and "/" in cell:
        part, _, whole = cell.partition("/")
        return read_number(part), read_number(whole)
    number = read_number(cell)
    return (None if number is None or number != number else number), None
