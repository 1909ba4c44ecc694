"""A command of the user's for each event: run without a shell, few at once, ended in time."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise

from lossmon.errors import ConfigError
from lossmon.report.ending import Ending
from lossmon.text import printable

AT_ONCE = 4
MOST_WAITING = 100
TIMEOUT_S = 60.0
_GRACE_S = 2.0  # between asking a command to end and ending it
_MOST_CHARS = 4000  # of one value: an argument list has an end

FIELDS = (
    "event", "run", "pattern", "severity", "confidence", "since_step", "step", "metric", "state",
    "title", "evidence", "log", "time",
)  # fmt: skip
_FIELD = re.compile(r"\{([a-z_]+)\}")
_INTERPRETER = re.compile(r"(ba|da|z|k|fi|tc|c)?sh|python[\d.]*|perl|ruby|node|lua")
_REMOTE = ("ssh", "mosh", "srun", "eval")
_CODE = re.compile(r"-[a-zA-Z]*[ce]")  # what follows is a program, not a text


def parse(text: str) -> list[str]:
    """The words of a command, with {fields} still in them.

    Raises:
        ConfigError: it cannot be run, or would run what a log says as a program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"--exec: {str(error).lower()}; quote it as for a shell") from None
    if not words:
        raise ConfigError("--exec: an empty command; name a program and its arguments")
    for name in (name for word in words for name in _FIELD.findall(word)):
        if name not in FIELDS:
            raise ConfigError(f"--exec: no field {{{name}}}; there are {', '.join(FIELDS)}")
    code = _read_as_code(words)
    if code is not None:
        name = next(iter(_FIELD.findall(code)))
        raise ConfigError(
            f"--exec: {{{name}}} would be read as a program, and it comes from a log; "
            f'use the environment variable instead: "$LOSSMON_{name.upper()}"'
        )
    return words


def _read_as_code(words: list[str]) -> str | None:
    """A word with a field that is the program to run, or that an interpreter takes as one."""
    if _FIELD.search(words[0]):
        return words[0]
    for i, word in enumerate(words):
        name = os.path.basename(word)
        rest = words[i + 1 :]
        if name in _REMOTE:
            risky = rest
        elif _INTERPRETER.fullmatch(name):
            risky = [after for option, after in pairwise(rest) if _CODE.fullmatch(option)]
        else:
            continue
        for one in risky:
            if _FIELD.search(one):
                return one
    return None


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
            Whether a command still runs or waits.
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
        return bool(self._running or self._waiting)

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
        words = [_FIELD.sub(lambda field: values.get(field[1], ""), word) for word in self._words]
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
