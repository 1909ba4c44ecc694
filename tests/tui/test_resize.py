"""From size to size in one frame: none between that holds a part of the old layout."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import termios
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tui.synthetic import write_runs
from tests.tui.terminal import PATIENT, Terminal
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
SIZES = ((200, 50), (80, 24), (40, 12), (110, 30), (200, 50))
_SYNC = b"\x1b[?2026;2$y"  # this terminal shows a frame when it is whole
_END = b"\x1b[?2026l"


def frames(terminal: Terminal) -> list[str]:
    """What the terminal shows one after the other, until it stands still."""
    came, quiet, end = bytearray(), 0, time.monotonic() + PATIENCE_S
    while (quiet < 8 or _END not in came) and time.monotonic() < end:
        if select.select([terminal.fd], [], [], 0.2)[0]:
            came += os.read(terminal.fd, 1 << 16)
            quiet = 0
        else:
            quiet = 0 if terminal.at_work else quiet + 1
    shown = []
    for frame in bytes(came).split(_END)[:-1]:
        terminal.stream.feed(frame)
        shown.append(terminal.text())
    return shown


def corners(text: str) -> list[tuple[str, int, int]]:
    """Where the boxes stand."""
    lines = enumerate(text.splitlines())
    return [(sign, x, y) for y, line in lines for x, sign in enumerate(line) if sign in "╭╮╰╯"]


def test_each_frame_of_a_resize_is_whole(tmp_path: Path) -> None:
    write_runs(tmp_path)
    (columns, rows), *_ = SIZES
    terminal = Terminal(
        str(tmp_path), columns=columns, rows=rows, program=(sys.executable, "-c", PATIENT)
    )
    try:
        terminal.wait_for("3 runs")
        terminal.wait_for("timeline")
        os.write(terminal.fd, _SYNC)
        terminal.settle()  # what was drawn for the old size must not come late
        for before, size in pairwise(SIZES):
            terminal.resize(*size)
            shown = frames(terminal)
            assert shown, f"{before} to {size}"
            assert bool(corners(shown[-1])) == (size[0] >= 60)
            for frame in shown:
                assert corners(frame) == corners(shown[-1]), f"{before} to {size}:\n{frame}"
                assert frame.splitlines()[0].strip(), frame
    finally:
        terminal.close()


def test_what_is_opened_comes_in_one_frame(tmp_path: Path) -> None:
    """A panel stood there empty beside a chart that was drawn for other room."""
    write_runs(tmp_path)
    terminal = Terminal(
        str(tmp_path), columns=200, rows=50, program=(sys.executable, "-c", PATIENT)
    )
    try:
        terminal.wait_for("3 runs")
        terminal.wait_for("timeline")
        os.write(terminal.fd, _SYNC)
        terminal.settle()
        for keys in ("d", "d", "w", "w", "1", "1", "2", "2", "\x1b", "\x1b", "g", "g"):
            os.write(terminal.fd, keys.encode())
            shown = frames(terminal)
            assert shown, keys
            for frame in shown:
                assert corners(frame) == corners(shown[-1]), f"{keys}:\n{frame}"
                if "─ diagnosis ─" in shown[-1]:
                    assert "timeline" in frame, f"{keys}:\n{frame}"
    finally:
        terminal.close()


def test_a_size_beyond_any_screen_is_drawn_within_bounds(tmp_path: Path) -> None:
    """A stale one in the environment took 15 MB a second, and no key and no signal ended it."""
    write_runs(tmp_path)
    stale = {"LINES": "99999", "COLUMNS": "99999"}
    terminal = Terminal(str(tmp_path), columns=100, rows=20, environment=stale)
    try:
        terminal.wait_for("rebound  6,000")
        terminal.settle()
        assert "quit" in terminal.text().splitlines()[-1], "the terminal's own size goes first"
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 60000, 60000, 0, 0))
        terminal.settle()
        terminal.send(b"q")
        assert terminal.end() == 0
        terminal.assert_given_back()
    finally:
        terminal.close()
