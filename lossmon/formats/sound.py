"""The border where records leave a decoder: what has no place on an axis goes no further."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from operator import is_
from typing import overload

import numpy as np

from lossmon.formats.decoder import MOST_STEPS, Floats, Parts, Record, Rows, Skipped

_MOST_TIME = 2.0**43  # seconds; no date is as far
_FLOAT_BITS = 1000  # of a whole number that a float can hold
_SHOWN = 4  # values of a record that is skipped


def sound(records: Sequence[Record], skipped: Skipped) -> Sequence[Record]:
    """The records whose step makes sense, without an epoch or a time that makes none.

    All records pass here when they leave a decoder, so that nothing behind it meets a number that
    it can't keep: a bar of tqdm with 20 digits, an event file with 70 bits. No training is at a
    step below 0: of a table it was kept, and printed it was a metric beside rows that were counted.
    """
    if isinstance(records, Parts):
        sorted_out = [_sound_part(part, skipped) for part in records.parts]
        if all(map(is_, sorted_out, records.parts)):
            return records
        return Parts([part for part in sorted_out if part is not None])
    if isinstance(records, Rows):
        return _sound_part(records, skipped) or ()
    if all(map(_is_sound, records)):
        return records
    each = (_sound_part(record, skipped) for record in records)
    return [record for record in each if record is not None]


@overload
def _sound_part(part: Rows, skipped: Skipped) -> Rows | None: ...
@overload
def _sound_part(part: Record, skipped: Skipped) -> Record | None: ...
def _sound_part(part: Record | Rows, skipped: Skipped) -> Record | Rows | None:
    if not isinstance(part, Rows):
        if _is_sound(part):
            return part
        if part.step is not None and not _counts(part.step):
            skipped.add("a step that makes no sense", _shown(part))
            return None
        return part._replace(
            epoch=math.nan if _beyond(part.epoch, MOST_STEPS) else part.epoch,
            time=math.nan if _beyond(part.time, _MOST_TIME) else part.time,
        )
    good = (part.step >= 0) & (part.step < MOST_STEPS)
    epoch, time = _within(part.epoch, MOST_STEPS), _within(part.time, _MOST_TIME)
    if epoch is not part.epoch or time is not part.time:
        part = Rows(part.values, part.step, epoch, time, part.stage, part.run)
    if good.all():
        return part
    for record in part[np.flatnonzero(~good)]:
        skipped.add("a step that makes no sense", _shown(record))
    return part[np.flatnonzero(good)] if good.any() else None


def _is_sound(record: Record) -> bool:
    return (
        (record.step is None or _counts(record.step))
        and not _beyond(record.epoch, MOST_STEPS)
        and not _beyond(record.time, _MOST_TIME)
    )


def _counts(step: int) -> bool:
    return 0 <= step < MOST_STEPS


def _beyond(number: float | None, most: float) -> bool:
    return number is not None and abs(number) >= most


def _within(column: Floats | None, most: float) -> Floats | None:
    """A column without what is beyond all bounds; the same one where nothing is."""
    if column is None or not (np.abs(column) >= most).any():
        return column
    return np.where(np.abs(column) >= most, np.nan, column)


def _shown(record: Record) -> str:
    """The step and the first values of a record, to show which one it was."""
    step = record.step or 0
    beyond = math.inf if step > 0 else -math.inf
    size = float(step) if step.bit_length() < _FLOAT_BITS else beyond
    cells = {"step": size, **dict(islice(record.values.items(), _SHOWN))}
    return ", ".join(f"{name} {value:.6g}" for name, value in cells.items())
