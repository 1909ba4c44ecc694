"""What every place that bytes come from offers."""

from __future__ import annotations

from typing import Protocol

from lossmon.logs.follower import Chunk


class Source(Protocol):
    """A place that logs are read from.

    Attributes:
        name: the host's name; "" for this machine.
    """

    name: str

    def poll(self) -> list[Chunk]:
        """What is new, at most a bounded slice; never blocks."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something may be new; True when woken before the time was over."""
        ...

    def wake(self) -> None:
        """End a `wait` that is going on in another thread."""
        ...

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        ...

    def pending(self) -> int:
        """Bytes that are known to be there and were not read yet."""
        ...

    @property
    def exhausted(self) -> bool:
        """All there is was read; a pipe is exhausted when its writer has closed it."""
        ...

    def close(self) -> None:
        """Let go of files, watches and threads."""
        ...
