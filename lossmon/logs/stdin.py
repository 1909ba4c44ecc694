"""A pipe as a log: `python train.py 2>&1 | lossmon -`."""

from __future__ import annotations

import os
import select
import sys
import threading
import time

from lossmon.errors import TargetError
from lossmon.logs.follower import Chunk
from lossmon.logs.source import Health, Source
from lossmon.words import said

NAME = "-"
_SLICE = 1 << 18
_LIMIT = 8 << 20


class StdinSource(Source):
    """Standard input; while nobody polls, the pipe fills and the writer waits, as in any pipe.

    Args:
        kept: file that what comes is added to, as `tee -a` does; empty for none.

    Raises:
        TargetError: nothing is piped in, or the file cannot be written.
    """

    name = ""

    def __init__(self, kept: str = "") -> None:
        if sys.stdin is None or sys.stdin.closed or os.isatty(0):
            raise TargetError(
                said(
                    "-: nothing is piped in; write `python train.py 2>&1 | lossmon -`, "
                    "or name a log"
                )
            )
        self.kept = kept
        if kept and _is_input(kept):
            raise TargetError(
                said("{path}: this is a log that was read; write to another file", path=kept)
            )
        try:
            # What is there stays: it may be the output of the run before, or a log by mistake.
            self._copy = open(kept, "ab", buffering=0) if kept else None  # noqa: SIM115
        except OSError as error:
            raise TargetError(
                said(
                    "{kept}: {reason}; name another file to --tee", kept=kept, reason=error.strerror
                )
            ) from None
        self._fd = os.dup(0)  # descriptor 0 may become the keyboard
        self._offset = 0
        self._ended = False
        self._trouble = ""
        self._closed = threading.Event()

    def poll(self) -> list[Chunk]:
        """What came through the pipe."""
        chunks: list[Chunk] = []
        limit = self._offset + _LIMIT
        while not self._ended and self._offset < limit and self._readable(0):
            data = self._read()
            if data:
                offset, self._offset = self._offset, self._offset + len(data)
                chunks.append(Chunk(NAME, "data", offset, data, "", time.time(), self._offset))
        return chunks

    def drain(self) -> None:
        """Read until the writer closes the pipe, for nobody but the file it is kept in."""
        while not self._ended:
            self._read()

    def _read(self) -> bytes:
        data = os.read(self._fd, _SLICE)
        self._ended = not data
        if self._copy is not None and data:
            try:
                self._copy.write(data)
            except OSError as error:  # a full disk must not end the training
                self._copy.close()
                self._copy, self._trouble = None, f"{self.kept}: {error.strerror}"
        return data

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something comes."""
        if self._ended:
            return self._closed.wait(timeout_s)
        return self._readable(timeout_s)

    def health(self) -> Health | None:
        """There is no link that could fail; but what comes may no longer be kept."""
        return Health("--tee", "live", self._trouble) if self._trouble else None

    def drop(self, log: str) -> None:
        """A pipe is read on, so that its writer is not stopped; what comes is thrown away."""

    def pending(self) -> int:
        """1 while there is something to read at once."""
        return int(not self._ended and self._readable(0))

    @property
    def exhausted(self) -> bool:
        """The writer closed the pipe."""
        return self._ended

    def close(self) -> None:
        """Close our end of the pipe."""
        if not self._closed.is_set():
            self._closed.set()
            os.close(self._fd)
            if self._copy is not None:
                self._copy.close()

    def _readable(self, timeout_s: float) -> bool:
        return bool(select.select([self._fd], [], [], timeout_s)[0])


def keyboard_from_tty() -> None:
    """Make the terminal's keyboard descriptor 0, where the pipe was.

    Raises:
        TargetError: there is no terminal.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise TargetError(
            said("-: no terminal to draw on; in a script use `lossmon check` on a log file")
        ) from None
    os.dup2(terminal, 0)
    os.close(terminal)


def _is_input(path: str) -> bool:
    """Whether a file is what is piped in: `--tee log < log` would grow it without end."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(0))
    except OSError:
        return False
