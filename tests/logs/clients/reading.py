"""What a source of clients hands out, put together as the monitor would."""

from __future__ import annotations

import time
from collections.abc import Callable

from lossmon.logs.background import Patience
from lossmon.logs.source import Source
from tests.waiting import PATIENCE_S

HASTY = Patience(first_s=0.1, longest_s=0.3, lasted_s=0.0)


class Reading:
    """The logs of a source so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.content: dict[str, bytes] = {}
        self.gone: list[tuple[str, str]] = []  # how writers ended

    def lines(self, log: str) -> list[str]:
        """What a log holds."""
        return self.content.get(log, b"").decode().splitlines()

    def until(self, true: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
        """Read on until something is so."""
        end = time.monotonic() + timeout_s
        while not true():
            told = {log: data[-300:] for log, data in self.content.items()}
            assert time.monotonic() < end, f"it never came: {self.source.health()} {told}"
            self.source.wait(0.05)
            for chunk in self.source.poll():
                if chunk.kind == "gone":
                    self.gone.append((chunk.log, chunk.message))
                    continue
                assert chunk.kind == "data", chunk
                known = self.content.setdefault(chunk.log, b"")
                assert chunk.offset == len(known), "a byte was lost or doubled"
                self.content[chunk.log] = known + chunk.data

    def until_reads(self, log: str, lines: list[str]) -> None:
        """Read on until a log holds exactly these lines."""
        self.until(lambda: len(self.lines(log)) >= len(lines))
        assert self.lines(log) == lines

    def reason(self) -> str:
        """Why nothing comes."""
        health = self.source.health()
        return health.reason if health is not None else ""
