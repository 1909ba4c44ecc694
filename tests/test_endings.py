"""Which signals end a program is no list from a book: each is sent to a process here."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from lossmon.endings import TO_END, noted

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


def test_what_ends_a_program_is_noted_until_it_hears_of_it_by_itself() -> None:
    before = {number: signal.getsignal(number) for number in TO_END}
    try:
        with noted() as came:
            assert callable(signal.getsignal(signal.SIGTERM)), "it would end the tests"
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
