"""How a command ends: every error a user can meet is one line and a status."""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Container
from typing import NoReturn

import click

from lossmon.endings import SIGNALLED
from lossmon.errors import LossmonError, messages_of
from lossmon.options import complain
from lossmon.text import escaped
from lossmon.usage import show
from lossmon.words import said

_READING = "lossmon.formats.detect"  # what has been imported wherever a log was looked at
_AGAIN_S = 0.01  # after which an interrupt that was lost comes again


def leave(command: Callable[[], object]) -> NoReturn:
    """Run a command and end the program, though a thread of ours may be busy.

    Python would wait for a large document to be parsed, or for the memory of millions of rows to be
    given back, long after the terminal is the user's again. And of a command that a signal ended it
    may make one that ctrl+c did.
    """
    try:
        status: object = status_of(command)
    except SystemExit as ending:
        status = ending.code
    status = 0 if status is None else status
    if isinstance(status, int) and (status > SIGNALLED or threading.active_count() > 1):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed, or said already
                stream.flush()
        os._exit(status & 0xFF)
    if _READING not in sys.modules:  # a text was shown: nothing holds a file, a process, a link
        gc.freeze()  # else Python goes through all there is, several times over, for circles
    sys.exit(status if isinstance(status, int) else str(status))


def status_of(command: Callable[[], object]) -> int:
    """Run a command; its exit status. 2 is wrong usage, or nothing that can be read or written."""
    unwritable: tuple[int, ...] = (errno.ENOSPC, errno.EDQUOT)
    if open_missing_streams():
        unwritable += (errno.EBADF,)
    _write_any_character()
    if not sys.warnoptions:  # a warning of Python's is for authors, and would stand on the screen
        warnings.simplefilter("ignore")
    received: list[int] = []
    told = sys.unraisablehook
    sys.unraisablehook = _again(received, told)
    try:
        _interrupt_by(received, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        status = _status_of(command, unwritable)
    except (KeyboardInterrupt, click.exceptions.Abort):
        if not received:
            received.append(signal.SIGINT)
    finally:
        sys.unraisablehook = told
    if signal.SIGINT in received and sys.stderr.isatty():
        click.echo(err=True)  # behind the terminal's ^C
    return SIGNALLED + received[0] if received else status


def _status_of(command: Callable[[], object], unwritable: Container[int | None]) -> int:
    try:
        status = command()
        sys.stdout.flush()  # what can't be written is told below, not at interpreter exit
    except click.exceptions.Abort:
        raise
    except click.ClickException as error:
        # It quotes arguments, which a glob may have made of names of files.
        vars(error)["message"] = escaped(error.message)
        show(error)
        return error.exit_code
    except LossmonError as error:
        for message in messages_of(error):
            complain(message)
        return 2
    except BrokenPipeError:  # the reader (head, less) has gone
        _hush()
        return SIGNALLED + signal.SIGPIPE
    except OSError as error:
        if error.errno not in unwritable:
            return _broken(error)
        reason = os.strerror(error.errno or 0).lower()
        if error.errno == errno.EBADF:
            reason = said("standard output is closed")
        complain(said("the output can't be written: {reason}", reason=reason))
        _hush()
        return 2
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None  # Python up to 3.11 has this where a class is made
        return _broken(error)
    return status if isinstance(status, int) else 0


def _write_any_character() -> None:
    """Write what an old encoding has no sign for as its escape: Chinese in latin-1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="backslashreplace")


def open_missing_streams() -> bool:
    """Open the null device in place of a standard stream that the caller closed, as cron may.

    Python has None for it, and the next file that is opened would take its number. What is written
    to an output that is closed has failed, as on a full disk: an export that nobody got ended well.

    Returns:
        Whether standard output was closed.
    """
    closed = sys.stdout is None
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        null = os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)
        setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace"))  # noqa: SIM115
    return closed


def _interrupt_by(received: list[int], *numbers: signal.Signals) -> None:
    """Have these signals end the command as ctrl+c does, with what it started; note which came.

    By itself SIGTERM leaves a client that hangs behind: `timeout 15 lossmon check box:runs` did so
    at each turn of cron. A second ctrl+c ends the program at once, also within what the first has
    it tidy up; GNU timeout sends its signal twice, so that of the others the second is no news. A
    copy of this process, as workers are, ends without a word: `timeout` signals them as well, and
    their tracebacks were what stood in the log of a job.
    """
    owner = os.getpid()

    def interrupt(number: int, _: object) -> None:
        if os.getpid() != owner:
            os._exit(SIGNALLED + number)
        again = signal.SIG_DFL if number == signal.SIGINT else signal.SIG_IGN
        signal.signal(number, again)
        received.append(number)
        raise KeyboardInterrupt

    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, interrupt)


def _again(
    received: list[int], otherwise: Callable[[sys.UnraisableHookArgs], object]
) -> Callable[[sys.UnraisableHookArgs], None]:
    """What hears of an error that Python drops: of a signal's, the command is interrupted anew.

    One that comes while a lock of `import` is let go would be told on the terminal, and the command
    would go on.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def hear(dropped: sys.UnraisableHookArgs) -> None:
        if not received or not isinstance(dropped.exc_value, KeyboardInterrupt):
            otherwise(dropped)
            return
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)

    return hear


def _hush() -> None:
    """Say nothing more on standard output, also not at interpreter exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _broken(error: Exception) -> int:
    """Record an error of lossmon itself, and say so in one line."""
    from lossmon import crash

    complain(crash.record(error))
    return crash.STATUS
