"""Any JSON lines: one object a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson

from lossmon.formats.by_run import ByRun
from lossmon.formats.decoder import Facts, Parts, Record, Rows
from lossmon.formats.json_folded import FoldedObjects
from lossmon.formats.lexicon import OTHER, THROUGHPUT, is_loss, plain, role
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.notes import note
from lossmon.formats.numbers import whole
from lossmon.formats.rows import BULK, RowReader, by_column, flatten
from lossmon.words import said

NAME = "jsonl"
READS = "JSON lines: Detectron2, MMEngine, Stable-Baselines3, RLlib, your own"
SIGN = "objects that carry a metric"
_NO_METRIC_ROLES = (OTHER, THROUGHPUT)
_NUMBERS = frozenset((int, float))
_SNIFFED_ROWS = 50
_SHARE = 0.7  # of the lines that are JSON; the others are skipped with a count
_SHARE_AMONG_WARNINGS = 0.3  # where nearly all that is JSON tells a metric: "2>&1"


class JsonlDecoder(LineDecoder):
    """Decodes one JSON object a line; what is not an object is skipped with a count."""

    def __init__(self, name: str = NAME) -> None:
        super().__init__(name, "not a JSON object")
        self._rows = ByRun(self.facts)
        self._step: int | None = None  # of the newest row
        self._folded = FoldedObjects()

    @property
    def runs(self) -> Mapping[str, Facts]:
        """What rows say of each run that they name."""
        return self._rows.runs

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows that lines are: many at once where they have the same keys."""
        return self._objects(self._folded.join(lines))

    def flush(self) -> Sequence[Record]:
        """The log ended here; an object that is not closed is no row."""
        return [*super().flush(), *self._objects(self._folded.end())]

    def drop_line(self) -> None:
        """Forget the unfinished line, and the object that none closed."""
        super().drop_line()
        self._folded.end()

    def _objects(self, lines: list[bytes]) -> Sequence[Record]:
        if b"" in lines:
            lines = [line for line in lines if line]
        values = load_values(lines)
        if len(values) >= BULK and type(values[0]) is dict:
            columns = by_column(values)
            bulk = None if columns is None else self._rows.read_columns(columns)
            if bulk is not None:
                return self._taken(bulk)
            if len(values) >= BULK and all(type(row) is dict for row in values):
                return self._stretches(lines, values)
        return self._singly(lines, values)

    def _taken(self, bulk: Rows) -> Rows:
        self.goes_on()
        self._step = int(bulk.step[-1]) if len(bulk) else self._step
        return bulk

    def _stretches(self, lines: list[bytes], values: list[Any]) -> Sequence[Record]:
        """Rows of several kinds, as those of an evaluation are: what follows each other at once."""
        parts: list[Record | Rows] = []
        for start, stop, bulk in self._rows.in_bulk(values):
            if bulk is not None:
                parts.append(self._taken(bulk))
            else:
                parts += self._singly(lines[start:stop], values[start:stop])
        return Parts(parts)

    def _singly(self, lines: list[bytes], values: list[Any]) -> list[Record]:
        records: list[Record] = []
        read = self._rows.read
        for line, row in zip(lines, values, strict=True):
            if type(row) is not dict:
                if _is_rows(row):
                    records += self._listed(line, row)
                elif line and not line.isspace():
                    note(self.skip(line), self._step, self.facts)
                continue
            for value in row.values():
                if type(value) is dict or type(value) is list:
                    row = flatten(row)
                    break
            record = read(row)
            if record is not None:
                records.append(record)
                self._step = record.step
                self.goes_on()
            elif not self.facts.finished or self._rows.lost:
                self.skipped.add(self._rows.why, line)
        return records

    def _listed(self, line: bytes, rows: list[dict[str, Any]]) -> Iterator[Record]:
        """Several rows in one line, as ClearML writes what it has gathered."""
        for row in rows:
            record = self._rows.read(flatten(row))
            if record is None:
                self.skipped.add(self._rows.why, line)
            else:
                self._step = record.step
                yield record


def _is_rows(value: Any) -> bool:
    """Whether a line holds a list of rows."""
    return type(value) is list and bool(value) and all(type(row) is dict for row in value)


def load_values(lines: list[bytes]) -> list[Any]:
    """The value of each line; all at once where every line is one, which is twice as fast."""
    try:
        values: list[Any] = orjson.loads(b"[" + b",".join(lines) + b"]")
        if len(values) == len(lines):
            return values
    except orjson.JSONDecodeError:
        pass
    return [load_value(line) for line in lines]


def load_object(line: bytes) -> dict[str, Any] | None:
    """One JSON object; None where it is none."""
    row = load_value(line)
    return row if type(row) is dict else None


def load_value(text: bytes) -> Any:
    """Any JSON value; None where it is none. NaN and Infinity, which Python writes, are read.

    So is an object with the comma behind it that parts it from the next one of a list.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return json.loads(text, parse_int=whole)
        except (ValueError, RecursionError):
            pass
    bare = text.rstrip()
    return load_value(bare[:-1]) if bare.endswith(b"},") else None


def sniff(head: bytes, name: str) -> str | None:
    """Rows of JSON with a number that plays a metric's role."""
    printed = head.replace(b"\r\n", b"\n").split(b"\n")
    joined = FoldedObjects().join(printed)
    lines = [line for line in joined[:_SNIFFED_ROWS] if line.strip()]
    if (
        lines
        and (lines[0] == b"{" or lines[0].lstrip()[:1] == b"[")
        and load_value(lines[0]) is None
    ):
        return None  # a document over several lines
    if not any(line.lstrip()[:1] in (b"{", b"[") for line in lines[:3]):
        return None
    values = load_values(lines)
    listed = [value for value in values if _is_rows(value)]
    rows = [row for row in values if type(row) is dict]
    share = (len(rows) + len(listed)) / max(1, len(lines) - 1)  # the last line may be cut
    # Of one list alone more may come, but it may as well be written anew: the name tells.
    if len(listed) > 1 or (listed and name.endswith((".jsonl", ".ndjson"))):
        rows += chain.from_iterable(listed)
    if share < _SHARE_AMONG_WARNINGS:
        return None
    if len(rows) == 1 and (len(joined) < len(printed) or all(key.isdigit() for key in rows[0])):
        return None  # a document: a summary, or {"1": {"loss": 2.3}, "2": ...}
    found = [*_with_metric(map(flatten, rows))]
    if share < _SHARE and (len(found) < max(2, 0.7 * len(rows)) or not any(map(_has_loss, found))):
        return None
    if not any(map(_says_where, found)) and (len(found) < 2 or not any(map(_has_loss, found))):
        return None  # a summary, or rows of a data set
    return (
        said(
            "{found} of {lines} lines are JSON rows with a metric",
            found=len(found),
            lines=len(lines),
        )
        if found
        else None
    )


def _with_metric(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows that look like those of a training; of numbers alone their names say it."""
    known: dict[tuple[str, ...], bool] = {}
    for row in rows:
        names = tuple(row) if _NUMBERS.issuperset(map(type, row.values())) else None
        tells = None if names is None else known.get(names)
        if tells is None:
            tells = has_metric(row)
            if names is not None:
                known[names] = tells
        if tells:
            yield row


def has_metric(row: dict[str, Any]) -> bool:
    """Whether a row looks like one of a training: a number under a metric's name."""
    facts = Facts()
    record = RowReader(facts).read(row)
    return record is not None and any(
        role(key) not in _NO_METRIC_ROLES or is_loss(key) for key in record.values
    )


def _says_where(row: dict[str, Any]) -> bool:
    """Whether a row names its step, its epoch or its time."""
    record = RowReader(Facts()).read(row)
    return record is not None and record[1:4] != (None, None, None)


def _has_loss(row: dict[str, Any]) -> bool:
    """Whether a row carries a loss by a name that means nothing else, as a cost or a score may."""
    return any(is_loss(key) and plain(key) != "cost" for key in row)


def decoder(name: str) -> JsonlDecoder:
    """A fresh decoder."""
    return JsonlDecoder()
