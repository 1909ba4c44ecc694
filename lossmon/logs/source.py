"""What every place that bytes come from offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from lossmon.logs.follower import Chunk

HostState = Literal["connecting", "live", "retrying", "needs_password", "gone"]


@dataclass(frozen=True)
class Health:
    """How the link to another box is.

    Attributes:
        host: as the user named it ("gpu1", "me@gpu1").
        state: `retrying` comes back by itself, `needs_password` and `gone` need the user.
        reason: why it is not live, or what cannot be done there, in words; may be empty.
        retry_at: when the next attempt is due, seconds since the Unix epoch; None where none is.
    """

    host: str
    state: HostState
    reason: str = ""
    retry_at: float | None = None


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

    def listen(self, news: Callable[[], None]) -> bool:
        """Call `news`, from any thread, when something may be new; False where none can tell."""
        ...

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        ...

    def pending(self) -> int:
        """Bytes that are known to be there and were not read yet."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether a target is a directory there."""
        ...

    def beside(self) -> dict[str, Any] | None:
        """What the machine tells beside its logs; None when that is nothing new.

        Returns:
            `{"vitals": a sample of lossmon.logs.vitals, "jobs": [what lossmon.logs.slurm.Jobs
            tells, ...]}`, either alone or both, as JSON: from a box it is untrusted.
        """
        ...

    def health(self) -> Health | None:
        """How the link to the box is; None for this machine."""
        ...

    def ask(self) -> bool:
        """Let ssh ask its questions on the terminal, which must be free, and connect anew.

        Returns:
            False where ssh said on the terminal that it is of no use.
        """
        ...

    def trouble(self, target: str) -> str:
        """Why a target cannot be read there, in words; empty where nothing is known against it."""
        ...

    @property
    def exhausted(self) -> bool:
        """All there is was read; a pipe is exhausted when its writer has closed it."""
        ...

    def close(self) -> None:
        """Let go of files, watches and threads."""
        ...
