"""Programs that run for long and print: many of them, read by one thread, none with a shell."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lossmon.debug import logger

OUT, ERR = 0, 1  # standard output, standard error
_SLICE = 1 << 16
_ROUNDS = 16  # slices that one program may bring before the others have their turn
_LEAVE_S = 2.0  # for a program to end that has closed its output, or was told to end


class Taker(Protocol):
    """Whoever started a program."""

    def take(self, stream: int, data: bytes, dry: bool) -> None:
        """What came of a stream; `dry` where nothing more was there, `data` may be empty then."""
        ...

    def over(self, status: int) -> None:
        """It has ended, and all it printed was taken."""
        ...


@dataclass(eq=False)
class Child:
    """A program that runs."""

    process: subprocess.Popen[bytes]
    taker: Taker
    out: int
    err: int
    until: float | None = None  # when it is killed: monotonic seconds
    stopped: bool = False  # nobody wants what it prints

    def read(self) -> bool:
        """Hand on what is there; False once standard output has ended."""
        ended = False
        for _ in range(_ROUNDS):
            size = 0
            for stream, end in ((OUT, self.out), (ERR, self.err)):
                try:
                    data = os.read(end, _SLICE)
                    ended = ended or (stream == OUT and not data)
                except BlockingIOError:
                    data = b""
                self.taker.take(stream, data, len(data) < _SLICE)
                size += len(data)
            if not size:
                break
        return not ended


class Children:
    """Starts programs and reads what they print."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._running = list[Child]()  # whose output is read
        self._leaving = list[Child]()  # that have closed it
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)

    def start(
        self,
        command: Sequence[str],
        taker: Taker,
        env: Mapping[str, str],
        *,
        until: float | None = None,
        leash: bool = False,
    ) -> Child:
        """Start a program.

        Args:
            command: as it is, no shell sees it.
            taker: told what it prints and how it ended.
            env: its environment.
            until: killed at this time by the monotonic clock.
            leash: it gets a standard input that ends when it is stopped.

        Raises:
            OSError: it does not start.
        """
        logger.debug("start %s", command)
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE if leash else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env), start_new_session=True,
            bufsize=0,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        child = Child(process, taker, process.stdout.fileno(), process.stderr.fileno(), until)
        for end in (child.out, child.err):
            os.set_blocking(end, False)
            self._selector.register(end, selectors.EVENT_READ, child)
        self._running.append(child)
        return child

    def stop(self, child: Child) -> None:
        """End a program; its taker hears no more of it."""
        child.stopped = True
        if child in self._running:
            self._let_go(child)
            _end(child.process)

    def wake(self) -> None:
        """End a `turn` that waits, from any thread."""
        try:
            os.write(self._wake_in, b".")
        except OSError:
            pass  # full: it will wake anyway; or closed

    def turn(self, timeout_s: float) -> None:
        """Wait for something to happen, and hand it on."""
        if self._leaving:
            timeout_s = min(timeout_s, 0.02)
        ready = dict.fromkeys(key.data for key, _ in self._selector.select(timeout_s))
        if None in ready:
            os.read(self._wake_out, 4096)
        for child in ready:
            if child is None or child.stopped:
                continue
            if not child.read() or child.process.poll() is not None:
                self._let_go(child)
        now = time.monotonic()
        for child in [one for one in self._running if one.until is not None and now > one.until]:
            self._let_go(child)
        for child in [one for one in self._leaving if self._has_left(one, now)]:
            self._leaving.remove(child)
            self._close(child)

    def close(self) -> None:
        """End all programs."""
        for child in [*self._running, *self._leaving]:
            self.stop(child)
        for child in self._leaving:
            child.stopped = True
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            self._close(child)
        self._leaving.clear()
        self._selector.close()
        os.close(self._wake_out)
        os.close(self._wake_in)

    def _let_go(self, child: Child) -> None:
        """Watch its output no more, and wait until it has ended."""
        self._running.remove(child)
        for end in (child.out, child.err):
            self._selector.unregister(end)
        if child.process.stdin is not None:
            child.process.stdin.close()
        if child.until is not None and time.monotonic() > child.until:
            child.process.kill()
        child.until = time.monotonic() + _LEAVE_S
        self._leaving.append(child)

    def _has_left(self, child: Child, now: float) -> bool:
        if child.process.poll() is None and child.until is not None and now > child.until:
            child.process.kill()
        return child.process.poll() is not None

    def _close(self, child: Child) -> None:
        """Take what is left in the pipes, and tell how it ended."""
        if not child.stopped:
            child.read()
        for stream in (child.process.stdout, child.process.stderr):
            if stream is not None:
                stream.close()
        if not child.stopped:
            child.taker.over(child.process.returncode)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
