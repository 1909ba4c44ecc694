"""A source that says what it is told to, poll by poll."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from lossmon.logs.follower import Chunk
from lossmon.logs.source import Health, HostState, Source

Poll = Sequence[Chunk | Health]


class Scripted(Source):
    """Hands out a list of chunks a poll; a health among them is how its link is from there on.

    Attributes:
        dropped: logs that nobody wants to hear of any more.
        asked: how often it was to let its questions be answered.
    """

    def __init__(self, *polls: Poll, name: str = "") -> None:
        self.name = name
        self.dropped: list[str] = []
        self.asked = 0
        self._polls = list(polls)
        self._health: Health | None = None

    def say(self, told: Poll) -> None:
        """One more poll."""
        self._polls.append(told)

    def poll(self) -> list[Chunk]:
        """The next of its polls."""
        told = self._polls.pop(0) if self._polls else []
        for one in told:
            if isinstance(one, Health):
                self._health = one
        return [one for one in told if isinstance(one, Chunk)]

    def wait(self, timeout_s: float) -> bool:
        """Something may be new at once."""
        return timeout_s > 0

    def is_directory(self, path: str) -> bool:
        """What has no ending."""
        return "." not in path

    def drop(self, log: str) -> None:
        """Keep it in mind."""
        self.dropped.append(log)

    def health(self) -> Health | None:
        """As it was told last."""
        return self._health

    def ask(self) -> bool:
        """Count it."""
        self.asked += 1
        return True


def data(
    log: str, rows: Iterable[dict[str, object]] | bytes, offset: int = 0, at: float = 1000.0
) -> Chunk:
    """What stands in a log from an offset on, to its end; written when the epoch was so old."""
    text = rows if isinstance(rows, bytes) else b"".join(
        json.dumps(row).encode() + b"\n" for row in rows
    )  # fmt: skip
    return Chunk(log, "data", offset, text, "", at, offset + len(text))


def event(log: str, kind: str, message: str = "") -> Chunk:
    """What happened to a log."""
    return Chunk(log, kind, 0, b"", message, 1000.0, 0)


def link(state: HostState, reason: str = "") -> Health:
    """How the link to a box is."""
    return Health("gpu1", state, reason)
