"""A plug-in that hangs in C takes neither the keys nor the signals nor the terminal: a real pty."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import falling, training_rows, write_jsonl
from tests.formats.test_apart import PLUG_IN, ROWS
from tests.tui.terminal import Terminal


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    site = tmp_path / "site"
    info = site / "lossmon_beeps-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "lossmon_beeps.py").write_text(PLUG_IN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lossmon-beeps\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lossmon.formats]\nbeeps = lossmon_beeps\n")
    logs = tmp_path / "logs"
    rows = [{"max_steps": 10_000, **row} for row in training_rows(falling(200))]
    write_jsonl(logs / "good" / "log.jsonl", rows)
    (logs / "bad").mkdir()
    (logs / "bad" / "train.beep").write_text("BEEP\n" + ROWS + "HANG\n" + ROWS)
    root = str(Path(__file__).resolve().parents[2])
    told = {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONPATH": os.pathsep.join((str(site), root)),
    }
    opened: list[Terminal] = []

    def start() -> Terminal:
        program = [sys.executable, "-m", "lossmon", str(logs)]
        opened.append(Terminal(program=program, environment=told))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize("way", ["q", "SIGTERM"])
def test_it_ends_at_once(hanging: Callable[[], Terminal], way: str) -> None:
    terminal = hanging()
    while b"\x1b[?1049h" not in terminal.received:
        terminal.read(0.05)
    terminal.read(0.4)  # by now, or soon, the plug-in hangs
    if way == "q":
        terminal.send(b"q")
    else:
        os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == (0 if way == "q" else 128 + signal.SIGTERM)
    terminal.assert_given_back()


def test_the_good_run_shows(hanging: Callable[[], Terminal]) -> None:
    terminal = hanging()
    terminal.wait_for("HEALTHY")
    started = time.monotonic()
    terminal.send(b"q")
    assert terminal.end() == 0
    assert time.monotonic() - started < 60  # no bound of speed: that it ends at all
    terminal.assert_given_back()
