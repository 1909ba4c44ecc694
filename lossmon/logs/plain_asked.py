"""What is asked of the shell of a box without Python, until it has answered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from lossmon.logs.files import Stat, is_named_after
from lossmon.logs.tail import Tail

Stamp = tuple[bytes, ...]  # size, mtime, inode; as the box printed them


@dataclass
class List:
    """What is there of a target."""

    target: str


@dataclass
class Read:
    """A piece of a log, after the last bytes that are known of it.

    Of a log that was rotated it is read in the `part` that stands beside it, so long as there is
    more; where that is no part of it after all, `kind` became of the log.
    """

    tail: Tail
    compared: int
    count: int
    part: str = ""
    kind: str = "replaced"
    begun: bool = False  # the box said that it can read it


@dataclass
class Whole:
    """Small files that were not read before, one behind the other; then how they stand now."""

    tails: list[Tail]
    data: bytes | None = None
    stamps: list[Stamp] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Bytes of all of them."""
        return sum(tail.size for tail in self.tails)


def part_of(tail: Tail, before: Stat | None, seen: Mapping[str, Stat]) -> str:
    """The file that may hold what a log held before it was rotated; empty for none.

    Args:
        tail: the log, as far as it was read.
        before: how it stood, where that was seen over this link.
        seen: all files there.
    """
    folder, name = os.path.split(tail.path)
    start, _ = os.path.splitext(tail.path)
    parts = [
        path
        for path, stat in seen.items()
        if path.startswith(start)  # first, of 20,000 files
        and stat.size >= tail.offset
        and os.path.dirname(path) == folder
        and is_named_after(os.path.basename(path), name)
    ]
    same = [path for path in parts if before is not None and seen[path].identity == before.identity]
    return max(same or parts, key=lambda path: seen[path].mtime, default="")
