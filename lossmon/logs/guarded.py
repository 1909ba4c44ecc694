"""A source of another package: what goes wrong in it is its own state, and ends nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from lossmon.debug import logger
from lossmon.logs.caller import ANSWER_S, Caller
from lossmon.logs.follower import Chunk
from lossmon.logs.source import Health, Source
from lossmon.text import clip, printable
from lossmon.words import said

_WORDS = 160  # of an error

Answer = TypeVar("Answer")


class Guarded(Source):
    """Asks a source until it fails; from then on it says why, and the runs that came of it stay.

    Args:
        source: of another package.
        name: of its scheme.
        caller: who asks it.
        answer_s: for an answer, beyond what it is to wait.
    """

    def __init__(
        self, source: Source, name: str, caller: Caller | None = None, answer_s: float = ANSWER_S
    ) -> None:
        self._source = source
        self._scheme = name
        self._caller = caller or Caller()
        self._answer_s = answer_s
        self._fault = ""
        self._woken = threading.Event()
        self.name = self._ask(name, lambda: source.name)
        self._prefix = self._ask(f"{name}:", lambda: source.prefix)

    def _ask(self, otherwise: Answer, call: Callable[[], Answer], wait_s: float = 0.0) -> Answer:
        if self._fault:
            return otherwise
        try:
            return self._caller.ask(call, wait_s + self._answer_s)
        except Exception as error:  # of its package, be it what it may
            self._failed(error)
            return otherwise

    def _failed(self, error: Exception) -> None:
        logger.error("the source %s", self._scheme, exc_info=error)
        self._fault = fault_of(self._scheme, error)

    @property
    def prefix(self) -> str:
        """As it says."""
        return self._prefix

    def poll(self) -> list[Chunk]:
        """What it has."""
        return self._ask([], self._source.poll)

    def wait(self, timeout_s: float) -> bool:
        """As it waits; without it, until the time is over."""
        if not self._fault:
            return self._ask(True, lambda: self._source.wait(timeout_s), timeout_s)
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return woken

    def close(self) -> None:
        """Close it, also after it failed."""
        self._fault, fault = "", self._fault
        self._ask(None, self._source.close)
        self._caller.end()
        self._fault = fault or self._fault

    def wake(self) -> None:
        """End a `wait`."""
        self._woken.set()
        if not self._fault:
            try:
                self._source.wake()  # while its thread waits
            except Exception as error:
                self._failed(error)

    def listen(self, news: Callable[[], None]) -> bool:
        """As it can."""
        return self._ask(False, lambda: self._source.listen(news))

    def logs(self) -> list[str]:
        """What it says."""
        return self._ask([], self._source.logs)

    def drop(self, log: str) -> None:
        """Tell it."""
        self._ask(None, lambda: self._source.drop(log))

    def pending(self) -> int:
        """What it says; nothing once it failed."""
        return self._ask(0, self._source.pending)

    @property
    def exhausted(self) -> bool:
        """What it says; True once it failed."""
        return self._ask(True, lambda: self._source.exhausted)

    def is_directory(self, path: str) -> bool:
        """What it says."""
        return self._ask(False, lambda: self._source.is_directory(path))

    def trouble(self, target: str) -> str:
        """What it says, or how it failed."""
        return self._ask("", lambda: self._source.trouble(target)) or self._fault

    def health(self) -> Health | None:
        """What it says, or how it failed."""
        found = self._ask(None, self._source.health)
        return Health(self.name, "gone", self._fault) if self._fault else found

    def ask(self) -> bool:
        """Let it try again."""
        self._fault = ""
        return self._ask(False, self._source.ask)

    def beside(self) -> dict[str, Any] | None:
        """What it says."""
        return self._ask(None, self._source.beside)


def fault_of(scheme: str, error: Exception) -> str:
    """What is said of an error of another package, in one line without control characters."""
    words = clip(printable(f"{type(error).__name__}: {error}".split("\n")[0]), _WORDS)
    return said("an error of the package that reads {scheme}: {words}", scheme=scheme, words=words)


class Unopened(Source):
    """In place of a source that could not be opened: it says why, and others are read.

    Args:
        name: as it would have been called.
        fault: why.
    """

    def __init__(self, name: str, fault: str) -> None:
        self.name = name
        self._fault = fault
        self._woken = threading.Event()

    def poll(self) -> list[Chunk]:
        """Nothing."""
        return []

    def wait(self, timeout_s: float) -> bool:
        """Until the time is over."""
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """End a `wait`."""
        self._woken.set()

    def trouble(self, target: str) -> str:  # noqa: ARG002
        """Why it could not be opened."""
        return self._fault

    def health(self) -> Health:
        """The same."""
        return Health(self.name, "gone", self._fault)
