"""The screen beside its closest peer, W&B LEET, on the same runs, in one go.

    pip install wandb && python -m tests.benchmarks.peer [--rows 10000,100000] [--live 20]

Both programs open the same offline W&B run, which the wandb package wrote, on a pty of 160x45
cells: time to the first byte and to the first metric's name, time until the last output, processor
time, memory and bytes while loading; then cost with nothing new; then a run that grows, whose
writer flushes at once, so that only the viewers are compared. Prints each figure and its ratio.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.tui.terminal import Terminal

COLUMNS, ROWS = 160, 45
QUIET_S = 1.5  # of silence after which a log counts as loaded
CALM = 0.1  # of a core at most, meanwhile
IDLE_S = 10.0
MOST_S = 300.0

# Replies that a real terminal gives to the questions of a program at its start.
REPLIES = (
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\]11;\?"), b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (re.compile(rb"\x1b\]10;\?"), b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
)

WRITER = """
import math, os, random, sys, time, wandb
rows, live, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
settings = wandb.Settings(x_disable_stats=True, console="off", silent=True,
                          **({"x_transaction_log_flush_interval": 0.1} if live else {}))
run = wandb.init(project="p", dir=folder, mode="offline", name=f"r{rows}", settings=settings)
noise = random.Random(0)
for i in range(rows + live):
    if i == rows:
        open(folder + "/ready", "w").close()
        while not os.path.exists(folder + "/go"):
            time.sleep(0.1)
    loss = 2.5 * math.exp(-3 * i / rows) + 0.3 + 0.1 * noise.random()
    run.log({"loss": loss, "eval/loss": loss + 0.2, "zctr": 100000 + i})
    if i >= rows:
        print(i, time.time(), flush=True)
        time.sleep(1.0)
if live:
    time.sleep(60)
run.finish()
"""


class Watched(Terminal):
    """A program on a pty that answers like a terminal, with the cost of all its processes."""

    def __init__(self, argv: Sequence[str], home: str) -> None:
        self.first_byte: float | None = None
        self.last_byte = 0.0
        super().__init__(
            columns=COLUMNS,
            rows=ROWS,
            program=argv,
            environment={"HOME": home, "WANDB_ERROR_REPORTING": "false"},
        )

    def read(self, seconds: float) -> int:
        seen = len(self.received)
        count = super().read(seconds)
        if count:
            self.last_byte = time.monotonic()
            self.first_byte = self.first_byte or self.last_byte
        new = bytes(self.received[seen:])
        for question, answer in REPLIES:
            if question.search(new):
                os.write(self.fd, answer)
        return count

    def processes(self) -> Iterator[Path]:
        """The program's process and all below it, in /proc."""
        waiting = [self.pid]
        while waiting:
            pid = waiting.pop()
            yield Path(f"/proc/{pid}")
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += [int(child) for child in children.read_text().split()]

    def cpu_seconds(self) -> float:
        ticks = 0
        for process in self.processes():
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Peak resident memory of all its processes."""
        peaks = [re.search(r"VmHWM:\s+(\d+)", (p / "status").read_text()) for p in self.processes()]
        return sum(int(peak[1]) for peak in peaks if peak) / 1e3


def loading(argv: Sequence[str], home: str) -> dict[str, float]:
    """From the start until a finished run stands on the screen, then nothing new."""
    program = Watched(argv, home)
    try:
        named, spent, at = None, 0.0, 0.0
        while time.monotonic() - program.started < MOST_S:
            program.read(0.02)
            if named is None and b"eval" in program.received:
                named = time.monotonic()
            if time.monotonic() - max(program.last_byte, at) > QUIET_S:
                at, before, spent = time.monotonic(), spent, program.cpu_seconds()
                # Silent, and at rest: what shows something early may still be loading.
                if named and spent - before < CALM * QUIET_S:
                    break
        figures = {
            "first byte, s": (program.first_byte or 0) - program.started,
            "first metric's name, s": (named or 0) - program.started,
            "loaded, s": program.last_byte - program.started,
            "processor while loading, s": program.cpu_seconds(),
            "peak memory, MB": program.memory_mb(),
            "bytes while loading": len(program.received),
        }
        before, start, seen = program.cpu_seconds(), time.monotonic(), len(program.received)
        while time.monotonic() - start < IDLE_S:
            program.read(0.5)
        spent = time.monotonic() - start
        figures["finished run, % of a core"] = 100 * (program.cpu_seconds() - before) / spent
        figures["finished run, bytes/s"] = (len(program.received) - seen) / spent
        return figures
    finally:
        program.close()


def living(
    argv: Sequence[str], home: str, writer: subprocess.Popen[str], newest: re.Pattern[str]
) -> dict[str, float]:
    """A run whose writer waits, then logs a row a second; `newest` finds its number on a screen."""
    program = Watched(argv, home)
    shown: dict[int, float] = {}
    try:
        program.wait_for("eval", 60)
        calm = time.monotonic() + 3  # LEET never rests: its dot breathes
        while time.monotonic() < calm:
            program.read(0.5)
        before, start, seen = program.cpu_seconds(), time.monotonic(), len(program.received)
        while time.monotonic() - start < IDLE_S:
            program.read(0.5)
        spent = time.monotonic() - start
        figures = {
            "waiting run, % of a core": 100 * (program.cpu_seconds() - before) / spent,
            "waiting run, bytes/s": (len(program.received) - seen) / spent,
        }
        assert writer.stdout is not None
        logged: dict[int, float] = {}
        Path(home, "go").touch()
        before, start, seen = program.cpu_seconds(), 0.0, len(program.received)
        rest = ""
        while not logged or time.time() - max(logged.values()) < 5:
            program.read(0.01)
            if select.select([writer.stdout], [], [], 0)[0]:
                rest += os.read(writer.stdout.fileno(), 1 << 16).decode()
            *lines, rest = rest.split("\n")
            for line in lines:
                mark, when = line.split()
                logged[int(mark)] = float(when)
                start = start or time.monotonic()
            for mark in newest.findall(program.text()):
                shown.setdefault(int(mark.replace(",", "")), time.time())
        spent = time.monotonic() - start
        delays = [shown[mark] - when for mark, when in logged.items() if mark in shown]
        figures |= {
            "a row a second, % of a core": 100 * (program.cpu_seconds() - before) / spent,
            "a row a second, bytes a row": (len(program.received) - seen) / max(1, len(logged)),
        }
        if delays:
            figures["logged to screen, s, median"] = statistics.median(delays)
            figures["logged to screen, s, largest"] = max(delays)
        return figures
    finally:
        program.close()


OUR_NEWEST = re.compile(r"step ([\d,]+)")
THEIR_NEWEST = re.compile(r"zctr +1(\d{5})")


def ours(run: Path) -> list[str]:
    return [sys.executable, "-m", "lossmon", str(next(run.glob("run-*.wandb")))]


def theirs(run: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("wandb")), "leet", "run", str(run)]


def write(folder: Path, rows: int, live: int = 0) -> subprocess.Popen[str]:
    folder.mkdir(parents=True)
    environment = os.environ | {"HOME": str(folder), "WANDB_ERROR_REPORTING": "false"}
    command = [sys.executable, "-c", WRITER, str(rows), str(live), str(folder)]
    writer = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    if not live:
        assert writer.wait() == 0
        return writer
    while not (folder / "ready").exists():
        time.sleep(0.1)
    return writer


def report(title: str, one: dict[str, float], two: dict[str, float]) -> None:
    print(f"\n{title:34} {'lossmon':>12} {'LEET':>12} {'ratio':>8}")
    for name in {**one, **two}:
        a, b = one.get(name), two.get(name)
        ratio = f"{a / b:8.2f}" if a is not None and b else " " * 8
        cells = ["-" if value is None else f"{value:,.2f}" for value in (a, b)]
        print(f"{name:34} {cells[0]:>12} {cells[1]:>12} {ratio}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", default="10000,100000")
    parser.add_argument("--live", type=int, default=20, help="rows of the run that grows")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for rows in map(int, filter(None, asked.rows.split(","))):
            folder = Path(work, f"n{rows}")
            write(folder, rows)
            run = next(folder.glob("wandb/offline-run-*"))
            home = str(folder)
            report(f"{rows:,} rows x 3", loading(ours(run), home), loading(theirs(run), home))
        results = []
        both = ((ours, OUR_NEWEST), (theirs, THEIR_NEWEST))
        for program, newest in both if asked.live else ():
            folder = Path(work, f"live-{program.__name__}")
            writer = write(folder, 2000, asked.live)
            run = next(folder.glob("wandb/offline-run-*"))
            results.append(living(program(run), str(folder), writer, newest))
            writer.kill()
        if results:
            report("live, 2,000 rows before", *results)


if __name__ == "__main__":
    main()
