"""Calls into code of other packages, which may never come back, from a thread of its own.

Whoever asks waits for so long, and no longer: all runs stood still with one source that hung.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")

ANSWER_S = 10.0  # of the clock, for what "never waits"


class _Call(Generic[Answer]):
    """One call, and what came of it."""

    def __init__(self, call: Callable[[], Answer], context: Context) -> None:
        self._call, self._context = call, context
        self.done = threading.Event()
        self.error: Exception | None = None
        self.answer: Answer

    def run(self) -> None:
        try:
            self.answer = self._context.run(self._call)
        except Exception as error:
            self.error = error
        except BaseException as error:  # sys.exit() in a package is no end of ours
            self.error = RuntimeError(f"{type(error).__name__}: {error}")
        self.done.set()


class Caller:
    """A thread that makes one call after the other; one that hangs is left alone for another."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call[Any] | None] | None = None

    def ask(self, call: Callable[[], Answer], within_s: float = ANSWER_S) -> Answer:
        """What a call returns or raises.

        Raises:
            TimeoutError: there is no answer in time.
        """
        calls = self._calls
        if calls is None:
            calls = self._calls = SimpleQueue()
            threading.Thread(target=_serve, args=(calls,), daemon=True).start()
        one = _Call(call, copy_context())
        calls.put(one)
        if not one.done.wait(within_s):
            self.end()
            raise TimeoutError(f"no answer within {within_s:g} s")
        if one.error is not None:
            raise one.error
        return one.answer

    def end(self) -> None:
        """Let the thread end, once it can; the next call gets another."""
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.put(None)


def _serve(calls: SimpleQueue[_Call[Any] | None]) -> None:
    while (one := calls.get()) is not None:
        one.run()
