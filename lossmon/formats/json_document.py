"""JSON files that are written whole at each save, such as Hugging Face's `trainer_state.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson

from lossmon.formats import json_slices
from lossmon.formats.by_run import ByRun
from lossmon.formats.decoder import Facts, Parts, Record, Rows, Skipped
from lossmon.formats.json_slices import SLICE_BYTES
from lossmon.formats.known_rows import KnownRows
from lossmon.formats.lexicon import LOSSES, is_split, role
from lossmon.formats.lexicon_places import TOTAL_EPOCHS, TOTAL_STEPS
from lossmon.formats.numbers import as_float, whole
from lossmon.formats.rows import flatten, no_collection

_BLOCK = 4096  # rows that are held a second time
_LISTS = ("steps", "values", "timestamps")
_TRIED = 8  # closing braces that may be that of the last row of a list
_RETRY = 1.25  # an unfinished document is tried again when it has grown so much
# Numbers that a strict parser refuses: beyond 64 bits, beyond a float.
_BEYOND = re.compile(rb"\d{20}|\d[eE]\+?\d{3}")
_TELLING = re.compile(rb'["\[\]{}]')
_MAX_DIGITS = 18  # of an epoch that is a key
_NUMBERED = re.compile(rf"(?:(epoch|step|iter|iteration)[_ -]?)?(\d{{1,{_MAX_DIGITS}}})")
MAX_BYTES = 1 << 29  # a state file beyond 512 MiB is not read
MAX_WHOLE_BYTES = 1 << 26  # nor, beyond 64 MiB, a document that can only be parsed as a whole


class DocumentDecoder:
    """Waits until the document is complete, then reads all of its rows at once.

    Attributes:
        void: what was read before no longer holds; whoever keeps it drops it, and clears this.
    """

    def __init__(self, name: str) -> None:
        self.format = name
        self.skipped = Skipped()
        self.facts = Facts()
        self.void = False
        self._rows = ByRun(self.facts)
        self._known = 0  # rows handed on
        self._newest: dict[str, Any] = {}  # the last of them
        self._text = KnownRows()
        self.again()

    @property
    def runs(self) -> Mapping[str, Facts]:
        """What rows say of each run that they name."""
        return self._rows.runs

    def again(self) -> None:
        """The file was written anew: of the rows that it has now, only new ones will come."""
        self._buffer = bytearray()
        self._depth = 0  # of brackets, those in strings counted as well
        self._counted = 0  # bytes among which they were counted
        self._begun = 0  # bytes of a list that nothing closed whose rows were handed on
        self._tried = self._text.length  # bytes at the last attempt, or read at the save before
        self._done = False
        self._cut: bool | None = None  # the buffer is without the rows that are known

    def feed(self, data: bytes) -> Sequence[Record]:
        """Rows, once the closing bracket is there."""
        if self._done or len(self._buffer) > MAX_BYTES:
            return []
        self._buffer += data
        if self._cut is None:
            self._cut = self._text.cut(self._buffer)
            if self._cut:
                self._depth = self._counted = self._tried = 0
        if not self._buffer[-64:].rstrip().endswith((b"}", b"]")):
            return []
        new = self._buffer[self._counted :]
        self._counted = len(self._buffer)
        self._depth += new.count(b"{") + new.count(b"[") - new.count(b"}") - new.count(b"]")
        # Reading costs as much as the document is long: brackets within texts are no reason to try
        # it at each slice.
        if self._depth and len(self._buffer) < _RETRY * self._tried:
            return []
        self._tried = len(self._buffer)
        return self._read() or []

    def flush(self) -> Sequence[Record]:
        """The log ended here; an incomplete document stays unread: it is being written."""
        if self._done or not self._buffer:
            return []
        records = self._read()
        if records is None:
            records = self.settle()
        if not self._done and not self._begun:
            large = len(self._buffer) > MAX_WHOLE_BYTES
            why = "a JSON document of more than 64 MiB" if large else "an unfinished JSON document"
            self.skipped.add(why, bytes(self._buffer[:200]))
        return records

    def settle(self) -> Sequence[Record]:
        """The rows of a list that is written row by row, and that nothing closed yet.

        Of one that is written anew at each save the end is waited for: it holds fewer for a moment.
        """
        known = self._known and not self._begun
        if self._done or self._cut or known or self._buffer.lstrip()[:1] != b"[":
            return []
        start = self._begun or self._buffer.index(b"[") + 1
        end = len(self._buffer)
        for _ in range(_TRIED):
            end = self._buffer.rfind(b"}", start, end)
            if end < 0:
                break
            try:
                part = _parsed(b"[" + self._buffer[start : end + 1].lstrip(b", \t\r\n") + b"]")
            except ValueError:
                continue  # it closes what stands within a row
            rows = list(rows_of(part))
            self._begun, self._known = end + 1, self._known + len(rows)
            self._newest = rows[-1] if rows else self._newest
            return Parts(self._read_block(rows))
        return []

    def _read(self) -> Sequence[Record] | None:
        """The new rows of the document in the buffer; None where it is none, or not complete."""
        with no_collection():
            document = load_document(self._buffer)
            if document is None:
                return None
            self._done = True
            if not self._cut:
                self._text = KnownRows()
            self._text.learn(self._buffer, document)
            self._buffer = bytearray()
            return self._new(document)

    def _new(self, document: Any) -> Sequence[Record]:
        """The rows that are new since the document was read last; all where old ones changed."""
        rows = list(rows_of(document))
        before = 0 if self._cut else self._known  # those among `rows` that were handed on
        if before and (len(rows) < before or rows[before - 1] != self._newest):
            self.void = True
            self._known = before = 0
            self.facts = Facts()
            self._rows = ByRun(self.facts)
        if rows:
            self._known, self._newest = self._known + len(rows) - before, rows[-1]
        if isinstance(document, dict):
            self._note_plan(document)
        parts: list[Record | Rows] = []
        for at in range(before, len(rows), _BLOCK):
            parts += self._read_block(rows[at : at + _BLOCK])
        return Parts(parts)

    def _read_block(self, rows: list[dict[str, Any]]) -> list[Record | Rows]:
        fresh = [flatten(row) for row in rows]
        parts: list[Record | Rows] = []
        for start, stop, bulk in self._rows.in_bulk(fresh):
            if bulk is not None:
                parts.append(bulk)
                continue
            for flat, row in zip(fresh[start:stop], rows[start:stop], strict=True):
                record = self._rows.read(flat)
                if record is not None:
                    parts.append(record)
                elif not self.facts.finished or self._rows.lost:
                    self.skipped.add(self._rows.why, str(row))
        return parts

    def _note_plan(self, document: dict[str, Any]) -> None:
        """Take the planned length from what stands beside the rows, or under a key of its own."""
        below = [one for one in document.values() if isinstance(one, dict)]
        for said in (*below, document):
            for key in said.keys() & {*TOTAL_STEPS, *TOTAL_EPOCHS}:
                planned = said[key]
                if not isinstance(planned, int | float) or planned <= 0:
                    continue
                if key in TOTAL_EPOCHS:
                    self.facts.total_epochs = as_float(planned)
                elif isinstance(planned, int):
                    self.facts.total_steps = planned


def load_document(data: bytes | bytearray, slice_bytes: int = SLICE_BYTES) -> Any:
    """A JSON document; None where it is none, or not complete."""
    try:
        if len(data) > slice_bytes:
            try:
                return json_slices.load(data, _parsed, slice_bytes)
            except json_slices.NotSlicedError:
                if len(data) > MAX_WHOLE_BYTES:
                    return None
        return _parsed(data)
    except ValueError:
        return None


def _parsed(data: bytes | bytearray) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if b"NaN" not in data and b"Infinity" not in data and not _BEYOND.search(data):
            raise
        try:  # NaN, which Python writes and strict parsers refuse; numbers of 400 digits
            return json.loads(data, parse_int=whole)
        except RecursionError:
            raise ValueError from None


def rows_of(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The rows of a state file, of a list of objects, or of an object of equally long lists.

    They may stand under a key of their own ({"config": ..., "history": [...]}), one level down.
    """
    if isinstance(document, dict) and isinstance(document.get("log_history"), list):
        document = document["log_history"]
    if isinstance(document, list):
        yield from chain.from_iterable(_unfolded(row) for row in document if isinstance(row, dict))
        return
    if not isinstance(document, dict):
        return
    if isinstance(document.get("meta"), dict) and _holds_rows(document.get("iterations")):
        yield from _catboost_rows(document["meta"], document["iterations"])
        return
    if any(map(_is_metric, document.values())):
        for name, metric in document.items():
            if _is_metric(metric):
                yield from _metric_rows(name, metric)
        return
    numbered = {
        found: row
        for key, row in document.items()
        if isinstance(row, dict) and (found := _NUMBERED.fullmatch(key))
    }
    if numbered:  # {"1": {"loss": 2.3}, "2": ...}: by epoch; {"step_100": {"loss": 2.3}, ...}
        yield from ({at[1] or "epoch": int(at[2]), **row} for at, row in numbered.items())
        return
    names, cells = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(cells, list):  # pandas' "split"
        rows = (zip(map(str, names), row, strict=False) for row in cells if isinstance(row, list))
        yield from map(dict, rows)
        return
    lists = [cells for cells in document.values() if _holds_rows(cells)]
    if lists and not _has_loss_column(document, max(map(len, lists))):
        yield from rows_of(max(lists, key=len))
        return
    columns = _columns(document)
    if columns:
        yield from _column_rows(columns)
    elif depth == 0:
        for value in document.values():
            yield from rows_of(value, 1)


def _unfolded(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row; where it holds rows with a loss, those: {"epoch": 0, "batches": [{"loss": 2.3}]}."""
    for key, below in row.items() if not any(role(name) in LOSSES for name in row) else ():
        if _holds_rows(below) and any(role(name) in LOSSES for name in below[0]):
            own = {name: cell for name, cell in row.items() if name != key}
            return [{**own, **one} for one in below if isinstance(one, dict)]
    return [row]


def _catboost_rows(meta: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """CatBoost's `catboost_training.json`: values as lists, their names apart from them."""
    told = {key: meta.get(f"{key}_metrics") for key in ("learn", "test")}
    names = {
        key: [str(one.get("name")) for one in metrics if isinstance(one, dict)]
        for key, metrics in told.items()
        if isinstance(metrics, list)
    }
    for row in filter(lambda row: isinstance(row, dict), rows):
        cells = {key: value for key, value in row.items() if not isinstance(value, list)}
        for key, value in row.items():
            if isinstance(value, list):
                called = names.get(key.rstrip("0123456789"), names.get("learn", []))
                cells |= {f"{key}/{name}": one for name, one in zip(called, value, strict=False)}
        yield cells


def _holds_rows(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], dict)


def _has_loss_column(document: dict[str, Any], length: int) -> bool:
    """Whether losses stand beside lists of objects: {"loss": [...], "scores": [{...}, ...]}."""
    return any(
        isinstance(cells, list) and len(cells) == length and not _holds_rows(cells)
        for name, cells in document.items()
        if role(name) in LOSSES
    )


def _columns(document: dict[str, Any]) -> dict[str, list[Any]]:
    """Lists of cells under their names; those of {"train": {"loss": [...]}} are "train/loss".

    A key that names no data says nothing of what it holds: {"history": {"loss": [...]}}. Cells
    under their numbers are a list, too: {"loss": {"0": 2.3, "1": 2.1}}, as pandas writes it.
    """
    columns = {}
    for key, value in document.items():
        if isinstance(value, list) or _is_numbered(value):
            columns[key] = _listed(value)
        elif isinstance(value, dict):
            below = {
                n: _listed(v) for n, v in value.items() if isinstance(v, list) or _is_numbered(v)
            }
            holds = not is_split(key) and any(role(name) in LOSSES for name in below)
            columns.update(
                {n if holds and n not in columns else f"{key}/{n}": v for n, v in below.items()}
            )
    return columns


def _is_numbered(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    numbers = all(isinstance(cell, int | float | None) for cell in value.values())
    return numbers and all(key.isdecimal() and len(key) <= _MAX_DIGITS for key in value)


def _listed(value: Any) -> list[Any]:
    """Cells in the order of their numbers."""
    return value if isinstance(value, list) else [value[key] for key in sorted(value, key=int)]


def _column_rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    pairs = {key: cells for key, cells in columns.items() if all(map(_is_pair, cells)) and cells}
    for key, cells in pairs.items():  # [[1, 2.3], [2, 2.1], ...]: step and value
        yield from ({"step": cell[0], key: cell[1]} for cell in cells)
    columns = {key: cells for key, cells in columns.items() if key not in pairs}
    length = max((len(cells) for cells in columns.values()), default=0)
    for i in range(length):
        yield {key: cells[i] for key, cells in columns.items() if i < len(cells)}


def _is_pair(cell: Any) -> bool:
    return isinstance(cell, list) and len(cell) == 2 and isinstance(cell[0], int)


def _is_metric(value: Any) -> bool:
    """Sacred: a metric as an object of equally long lists."""
    return isinstance(value, dict) and all(isinstance(value.get(k), list) for k in _LISTS[:2])


def _metric_rows(name: str, metric: dict[str, Any]) -> Iterator[dict[str, Any]]:
    columns = [metric[key] for key in _LISTS if isinstance(metric.get(key), list)]
    for cells in zip(*columns, strict=False):
        yield dict(zip(("step", name, "timestamp"), cells, strict=False))


def keys_at_top(head: bytes) -> list[str]:
    """Names of the keys at depth one of a JSON object whose end may be missing."""
    keys: list[str] = []
    depth = 0
    position = 0
    head = head[: 1 << 16]
    while len(keys) < 100 and (found := _TELLING.search(head, position)):
        byte, position = found.group(), found.start()
        if byte == b'"':
            end = head.find(b'"', position + 1)
            while end > 0 and head[end - 1 : end] == b"\\":
                end = head.find(b'"', end + 1)
            if end < 0:
                break
            if depth == 1 and head[end + 1 : end + 20].lstrip()[:1] == b":":
                keys.append(head[position + 1 : end].decode("utf-8", "replace"))
            position = end
        elif byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
        position += 1
    return keys
