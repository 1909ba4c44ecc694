"""JSON files that are written whole at each save, such as Hugging Face's `trainer_state.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.rows import RowReader, flatten

_LISTS = ("steps", "values", "timestamps")
MAX_BYTES = 1 << 29  # a state file beyond 512 MiB is not read


class DocumentDecoder:
    """Waits until the document is complete, then reads all of its rows at once."""

    def __init__(self, name: str) -> None:
        self.format = name
        self.skipped = Skipped()
        self.facts = Facts()
        self._buffer = bytearray()
        self._done = False

    def feed(self, data: bytes) -> list[Record]:
        """Rows, once the closing bracket is there."""
        if self._done or len(self._buffer) > MAX_BYTES:
            return []
        self._buffer += data
        if not self._buffer[-64:].rstrip().endswith((b"}", b"]")):
            return []
        document = _load(bytes(self._buffer))
        if document is None:
            return []
        self._done = True
        self._buffer.clear()
        return list(self._records(document))

    def flush(self) -> list[Record]:
        """An incomplete document stays unread: it is being written."""
        if not self._done and self._buffer:
            self.skipped.add("an unfinished JSON document", bytes(self._buffer[:200]))
        return []

    def _records(self, document: Any) -> Iterator[Record]:
        reader = RowReader(self.facts)
        for row in _rows(document):
            record = reader.read(flatten(row))
            if record is not None:
                yield record
            elif not self.facts.finished:
                self.skipped.add("no metric in this row", str(row))
        if isinstance(document, dict):
            self._note_plan(document)

    def _note_plan(self, document: dict[str, Any]) -> None:
        total, epochs = document.get("max_steps"), document.get("num_train_epochs")
        if isinstance(total, int) and total > 0:
            self.facts.total_steps = total
        if isinstance(epochs, int | float) and epochs > 0:
            self.facts.total_epochs = float(epochs)


def _load(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data)  # NaN, which Python writes and strict parsers refuse
        except (ValueError, RecursionError):
            return None


def _rows(document: Any) -> Iterator[dict[str, Any]]:
    """The rows of a state file, of a list of objects, or of an object of equally long lists."""
    if isinstance(document, dict) and isinstance(document.get("log_history"), list):
        document = document["log_history"]
    if isinstance(document, list):
        yield from (row for row in document if isinstance(row, dict))
    elif isinstance(document, dict) and any(map(_is_metric, document.values())):
        for name, metric in document.items():
            if _is_metric(metric):
                yield from _metric_rows(name, metric)
    elif isinstance(document, dict):
        columns = {key: cells for key, cells in document.items() if isinstance(cells, list)}
        length = max((len(cells) for cells in columns.values()), default=0)
        for i in range(length):
            yield {key: cells[i] for key, cells in columns.items() if i < len(cells)}


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
    while position < min(len(head), 1 << 16) and len(keys) < 100:
        byte = head[position : position + 1]
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
