"""A format whose log is lines, each a row or none: it says what a line is, all else is here."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter
from lossmon.formats.rows import no_collection


class LineDecoder:
    """Cuts bytes into lines and hands each to `row`; whatever the pieces, the rows are the same.

    Args:
        format: the name of the format.
        skips: what is said of a line that is no row.

    Attributes:
        format: the name of the format.
        skipped: lines that gave no row, with examples.
        facts: planned length, ending, failure.
    """

    def __init__(self, format: str, skips: str = "no row") -> None:
        self.format = format
        self.skipped = Skipped()
        self.facts = Facts()
        self._skips = skips
        self._lines = LineSplitter()

    def row(self, line: bytes) -> Record | None:
        """The row that a line is; None where it is none."""
        raise NotImplementedError

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows of several lines; a format that reads many at once says so here."""
        records = []
        for line in lines:
            record = self.row(line)
            if record is not None:
                records.append(record)
            elif line.strip():
                self.skipped.add(self._skips, line)
        return records

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the lines that became complete."""
        with no_collection():
            return self.rows(self._lines.feed(data))

    def flush(self) -> Sequence[Record]:
        """Decode the last line, which no newline ended."""
        return self.rows(self._lines.flush())
