"""Lines in a form that the user described by a regular expression with named groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lossmon.formats.apart import TooSlowError, Worker, search
from lossmon.formats.decoder import Record
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.lines import clean
from lossmon.formats.rows import RowReader
from lossmon.words import said

_LONGEST = 10_000  # characters of a line: a user's expression may be slow
_SNIFFED = 2000
_AT_ONCE = 500  # lines in one request
_MOST_HANGS = 3  # from then on no other log is looked at


class PatternDecoder(LineDecoder):
    """Decodes lines that the pattern is found in; the groups are cells of a row.

    Args:
        name: the format's name.
        pattern: with a group for each metric, and for step, epoch, time where the line has them.
        worker: where it is looked for.
    """

    def __init__(self, name: str, pattern: re.Pattern[str], worker: Worker) -> None:
        super().__init__(name, "not in the form of the pattern")
        self._pattern = pattern
        self._worker = worker
        self._rows = RowReader(self.facts)

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The lines that the pattern is found in, asked for many at once."""
        records = []
        texts = [clean(line[:_LONGEST]) for line in lines]
        for line, found in zip(lines, self._found(texts), strict=True):
            row = None if found is None else {k: v for k, v in found.items() if v}
            record = self._rows.read(row) if row else None
            if record is not None:
                self.goes_on()
                records.append(record)
            elif line.strip():
                self.skip(line)
        return records

    def _found(self, texts: list[str]) -> Iterator[dict[str, str] | None]:
        """What the pattern finds in each text."""
        for at in range(0, len(texts), _AT_ONCE):
            some = texts[at : at + _AT_ONCE]
            try:
                yield from search(self._worker, self._pattern.pattern, self._pattern.flags, some)
            except TooSlowError:
                raise TooSlowError(
                    f"set aside: the pattern {self.format!r} of config.toml took too long for it;"
                    " let no two parts of it match the same text"
                ) from None


class PatternFormat:
    """A format of the user's own.

    Attributes:
        fault: a line about the first log for which it took too long.
    """

    def __init__(self, name: str, pattern: re.Pattern[str], worker: Worker) -> None:
        self.NAME = name
        self._pattern = pattern
        self._worker = worker
        self._hangs = 0
        self._hung: set[str] = set()
        self.fault: str | None = None

    def hung_on(self, name: str) -> bool:
        """Whether it took too long for this log, which it might have read."""
        return name in self._hung

    def sniff(self, head: bytes, name: str) -> str | None:
        """A line in which the pattern is found; None too where that takes too long (`fault`)."""
        if self._hangs >= _MOST_HANGS:
            return None
        texts = [clean(line[:_LONGEST]) for line in re.split(rb"[\r\n]+", head)[:_SNIFFED]]
        try:
            for at in range(0, len(texts), _AT_ONCE):
                some = texts[at : at + _AT_ONCE]
                if any(search(self._worker, self._pattern.pattern, self._pattern.flags, some)):
                    return said("a line in the form that config.toml describes")
        except TooSlowError:
            self._hangs += 1
            self._hung.add(name)
            self.fault = self.fault or said(
                "the pattern {name} of config.toml took too long for {log}; let no two parts of it "
                "match the same text",
                name=repr(self.NAME),
                log=name,
            )
        return None

    def decoder(self, name: str) -> PatternDecoder:
        """A fresh decoder."""
        return PatternDecoder(self.NAME, self._pattern, self._worker)
