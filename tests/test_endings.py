"""Which signals end a program is no list from a book: each is sent to a process here."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from lossmon.endings import TO_END

FAULTS = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGTRAP,
    signal.SIGSYS,
}
ERRORS_OF_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other signals")
def test_every_signal_that_ends_a_process_and_can_be_handled_is_known() -> None:
    ended = set()
    for number in signal.valid_signals():
        told = f"ulimit -c 0; kill -{int(number)} $$; exit 0"
        # A job in the background of a script ignores SIGINT and SIGQUIT, and so would its children.
        usual = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", told], os.environ, setsigdef=usual)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        elif os.WIFSIGNALED(status):
            ended.add(int(number))
    assert ended - {signal.SIGKILL} - FAULTS - ERRORS_OF_PYTHON == set(TO_END)
