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
from pathlib import Path

import pyte

import lossmon

ROOT = str(Path(lossmon.__file__).parents[1])


class Terminal:
    """A program on a pty and what is on its screen: lossmon, unless another one is named."""

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
            os.environ |= environment or {}
            os.environ.pop("NO_COLOR", None)
            # An installed program is compiled; here it would be compiled anew at each start.
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
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

    def wait_for(self, words: str, timeout_s: float = 20) -> None:
        end = time.monotonic() + timeout_s
        while words not in self.text():
            assert time.monotonic() < end, f"{words!r} never came:\n{self.text()}"
            self.read(0.1)

    def wait_for_bytes(self, text: bytes, timeout_s: float = 20) -> None:
        """Wait until something was sent since the last call."""
        end = time.monotonic() + timeout_s
        while (at := self.received.find(text, self._seen)) < 0:
            assert time.monotonic() < end, f"{text!r} never came:\n{self.text()}"
            self.read(0.1)
        self._seen = at + len(text)

    def settle(self) -> None:
        """Wait until nothing comes for a while."""
        while self.read(1.0):
            pass

    def end(self, timeout_s: float = 10) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                self.read(0.1)
                return os.waitstatus_to_exitcode(status)
            self.read(0.05)
        raise AssertionError("it did not end")

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
        if self.pid:
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
