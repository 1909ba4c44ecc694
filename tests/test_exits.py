"""The program ends when its command does: with its status, in a line, whatever its threads are at."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import io
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import click
import pytest

from lossmon.errors import ConfigError, TargetError
from lossmon.exits import leave, open_missing_streams, status_of
from lossmon.usage import Commands
from lossmon.words import said
from tests.logs.test_vitals import wait_for
from tests.waiting import PATIENCE_S

_PROGRAM = """
import sys, threading
from lossmon.exits import leave
threading.Thread(target=threading.Event().wait).start()  # no daemon: Python would wait for it
print("said")
leave(lambda: {command})
"""


@pytest.mark.parametrize(
    ("command", "status"), [("3", 3), ("None", 0), ("sys.exit(4)", 4), ("sys.exit()", 0)]
)
def test_nobody_waits_for_a_thread(command: str, status: int) -> None:
    program = [sys.executable, "-c", _PROGRAM.format(command=command)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout, done.stderr) == (status, "said\n", "")


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IO[str]]:
    """Standard output of a program; what it changes of the process is put back."""
    before = {number: signal.getsignal(number) for number in (*ENDS, signal.SIGALRM)}
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with warnings.catch_warnings(), open(tmp_path / "stdout", "w+", encoding="utf-8") as file:
        yield file
    for number, handler in before.items():
        signal.signal(number, handler)


def ending(command: Callable[[], object], output: IO[str]) -> int:
    """The status of a command that prints there."""
    with contextlib.redirect_stdout(output):
        return status_of(command)


def raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


@pytest.mark.parametrize(
    ("command", "status", "line"),
    [
        (lambda: None, 0, ""),
        (lambda: 3, 3, ""),
        (lambda: "done", 0, ""),  # what a command returns is a status only where it is a number
        (raising(click.Abort()), 130, ""),
        (raising(KeyboardInterrupt()), 130, ""),
        (raising(click.UsageError("no\x1b[2J")), 2, r"Error: no\u001b[2J"),
        (raising(click.FileError("f", "gone")), 1, "Error: Could not open file 'f': gone"),
        (raising(TargetError("gone")), 2, "lossmon: gone"),
        (raising(ConfigError(said("no {what}", what="key"))), 2, "lossmon: no key"),
        (raising(BrokenPipeError()), 141, ""),
        (raising(OSError(errno.ENOSPC, "")), 2, "the output can't be written: no space left on"),
        (raising(OSError(errno.EDQUOT, "")), 2, "the output can't be written: disk quota"),
        (raising(OSError(errno.EIO, "torn")), 70, "an error of lossmon itself, your training goes"),
        (raising(ValueError("torn")), 70, "goes on: ValueError: torn; please report it with "),
    ],
)
def test_an_ending_is_a_status_and_a_line_at_most(
    command: Callable[[], object],
    status: int,
    line: str,
    output: IO[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending(command, output) == status
    told = capsys.readouterr().err
    assert line in told
    assert len(told.splitlines()) == bool(line)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE, None])
def test_what_has_no_reader_or_no_room_is_not_tried_again(
    number: int | None, output: IO[str]
) -> None:
    """Python writes what is left at its end, and would end with a traceback."""
    output.write("kept")
    output.flush()
    ending(raising(OSError(number, "")) if number else lambda: 0, output)
    output.write("lost")
    output.flush()
    assert Path(output.name).read_text() == ("kept" if number else "keptlost")


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_ends_a_command_and_what_it_started(
    number: signal.Signals, output: IO[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A second ctrl+c ends at once; GNU timeout sends the same signal twice, which is no news."""
    tidied = []

    def interrupted() -> None:
        warnings.warn("for authors", stacklevel=1)
        try:
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_BLOCK, ())  # a signal is seen when a call ends
        finally:
            tidied.append(True)

    assert ending(interrupted, output) == 128 + number
    assert tidied
    assert capsys.readouterr().err == ""
    again = signal.SIG_DFL if number == signal.SIGINT else signal.SIG_IGN
    assert signal.getsignal(number) == again


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_while_a_class_is_made_is_no_error_of_ours(
    number: signal.Signals, output: IO[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Python 3.11 says `Error calling __set_name__`: a crash was told that `timeout` had sent."""

    class Named:
        def __set_name__(self, *_: object) -> None:
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert ending(lambda: type("Made", (), {"name": Named()}), output) == 128 + number
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_within_a_command_leaves_no_empty_line(
    number: signal.Signals, output: IO[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of `timeout 15 lossmon check box:runs` cron sent a mail with nothing in it."""

    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def check() -> None:
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert ending(lambda: group.main(["check"], standalone_mode=False), output) == 128 + number
    assert capsys.readouterr() == ("", "")


def lost_in_a_callback(number: signal.Signals) -> None:
    class Dropped:
        def __del__(self) -> None:
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_BLOCK, ())

    Dropped()
    time.sleep(2)
    pytest.fail("nobody woke it")


def swallowed(number: signal.Signals) -> None:
    with contextlib.suppress(BaseException):
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("command", [lost_in_a_callback, swallowed])
@pytest.mark.parametrize("number", ENDS)
def test_an_interrupt_that_is_lost_on_its_way_ends_the_command(
    command: Callable[[signal.Signals], None],
    number: signal.Signals,
    output: IO[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Python drops what is raised where nobody could catch it: the command went on, with status 0."""
    assert ending(lambda: command(number), output) == 128 + number
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("module", ["lossmon.cli", "click", "lossmon.exits"])
def test_ctrl_c_in_the_first_imports_has_no_traceback(module: str) -> None:
    program = f"""
import os, signal, sys

class Interrupted:
    @staticmethod
    def find_spec(name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

from lossmon.__main__ import main
sys.meta_path.insert(0, Interrupted)
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, timeout=PATIENCE_S
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_a_signal_that_the_caller_ignores_stays_ignored(output: IO[str]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    assert ending(lambda: os.kill(os.getpid(), signal.SIGHUP), output) == 0


def test_a_client_that_hangs_ends_with_the_command(tmp_path: Path) -> None:
    """`timeout 15 lossmon check docker:train` from cron left one behind at each turn."""
    client, told = tmp_path / "docker", tmp_path / "pid"
    client.write_text(
        f'#!/bin/sh\necho $$ > "{told}.new"\nmv "{told}.new" "{told}"\nexec sleep 60\n'
    )
    client.chmod(0o700)
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    command = [sys.executable, "-m", "lossmon", "check", "docker:train"]
    with subprocess.Popen(command, env=os.environ | {"PATH": path}) as process:
        try:
            wait_for(told.exists, "the client has started")
            process.terminate()
            assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
        finally:
            process.kill()
    wait_for(lambda: not alive(int(told.read_text())), "the client has ended")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
def test_a_stream_that_the_caller_closed_is_the_null_device(closed: str) -> None:
    """Else the first log that is opened has its number, and gets what is printed."""
    program = f"""
import os, sys
os.close({("stdin", "stdout", "stderr").index(closed)})
sys.{closed} = None
from lossmon.exits import open_missing_streams
open_missing_streams()
stream = sys.{closed}
ok = os.path.samestat(os.fstat(stream.fileno()), os.stat(os.devnull))
ok = ok and stream.mode == {"r" if closed == "stdin" else "w"!r}
sys.exit(5 if ok else 1)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=PATIENCE_S).returncode == 5


def test_streams_that_are_there_stay() -> None:
    streams: tuple[Any, ...] = (sys.stdin, sys.stdout, sys.stderr)
    open_missing_streams()
    assert streams == (sys.stdin, sys.stdout, sys.stderr)


_COPIES = """
import os, time
from lossmon.exits import leave

def work():
    if not os.fork():
        time.sleep({patience})  # a worker that waits for its next log
        os._exit(0)
    print("begun", flush=True)
    os.wait()

leave(work)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_for_all_processes_ends_copies_without_a_word(number: signal.Signals) -> None:
    """`timeout 60 lossmon check` of many logs ended in the traceback of a worker."""
    program = [sys.executable, "-c", _COPIES.format(patience=PATIENCE_S)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        os.killpg(process.pid, number)
        assert process.wait(PATIENCE_S) == 128 + number
        assert process.stderr.read() == ""


class Ended(BaseException):
    """The process would have ended here, at once."""


@pytest.mark.parametrize(
    ("command", "threads", "reading", "end"),
    [
        (lambda: None, 1, True, "exit 0"),
        (lambda: 3, 1, True, "exit 3"),
        (lambda: 128, 1, True, "exit 128"),
        (lambda: 129, 1, True, "at once 129"),  # a signal's, which Python may make another one's
        (lambda: 300, 1, True, "at once 44"),
        (lambda: 3, 2, True, "at once 3"),  # Python would wait for the other thread
        (lambda: sys.exit(), 2, True, "at once 0"),
        (lambda: sys.exit(5), 1, True, "exit 5"),
        (lambda: sys.exit("said"), 2, True, "exit said"),
        (lambda: 3, 1, False, "kept, exit 3"),  # of what no log was read for nothing is looked at
    ],
)
def test_how_a_program_ends(
    command: Callable[[], object],
    threads: int,
    reading: bool,
    end: str,
    output: IO[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []

    def at_once(status: int) -> None:
        told.append(f"at once {status}")
        raise Ended

    monkeypatch.setattr(os, "_exit", at_once)
    monkeypatch.setattr(gc, "freeze", lambda: told.append("kept"))
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    if not reading:
        monkeypatch.delitem(sys.modules, "lossmon.formats.detect", raising=False)
    try:
        with contextlib.redirect_stdout(output):
            print("said", end="")
            leave(command)
    except SystemExit as ending:
        told.append(f"exit {ending.code}")
    except Ended:
        assert Path(output.name).read_text() == "said"  # what was printed is written
    assert ", ".join(told) == end


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_is_opened_under_its_own_number(
    name: str, output: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ("stdin", "stdout", "stderr").index(name)
    kept = os.dup(number)
    handles = Path("/proc/self/fd")
    before = len(list(handles.iterdir())) if handles.exists() else 0
    try:
        for there, opens in ((False, open_missing_streams), (True, lambda: status_of(lambda: 0))):
            # Another file may have it by now.
            os.dup2(output.fileno(), number) if there else os.close(number)
            monkeypatch.setattr(sys, name, None)
            assert opens() == (name == "stdout" and not there)
            opened = getattr(sys, name)
            assert opened.fileno() == number
            assert opened.mode == ("r" if name == "stdin" else "w")
            assert os.path.samestat(os.fstat(number), os.stat(os.devnull))
            way = os.O_RDONLY if name == "stdout" else os.O_RDWR  # what is written there is lost
            assert fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == way
            if before:
                assert len(list(handles.iterdir())) == before
            opened.close()
    finally:
        os.dup2(kept, number)
        os.close(kept)


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("latin-1", b"\\u8bad caf\xe9"), ("UTF-8", "训 café".encode()), ("utf-8-sig", None)],
)
def test_an_old_encoding_gets_escapes(
    encoding: str, written: bytes | None, output: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    assert status_of(lambda: print("训 café", end="")) == 0
    assert stream.errors == ("backslashreplace" if encoding == "latin-1" else "strict")
    if written is not None:
        assert raw.getvalue() == written


class Screen(io.StringIO):
    """A terminal, or a pipe."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("number", "terminal", "told"),
    [
        (signal.SIGINT, True, "\n"),  # behind the terminal's ^C
        (signal.SIGINT, False, ""),
        (signal.SIGTERM, True, ""),
        (None, True, ""),
    ],
)
def test_a_line_is_closed_behind_ctrl_c_alone(
    number: signal.Signals | None,
    terminal: bool,
    told: str,
    output: IO[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    hook = sys.unraisablehook
    kill = (lambda: os.kill(os.getpid(), number)) if number else (lambda: None)
    assert ending(kill, output) == (128 + number if number else 0)
    assert screen.getvalue() == told
    assert Path(output.name).read_text() == ""
    assert sys.unraisablehook is hook


@pytest.mark.parametrize("number", ENDS)
def test_a_copy_of_the_process_ends_at_once(
    number: signal.Signals, output: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(status: int) -> None:
        raise RuntimeError(f"ended with {status}")

    def in_a_copy() -> None:
        own = os.getpid()
        with monkeypatch.context() as changed:
            changed.setattr(os, "getpid", lambda: own + 1)
            changed.setattr(os, "_exit", at_once)
            with pytest.raises(RuntimeError, match=f"ended with {128 + number}$"):
                signal.raise_signal(number)

    assert ending(in_a_copy, output) == 0


def test_what_else_python_drops_is_told_as_always(
    output: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: dropped.append(one.exc_type))

    class Torn:
        def __init__(self, error: type[BaseException]) -> None:
            self.error = error

        def __del__(self) -> None:
            raise self.error

    def command() -> None:
        for error in (ValueError, KeyboardInterrupt):  # the second without a signal
            Torn(error)

    assert ending(command, output) == 0
    assert dropped == [ValueError, KeyboardInterrupt]

    def interrupted() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            Torn(ValueError)  # no interrupt, though one has come

    assert ending(interrupted, output) == 128 + signal.SIGTERM
    assert dropped == [ValueError, KeyboardInterrupt, ValueError]


def test_what_cannot_be_written_at_the_end_is_told(
    output: IO[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "")

    with monkeypatch.context() as changed, contextlib.redirect_stdout(output):
        changed.setattr(output, "flush", full, raising=False)
        assert status_of(lambda: None) == 2
    assert "the output can't be written" in capsys.readouterr().err
