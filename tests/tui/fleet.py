"""Many trainings that write their logs at once: a process of its own, so that it takes no turn of ours.

python -m tests.tui.fleet FOLDER RUNS ROWS_PER_SECOND
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.tui.terminal import ROOT

START = 400  # rows that are there at first
PROBE = "000-probe"  # the first by name; its steps tell the time


def row(step: int, run: int) -> str:
    loss = 0.5 + 2 * (step + 1) ** -0.3 + 0.02 * ((step * 7 + run) % 5 - 2)
    return f'{{"step": {step}, "total_steps": 1000000, "loss": {loss:.5f}, "lr": 0.0001}}\n'


def logs(folder: Path, runs: int) -> list[Path]:
    names = [PROBE, *(f"run-{i:03}" for i in range(1, runs))]
    return [folder / name / "log.jsonl" for name in names]


def prepare(folder: Path, runs: int, rows: int = START) -> None:
    """Write the rows that are there at first; the newest of them where there are to be fewer."""
    for run, log in enumerate(logs(folder, runs)):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(row(step, run) for step in range(START - rows, START)))


def write(folder: Path, runs: int, rate: float) -> None:
    """Append to every log, a row each 1/rate seconds, until ended."""
    files = [log.open("a", buffering=1) for log in logs(folder, runs)]
    started, step = time.time(), START
    (folder.parent / "started").write_text(repr(started))
    while True:
        for run, file in enumerate(files):
            file.write(row(step, run))
        step += 1
        time.sleep(max(0.0, started + (step - START) / rate - time.time()))


class Fleet:
    """The process; steps of the probe are seconds since `started`, times `rate`."""

    def __init__(self, folder: Path, runs: int, rate: float) -> None:
        self.rate = rate
        note = folder.parent / "started"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tui.fleet", str(folder), str(runs), str(rate)], cwd=ROOT
        )
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        self.started = float(note.read_text())

    def age_s(self, step: int) -> float:
        """How long ago a row of the probe was due."""
        return time.time() - self.started - (step - START) / self.rate

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
