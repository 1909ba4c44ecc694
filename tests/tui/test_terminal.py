"""On a real pty: it comes up, costs nothing when idle, and gives the terminal back."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.conftest import falling, write_jsonl
from tests.tui.terminal import PATIENT, ROOT, Terminal


@pytest.fixture
def terminal(log: Path) -> Iterator[Terminal]:
    terminal = Terminal(str(log))
    try:
        yield terminal
    finally:
        terminal.close()


def test_a_curve_and_a_diagnosis_come_up_and_q_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.wait_for("HEALTHY")
    terminal.wait_for("train")
    os.write(terminal.fd, b"q")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.received, "the alternate screen is left"
    assert b"\x1b[?25h" in terminal.received, "the cursor is shown again"


def test_a_paste_that_never_ends_swallows_no_keys_for_good(terminal: Terminal) -> None:
    terminal.wait_for("HEALTHY")
    os.write(terminal.fd, b"\x1b[200~half of")
    while not terminal.ended:
        terminal.read(2.0)  # whatever else a busy machine does meanwhile
        if not terminal.ended:
            os.write(terminal.fd, b"q")
    assert terminal.end() == 0


@pytest.mark.parametrize("where", ["errors.txt", "/dev/null", "&-"])
def test_errors_that_go_elsewhere_leave_the_screen_where_it_is(
    log: Path, tmp_path: Path, where: str
) -> None:
    """`lossmon runs 2>errors.txt` drew into the file, and showed nothing."""
    target = where if where.startswith("&") else f"'{tmp_path / where}'"
    command = f"exec '{sys.executable}' -m lossmon '{log}' 2>{target}"
    terminal = Terminal(program=["/bin/sh", "-c", command])
    try:
        terminal.wait_for("HEALTHY")
        os.write(terminal.fd, b"q")
        assert terminal.end() == 0
        assert b"\x1b[?1049l" in terminal.received
    finally:
        terminal.close()
    if where == "errors.txt":
        assert (tmp_path / where).read_bytes() == b""


def test_at_80_columns_it_is_said_how_a_run_stands(tmp_path: Path) -> None:
    now = time.time()
    rows = [
        {"step": 10 * i, "max_steps": 10_000, "epoch": i / 50, "loss": loss, "grad_norm": 1.25,
         "learning_rate": 1.25e-5, "timestamp": now - 200 + i, "eval_loss": loss + 0.1234}
        for i, loss in enumerate(falling(200), 1)
    ]  # fmt: skip
    log = write_jsonl(tmp_path / "log.jsonl", rows)
    terminal = Terminal(str(log), columns=80, rows=24)
    try:
        terminal.wait_for("steps/s")
        terminal.wait_for("  running")
        assert "2,000/10,000" in terminal.text()
        assert "ETA" in terminal.text()
    finally:
        terminal.close()


def test_nothing_is_sent_while_nothing_changes(terminal: Terminal) -> None:
    terminal.wait_for("HEALTHY")
    terminal.settle()
    assert terminal.read(4.0) == 0
    os.write(terminal.fd, b"t/")  # the log and its search: no cursor blinks
    terminal.wait_for("words in the log")
    terminal.settle()
    assert terminal.read(3.0) == 0


def test_a_new_point_costs_few_bytes(log: Path, terminal: Terminal) -> None:
    terminal.wait_for("HEALTHY")
    terminal.settle()
    costs = []
    for i in range(5):
        with log.open("a") as file:
            file.write(json.dumps({"step": 2010 + 10 * i, "loss": 0.6, "max_steps": 10_000}) + "\n")
        terminal.wait_for(f"{2010 + 10 * i:,}/10,000")
        before = len(terminal.received)
        terminal.settle()
        costs.append(len(terminal.received) - before)
    whole = 120 * 35
    assert sorted(costs)[2] < whole, "most of the screen was not sent again"


def test_a_pipe_is_watched_and_the_keyboard_stays_the_terminals(tmp_path: Path) -> None:
    writer = tmp_path / "writer.py"
    writer.write_text(
        "import time\n"
        "for i in range(100000):\n"
        "    print(f'step {i} loss {2 / (1 + i / 50):.4f}', flush=True)\n"
        "    time.sleep(0.005 if i > 300 else 0)\n"
    )
    shell = f"{sys.executable} {writer} 2>/dev/null | {sys.executable} -m lossmon -"
    pid, fd = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": ROOT}
        os.execv("/bin/sh", ["/bin/sh", "-c", shell])
    terminal = Terminal.__new__(Terminal)
    terminal.screen, terminal.received = pyte.Screen(120, 35), bytearray()
    terminal.stream, terminal.pid, terminal.fd = pyte.ByteStream(terminal.screen), pid, fd
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    try:
        terminal.wait_for("HEALTHY")
        os.write(fd, b"\x1a")
        terminal.wait_for("would stop the training")
        os.write(fd, b"q")
        terminal.wait_for("leave?")
        os.write(fd, b"s")
        terminal.end()
    finally:
        terminal.close()


def test_at_the_start_nothing_is_drawn_twice(tmp_path: Path) -> None:
    without_erasing = {"TERM": "screen-256color"}
    patient = (sys.executable, "-c", PATIENT)
    terminal = Terminal(str(tmp_path), environment=without_erasing, program=patient)
    try:
        terminal.wait_for("waiting for the first rows")
        terminal.wait_for("t log")
        terminal.settle()
        signs = re.sub(rb"\x1b(?:\[[^@-~]*[@-~]|[^\[])", b"", bytes(terminal.received)).decode()
        # Once, and a line or two for what the walk over the folder found.
        assert len(signs) < 1.1 * terminal.screen.columns * terminal.screen.lines
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("leave", "go_on"), [(b"q", b"\r"), (b"\x03", b"\x03")], ids=["q", "ctrl+c"]
)
def test_leaving_a_live_pipe_asks_and_the_training_goes_on(
    tmp_path: Path, leave: bytes, go_on: bytes
) -> None:
    """A pipe without a reader would kill the training at its next line."""
    writer, go, done = tmp_path / "train.py", tmp_path / "go", tmp_path / "done"
    kept = tmp_path / "kept.log"
    writer.write_text(
        "import pathlib, time\n"
        "for i in range(60):\n"
        "    print(f'step {i} loss {2 / (i + 1):.4f}', flush=True)\n"
        f"    while i == 30 and not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
        f"pathlib.Path({str(done)!r}).touch()\n"
    )
    shell = f"{sys.executable} {writer} | {sys.executable} -m lossmon open - --tee {kept}"
    terminal = Terminal("-c", shell, program=["/bin/sh"])
    try:
        terminal.wait_for("loss")
        terminal.send(leave)
        terminal.wait_for("leave?")
        terminal.send(b"\x1b")
        terminal.settle()
        assert "leave?" not in terminal.text()
        terminal.send(leave)
        terminal.wait_for("leave?")
        terminal.send(go_on)
        terminal.wait_for_bytes(b"without a screen")
        go.touch()
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert done.exists(), "the training ended by itself"
    assert len(kept.read_text().splitlines()) == 60
