"""Other programs that are asked something: without a shell, in bounded time, with bounded output.

Standard library alone, runs on Python 3.6: its source is sent to other boxes (see `vitals`).
"""

import os
import select
import signal
import subprocess
import time
from typing import Dict, List, NamedTuple, Optional, Sequence  # noqa: F401 - List is for a type comment

TIMEOUT_S = 5.0
OUTPUT_BYTES = 1 << 18
PLACES = ("/usr/bin", "/usr/local/bin")  # for where the PATH is bare, as over ssh

Answer = NamedTuple("Answer", [("text", str), ("status", Optional[int])])
NONE = Answer("", None)  # there is no such program, or it took too long


class Program:
    """A program that answers questions.

    Args:
        name: of the program; looked for on the PATH (never in the current directory).
        timeout_s: after so long it is killed, with what it started.
        limit_bytes: of its output; what comes after is cut off.
        places: folders to look in beside the PATH.
        messages: also take what it says on standard error.
    """

    def __init__(
        self,
        name: str,
        timeout_s: float = TIMEOUT_S,
        limit_bytes: int = OUTPUT_BYTES,
        places: Sequence[str] = PLACES,
        messages: bool = False,
    ) -> None:
        self.name = name
        self._timeout_s = timeout_s
        self._limit_bytes = limit_bytes
        self._places = tuple(places)
        self._stderr = subprocess.STDOUT if messages else subprocess.DEVNULL
        self._running = None  # type: Optional[subprocess.Popen[bytes]]

    def find(self) -> Optional[str]:
        """Where it is; None where it is not there."""
        folders = os.environ.get("PATH", "").split(os.pathsep)
        for folder in [*folders, *self._places]:
            path = os.path.join(folder, self.name)
            if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return None

    def ask(self, arguments: Sequence[str], env: Optional[Dict[str, str]] = None) -> Answer:
        """Run it; `NONE` where it is not there or takes too long.

        Args:
            arguments: as they are, no shell sees them.
            env: variables beside those of this process.
        """
        path = self.find()
        if path is None:
            return NONE
        try:
            process = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                start_new_session=True,
                env=dict(os.environ, **(env or {})),
            )
        except OSError:
            return NONE
        self._running = process
        try:
            said = self._read(process)
        finally:
            self.stop()
        if said is None:
            return NONE
        return Answer(said.decode("utf-8", "replace"), process.returncode)

    def stop(self) -> None:
        """Kill it and what it started, where it still runs."""
        process, self._running = self._running, None
        if process is None:
            return
        if process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                pass  # stuck in a driver: nothing can end it, and nobody waits for it
        if process.stdout is not None:
            process.stdout.close()

    def _read(self, process: "subprocess.Popen[bytes]") -> Optional[bytes]:
        """What it prints until it ends or has said too much; None when its time is over."""
        assert process.stdout is not None
        deadline = time.monotonic() + self._timeout_s
        pieces = []  # type: List[bytes]
        size = 0
        while size < self._limit_bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                return None
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        else:
            return b"".join(pieces)  # cut off
        try:
            process.wait(max(0.0, min(1.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            pass  # it has closed its output and goes on
        return b"".join(pieces)
