"""The signals that end a program, and which of them a handler can serve.

Slurm announces the end of a job with SIGUSR1, `ulimit -t` with SIGXCPU: whoever keeps a terminal or
a pipe has to end well on all of them, not on those alone that a shell sends.
"""

from __future__ import annotations

import signal

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
