"""Signals that ask a program to end: noted, and looked at where it can end; nothing is raised.

An exception raised by a handler comes at any place, also within the clean-up of the one before: GNU
`timeout` signals its child and then the child's whole group.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence

from lossmon.endings import TO_END

NUMBERS = tuple(number for number in TO_END if number != signal.SIGQUIT)  # which is for a core
PATIENCE_S = 10.0  # for whom nobody reads: a write into a full pipe has no end


class Ending:
    """Notes the first signal while the program is inside `with`; for the main thread.

    Attributes:
        number: the signal; None as long as none came.
    """

    def __init__(self, numbers: Sequence[int] = NUMBERS) -> None:
        self.number: int | None = None
        self._numbers = numbers
        self._wake: Callable[[], None] = lambda: None
        self._over = threading.Event()

    def __bool__(self) -> bool:
        return self.number is not None

    def on_signal(self, wake: Callable[[], None]) -> None:
        """Call this, in a thread of its own, when a signal has come: it ends a wait."""
        self._wake = wake

    def __enter__(self) -> Ending:
        self._told, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        for number in self._numbers:
            signal.signal(number, self._note)
        threading.Thread(target=self._wait, name="lossmon-ending", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self:  # the interpreter sets handlers back before it ends: one more signal would be late
            for number in self._numbers:
                signal.signal(number, signal.SIG_IGN)

    def _note(self, number: int, _: object) -> None:
        self.number = self.number or number

    def _wait(self) -> None:
        """A handler may hold no lock that the code it interrupts has: waking is done from here."""
        numbers: bytes = b""
        while not any(number in self._numbers for number in numbers):
            numbers = os.read(self._told, 64)
        self._wake()
        if not self._over.wait(PATIENCE_S):
            os._exit(128 + numbers[0])
