"""W&B's `run-<id>.wandb`: what an offline (or live) run writes, read without its package.

The file is a LevelDB log (blocks of 32 KiB, each piece with checksum, length and kind) of protocol
buffers; of those the HistoryRecord holds what `wandb.log` was given, and the RunExitRecord how the
run ended (wandb_internal.proto).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

from lossmon.formats.decoder import Facts, Parts, Record, Rows, Skipped
from lossmon.formats.jsonl import load_values
from lossmon.formats.lexicon_places import is_wanted
from lossmon.formats.protobuf import BYTES, VARINT, fields, signed
from lossmon.formats.rows import RowReader, flatten
from lossmon.words import said

NAME = "wandb"
READS = "W&B `run-*.wandb` files, offline or live"
SIGN = "their mark"
_MAGIC = b":W&B"
_FILE_HEADER = 7
_BLOCK = 1 << 15
_PIECE = struct.Struct("<IHB")  # checksum of kind and data, length, kind
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CHECK_OF = [zlib.crc32(_byte) for _byte in (b"\0", b"\1", b"\2", b"\3", b"\4")]
_MOST_BYTES = 1 << 20  # a longer record holds a configuration or a table
_HISTORY, _EXIT = 2, 18  # fields of Record
_MOST_ITEMS = 5000
_MOST_CELLS = 1 << 16  # that wait to be parsed together
_BULK = 16  # rows from which on they are worth being read together
_KEY, _NESTED, _VALUE = 0x0A, 0x12, b"\x82\x01"  # of an item: how its fields 1, 2 and 16 begin
_BYTE = [bytes([i]) for i in range(0x80)]


class WandbDecoder:
    """Decodes history records; pieces that are cut off wait, damaged ones are skipped."""

    def __init__(self) -> None:
        self.format = NAME
        self.skipped = Skipped()
        self.facts = Facts()
        self._rows = RowReader(self.facts)
        self._tail = b""
        self._position = 0  # in the file, of the first byte of the tail
        self._pieces: list[bytes] = []
        self._size = 0
        self._parts: list[Record | Rows] = []  # what was read and not handed out
        # Rows with the same keys that follow each other, of which the cells are not parsed yet.
        self._keys: dict[str, None] = {}
        self._cells: list[bytes] = []

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the records that became complete."""
        data = self._tail + data
        start = self._position
        at = max(0, _FILE_HEADER - start)
        while True:
            left = _BLOCK - (start + at) % _BLOCK
            if left < _PIECE.size:  # filled with zeros
                if len(data) - at < left:
                    break
                at += left
                continue
            if len(data) - at < _PIECE.size:
                break
            check, length, kind = _PIECE.unpack_from(data, at)
            if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or length > left - _PIECE.size:
                if len(data) - at < left:
                    break
                self._damaged("a damaged block")
                at += left
                continue
            stop = at + _PIECE.size + length
            if stop > len(data):
                break
            piece = data[at + _PIECE.size : stop]
            at = stop
            if zlib.crc32(piece, _CHECK_OF[kind]) != check:
                self._damaged("a record with a wrong checksum")
                continue
            self._take(kind, piece)
        self._read_rows()
        at = min(at, len(data))
        self._tail = data[at:]
        self._position = start + at
        parts, self._parts = self._parts, []
        return Parts(parts)

    def flush(self) -> list[Record]:
        """A cut last record stays unread: it is being written."""
        return []

    def _damaged(self, reason: str) -> None:
        self.skipped.add(reason, b"")
        self._pieces.clear()
        self._size = 0

    def _take(self, kind: int, piece: bytes) -> None:
        if kind in (_FULL, _FIRST):
            self._pieces.clear()
            self._size = 0
        elif not self._pieces and not self._size:
            return  # the middle of a record whose beginning was damaged
        self._size += len(piece)
        if self._size <= _MOST_BYTES:
            self._pieces.append(piece)
        if kind not in (_FULL, _LAST):
            return
        whole, size = piece if kind == _FULL else b"".join(self._pieces), self._size
        self._pieces.clear()
        self._size = 0
        if size > _MOST_BYTES:
            self.skipped.add("a record too large for metrics", b"")
            return
        try:
            record = self._record(whole)
            if record is not None:
                self._parts.append(record)
        except ValueError:
            self.skipped.add("not a record", whole[:40])

    def _record(self, data: bytes) -> Record | None:
        """What a whole record says; rows that wait for others like them are none yet."""
        for number, kind, _, piece in fields(data):
            if number == _HISTORY and kind == BYTES:
                self._history(piece)
                return None
            if number == _EXIT and kind == BYTES:
                self._exit(piece)
        return None

    def _history(self, data: bytes) -> None:
        items: dict[str, bytes] = {}
        step = None
        for number, kind, _, piece in fields(data):
            if number == 1 and kind == BYTES:
                key, value = _item(piece)
                if len(items) < _MOST_ITEMS or is_wanted(key):
                    items[key] = value
            elif number == 2 and kind == BYTES:
                step = next((signed(n) for field, _, n, _ in fields(piece) if field == 1), 0)
        if step is not None and "_step" not in items:
            items["_step"] = b"%d" % step
        if items.keys() != self._keys.keys() or len(self._cells) >= _MOST_CELLS:
            self._read_rows()
            self._keys = dict.fromkeys(items)
        self._cells += map(items.__getitem__, self._keys)  # W&B writes them in any order

    def _read_rows(self) -> None:
        """The rows that wait: many at once where all cells are plain."""
        cells, width = self._cells, len(self._keys)
        if not cells:
            return
        self._cells = []
        values = load_values(cells)
        if len(cells) >= _BULK * width and not any(map(_is_nested, values)):
            columns = {key: values[i::width] for i, key in enumerate(self._keys)}
            bulk = self._rows.read_columns(columns)
            if bulk is not None:
                self._parts.append(bulk)
                return
        for at in range(0, len(cells), width):
            row = dict(zip(self._keys, values[at : at + width], strict=True))
            record = self._rows.read(flatten(row))
            if record is None:
                self.skipped.add("no metric in this row", str(row)[:200])
            else:
                self._parts.append(record)

    def _exit(self, data: bytes) -> None:
        code = next((n for number, kind, n, _ in fields(data) if (number, kind) == (1, VARINT)), 0)
        if code == 0:
            self.facts.finished = True
        else:
            self.facts.failure = said("the run ended with exit code {code}", code=signed(code))


def _is_nested(value: Any) -> bool:
    return type(value) is dict or type(value) is list


def _item(data: bytes) -> tuple[str, bytes]:
    """A HistoryItem: key or nested key, and a value in JSON."""
    if len(data) > 1 and data[0] in (_KEY, _NESTED) and data[1] < 0x80:
        end = 2 + data[1]  # nearly all are a short key and a short value: no loop is needed
        left = len(data) - end - 3
        if 0 <= left < 0x80 and data[end : end + 3] == _VALUE + _BYTE[left]:
            return data[2:end].decode("utf-8", "replace"), data[end + 3 :]
    key, nested, value = "", [], b""
    for number, kind, _, piece in fields(data):
        if kind != BYTES:
            continue
        if number == 1:
            key = piece.decode("utf-8", "replace")
        elif number == 2:
            nested.append(piece.decode("utf-8", "replace"))
        elif number == 16:
            value = piece
    return key or "/".join(nested), value


def sniff(head: bytes, name: str) -> str | None:
    """The mark at the head of the file."""
    return said("the mark of a W&B run file") if head.startswith(_MAGIC) else None


def decoder(name: str) -> WandbDecoder:
    """A fresh decoder."""
    return WandbDecoder()
