"""What two looks at a file say of it, as a table; the follower, plain sh and stores go by it."""

from __future__ import annotations

import pytest

from lossmon.logs.files import GONE, GREW, REPLACED, SAME, TRUNCATED, Stat, happened


def seen(size: int, version: object = 1, identity: object = "a") -> Stat:
    return Stat(size, 0.0, version, identity, True)


@pytest.mark.parametrize(
    ("before", "now", "read", "what"),
    [
        (None, seen(100), 0, GREW),  # looked at for the first time
        (None, seen(100), 60, GREW),  # what another link has read of it; its bytes will tell
        (None, seen(40), 60, TRUNCATED),
        (seen(100), seen(100), 100, SAME),
        (seen(100), seen(100), 60, SAME),  # not read to its end: nothing happened all the same
        (seen(100), seen(140, 2), 100, GREW),
        (seen(100), seen(100, 2), 100, GREW),  # written to, and no longer: its bytes will tell
        (seen(100), seen(80, 2), 60, GREW),  # cut behind what was read
        (seen(100), seen(80, 2), 100, TRUNCATED),
        (seen(100), seen(0, 2), 100, TRUNCATED),
        (seen(100), seen(140, 2, "b"), 100, REPLACED),
        (seen(100), seen(100, 1, "b"), 100, REPLACED),  # as long, at the same second
        (seen(100), seen(40, 2, "b"), 100, REPLACED),
        (GONE, seen(100), 100, REPLACED),  # it was away: whatever is there now is another file
        (seen(100, None), seen(100, None), 100, GREW),  # a place that knows no versions
        (seen(100, None), seen(100, 1), 100, GREW),  # there was trouble: look in full
        (seen(100, "x", None), seen(140, "y", None), 100, GREW),  # a store: versions, no identity
        (seen(100, "x", None), seen(100, "x", None), 100, SAME),
        (seen(100, "x", None), seen(60, "y", None), 100, TRUNCATED),
    ],
)
def test_what_happened(before: Stat | None, now: Stat, read: int, what: str) -> None:
    assert happened(before, now, read) == what
