"""What many live runs cost: processor, delay and bytes.

    python -m tests.benchmarks.many [RUNS [ROWS_PER_SECOND [SECONDS]]]

A real pty of 160x45 cells, real files that a process of its own appends to. Budget: 100 runs of 10
rows/s in 40 % of a core, the screen never more than a second behind.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.tui.fleet import PROBE, Fleet, prepare
from tests.tui.terminal import Terminal

COLUMNS, ROWS = 160, 45
_STEP = re.compile(rf"{PROBE}\s.*?([\d,]+)/1,000,000")


def probe_step(terminal: Terminal) -> int | None:
    """The step of the probe on the screen."""
    for line in terminal.screen.display:
        found = _STEP.search(line)
        if found:
            return int(found[1].replace(",", ""))
    return None


def all_runs_by_name(terminal: Terminal) -> None:
    """The list of all runs, the probe on top."""
    import os

    os.write(terminal.fd, b"\x1b")
    terminal.wait_for("STEP")
    os.write(terminal.fd, b"o")
    terminal.read(1.0)


def measure(runs: int, rate: float, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "runs"
        prepare(folder, runs)
        terminal = Terminal(str(folder), columns=COLUMNS, rows=ROWS)
        fleet = None
        try:
            terminal.wait_for(f"{runs} runs", 60)
            loaded = time.monotonic() - terminal.started
            all_runs_by_name(terminal)
            fleet = Fleet(folder, runs, rate)
            terminal.read(3.0)
            before, start = terminal.cpu_seconds(), time.monotonic()
            lags, size = [], 0
            while time.monotonic() - start < seconds:
                size += terminal.read(0.1)
                step = probe_step(terminal)
                if step is not None:
                    lags.append(fleet.age_s(step))
            spent = time.monotonic() - start
            cpu = terminal.cpu_seconds() - before
            return {
                "all runs on the screen, s": loaded,
                "processor, % of a core": 100 * cpu / spent,
                "processor, us a row": 1e6 * cpu / (runs * rate * spent),
                "behind, s, median": statistics.median(lags),
                "behind, s, most": max(lags),
                "to the terminal, bytes/s": size / spent,
                "memory, MB": terminal.memory_mb(),
            }
        finally:
            if fleet is not None:
                fleet.stop()
            terminal.close()


def main(runs: int = 100, rate: float = 10.0, seconds: float = 15.0) -> None:
    """Print the figures."""
    print(f"{runs} runs, {rate:g} rows/s each, {COLUMNS}x{ROWS}")
    for name, value in measure(runs, rate, seconds).items():
        print(f"{name:30} {value:,.2f}")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float, float), sys.argv[1:], strict=False)))
