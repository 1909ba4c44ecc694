"""Waiting in tests for a condition, with a bound that only ends a test that fails; processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 120.0
"""What must come comes within this, on a machine that others load, too: a program that starts in
half a second took twelve where eight people shared two cores."""


def wait_until(holds: Callable[[], object], why: str = "", timeout_s: float = PATIENCE_S) -> None:
    """Look again and again until something holds."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, why or "it never came"
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """All processes below one, deepest last."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, at = [pid], 0
    while at < len(found):
        found += parents.get(found[at], [])
        at += 1
    return found[1:]


def lives(pid: int) -> bool:
    """Whether a process is there; one that has ended and that nobody waits for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
