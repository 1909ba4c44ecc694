"""What was made of the lines of a log: the row that each gave, or why it gave none."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lossmon.errors import FormatError
from lossmon.formats.decoder import Decoder, Record
from lossmon.formats.detect import detect
from lossmon.formats.lines import clean
from lossmon.formats.numbers import parse_number
from lossmon.monitor.origins import Origins, Range
from lossmon.monitor.raw import Line, Text, line_at, lines_after, lines_before
from lossmon.words import said

if TYPE_CHECKING:
    from lossmon.monitor.document_rows import Placed

_HEAD = 1 << 16  # bytes from which a format is recognised and its lines are learned
_CONTEXT = 200  # lines before a window that are decoded with it
_AHEAD = 40  # lines behind it: a row may be told only when the next one comes
_LOOK_BACK = 80  # lines among which the origin of a row is searched
_SEARCHED = 1 << 22  # bytes of one piece of a log that are searched for a row
_LONG = 20_000  # characters of a line in which numbers are looked for
_NEAR = 15  # lines of a pretty-printed document between a step and its metric

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\b(?:nan|inf(?:inity)?)\b", re.I)
_GROUPED = re.compile(r"\b\d{1,3}(?:,\d{3})+(?:\.\d+)?\b")  # "1,234", or two cells of a table


class Made(NamedTuple):
    """What was made of a line.

    Attributes:
        record: the row; None where it gave none.
        words: the row in words, or why there is none.
        lost: it looks like a row, and none of its kind was read.
    """

    record: Record | None
    words: str
    lost: bool = False


class Reader:
    """Decodes windows of a log as the monitor decoded the whole.

    Args:
        text: the log.
        path: where it is: a format may be told by the name.

    Attributes:
        trouble: why nothing can be said of its lines; "" where something can.
    """

    def __init__(self, text: Text, path: str) -> None:
        self._text = text
        self.trouble = ""
        self._fresh: Decoder | None = None
        start, _ = text.span()
        head = text.read(start, _HEAD)
        try:
            found = detect(head, path, complete=True)
            self._fresh = found.decoder if found is not None else None
        except FormatError as error:
            self.trouble = str(error)
        if b"\0" in head[:4096]:
            self.trouble = said("a binary log: it has no lines")

    def made_of(self, lines: Sequence[Line]) -> dict[int, Made]:
        """What was made of consecutive lines, by their offset."""
        if self._fresh is None or not lines:
            return {}
        if self._is_document:
            from lossmon.monitor.document_rows import placed_rows  # which few logs need

            before = lines_before(self._text, lines[0].at, _CONTEXT)
            after = lines_after(self._text, lines[-1].end, _CONTEXT)
            return _within(placed_rows(whole := [*before, *lines, *after]), whole)
        decoder = copy.deepcopy(self._fresh)
        start, _ = self._text.span()
        learned = lines_after(self._text, start, 1 << 16 if lines[0].at < start + _HEAD else 0)
        if lines[0].at >= start + _HEAD:
            decoder.feed(self._text.read(start, _HEAD).rpartition(b"\n")[0] + b"\n")
            learned = lines_before(self._text, lines[0].at, _CONTEXT)
        before = [line for line in learned if line.at < lines[0].at]
        after = lines_after(self._text, lines[-1].end, _AHEAD)
        return attribute(decoder, [*before, *lines, *after])

    @property
    def _is_document(self) -> bool:
        from lossmon.formats.json_document import DocumentDecoder

        return isinstance(self._fresh, DocumentDecoder)

    def line_of(
        self, step: int, values: Sequence[float], origins: Origins, metric: str = "", run: str = ""
    ) -> Line | None:
        """The line that gave a point.

        Args:
            step: of the point.
            values: of the metric at that step, as logged.
            origins: where the log's rows stand.
            metric: its name: a row that has it goes before one that has the value alone.
            run: of a log in which several stand.
        """
        if self._fresh is None or self.trouble:
            return None
        step = origins.moved.told(step) if origins.moved is not None else step
        wanted = {value for value in values if math.isfinite(value)}
        likely: Line | None = None
        for piece in origins.of(step):
            for line, record in reversed(self._rows_of(piece)):
                if (not origins.counted and record.step != step) or run not in ("", record.run):
                    continue
                there = wanted & numbers(clean(line.data)) or not wanted
                if there and (not metric or metric in record.values):
                    return line
                if there or wanted & set(record.values.values()):
                    likely = likely or line
        return self._by_digits(step, wanted) or likely

    def _rows_of(self, piece: Range) -> list[tuple[Line, Record]]:
        """The lines of a piece of the log that gave a row."""
        start = max(self._text.span()[0], piece.end - _SEARCHED, piece.start - 4096)
        first = line_at(self._text, start) if start else None
        at = start if first is None or first.at == start else first.end
        lines = [line for line in lines_after(self._text, at, 1 << 20) if line.at < piece.end]
        made = self.made_of(lines)
        told = [(line, made[line.at].record) for line in lines if line.at in made]
        return [(line, record) for line, record in told if record is not None]

    def _by_digits(self, step: int, wanted: set[float]) -> Line | None:
        """Where rows take several lines (a document): the value, near its step."""
        start, end = self._text.span()
        if end - start > _SEARCHED * 8 or not wanted:
            return None
        lines = lines_after(self._text, start, 1 << 20)
        steps = [i for i, line in enumerate(lines) if step in numbers(clean(line.data))]
        for i in steps:
            for line in lines[max(0, i - _NEAR) : i + _NEAR + 1]:
                if wanted & numbers(clean(line.data)):
                    return line
        return None


def _within(rows: Sequence[Placed], lines: Sequence[Line]) -> dict[int, Made]:
    """The lines of a document by the row that they are of."""
    beside = said("it stands beside the rows")
    made = {line.at: Made(None, beside) for line in lines}
    for row in rows:
        words = in_words(row.record)
        made |= {line.at: Made(row.record, words) for line in lines[row.first : row.stop]}
    return made


def attribute(decoder: Decoder, lines: Sequence[Line]) -> dict[int, Made]:
    """Feed lines one by one and find out which of them gave which row."""
    from lossmon.formats.why import (  # bring the decoder of texts, which few logs need
        looks_like_row,
        why_not,
    )

    records: dict[int, Record] = {}
    reasons: dict[int, str] = {}
    lost: set[int] = set()
    texts = [clean(line.data) for line in lines]
    for i, line in enumerate(lines):
        decoder.skipped.examples.clear()
        for record in decoder.feed(line.data + b"\n"):
            records[_origin(record, texts, i, records)] = record
        if i not in records:
            reasons[i] = why_not(decoder, texts[i], decoder.skipped.examples)
            lost |= {i} if looks_like_row(decoder, texts[i]) else set()
    for record in decoder.flush():
        records.setdefault(_origin(record, texts, len(lines) - 1, records), record)
    return {
        line.at: Made(records[i], in_words(records[i]))
        if i in records
        else Made(None, reasons.get(i, ""), i in lost)
        for i, line in enumerate(lines)
    }


def _origin(record: Record, texts: Sequence[str], newest: int, taken: Mapping[int, Record]) -> int:
    """The line that holds most of a row's numbers; of equals the newest: bars are drawn again."""
    values = {value for value in record.values.values() if value == value}
    best, most = newest, 0
    for i in range(newest, max(-1, newest - _LOOK_BACK), -1):
        if i in taken:
            continue
        there = numbers(texts[i])
        # The step counts too: a bar shows the loss of one step still at the next.
        count = len(values & there) and 2 * len(values & there) + (record.step in there)
        if count > most:
            best, most = i, count
    return best


def numbers(text: str) -> set[float]:
    """The numbers in a line."""
    words = _NUMBER.findall(text[:_LONG]) + _GROUPED.findall(text[:_LONG])
    parsed = (parse_number(word) for word in words)
    return {number for number in parsed if number is not None}


def in_words(record: Record) -> str:
    """A row: "step 120, epoch 1.5, loss 2.31"."""
    parts = [f"step {record.step:,}"] if record.step is not None else []
    parts += [f"epoch {record.epoch:g}"] if record.epoch is not None else []
    parts += [f"{name} {value:.6g}" for name, value in record.values.items()]
    return ", ".join(parts)
