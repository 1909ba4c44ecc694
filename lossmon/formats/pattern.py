"""Lines in a form that the user described by a regular expression with named groups."""

from __future__ import annotations

import re

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter, clean, failure
from lossmon.formats.rows import RowReader

_LONGEST = 10_000  # characters of a line: a user's expression may be slow
_SNIFFED = 2000


class PatternDecoder:
    """Decodes lines that the pattern is found in; the groups are cells of a row.

    Args:
        name: the format's name.
        pattern: with a group for each metric, and for step, epoch, time where the line has them.
    """

    def __init__(self, name: str, pattern: re.Pattern[str]) -> None:
        self.format = name
        self.skipped = Skipped()
        self.facts = Facts()
        self._pattern = pattern
        self._lines = LineSplitter()
        self._rows = RowReader(self.facts)

    def feed(self, data: bytes) -> list[Record]:
        """Decode the lines that became complete."""
        return self._decode(self._lines.feed(data))

    def flush(self) -> list[Record]:
        """Decode the last line, which no newline ended."""
        return self._decode(self._lines.flush())

    def _decode(self, lines: list[bytes]) -> list[Record]:
        records = []
        for line in lines:
            text = clean(line[:_LONGEST])
            found = self._pattern.search(text)
            row = None if found is None else {k: v for k, v in found.groupdict().items() if v}
            record = self._rows.read(row) if row else None
            if record is not None:
                self.facts.failure = None  # it goes on
                records.append(record)
            elif text.strip():
                self.facts.failure = failure(text) or self.facts.failure
                self.skipped.add("not in the form of the pattern", text)
        return records


class PatternFormat:
    """A format of the user's own."""

    def __init__(self, name: str, pattern: re.Pattern[str]) -> None:
        self.NAME = name
        self._pattern = pattern

    def sniff(self, head: bytes, name: str) -> str | None:
        """A line in which the pattern is found."""
        for line in re.split(rb"[\r\n]+", head)[:_SNIFFED]:
            if self._pattern.search(clean(line[:_LONGEST])):
                return "a line in the form that config.toml describes"
        return None

    def decoder(self, name: str) -> PatternDecoder:
        """A fresh decoder."""
        return PatternDecoder(self.NAME, self._pattern)
