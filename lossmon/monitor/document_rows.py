"""The rows of a JSON document, each by the lines that its braces enclose.

A document is decoded when it is complete: its rows come at once, behind its last line, and by their
numbers alone they cannot be told apart, as two losses of 0.54 in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lossmon.formats.decoder import Facts, Record
from lossmon.formats.json_document import load_document
from lossmon.formats.rows import RowReader, flatten
from lossmon.monitor.raw import Line

_LONGEST = 200  # lines of a row; what is longer is a list of rows


class Placed(NamedTuple):
    """A row, and its lines: from `first` to before `stop`."""

    first: int
    stop: int
    record: Record


def placed_rows(lines: Sequence[Line]) -> list[Placed]:
    """The rows among consecutive lines of a document, in order; those that are whole."""
    reader, open_, found = RowReader(Facts()), list[int](), list[Placed]()
    for at, line in enumerate(lines):
        text = line.data.strip()
        if text.startswith(b"{") and text.rstrip(b", ").endswith(b"}"):
            _place(lines, at, at, reader, found)
            continue
        if text.startswith((b"}", b"]}")) and open_:
            _place(lines, open_.pop(), at, reader, found)
        if text.endswith(b"{"):
            open_.append(at)
    return found


def _place(
    lines: Sequence[Line], first: int, last: int, reader: RowReader, found: list[Placed]
) -> None:
    """Add an object that is a row; one with rows in it is their list, unless it has their step."""
    if last - first >= _LONGEST or (found and found[-1].first >= first and _has_step(found[-1])):
        return
    record = _read(lines[first : last + 1], reader)
    if record is None or (found and found[-1].first >= first and record.step is None):
        return
    while found and found[-1].first >= first:
        found.pop()
    found.append(Placed(first, last + 1, record))


def _has_step(row: Placed) -> bool:
    return row.record.step is not None


def _read(lines: Sequence[Line], reader: RowReader) -> Record | None:
    text = b"\n".join(line.data for line in lines)
    start, end = text.find(b"{"), text.rfind(b"}")
    if len(lines) > 1:
        start = lines[0].data.rfind(b"{")
        end = len(text) - len(lines[-1].data) + lines[-1].data.find(b"}")
    row = load_document(text[start : end + 1])
    if not isinstance(row, dict) or any(map(_holds_rows, row.values())):
        return None
    return reader.read(flatten(row))


def _holds_rows(cell: object) -> bool:
    return isinstance(cell, list) and any(isinstance(one, dict) for one in cell)
