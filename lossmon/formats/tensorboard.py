"""TensorBoard event files: records with checksums around protocol buffers with scalars.

A record is: length (u64), checksum of the length, data, checksum of the data (TFRecord). The data
is an Event {wall_time, step, summary {tag, simple_value or tensor}}, as event.proto and
summary.proto define them. Nothing of the packages that write them is needed.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache

import google_crc32c
import numpy as np

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.names import named_by_folder
from lossmon.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, signed, varint
from lossmon.words import said

NAME = "tensorboard"
READS = "TensorBoard event files"
SIGN = "records with their checksums"
_ZEROS = re.compile(rb"\0{4,}")  # the upper half of the length of any record below 4 GiB
_FRAME = 16  # bytes of a record that are not data
_MOST_BYTES = 1 << 20  # a longer record holds a picture or a graph, never a scalar
_MOST_TEMPLATES = 4096
_HEADER = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")
# DataType of tensor.proto -> numpy; bfloat16 is widened by hand.
_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2", 14: "<u2"}
_VALUE_FIELDS = {5: "<f4", 6: "<f8"}  # float_val, double_val


class _Template:
    """Events of one tag differ in few bytes: the rest is recognised, not parsed again."""

    __slots__ = ("at", "head", "tag", "tail")

    def __init__(self, body: bytes, at: int, tag: str) -> None:
        self.head = body[:at]
        self.tail = body[at + 4 :]
        self.at = at
        self.tag = tag


class EventDecoder:
    """Decodes events; a record that is cut off waits, one with a wrong checksum is skipped.

    Args:
        path: of the file; its folder may say which data it is about.
    """

    def __init__(self, path: str = "") -> None:
        self._path = path
        self.format = NAME
        self.skipped = Skipped()
        self.facts = Facts()
        self._tail = b""
        self._pass_over = 0  # bytes of an oversized record still to come
        self._templates: dict[int, list[_Template]] = {}  # by length of the summary
        self._known = 0

    def feed(self, data: bytes) -> list[Record]:
        """Decode the records that became complete."""
        if self._pass_over:
            passed = min(self._pass_over, len(data))
            self._pass_over -= passed
            data = data[passed:]
        data = self._tail + data if self._tail else data
        records: list[Record] = []
        at, end = 0, len(data)
        while end - at >= 12:
            length, check = _HEADER.unpack_from(data, at)
            if length > 1 << 40 or check != _length_check(length):
                self.skipped.add("a damaged record", data[at : at + 40])
                at = _next_record(data, at + 1)
                continue
            if length > _MOST_BYTES:
                self.skipped.add("a record too large for a scalar", b"")
                whole = at + _FRAME + length
                self._pass_over = max(0, whole - end)
                at = min(whole, end)
                continue
            stop = at + 12 + length
            if stop + 4 > end:
                break
            event = data[at + 12 : stop]
            (check,) = _CRC.unpack_from(data, stop)
            at = stop + 4
            if check != _masked(google_crc32c.value(event)):
                self.skipped.add("a record with a wrong checksum", event[:40])
                continue
            record = self._event(event)
            if record is not None:
                records.append(record)
        self._tail = data[at:]
        return records

    def flush(self) -> list[Record]:
        """A cut last record stays unread: it is being written."""
        return []

    def _event(self, event: bytes) -> Record | None:
        """The common order (wall time, step, summary) at once; any other field by field."""
        try:
            if event[:1] == b"\x09" and event[9:10] == b"\x10":
                step = event[10]
                at = 11
                if step >= 0x80:
                    step, at = varint(event, 10)
                for template in self._templates.get(len(event) - at, ()):
                    if event.startswith(template.head, at) and event.endswith(template.tail):
                        (value,) = _FLOAT.unpack_from(event, at + template.at)
                        (time,) = _DOUBLE.unpack_from(event, 1)
                        return Record({template.tag: value}, signed(step), None, time)
                return self._slowly(event, at)
            return self._slowly(event, None)
        except (ValueError, IndexError, struct.error):
            self.skipped.add("not an event", event[:40])
            return None

    def _slowly(self, event: bytes, body_at: int | None) -> Record | None:
        step, time = 0, None
        values: dict[str, float] = {}
        for number, kind, integer, piece in fields(event):
            if number == 1 and kind == FIXED64:
                time = float(_DOUBLE.unpack(piece)[0])
            elif number == 2 and kind == VARINT:
                step = signed(integer)
            elif number == 5 and kind == BYTES:
                found = _summary(piece)
                values.update((named_by_folder(tag, self._path), value) for tag, value in found)
        if not values:
            return None
        if len(values) == 1 and body_at is not None and self._known < _MOST_TEMPLATES:
            ((tag, value),) = values.items()
            self._learn(event[body_at:], tag, value)
        return Record(values, step, None, time)

    def _learn(self, body: bytes, tag: str, value: float) -> None:
        """Where a float32 stands in events of this tag, if it can only stand in one place."""
        try:
            raw = _FLOAT.pack(value)
        except OverflowError:
            return
        if value == value and body.count(raw) == 1 and raw not in (b"\0\0\0\0", b"\0\0\x80?"):
            template = _Template(body, body.index(raw), tag)
            if template.head[-1:] == b"\x15" or template.head[-2:] in (b"\x22\x04", b"\x2a\x04"):
                self._templates.setdefault(len(body), []).append(template)
                self._known += 1


def _summary(data: bytes) -> list[tuple[str, float]]:
    """The scalars of a Summary message."""
    found = []
    for number, kind, _, piece in fields(data):
        if number != 1 or kind != BYTES:
            continue
        tag, value = "", None
        for inner, inner_kind, _, cell in fields(piece):
            if inner == 1 and inner_kind == BYTES:
                tag = cell.decode("utf-8", "replace")[:500]
            elif inner == 2 and inner_kind == FIXED32:
                value = float(_FLOAT.unpack(cell)[0])
            elif inner == 8 and inner_kind == BYTES:
                value = _tensor(cell)
        if tag and value is not None:
            found.append((tag, value))
    return found


def _tensor(data: bytes) -> float | None:
    """The value of a tensor that holds a single number; None for any other."""
    kind, content = 0, b""
    for number, wire, integer, piece in fields(data):
        if number == 1 and wire == VARINT:
            kind = integer
        elif number == 4 and wire == BYTES:
            content = piece
        elif number in _VALUE_FIELDS:  # packed, or one by one
            found = np.frombuffer(piece, _VALUE_FIELDS[number])
            return float(found[0]) if len(found) == 1 else None
        elif number in (7, 10) and wire == VARINT:  # int_val, int64_val
            return float(signed(integer))
    if kind not in _TYPES or not content:
        return None
    cells = np.frombuffer(content, _TYPES[kind])
    if len(cells) != 1:
        return None
    if kind == 14:
        return float((cells.astype("<u4") << 16).view("<f4")[0])
    return float(cells[0])


def _masked(check: int) -> int:
    """The masked checksum of the TFRecord format."""
    return ((check >> 15 | check << 17) + 0xA282EAD8) & 0xFFFFFFFF


@lru_cache(maxsize=4096)
def _length_check(length: int) -> int:
    return _masked(google_crc32c.value(length.to_bytes(8, "little")))


def _next_record(data: bytes, at: int) -> int:
    """Behind damage: where the next header with a right checksum stands, or near the end.

    Of a run of zeros only the first can be the upper half of a length above 0: the tail of a file
    that a crash of the box left took 2 s a megabyte.
    """
    for zeros in _ZEROS.finditer(data, at + 1):
        first = zeros.start()
        for start in range(max(at, first - 4), min(first, len(data) - 11)):
            length, check = _HEADER.unpack_from(data, start)
            if 0 < length < 1 << 32 and check == _length_check(length):
                return start
    return max(at, len(data) - 11)


def sniff(head: bytes, name: str) -> str | None:
    """A first record with a right checksum that names the version of event files."""
    if len(head) < 12:
        return None
    length, check = _HEADER.unpack_from(head)
    if length < 1 << 32 and check == _length_check(length):
        return said("a record of events with its checksum")
    return None


def decoder(name: str) -> EventDecoder:
    """A fresh decoder."""
    return EventDecoder(name)
