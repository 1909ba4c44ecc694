"""Logs that are kept compressed or in UTF-16, turned into plain bytes as they come."""

from __future__ import annotations

import codecs
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from lossmon.errors import FormatError
from lossmon.words import said

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_LOOKED_AT = 64  # bytes in which UTF-16 without a mark is recognised
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_PIECE = 1 << 20  # a small file may unpack to gigabytes: it is handed on in pieces
_SLICE = 512  # bytes of zstd unpacked at once: what stands before damage is read
_GZIP_SLICE = 1 << 14  # of gzip, which can go back to where a slice began
ENDINGS = (".gz", ".zst")


class Unpacker(Protocol):
    """Packed bytes in, plain bytes out."""

    name: str

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What became plain; raises FormatError where the data is damaged."""
        ...

    @property
    def cut(self) -> bool:
        """Whether it ends in the middle of something: it is still written, or was cut."""
        ...


class Gzip:
    """One or several gzip members behind each other."""

    name = "gzip"

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._inside = False  # a member has begun and not ended

    @property
    def cut(self) -> bool:
        """See `Unpacker`."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Unpack; see `Unpacker`."""
        for start in range(0, len(data), _GZIP_SLICE):
            piece = data[start : start + _GZIP_SLICE]
            if not self._inside:
                piece = piece.lstrip(b"\0")  # padding behind a member, which may come in parts
            while piece:
                before = self._member.copy()
                try:
                    plain = self._member.decompress(piece, _PIECE)
                except zlib.error as error:
                    yield from _up_to_damage(before, piece)
                    raise _damaged(self.name, error) from None
                yield plain
                self._inside = True
                piece = self._member.unconsumed_tail
                if self._member.eof:
                    self._inside = False
                    piece = self._member.unused_data.lstrip(b"\0")
                    self._member = zlib.decompressobj(wbits=31)


def _up_to_damage(member: Any, piece: bytes) -> Iterator[bytes]:
    """What stands before the damage in a piece: a wrong checksum at the end damages nothing."""
    plain = bytearray()
    try:
        for at in range(len(piece)):
            rest = piece[at : at + 1]
            while rest:
                plain += member.decompress(rest, _PIECE)
                rest = member.unconsumed_tail
                if len(plain) > _PIECE:
                    yield bytes(plain)
                    plain.clear()
    except zlib.error:
        pass  # here it is
    yield bytes(plain)


def _damaged(name: str, error: Exception) -> FormatError:
    """One line; zlib says "Error -3 while decompressing data: incorrect data check"."""
    what = str(error).rpartition(": ")[2]
    return FormatError(
        said(
            "the {name} data is damaged ({what}); what stands before that is read",
            name=name,
            what=what,
        )
    )


class Zstd:
    """Zstandard frames."""

    name = "zstd"

    def __init__(self) -> None:
        self._new, self._errors = _zstd()
        self._frame: Any = self._new()
        self._inside = False

    @property
    def cut(self) -> bool:
        """See `Unpacker`."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Unpack; see `Unpacker`."""
        try:
            for start in range(0, len(data), _SLICE):
                piece = data[start : start + _SLICE]
                while piece:
                    yield self._frame.decompress(piece)
                    piece, self._inside = b"", not self._frame.eof
                    if self._frame.eof:
                        piece = self._frame.unused_data
                        self._frame = self._new()
        except self._errors as error:
            raise _damaged(self.name, error) from None


class Utf16:
    """Text as PowerShell's redirection writes it."""

    cut = False  # half a character is no loss

    def __init__(self, encoding: str) -> None:
        self.name = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Transcode to UTF-8; see `Unpacker`."""
        yield self._decoder.decode(data).lstrip("\ufeff").encode("utf-8", "replace")


def unpacker(head: bytes) -> Unpacker | None:
    """What unpacks a file that begins so; None for plain bytes."""
    if head.startswith(_GZIP):
        return Gzip()
    if head.startswith(_ZSTD):
        return Zstd()
    encoding = _UTF16.get(head[:2]) or _utf16_without_mark(head)
    return Utf16(encoding) if encoding else None


def _utf16_without_mark(head: bytes) -> str | None:
    """ASCII in UTF-16 has a NUL in every second byte."""
    even, odd = head[:_LOOKED_AT:2], head[1:_LOOKED_AT:2]
    if len(odd) < 8:
        return None
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else None


def plain_name(path: str) -> str:
    """The path without the ending that compression added."""
    for ending in ENDINGS:
        if path.endswith(ending):
            return path[: -len(ending)]
    return path


def _zstd() -> tuple[Any, Any]:
    """A maker of frame decompressors, and what they raise."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdDecompressor, zstd.ZstdError
    import zstandard

    return lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError
