"""Run a command on a real pty for some seconds: a curve and a diagnosis must come up.

Usage: python .ci/on_a_terminal.py lossmon demo
"""

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

LIMIT_S = 40
CURVE = re.compile("[\u2801-\u28ff]{3}")  # three braille cells in a row
ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")


def diagnoses() -> re.Pattern[str]:
    """The titles that the panel may show, in capitals as it shows them."""
    from lossmon.diagnosis.knowledge import load
    from lossmon.diagnosis.patterns import PATTERNS

    names = (load("en").pattern(name).title for name in PATTERNS)
    return re.compile("|".join(re.escape(name) for name in names), re.IGNORECASE)


def main(argv: list[str]) -> int:
    """0 when both came up and the command ended cleanly on `q`."""
    wanted = {"curve": CURVE, "diagnosis": diagnoses()}
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8")
        os.execvp(argv[0], argv)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    os.kill(pid, signal.SIGWINCH)
    seen: set[str] = set()
    output = b""
    started = time.monotonic()
    while time.monotonic() - started < LIMIT_S and len(seen) < len(wanted):
        output += read(terminal)
        text = ESCAPES.sub(b"", output).decode("utf-8", "replace")
        seen |= {name for name, pattern in wanted.items() if pattern.search(text)}
    print(f"{' '.join(argv)}: {sorted(seen)} after {time.monotonic() - started:.1f} s")
    os.write(terminal, b"q")
    status = end(pid, terminal)
    if len(seen) < len(wanted) or status != 0:
        print(ESCAPES.sub(b"", output)[-4000:].decode("utf-8", "replace"))
        print(f"FAILED: missing {sorted(set(wanted) - seen)}, exit status {status}")
        return 1
    return 0


def read(terminal: int) -> bytes:
    """What the program wrote within a tenth of a second."""
    if not select.select([terminal], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the program has gone
        return b""


def end(pid: int, terminal: int) -> int:
    """Wait for the program to end; kill it when it does not."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        read(terminal)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -9


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
