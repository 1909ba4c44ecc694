"""Long JSON documents, parsed slice by slice: while a parser in C works, nothing else runs.

A `trainer_state.json` of 40 MB took half a second in which no key was heard, one of 500 MB would
take six. Its rows stand in one list, and any number of whole elements can be taken out of a list:
what is left is a document all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

SLICE_BYTES = 1 << 21
_LIST = re.compile(rb'\s*\[|\s*\{.*?"log_history"\s*:\s*\[', re.DOTALL)  # where rows begin
_HEAD = 1 << 16  # bytes among which they must
_BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")  # of two rows, or of two objects within a row
_TRIED = 8  # ends of objects that may be that of a row
_MARK = "lossmon: the rows before"


class NotSlicedError(ValueError):
    """It is no list of rows, whatever else it may be."""


def start_of_rows(text: bytes | bytearray) -> int | None:
    """Where the first row of a document begins; None where there is no list of rows."""
    found = _LIST.match(text, 0, _HEAD)
    return found.end() if found is not None else None


def load(
    text: bytes | bytearray, parse: Callable[[bytes | bytearray], Any], slice_bytes: int
) -> Any:
    """A document, as `parse` would give it.

    Args:
        text: of the document.
        parse: raises ValueError where a text is no JSON.
        slice_bytes: parsed at once, and as much more as the last row needs.

    Raises:
        NotSlicedError: it has no rows to part it by.
        ValueError: it is no JSON, or not complete.
    """
    at = start = start_of_rows(text)
    if at is None or start is None:
        raise NotSlicedError
    rows: list[Any] = []
    while (part := _next_rows(text, at, parse, slice_bytes)) is not None:
        rows += part[0]
        at = part[1]
    if not rows:
        raise NotSlicedError
    document = parse(text[:start] + b'"%s",' % _MARK.encode() + text[at:])
    rest = document.get("log_history") if isinstance(document, dict) else document
    if not isinstance(rest, list) or rest[:1] != [_MARK]:
        raise NotSlicedError  # the list was one of another object within
    rest[:1] = rows
    return document


def _next_rows(
    text: bytes | bytearray,
    at: int,
    parse: Callable[[bytes | bytearray], Any],
    slice_bytes: int,
) -> tuple[list[Any], int] | None:
    """Rows from there on, and where those behind them begin; None where no more can be parted.

    What parses between two brackets is whole rows: a cut within one leaves a bracket or a quotation
    mark open.
    """
    ends = _BETWEEN.finditer(text, at + slice_bytes)
    for found, _ in zip(ends, range(_TRIED), strict=False):
        try:
            return parse(b"[" + text[at : found.start() + 1] + b"]"), found.end()
        except ValueError:
            continue
    return None
