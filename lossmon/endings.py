"""The signals that end a program, and which of them a handler can serve.

Slurm announces the end of a job with SIGUSR1, `ulimit -t` with SIGXCPU: whoever keeps a terminal or
a pipe has to end well on all of them, not on those alone that a shell sends.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Nobody can handle these: the first two never, and after a fault there is no way on.
_NEVER = ("SIGKILL", "SIGSTOP", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")
_NO_END = (
    *("SIGCHLD", "SIGCLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGTSTP", "SIGTTIN", "SIGTTOU"),
    *("SIGINFO", "SIGPIPE", "SIGXFSZ"),  # of the last two Python makes errors
)


def _to_end() -> tuple[int, ...]:
    others = {getattr(signal, name, None) for name in (*_NEVER, *_NO_END)}
    return tuple(sorted(int(number) for number in signal.valid_signals() - others))


SIGNALLED = 128  # and the number of the signal: the status of what one ended
BY_USER = (signal.SIGINT, signal.SIGQUIT)  # keys on the terminal
TO_END = _to_end()  # numbers, real-time signals among them


@contextmanager
def noted() -> Iterator[list[int]]:
    """Note the signals that end a program, until what runs hears of them by itself.

    Raised as an interruption between two tasks of asyncio, such a signal has the tasks cancelled,
    and those of Textual go on: a SIGTERM while the screen was set up was lost. Afterwards they end
    the program at once, as they do behind a loop of asyncio.

    Yields:
        The numbers of those that came.
    """
    came: list[int] = []
    heard = []
    if threading.current_thread() is threading.main_thread():
        for number in TO_END:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                heard.append(number)
                signal.signal(number, lambda received, _: came.append(received))
    try:
        yield came
    finally:
        for number in heard:
            signal.signal(
                number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            )
