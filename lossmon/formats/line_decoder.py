"""A format whose log is lines, each a row or none: it says what a line is, all else is here.

class FernDecoder(LineDecoder):
    def __init__(self) -> None:
        super().__init__("fern", "no row of Fern")

    def row(self, line: bytes) -> Record | NoRow | None:
        text, time = strip_prefix(clean(line))      # without escapes, and what a launcher wrote
        if plan := _PLAN.fullmatch(text):
            self.facts.total_steps = int(plan[1])   # what the log says of the whole
            return NO_ROW                           # read, and no row
        found = _ROW.fullmatch(text)                # None is skipped, counted and shown
        return found and Record({"train_loss": float(found[2])}, int(found[1]), None, time)
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter, clean, failure
from lossmon.formats.rows import no_collection

_LOOKED_AT = 4000  # bytes of a line that is no row


class NoRow(Enum):
    """What a line is that was read and tells no metric: a plan, an ending, a setting."""

    NO_ROW = "no row"


NO_ROW: Final = NoRow.NO_ROW


class LineDecoder:
    """Cuts bytes into lines and hands each to `row`; whatever the pieces, the rows are the same.

    A failure is the newest line that tells of one, such as the last of a traceback, until a row
    follows: `row` need not look for it. One that overrides `rows` calls `skip` and `goes_on`.

    Args:
        format: the name of the format.
        skips: what is said of a line that is no row; its Chinese is in `words/zh/errors.toml`.

    Attributes:
        format: the name of the format.
        skipped: lines that gave no row, with examples.
        facts: planned length and ending, which a format takes down where a line says so (see
            `Facts`), and the failure.
    """

    def __init__(self, format: str, skips: str = "no row") -> None:
        self.format = format
        self.skipped = Skipped()
        self.facts = Facts()
        self._skips = skips
        self._lines = LineSplitter()

    def row(self, line: bytes) -> Record | NoRow | None:
        """The row that a line is; NO_ROW where it told something else, None where it is neither."""
        raise NotImplementedError

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows of several lines; a format that reads many at once says so here."""
        records: list[Record] = []
        for line in lines:
            row = self.row(line)
            if isinstance(row, Record):
                self.goes_on()
                records.append(row)
            elif row is None and line.strip():
                self.skip(line)
        return records

    def skip(self, line: bytes) -> str:
        """Count a line that is no row, and hear what it tells; it comes back as clean text."""
        self.skipped.add(self._skips, line)
        text = clean(line[:_LOOKED_AT])
        self.hear(text)
        return text

    def hear(self, text: str) -> None:
        """The training may have died with this line."""
        self.facts.failure = failure(text) or self.facts.failure

    def goes_on(self) -> None:
        """A row came: what looked like a failure was none."""
        self.facts.failure = None

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the lines that became complete."""
        with no_collection():
            rows = self.rows(self._lines.feed(data))
        self._lines.tell_dropped(self.skipped)
        return rows

    def drop_line(self) -> None:
        """Forget the unfinished line."""
        self._lines.drop()

    def flush(self) -> Sequence[Record]:
        """Decode the last line, which no newline ended."""
        rows = self.rows(self._lines.flush())
        self._lines.tell_dropped(self.skipped)
        return rows
