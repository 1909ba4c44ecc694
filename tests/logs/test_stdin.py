"""What is piped in, and the file it is kept in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

KEEP = """
import sys
from lossmon.errors import TargetError
from lossmon.logs.stdin import StdinSource
try:
    source = StdinSource(sys.argv[1])
    source.drain()
except TargetError as error:
    print(error)
"""


def kept(log: Path, file: Path) -> str:
    with log.open("rb") as piped:
        done = subprocess.run(
            [sys.executable, "-c", KEEP, file], stdin=piped, capture_output=True, text=True,
            timeout=60, check=True,
        )  # fmt: skip
    return done.stdout


def test_a_log_is_not_kept_in_itself(tmp_path: Path) -> None:
    """`lossmon - --tee log < log` made 8 MB of a log of 4 kB in five seconds."""
    log, link, copy = tmp_path / "log", tmp_path / "link", tmp_path / "copy"
    log.write_text("step 1 loss 2.0\n")
    link.hardlink_to(log)
    for file in (log, link):
        assert "this is a log that was read; write to another file" in kept(log, file)
    assert kept(log, copy) == ""
    assert copy.read_text() == log.read_text() == "step 1 loss 2.0\n"
