"""The program ends when its command does, whatever its threads are at."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import sys, threading
from lossmon.exits import leave
threading.Thread(target=threading.Event().wait).start()  # no daemon: Python would wait for it
print("said")
leave(lambda: {command})
"""


@pytest.mark.parametrize(
    ("command", "status"), [("3", 3), ("None", 0), ("sys.exit(4)", 4), ("sys.exit()", 0)]
)
def test_nobody_waits_for_a_thread(command: str, status: int) -> None:
    program = [sys.executable, "-c", _PROGRAM.format(command=command)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (status, "said\n", "")
