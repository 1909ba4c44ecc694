"""What a single cell of a row says, and what a column of cells says: numbers, steps, times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from lossmon.formats.decoder import Floats, Ints
from lossmon.formats.numbers import as_float, parse_number

MOST_STEPS = 2**62
_EVAL_WORDS = frozenset({"val", "valid", "validation", "eval", "evaluation", "dev", "test"})
_TRAIN_WORDS = frozenset({"train", "training", "trn"})
_NUMBERS = frozenset({int, float})
_WHOLE = 2.0**53  # beyond it a float does not tell whole numbers apart
_TIME_SCALES = (1.0, 1e3, 1e6, 1e9)  # seconds to nanoseconds
_FIRST_TIME, _LAST_TIME = 5e8, 5e9  # 1985 to 2128
_MISSING = frozenset({"", "na", "n/a", "none", "null", "-", "--", "?"})


def wall_time(cell: Any) -> float | None:
    """Seconds since the Unix epoch from seconds, milliseconds, or an ISO date; None otherwise."""
    number = as_float(cell) if isinstance(cell, float | int) else parse_number(str(cell))
    if number is None:
        try:
            moment = datetime.fromisoformat(str(cell).strip().replace("Z", "+00:00"))
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    for scale in _TIME_SCALES:
        if _FIRST_TIME <= number / scale < _LAST_TIME:
            return number / scale
    return None


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


def wall_times(numbers: Floats) -> Floats | None:
    """`wall_time` of a column; raises ValueError where it does not hold for all or for none."""
    for scale in _TIME_SCALES:
        fits = (numbers / scale >= _FIRST_TIME) & (numbers / scale < _LAST_TIME)
        if fits.all():
            return numbers / scale
        if fits.any():
            raise ValueError
    return None


def read_number(cell: Any) -> float | None:
    """A number, also as text; None where there is none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float | int):
        return as_float(cell)
    if not isinstance(cell, str) or len(cell) > 64 or cell.strip().lower() in _MISSING:
        return None
    return parse_number(cell)


def fraction(cell: Any) -> tuple[float | None, float | None]:
    """A number, or "10/438" as (10, 438)."""
    if isinstance(cell, str) and "/" in cell:
        part, _, whole = cell.partition("/")
        return read_number(part), read_number(whole)
    number = read_number(cell)
    return (None if number is None or number != number else number), None


def names_train(cell: Any) -> bool:
    """Whether a cell is a word for the training set and nothing else."""
    return isinstance(cell, str) and cell.lower() in _TRAIN_WORDS


def names_eval(cell: Any) -> bool:
    """Whether a cell is a word for held-out data and nothing else."""
    return isinstance(cell, str) and cell.lower() in _EVAL_WORDS


def is_eval_split(cell: Any) -> bool:
    """Whether a cell such as "val" or "eval_step" means held-out data."""
    word = str(cell)[:40].lower()
    return word in _EVAL_WORDS or word.replace("-", "_").partition("_")[0] in _EVAL_WORDS
