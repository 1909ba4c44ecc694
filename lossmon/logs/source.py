"""What every place that bytes come from offers."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from lossmon.logs.follower import Chunk

HostState = Literal["connecting", "live", "retrying", "needs_password", "gone"]


@dataclass(frozen=True)
class Health:
    """How the link to another place is.

    Attributes:
        host: as the user named it ("gpu1", "me@gpu1", "docker", "s3://bucket").
        state: `retrying` comes back by itself, `needs_password` and `gone` need the user.
        reason: why it is not live, or what cannot be done there, in words; may be empty.
        retry_at: when the next attempt is due, seconds since the Unix epoch; None where none is.
        note: what is as it should be and said where it is asked for, such as how often one looks.
    """

    host: str
    state: HostState
    reason: str = ""
    retry_at: float | None = None
    note: str = ""


class Failure(NamedTuple):
    """Why there is no link.

    Attributes:
        state: what can be done: `retrying` by itself, `needs_password` or `gone` by the user.
        reason: one line in words, with what to do.
    """

    state: HostState
    reason: str


class Source(ABC):
    """A place that logs are read from: `poll` and `wait` are all it must offer.

    All else is an ability with a neutral default, for those that have it. Methods are called from
    the thread of the monitor, unless they say otherwise, and never wait for a network or a program:
    `lossmon.logs.background.Background` does that in a thread.

    Attributes:
        name: the host's or service's name; "" for this machine.
    """

    name: str = ""

    @abstractmethod
    def poll(self) -> list[Chunk]:
        """What is new, at most a bounded slice; never blocks."""

    @abstractmethod
    def wait(self, timeout_s: float) -> bool:
        """Sleep until something may be new; True when woken before the time was over."""

    def close(self) -> None:  # noqa: B027 - an ability
        """Let go of files, watches and threads."""

    @property
    def prefix(self) -> str:
        """What stands before the name of a log, so that no other source has one of that name."""
        return f"{self.name}:" if self.name else ""

    def wake(self) -> None:  # noqa: B027
        """End a `wait` that is going on in another thread; a short one ends by itself."""

    def listen(self, news: Callable[[], None]) -> bool:  # noqa: ARG002
        """Call `news`, from any thread, when something may be new; False where none can tell."""
        return False

    def logs(self) -> list[str]:
        """The logs that are followed, also those in which nothing stands, where that is known."""
        return []

    def drop(self, log: str) -> None:  # noqa: B027
        """Read no more of a log."""

    def pending(self) -> int:
        """Bytes that are known to be there and were not read yet."""
        return 0

    def progress(self) -> tuple[int, int]:
        """How many logs were read as far as they go, and how many there are; 0 where not known."""
        return 0, 0

    @property
    def exhausted(self) -> bool:
        """All there is was read; a pipe is exhausted when its writer has closed it."""
        return self.pending() == 0

    def is_directory(self, path: str) -> bool:  # noqa: ARG002
        """Whether a target is a directory there."""
        return False

    def trouble(self, target: str) -> str:  # noqa: ARG002
        """Why a target cannot be read there, in words; empty where nothing is known against it."""
        return ""

    def health(self) -> Health | None:
        """How the link to it is; None where there is no link that could fail."""
        return None

    def ask(self) -> bool:
        """Let it ask its questions on the terminal, which must be free, and connect anew.

        Returns:
            False where it was said on the terminal that this is of no use.
        """
        return True

    def beside(self) -> dict[str, Any] | None:
        """What the machine tells beside its logs; None when that is nothing new.

        Returns:
            `{"vitals": a sample of lossmon.logs.vitals, "jobs": [what lossmon.logs.slurm.Jobs
            tells, ...]}`, either alone or both, as JSON: from a box it is untrusted.
        """
        return None


def close_all(sources: Iterable[Source], within_s: float) -> None:
    """Let go of what sources hold, of all at once: the ends of twenty lost links would add up."""
    closing = [threading.Thread(target=one.close, daemon=True) for one in sources]
    for thread in closing:
        thread.start()
    end = time.monotonic() + within_s
    for thread in closing:
        thread.join(max(0.0, end - time.monotonic()))
