"""A program on a real pty, for tests and benchmarks."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

import lossmon
from tests.waiting import PATIENCE_S, descendants

ROOT = str(Path(lossmon.__file__).parents[1])
# What is laid out late on a busy machine is waited for: people are shown something after 4 s of a
# start, and 0.4 s of a resize.
PATIENT = """
from lossmon.tui import wired_app
wired_app._STILL_S, wired_app._LONGEST_HOLD_S, wired_app._LONGEST_VEIL_S = 0.5, 60.0, 60.0
from lossmon.cli import main
main()
"""
LEFT = {"25": True, "7": True}  # the cursor is shown and lines wrap; every other mode is off


class Terminal:
    """A program on a pty and what is on its screen: lossmon, unless another one is named."""

    _status: tuple[int, ...] = ()  # of the process, once it has ended

    def __init__(
        self,
        *arguments: str,
        columns: int = 120,
        rows: int = 35,
        program: Sequence[str] = (sys.executable, "-m", "lossmon"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.received, self._seen = bytearray(), 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": ROOT}
            os.environ.pop("NO_COLOR", None)
            # An installed program is compiled; here it would be compiled anew at each start.
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
            os.environ |= environment or {}
            os.execve(program[0], [*program, *arguments], dict(os.environ))
        self.settings = termios.tcgetattr(self.fd)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.monotonic()

    def read(self, seconds: float) -> int:
        """Take what comes within some seconds; the number of bytes."""
        count, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                break
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:
                break
            if not data:
                break
            count += len(data)
            self.received += data
            self.stream.feed(data)
        return count

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait_for(self, words: str, timeout_s: float = PATIENCE_S) -> None:
        end = time.monotonic() + timeout_s
        while words not in self.text():
            assert time.monotonic() < end, f"{words!r} never came:\n{self.text()}"
            self.read(0.1)

    def wait_for_bytes(self, text: bytes, timeout_s: float = PATIENCE_S) -> None:
        """Wait until something was sent since the last call."""
        end = time.monotonic() + timeout_s
        while (at := self.received.find(text, self._seen)) < 0:
            assert time.monotonic() < end, f"{text!r} never came:\n{self.text()}"
            self.read(0.1)
        self._seen = at + len(text)

    def settle(self) -> None:
        """Wait until nothing comes for a while, and what runs there waits for something, too.

        Silence alone says nothing on a busy machine, where a program may have no turn for a second.
        """
        quiet = 0
        while quiet < 5:
            quiet = 0 if self.read(0.2) or self.at_work else quiet + 1

    def end(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + timeout_s
        while not self.ended:
            assert time.monotonic() < end, "it did not end"
            self.read(0.05)
        self.pid = 0
        self.read(0.1)
        return os.waitstatus_to_exitcode(*self._status)

    def assert_given_back(self) -> None:
        """It is as it was: its modes, the escapes that it got."""
        received = bytes(self.received)
        for mode, on in self.modes().items():
            if mode not in ("2026",):  # begins and ends each frame
                assert on == LEFT.get(mode, False), f"mode {mode}"
        opened = received.count(b"\x1b[>") - received.count(b"\x1b[>0q")
        assert opened == received.count(b"\x1b[<u"), "the keyboard protocol"
        assert received.count(b"\x1b[22;2t") == received.count(b"\x1b[23;2t"), "the title"
        left = received.rindex(b"\x1b[?1049l")
        last = received.rfind(b"\x1b[<u")  # of the first frame alone there was none
        assert last < left, "the keyboard protocol, on its own screen"
        assert received.rindex(b"\x1b[?25h") > left, "the cursor"
        assert termios.tcgetattr(self.fd) == self.settings, "modes of the tty"

    def after(self) -> str:
        """What stands on the usual screen once the program has left it."""
        rest = bytes(self.received).rpartition(b"\x1b[?1049l")[2]
        return re.sub(r"\x1b\[[?<>\d;]*[a-zA-Z]", "", rest.decode()).replace("\r\n", "\n")

    @property
    def at_work(self) -> bool:
        """Whether a thread of the program, or of what it started, runs or would if it had a turn."""
        for pid in [self.pid, *descendants(self.pid)] if self.pid else []:
            for told in Path(f"/proc/{pid}/task").glob("*/stat"):
                with suppress(OSError):
                    if told.read_text().rsplit(")", 1)[1].split()[0] in "RD":
                        return True
        return False

    @property
    def ended(self) -> bool:
        """Whether it has ended; `end` gives the status."""
        if self.pid and not self._status:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = (status,) if done else ()
        return bool(self._status)

    def send(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> dict[str, bool]:
        """The private modes that were set or reset, as they are now."""
        found = re.findall(rb"\x1b\[\?(\d+)([hl])", bytes(self.received))
        return {number.decode(): on == b"h" for number, on in found}

    def colours(self) -> set[bytes]:
        """The parameters that set a colour, of all SGR sequences that came."""
        codes = re.findall(rb"\x1b\[([\d;]*)m", bytes(self.received))
        pattern = re.compile(rb"(?:^|;)(?:[34][0-8]|9\d|10\d)(?:;|$)")
        return {code for code in codes if pattern.search(code)}

    def close(self) -> None:
        if self.pid and not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def cpu_seconds(self) -> float:
        """Processor time used so far by the program's process."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident memory of the program's process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
