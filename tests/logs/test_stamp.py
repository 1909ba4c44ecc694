"""A file that another has taken the place of, or whose bytes were changed, has another stamp."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon.logs.stamp import as_stamp, stamp_of


def test_size_and_time_alone_do_not_tell(tmp_path: Path) -> None:
    log, other = tmp_path / "log", tmp_path / "other"
    log.write_bytes(b"loss 0.4")
    first, times = stamp_of(str(log)), (log.stat().st_atime_ns, log.stat().st_mtime_ns)
    assert first == stamp_of(str(log))
    other.write_bytes(b"loss 0.9")
    os.utime(other, ns=times)
    other.replace(log)
    second = stamp_of(str(log))
    assert first is not None and second is not None  # noqa: PT018
    assert second[:2] == first[:2]
    assert second != first
    log.write_bytes(b"loss 0.7")
    os.utime(log, ns=times)
    assert second != stamp_of(str(log))
    assert stamp_of(str(tmp_path / "gone")) is None


def test_what_was_kept_comes_back_or_is_none() -> None:
    assert as_stamp([1, 2, 3, 4]) == (1, 2, 3, 4)
    for damaged in ([1, 2], None, "1234", ["x", 2, 3, 4], {}):
        with pytest.raises((TypeError, ValueError)):
            as_stamp(damaged)
