"""The wire form of protocol buffers: enough to read scalars out of the stores that use it."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer of variable length, and where the next byte stands.

    Raises:
        ValueError: the data ends within it, or it is longer than 64 bits.
    """
    value = shift = 0
    for position in range(at, min(at + 10, len(data))):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + 1
        shift += 7
    raise ValueError("a cut number")


def fields(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The fields of a message: number, kind, value of a varint (else 0), bytes (else b"").

    Raises:
        ValueError: it is no message.
    """
    at, end = 0, len(data)
    while at < end:
        key = data[at]  # nearly all keys and lengths are one byte: a call for each would be slow
        if key < 0x80:
            at += 1
        else:
            key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            if at < end and data[at] < 0x80:
                value, at = data[at], at + 1
            else:
                value, at = varint(data, at)
            yield number, kind, value, b""
            continue
        if kind == BYTES:
            if at < end and data[at] < 0x80:
                length = data[at]
                at += 1
            else:
                length, at = varint(data, at)
        elif kind == FIXED64:
            length = 8
        elif kind == FIXED32:
            length = 4
        else:
            raise ValueError(f"a field of unknown kind {kind}")
        stop = at + length
        if stop > end:
            raise ValueError("a cut field")
        yield number, kind, 0, data[at:stop]
        at = stop


def signed(value: int) -> int:
    """A 64-bit varint as a signed integer."""
    return value - (1 << 64) if value >= 1 << 63 else value
