"""W&B's `run-<id>.wandb`: what an offline (or live) run writes, read without its package.

The file is a LevelDB log (blocks of 32 KiB, each piece with checksum, length and kind) of protocol
buffers; of those the HistoryRecord holds what `wandb.log` was given, and the RunExitRecord how the
run ended (wandb_internal.proto).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence

from lossmon.formats.decoder import Facts, Parts, Record, Rows, Skipped
from lossmon.formats.jsonl import load_values
from lossmon.formats.lexicon_places import is_wanted
from lossmon.formats.protobuf import BYTES, VARINT, fields, signed, varint
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
_NESTED = frozenset({dict, list})
_BULK = 16  # rows from which on they are worth being read together
# How a record begins that says one thing: its number, then a row or what sums up the run so far.
_BEGINS = re.compile(rb"\x08[\x80-\xff]{0,8}[\x00-\x7f](?:\x12|(\x1a))")
_ITEM, _STEP = 0x0A, b"\x12"  # of a row: how its items and its step begin
_LEAST_ITEM = 6  # bytes of an item
_HEAD = re.compile(rb"(?s)[\n\x12]([\x00-\x7f])(.*)\x82\x01")  # of an item, up to its value
_MOST_HEADS = 4096  # that are known


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
        self._heads: dict[bytes, str] = {}  # how items begin that were met -> the name of their key

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the records that became complete."""
        data = self._tail + data
        start, end, head = self._position, len(data), _PIECE.size
        at = max(0, _FILE_HEADER - start)
        edge = at + _BLOCK - (start + at) % _BLOCK  # where the block ends
        unpack, crc32 = _PIECE.unpack_from, zlib.crc32
        while True:
            body = at + head
            if body > edge:  # filled with zeros
                if end < edge:
                    break
                at, edge = edge, edge + _BLOCK
                continue
            if body > end:
                break
            check, length, kind = unpack(data, at)
            stop = body + length
            if not _FULL <= kind <= _LAST or stop > edge:
                if end < edge:
                    break
                self._damaged("a damaged block")
                at, edge = edge, edge + _BLOCK
                continue
            if stop > end:
                break
            piece = data[body:stop]
            at = stop
            if crc32(piece, _CHECK_OF[kind]) != check:
                self._damaged("a record with a wrong checksum")
            elif kind != _FULL or self._pieces or self._size:
                self._take(kind, piece)
            else:
                self._read(piece)
        self._read_rows()
        at = min(at, end)
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
        else:
            self._read(whole)

    def _read(self, whole: bytes) -> None:
        try:
            record = self._record(whole)
            if record is not None:
                self._parts.append(record)
        except ValueError:
            self.skipped.add("not a record", whole[:40])

    def _record(self, data: bytes) -> Record | None:
        """What a whole record says; rows that wait for others like them are none yet.

        Of three records that W&B writes for each row two sum up the run: they are let be.
        """
        begins = _BEGINS.match(data)
        if begins is not None:
            if begins[1]:
                return None
            size, at = varint(data, begins.end())
            if at + size == len(data):
                self._history(data[at:])
                return None
        for number, kind, _, piece in fields(data):
            if number == _HISTORY and kind == BYTES:
                self._history(piece)
                return None
            if number == _EXIT and kind == BYTES:
                self._exit(piece)
        return None

    def _history(self, data: bytes) -> None:
        items: dict[str, bytes] = {}
        at = self._short_items(data, items)
        step = None
        if "_step" in items and data[at : at + 1] == _STEP and at + 2 + data[at + 1] == len(data):
            at = len(data)  # it says the step again
        for number, kind, _, piece in fields(data[at:]) if at < len(data) else ():
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

    def _short_items(self, data: bytes, items: dict[str, bytes]) -> int:
        """Take the items that are as nearly all are, a short key and a short value; where they end.

        An item begins as it did in other rows: its head is looked up instead of taken apart, which
        is half of what reading a run costs.
        """
        heads, at, end = self._heads, 0, len(data)
        if end >= _LEAST_ITEM * _MOST_ITEMS:
            return 0
        while at + 3 < end and data[at] == _ITEM:
            stop = at + 2 + data[at + 1]
            value = at + 6 + data[at + 3]  # where its size stands, behind the key and its own tag
            if stop > end or value >= stop or value + 1 + data[value] != stop or stop - at > 0x81:
                break
            head = data[at + 2 : value]
            name = heads.get(head)
            if name is None:
                found = _HEAD.fullmatch(head)
                if found is None or found[1][0] != len(found[2]):
                    break
                name = found[2].decode("utf-8", "replace")
                if len(heads) < _MOST_HEADS:
                    heads[head] = name
            items[name] = data[value + 1 : stop]
            at = stop
        return at

    def _read_rows(self) -> None:
        """The rows that wait: many at once where all cells are plain."""
        cells, width = self._cells, len(self._keys)
        if not cells:
            return
        self._cells = []
        values = load_values(cells)
        if len(cells) >= _BULK * width and _NESTED.isdisjoint(map(type, values)):
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


def _item(data: bytes) -> tuple[str, bytes]:
    """A HistoryItem: key or nested key, and a value in JSON."""
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
