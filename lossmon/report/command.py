"""A command of the user's for each event: run without a shell, few at once, ended in time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping

from lossmon.report.ending import Ending
from lossmon.report.template import filled, parse
from lossmon.text import printable

AT_ONCE = 4
MOST_WAITING = 100
TIMEOUT_S = 60.0
_GRACE_S = 2.0  # between asking a command to end and ending it
_MOST_CHARS = 4000  # of one value: an argument list has an end


class Commands:
    """Runs a command once for each event.

    Its standard input is empty, and what it prints goes to standard error: standard output is for
    data. The values are in its arguments where a {field} stands, and in LOSSMON_... variables.

    Args:
        text: the command, split as a shell would, without one.
        complain: told in one line what went wrong.
        timeout_s: a command that takes longer is ended, with all it started.
    """

    def __init__(
        self, text: str, complain: Callable[[str], None], timeout_s: float = TIMEOUT_S
    ) -> None:
        self._words = parse(text)
        self._complain = complain
        self._timeout_s = timeout_s
        self._waiting: deque[Mapping[str, str]] = deque()
        self._running: list[tuple[subprocess.Popen[bytes], float]] = []

    def run(self, values: Mapping[str, str]) -> None:
        """Run it with these values as soon as others make room."""
        if len(self._waiting) >= MOST_WAITING:
            self._complain(f"--exec: {MOST_WAITING} commands are waiting; this one is left out")
            return
        self._waiting.append({key: _clean(value) for key, value in values.items()})
        self.tend()

    def tend(self) -> bool:
        """Take note of what has ended, end what takes too long, start what waits.

        Returns:
            Whether a command still runs; none waits where none does.
        """
        for process, ends in list(self._running):
            if process.poll() is None and time.monotonic() > ends:
                self._complain(f"--exec: ended after {self._timeout_s:g} s: {self._name}")
                _end(process)
            elif process.returncode:
                self._complain(f"--exec: {self._name} ended with status {process.returncode}")
        self._running = [one for one in self._running if one[0].returncode is None]
        while self._waiting and len(self._running) < AT_ONCE:
            self._start(self._waiting.popleft())
        return bool(self._running)

    def finish(self, ending: Ending | None = None) -> None:
        """Wait for all of them, each for its time, unless we are to end."""
        while self.tend() and not ending:
            time.sleep(0.02)

    def close(self) -> None:
        """End what still runs."""
        self._waiting.clear()
        for process, _ in self._running:
            _end(process)
        self._running.clear()

    @property
    def _name(self) -> str:
        return os.path.basename(self._words[0])

    def _start(self, values: Mapping[str, str]) -> None:
        words = filled(self._words, values)
        named = {f"LOSSMON_{key.upper()}": value for key, value in values.items()}
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=2,
                env={**os.environ, **named},
                start_new_session=True,  # so that all it starts can be ended with it
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._complain(f"--exec: {printable(self._words[0])}: {str(why).lower()}")
            return
        self._running.append((process, time.monotonic() + self._timeout_s))


def _clean(value: str) -> str:
    return printable(value)[:_MOST_CHARS]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the command and all it started to end; then end them."""
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended meanwhile
        try:
            process.wait(patience_s)  # what it started and left behind is ended by the second round
        except subprocess.TimeoutExpired:
            pass
