"""Where in a log its rows stand: coarse, in bounded memory, so that a point leads to its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from lossmon.formats.decoder import Parts, Record, Rows

_MOST = 1024  # ranges remembered; where there are more, neighbours become one


class Range(NamedTuple):
    """A piece of a log.

    Attributes:
        start: offset of its first byte.
        end: offset behind its last.
        lowest, highest: steps of the rows in it; of rows without a step, their numbers.
    """

    start: int
    end: int
    lowest: int
    highest: int


class Moved(Protocol):
    """Where the rows of a log lie on the axis of its run, which another log has told."""

    def told(self, step: int) -> int:
        """What the log calls a step of the run."""

    def lies(self, own: int) -> int:
        """The step of the run that the log calls so."""


class Origins:
    """Which steps stand in which bytes of a log.

    Attributes:
        counted: rows carry no step; they are numbered as they come.
        moved: where its rows lie elsewhere than they say; else None.
    """

    def __init__(self) -> None:
        self.counted = True
        self.moved: Moved | None = None
        self._ranges: list[Range] = []
        self._rows = 0

    def add(self, start: int, end: int, records: Sequence[Record]) -> None:
        """Note the rows that a piece of the log gave."""
        steps: list[int] = []
        for part in records.parts if isinstance(records, Parts) else (records,):
            if isinstance(part, Rows):
                steps += [int(part.step.min()), int(part.step.max())] if len(part) else []
            else:
                rows = (part,) if isinstance(part, Record) else part
                steps += [record.step for record in rows if record.step is not None]
        self.counted = self.counted and not steps
        first, self._rows = self._rows, self._rows + len(records)
        if not records:
            return
        low, high = (min(steps), max(steps)) if steps else (first, self._rows)
        ranges = self._ranges
        ranges.append(Range(start, end, low, high))
        if len(ranges) > _MOST:
            self._ranges = [
                _joined(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=False)
            ] + (ranges[-1:] if len(ranges) % 2 else [])

    def of(self, step: int) -> list[Range]:
        """The pieces in which the row of a step may stand, newest first."""
        return [one for one in reversed(self._ranges) if one.lowest <= step <= one.highest]


def _joined(one: Range, other: Range) -> Range:
    low, high = min(one.lowest, other.lowest), max(one.highest, other.highest)
    return Range(one.start, other.end, low, high)
