"""A journal of its own, written by the real systemd-journal-remote."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.waiting import PATIENCE_S

REMOTE = "/lib/systemd/systemd-journal-remote"
why_not = "" if shutil.which("journalctl") else "no journalctl here"
why_not = why_not or ("" if os.path.exists(REMOTE) else "no systemd-journal-remote here")


class Journal:
    """A folder with a journal, and a journalctl that reads no other."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "journal" / "remote.journal"
        (folder / "bin").mkdir()
        self.file.parent.mkdir()
        wrapper = folder / "bin" / "journalctl"
        real = shutil.which("journalctl")
        wrapper.write_text(f'#!/bin/sh\nexec {real} --directory {self.file.parent} "$@"\n')
        wrapper.chmod(0o755)
        self.env = {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
        self._writer = subprocess.Popen(
            [REMOTE, "--output", self.file, "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._count = 0

    def write(self, message: bytes, unit: str = "train.service", **fields: str) -> None:
        """Add an entry, in the export format."""
        assert self._writer.stdin is not None
        self._count += 1
        fields = {
            "__REALTIME_TIMESTAMP": str(time.time_ns() // 1000),
            "__MONOTONIC_TIMESTAMP": str(1_000_000 + self._count),
            "_BOOT_ID": "1" * 32,
            "_SYSTEMD_UNIT": unit,
            **fields,
        }
        entry = "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
        entry += b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"
        self._writer.stdin.write(entry)
        self._writer.stdin.flush()

    def close(self) -> None:
        assert self._writer.stdin is not None
        self._writer.stdin.close()
        self._writer.wait(PATIENCE_S)
