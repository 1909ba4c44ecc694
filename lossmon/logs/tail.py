"""How far a file was read, and what is kept to tell later that it is still the same.

Standard library alone, runs on Python 3.6: it is sent to boxes along with the follower.
"""

import zlib
from typing import Dict, List, Optional, Tuple  # noqa: F401 - for type comments

from lossmon.logs.files import Stat  # noqa: F401 - for a type comment

MOST_GONE = 100  # files that went away and are kept in mind
GUARD_BYTES = 256  # bytes compared before the offset (and at the head) to notice a rewrite


class Tail:
    """One followed file and how far it was read."""

    __slots__ = (
        "barred", "crc", "doubt", "dropped", "gone", "guard", "head", "idle", "look_at", "mtime",
        "offset", "path", "restored", "seen", "size", "trouble", "turned",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = None  # type: Optional[Stat]  # how it was at the last look
        self.size = 0
        self.mtime = 0.0
        self.offset = 0
        self.head = b""  # first bytes as they were read
        self.guard = b""  # bytes before the offset as they were read
        self.crc = 0  # of everything before the offset
        self.trouble = ""  # said already; not repeated at each poll
        self.barred = False  # it can't be read, as of the last look
        self.gone = False
        self.turned = ""  # it was rotated: what was written before is read from here to its end
        self.dropped = False
        self.doubt = False  # its bytes may be others though there are no more of them
        self.restored = False  # the past was told, not read here; its inode means nothing
        self.look_at = 0  # number of the poll that looks again
        self.idle = 0  # looks in a row that found nothing new, up to MANY_EVERY

    def rewind(self) -> None:
        """Start anew: what was read is void."""
        self.offset, self.head, self.guard, self.crc, self.doubt = 0, b"", b"", 0, False
        self.dropped = False

    def took(self, data: bytes) -> None:
        """Note what was read, so that a rewrite is recognised later."""
        self.offset += len(data)
        self.crc = zlib.crc32(data, self.crc)
        if len(self.head) < GUARD_BYTES:
            self.head = (self.head + data)[:GUARD_BYTES]
        self.guard = (self.guard + data[-GUARD_BYTES:])[-GUARD_BYTES:]

    @property
    def known(self) -> "List[Tuple[int, bytes]]":
        """(offset, bytes) of what stood in it, in order: a file in which it stands is the same."""
        return [(0, self.head), (self.offset - len(self.guard), self.guard)]

    @property
    def pending(self) -> int:
        """Bytes not read yet."""
        if self.dropped or self.gone or self.barred:
            return 0
        return max(int(self.doubt), self.size - self.offset)

    def look_again(self) -> None:
        """Let the next look be one in full, even if nothing seems to have changed."""
        if self.seen is not None:
            self.seen = self.seen._replace(version=None)


def forget_gone(tails: "Dict[str, Tail]") -> "List[str]":
    """Let go of files that went away, those that did so first, but for MOST_GONE of them.

    Their folders may come and go all day: with one a second the memory doubled in half an hour.
    """
    old = [path for path, tail in tails.items() if tail.gone][:-MOST_GONE]
    for path in old:
        del tails[path]
    return old
