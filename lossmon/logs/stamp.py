"""What tells whether a file has changed between two calls of the program."""

from __future__ import annotations

import os

Stamp = tuple[int, int, int, int]  # size, modification time and change time in ns, and number


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a file as it is now; None where there is none.

    Size and modification time alone are not enough: `cp -p` and `tar` put another log of the same
    size and time in its place.
    """
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def as_stamp(values: object) -> Stamp:
    """A stamp that was kept as JSON; raises ValueError or TypeError where it is none."""
    if not isinstance(values, list):
        raise TypeError
    size, modified, changed, number = map(int, values)
    return size, modified, changed, number
