"""What large things cost on a real pty: long logs, a log of a gigabyte, a tree of ten thousand files.

    python -m tests.benchmarks.large [--gigabyte] [--rows 10000,100000,1000000]

Seconds are of the clock, with the program's own processor time beside them: on a busy machine only
the latter says much. Budgets are those of the design.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lossmon.logs.local import LocalSource
from lossmon.monitor.whole import read_targets
from tests.tui.terminal import Terminal

COLUMNS, ROWS = 160, 45
_CHART = "└"  # of the x axis
_POINTS = 40


def cells(step: int) -> tuple[int, float, float, float]:
    loss = 0.5 + 2 * step**-0.3 + 0.02 * ((step * 7) % 5 - 2)
    return step, loss, 1e-4, loss


KINDS = {  # suffix -> first line, a row
    "jsonl": ("", '{{"step": {}, "loss": {:.6f}, "learning_rate": {}, "grad_norm": {:.4f}}}\n'),
    "csv": ("step,loss,learning_rate,grad_norm\n", "{},{:.6f},{},{:.4f}\n"),
    "log": ("", "[train] step {} | loss {:.6f} | lr {} | grad_norm {:.4f}\n"),
}


def row(step: int) -> str:
    return KINDS["jsonl"][1].format(*cells(step))


def report(what: str, figure: str, budget: str = "") -> None:
    print(f"{what:48} {figure:42} {budget}", flush=True)


def until(terminal: Terminal, ready: Callable[[str], bool], limit_s: float = 120) -> float:
    """Seconds since the start of the program until its screen is as wanted."""
    while not ready(terminal.text()):
        terminal.read(0.01)
        assert time.monotonic() - terminal.started < limit_s, terminal.text()
    return time.monotonic() - terminal.started


def drawn(text: str) -> bool:
    return _CHART in text and "train" in text


def start_up() -> None:
    """`--help` beside importing click alone, in processor time."""

    def cost(*command: str) -> float:
        times = []
        for _ in range(7):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    ours, peer = cost("-m", "lossmon", "--help"), cost("-c", "import click")
    report("--help / import click", f"{ours / peer:.2f} x ({1e3 * ours:.0f} ms)", "<= 1.5 x")


def long_log(folder: Path, rows: int, kind: str = "jsonl") -> None:
    """Time to the first chart and to the full frame, memory, and what one more row costs."""
    log, (head, form) = folder / f"{rows}.{kind}", KINDS[kind]
    with log.open("w") as file:
        file.write(head)
        file.writelines(form.format(*cells(step)) for step in range(1, rows + 1))
    first, full, spent, live = [], [], [], []
    for _ in range(3):
        terminal = Terminal(str(log), columns=COLUMNS, rows=ROWS)
        try:
            first.append(until(terminal, drawn))
            full.append(until(terminal, lambda text: drawn(text) and "reading" not in text))
            spent.append(terminal.cpu_seconds())
            terminal.settle()
            memory = terminal.memory_mb()
            before = terminal.cpu_seconds()
            for step in range(rows + 1 + 10 * len(live), rows + 11 + 10 * len(live)):
                with log.open("a") as file:
                    file.write(form.format(*cells(step)))
                terminal.read(1.0)
            live.append((terminal.cpu_seconds() - before) / 10)
        finally:
            terminal.close()
    budget = {10_000: "<= 0.6 s first", 100_000: "<= 1 s full", 1_000_000: "<= 5 s full"}
    report(
        f"{rows:,} rows x 3, {kind}: first chart, full frame",
        f"{min(first):.2f} s, {min(full):.2f} s (processor {min(spent):.2f} s)",
        budget.get(rows, ""),
    )
    report(f"{rows:,} rows x 3, {kind}: memory", f"{memory:.0f} MB", "60 MB + 32 bytes a point")
    report(f"{rows:,} rows x 3, {kind}: a row a second", f"{1e3 * min(live):.0f} ms of processor")


def latency(folder: Path) -> None:
    """From the writer's flush to the first byte on the terminal, and the bytes of each point."""
    log = folder / "live.jsonl"
    log.write_text("".join(map(row, range(1, 10_001))))
    terminal = Terminal(str(log), columns=COLUMNS, rows=ROWS)
    delays, sizes = [], []
    try:
        until(terminal, drawn)
        terminal.settle()
        for i in range(1, _POINTS + 1):
            with log.open("a") as file:
                file.write(row(10_000 + i))
            written, size = time.monotonic(), 0
            while not size and time.monotonic() - written < 5:
                size = terminal.read(0.002)
            delays.append(time.monotonic() - written)
            sizes.append(size + terminal.read(0.5 + 0.017 * (i % 7)))
        terminal.settle()
        before, since = terminal.cpu_seconds(), time.monotonic()
        idle = sum(terminal.read(1.0) for _ in range(15))
        passed = time.monotonic() - since
        share = 100 * (terminal.cpu_seconds() - before) / passed
    finally:
        terminal.close()
    delays.sort()
    report(
        "append to screen: median, largest",
        f"{1e3 * statistics.median(delays):.0f} ms, {1e3 * delays[-1]:.0f} ms",
        "<= 60 ms, p99 <= 250 ms",
    )
    report("bytes for one new point, median", f"{statistics.median(sizes):.0f}", "<= 600")
    report("nothing new", f"{share:.2f} % of a core, {idle / passed:.0f} bytes/s", "<= 0.5 %, 0")


def tree(folder: Path, files: int = 10_000) -> None:
    """A tree of many files, of which few are logs: no look may block, and runs come up soon."""
    root = folder / "tree"
    for i in range(files):
        place = root / f"exp{i // 100:03}"
        if i % 100 == 0:
            place.mkdir(parents=True)
        name = "train.jsonl" if i % 100 == 50 else f"part{i % 100}.txt"
        (place / name).write_text("".join(map(row, range(1, 40))) if "train" in name else "x\n" * 9)
    source, looks = LocalSource([str(root)]), []
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and (source.pending() or not looks):
            before = time.process_time()
            source.poll()
            looks.append(time.process_time() - before)
    finally:
        source.close()
    report(f"{files:,} files: longest look, all", f"{max(looks):.2f} s, {sum(looks):.2f} s")
    terminal = Terminal(str(root), columns=COLUMNS, rows=ROWS)
    try:
        first = until(terminal, drawn)
        all_there = until(terminal, lambda text: "100 runs" in text)
    finally:
        terminal.close()
    report(f"{files:,} files: first chart, all 100 runs", f"{first:.2f} s, {all_there:.2f} s")


def gigabyte(folder: Path) -> None:
    """The newest part of a log of 1 GB on the screen, what reading the rest costs, and memory."""
    log = folder / "gigabyte.jsonl"
    step = 0
    with log.open("w") as file:
        while file.tell() < 1 << 30:
            file.write("".join(map(row, range(step + 1, step + 50_001))))
            step += 50_000
    terminal = Terminal(str(log), columns=COLUMNS, rows=ROWS)
    try:
        first = until(terminal, drawn)
        until(terminal, lambda text: "reading" not in text, 600)
        took, memory = terminal.cpu_seconds(), terminal.memory_mb()
    finally:
        terminal.close()
    report(f"1 GB ({step:,} rows): newest part", f"{first:.2f} s", "<= 2 s")
    points = 3 * step
    report("1 GB: all of it", f"{took:.0f} s of processor, {1e-6 * step / took:.2f} M rows/s")
    report(
        "1 GB: memory",
        f"{memory:.0f} MB, {1e6 * (memory - 60) / points:.0f} bytes a point",
        "<= 32",
    )


def rows_a_second(folder: Path) -> None:
    """Reading, history and diagnosis together, without a screen."""
    log = folder / "whole.jsonl"
    rows = 200_000
    log.write_text("".join(map(row, range(1, rows + 1))))
    times = []
    for _ in range(3):
        before = time.process_time()
        read_targets([str(log)])
        times.append(time.process_time() - before)
    report("read and diagnosed, JSON lines", f"{rows / min(times):,.0f} rows/s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--gigabyte", action="store_true")
    options = parser.parse_args()
    os.environ.pop("NO_COLOR", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up()
        rows_a_second(folder)
        latency(folder)
        tree(folder)
        sizes = [int(rows) for rows in options.rows.split(",")]
        for rows in sizes:
            long_log(folder, rows)
        for kind in ("csv", "log"):
            long_log(folder, max(sizes), kind)
        if options.gigabyte:
            gigabyte(folder)


if __name__ == "__main__":
    main()
