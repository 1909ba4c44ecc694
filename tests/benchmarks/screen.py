"""What the screen costs: time to the first chart, bytes for a new point, processor when idle.

    python -m tests.benchmarks.screen [rows]

Real pty of 160x45 cells. The peer beside it is `wandb beta leet` where the package wandb is
installed; see ../shared/peers.md for the others.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.tui.terminal import Terminal

COLUMNS, ROWS = 160, 45
_CHART = "└"  # of the x axis
_POINTS = 30


def row(step: int) -> str:
    loss = 0.5 + 2 * step**-0.3 + 0.02 * ((step * 7) % 5 - 2)
    return (
        json.dumps({"step": step, "total_steps": 10**7, "loss": round(loss, 5), "lr": 1e-4}) + "\n"
    )


def first_chart(log: Path) -> float:
    """Seconds from the start of the program until the curve is drawn."""
    terminal = Terminal(str(log), columns=COLUMNS, rows=ROWS)
    try:
        while _CHART not in terminal.text() or "train" not in terminal.text():
            terminal.read(0.005)
            assert time.monotonic() - terminal.started < 60, terminal.text()
        return time.monotonic() - terminal.started
    finally:
        terminal.close()


def living(log: Path, rows: int) -> dict[str, float]:
    """Bytes and delay of each new point, then the cost of nothing new."""
    terminal = Terminal(str(log), columns=COLUMNS, rows=ROWS)
    sizes, delays = [], []
    try:
        terminal.wait_for(_CHART)
        terminal.settle()
        for i in range(1, _POINTS + 1):
            with log.open("a") as file:
                file.write(row(rows + i))
            written = time.monotonic()
            size = terminal.read(0.6)
            delays.append(time.monotonic() - written)
            size += terminal.read(0.7)
            sizes.append(size)
        terminal.settle()
        before, start = terminal.cpu_seconds(), time.monotonic()
        idle_bytes = sum(terminal.read(1.0) for _ in range(20))
        spent = time.monotonic() - start
        return {
            "bytes for a new point, median": statistics.median(sizes),
            "bytes for a new point, largest": max(sizes),
            "idle, bytes/s": idle_bytes / spent,
            "idle, % of a core": 100 * (terminal.cpu_seconds() - before) / spent,
            "memory, MB": terminal.memory_mb(),
        }
    finally:
        terminal.close()


def main(rows: int) -> None:
    """Print the figures for a log of so many rows."""
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "train.jsonl"
        log.write_text("".join(row(i) for i in range(1, rows + 1)))
        times = [first_chart(log) for _ in range(5)]
        print(f"{rows:,} rows, {COLUMNS}x{ROWS}")
        print(f"{'first chart, s (median of 5)':34} {statistics.median(times):.2f}")
        for name, value in living(log, rows).items():
            print(f"{name:34} {value:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
