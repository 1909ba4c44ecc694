"""The modes of files, as they hold for people: root may read all, and CI often runs as root."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION = 0x20080522  # of capget(2), with two triples
_MAY_READ_ALL = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

_Header = ctypes.c_uint32 * 2
_Sets = ctypes.c_uint32 * 6  # effective, permitted, inheritable; and their upper halves


@contextmanager
def modes_hold() -> Iterator[None]:
    """Within this, in this thread and what it starts, a file of mode 0 can't be read by us.

    Skips the test where root cannot give that right away.
    """
    if os.geteuid() != 0:
        yield
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("root may read everything here")
    libc = ctypes.CDLL(None)
    header, before = _Header(_VERSION, 0), _Sets()
    if libc.capget(header, before) != 0:
        pytest.skip("root may read everything here: no capget")
    without = _Sets(before[0] & ~_MAY_READ_ALL, *before[1:])
    if libc.capset(header, without) != 0:
        pytest.skip("root may read everything here: no capset")
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0
