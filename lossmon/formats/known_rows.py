"""Rows of a JSON document that were read already, told by their text: only what follows is read."""

from __future__ import annotations

import re
from hashlib import sha1
from typing import Any

import orjson

from lossmon.formats.json_slices import start_of_rows

_HEAD = 1 << 16  # bytes among which rows begin
_TRIED = 8  # closing brackets that may be that of the rows


class KnownRows:
    """The text of the rows that a document held when it was last read.

    A state file of 50 MB to which each save adds some rows is parsed once. It holds for a list of
    rows, and for one under "log_history".

    Attributes:
        length: its bytes, from behind the opening bracket; 0 where none are known.
    """

    def __init__(self, digest: Any = None, length: int = 0, between: bytes = b"") -> None:
        self._digest = digest or sha1(usedforsecurity=False)
        self.length = length
        self._between = between  # taken out together with the rows: the comma behind them

    def __deepcopy__(self, _memo: object) -> KnownRows:
        return KnownRows(self._digest.copy(), self.length, self._between)

    def cut(self, text: bytearray) -> bool | None:
        """Take the known rows out of a document.

        Returns:
            Whether it begins with them; None where it is not long enough to tell.
        """
        start = start_of_rows(text)
        if start is None or not self.length:
            return False if len(text) >= _HEAD or not self.length else None
        end = start + self.length
        if len(text) < end + 64:
            return None
        with memoryview(text) as view:
            found = sha1(view[start:end], usedforsecurity=False).digest()
        comma = re.compile(rb"\s*,|(?=\s*\])").match(text, end)
        if found != self._digest.digest() or comma is None:
            return False
        self._between = comma.group()
        del text[start : comma.end()]
        return True

    def learn(self, text: bytearray, document: Any) -> None:
        """Note the rows of a document that was read; `text` is without those known before."""
        whole = isinstance(document, list)
        rows = document if whole else document.get("log_history")
        start = start_of_rows(text)
        if not isinstance(rows, list) or start is None:
            self.length = 0
            return
        if not rows:
            return
        without = repr([] if whole else document | {"log_history": []})
        end = len(text)
        for _ in range(_TRIED):
            end = text.rfind(b"]", start, end)
            if end < 0:
                break
            if _is(text[:start] + text[end:], without):  # what lies between is the rows, all of it
                part = self._between + text[start:end].rstrip()
                self._digest.update(part)
                self.length += len(part)
                return
        self.length = 0


def _is(text: bytearray, wanted: str) -> bool:
    try:
        return repr(orjson.loads(text)) == wanted
    except orjson.JSONDecodeError:
        return False
