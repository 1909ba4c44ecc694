"""A training that prints, and a monitor that is polled until its runs are as wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lossmon.monitor import Monitor, RunUpdate
from tests.conftest import falling
from tests.waiting import PATIENCE_S


def printed(path: Path, n: int = 60, total: int = 300, start: float = 2.0) -> Path:
    """What a training prints: steps of a plan, with losses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        f"step {i + 1}/{total} loss {loss:.4f}\n" for i, loss in enumerate(falling(n, start=start))
    )
    path.write_text("".join(rows))
    return path


def until(
    monitor: Monitor, wanted: Callable[[dict[str, RunUpdate]], bool], timeout_s: float = PATIENCE_S
) -> dict[str, RunUpdate]:
    """Poll until the runs are as wanted."""
    deadline = time.monotonic() + timeout_s
    runs: dict[str, RunUpdate] = {}
    while time.monotonic() < deadline:
        for update in monitor.poll():
            runs.pop(update.run, None)
            if not update.removed:
                runs[update.run] = update
        if wanted(runs):
            return runs
        monitor.wait(0.05)
    raise AssertionError(f"waited in vain; there are {sorted(runs)}, {monitor.hosts()}")
