"""Frames between lossmon and its agent on another box: a JSON header and raw bytes.

    4 bytes   length of the header
    4 bytes   length of the body
    header    a JSON object; "t" says what the frame is, "z" that the body is packed by zlib
    body      bytes of a log, may be empty

Both ends are untrusted here: lengths, sizes after unpacking and nesting have bounds. The stream of
the agent begins with MAGIC, which is looked for behind whatever a login shell prints first.

Standard library only, valid on Python 3.6: it is sent along with the agent.
"""

import json
import os
import struct
import zlib
from typing import Any, Dict, List, Tuple

VERSION = 1
MAGIC = b"\x00\x01lossmon agent\x02\n"
BEAT_S = 5.0  # between two signs of life, each way
PATIENCE_S = 16.0  # without a sign of life the link is given up
MOST_HEADER = 1 << 16
MOST_BODY = 1 << 20  # bytes of a log in one frame
WORTH_PACKING = 200  # bytes; shorter bodies are sent as they are
BIG = 8192  # bytes of a frame that is confirmed at once

_LENGTHS = struct.Struct(">II")

Header = Dict[str, Any]


class WireError(Exception):
    """What came is no frame."""


def frame(header: Header, body: bytes = b"", pack: bool = False) -> bytes:
    """One frame; the body is packed where that is wanted and pays."""
    if pack and len(body) >= WORTH_PACKING:
        packed = zlib.compress(body, 1)
        if len(packed) < 0.9 * len(body):
            header, body = dict(header, z=1), packed
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(text), len(body)) + text + body


class Reader:
    """Takes a stream apart, however it was cut, in memory of about one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[Tuple[Header, bytes, int]]:
        """The frames that are complete: header, body, and bytes that it took on the wire.

        Raises:
            WireError: this is no stream of frames.
        """
        buffer = self._buffer
        buffer += data
        frames = []  # type: List[Tuple[Header, bytes, int]]
        start = 0
        while len(buffer) - start >= _LENGTHS.size:
            n_header, n_body = _LENGTHS.unpack_from(buffer, start)
            if n_header > MOST_HEADER or n_body > MOST_BODY:
                raise WireError("a frame of %d + %d bytes" % (n_header, n_body))
            at = start + _LENGTHS.size
            end = at + n_header + n_body
            if len(buffer) < end:
                break
            header = _header(bytes(buffer[at : at + n_header]))
            body = bytes(buffer[at + n_header : end])
            if header.get("z"):
                body = _unpack(body)
            frames.append((header, body, end - start))
            start = end
        del buffer[:start]
        return frames


def _header(text: bytes) -> Header:
    try:
        header = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError):
        raise WireError("a header that is no JSON") from None
    if not isinstance(header, dict) or not isinstance(header.get("t"), str):
        raise WireError("a header without a type")
    return header


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(body, MOST_BODY)
    except zlib.error:
        raise WireError("a body that can't be unpacked") from None
    if not unpacker.eof:
        raise WireError("a body that is too large, or cut")
    return data


class Outbox:
    """Bytes on their way into a pipe that may be full; writing never waits.

    Args:
        fd: a descriptor; made non-blocking.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting = bytearray()
        os.set_blocking(fd, False)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, data: bytes) -> None:
        """Send as much as goes now, keep the rest."""
        self._waiting += data
        self.flush()

    def flush(self) -> None:
        """Send what goes now.

        Raises:
            OSError: the other end is gone.
        """
        sent = 0
        try:
            while sent < len(self._waiting):
                with memoryview(self._waiting) as view:
                    sent += os.write(self._fd, view[sent : sent + (1 << 16)])
        except BlockingIOError:
            pass
        finally:
            del self._waiting[:sent]
