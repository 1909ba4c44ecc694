"""On every way out the terminal is as it was: a real pty, its modes and the escapes it got."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.terminal import Terminal
from tests.waiting import lives, wait_until

BASH = shutil.which("bash")
BROKEN = """
import sys
from {module} import {kind}
def broken(*_, **__): raise ZeroDivisionError('float division by zero')
{kind}.{method} = broken
from lossmon.cli import main
sys.argv = ['lossmon', sys.argv[1]]
main()
"""


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **options: object) -> Terminal:
        told = {"XDG_STATE_HOME": str(tmp_path / "state"), "PS1": "ready> "}
        options.setdefault("environment", told)
        opened.append(Terminal(*arguments, **options))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize("keys", [b"q", b"\x03"], ids=["q", "ctrl+c"])
def test_keys_that_end_it(open_terminal: Callable[..., Terminal], log: Path, keys: bytes) -> None:
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    terminal.send(keys)
    assert terminal.end() == 0
    terminal.assert_given_back()
    assert terminal.after() == ""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGUSR1,  # of Slurm, before a job's time is over
        signal.SIGXCPU,  # of `ulimit -t`
        signal.SIGRTMIN,
    ],
    ids=lambda n: n.name,
)
def test_signals_that_end_it(
    open_terminal: Callable[..., Terminal], log: Path, number: signal.Signals
) -> None:
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    os.kill(terminal.pid, number)
    assert terminal.end() == 128 + number
    terminal.assert_given_back()
    assert terminal.after() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_ends_a_replay_and_what_it_came_from(
    open_terminal: Callable[..., Terminal], log: Path, number: signal.Signals
) -> None:
    """It led back to the live screen: what `timeout` or a scheduler had sent was lost."""
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    terminal.send(b"R")
    while terminal.received.count(b"\x1b[?1049h") < 2:
        terminal.read(0.02)
    os.kill(terminal.pid, number)
    assert terminal.end() == 128 + number
    terminal.assert_given_back()


def unread(open_terminal: Callable[..., Terminal], log: Path, seconds: float) -> Terminal:
    """A terminal that is drawn on much and for so long takes nothing: nobody reads."""
    terminal = open_terminal(str(log), columns=250, rows=60)
    terminal.wait_for("HEALTHY")
    terminal.send(b"?\x1b" * 40)
    time.sleep(seconds)
    return terminal


def test_a_signal_ends_it_while_the_terminal_takes_nothing(
    open_terminal: Callable[..., Terminal], log: Path
) -> None:
    """A link that stands still, a window that is frozen: it hung for good."""
    terminal = unread(open_terminal, log, 1.0)
    os.kill(terminal.pid, signal.SIGTERM)
    wait_until(lambda: terminal.ended)  # and nobody reads
    assert terminal.end() == 128 + signal.SIGTERM


def test_a_terminal_that_was_stuck_is_drawn_anew(
    open_terminal: Callable[..., Terminal], log: Path
) -> None:
    terminal = unread(open_terminal, log, 4.0)
    terminal.settle()
    assert "HEALTHY" in terminal.text()
    assert "log.jsonl" in terminal.text() or "train" in terminal.text()
    terminal.send(b"q")
    assert terminal.end() == 0  # the keys before it are worked off first
    terminal.assert_given_back()


@pytest.mark.parametrize("wait_s", [0.0, 0.15])
def test_a_signal_while_it_starts(
    open_terminal: Callable[..., Terminal], log: Path, wait_s: float
) -> None:
    """From the moment that the terminal is taken."""
    terminal = open_terminal(str(log))
    while b"\x1b[?1049h" not in terminal.received:
        terminal.read(0.02)
    terminal.read(wait_s)
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    terminal.assert_given_back()


@pytest.mark.parametrize(
    ("module", "kind", "method"),
    [
        ("lossmon.tui.widgets.chart_view", "ChartView", "_draw"),
        ("lossmon.tui.widgets.run_list", "RunList", "render_line"),
        ("lossmon.tui.screens.main", "MainScreen", "apply"),
        ("textual._xterm_parser", "XTermParser", "feed"),
    ],
)
def test_an_error_in_the_screen_is_one_line(
    open_terminal: Callable[..., Terminal],
    tmp_path: Path,
    log: Path,
    module: str,
    kind: str,
    method: str,
) -> None:
    code = BROKEN.format(module=module, kind=kind, method=method)
    rows = [{**row, "loss": row["loss"] + 0.3} for row in training_rows(falling(100))]
    write_jsonl(tmp_path / "runs" / "other" / "log.jsonl", rows)  # one run alone has no list
    shutil.copyfile(log, tmp_path / "runs" / "log.jsonl")
    target = tmp_path / "runs" if kind == "RunList" else log
    terminal = open_terminal(program=[sys.executable, "-c", code, str(target)])
    if method == "feed":
        terminal.wait_for("HEALTHY")
        terminal.send(b"j")
    assert terminal.end() == 70
    terminal.assert_given_back()
    (line,) = terminal.after().splitlines()
    assert line.startswith("lossmon: an error of lossmon itself, your training goes on: Zero")
    crash = tmp_path / "state" / "lossmon" / "log" / "crash.txt"
    assert line.endswith(f"please report it with {crash}")
    assert "ZeroDivisionError" in crash.read_text()
    assert crash.stat().st_mode & 0o077 == 0


def test_an_error_in_the_watcher_is_said_and_the_screen_stays(
    open_terminal: Callable[..., Terminal], log: Path
) -> None:
    code = BROKEN.format(module="lossmon.monitor", kind="Monitor", method="poll")
    terminal = open_terminal(program=[sys.executable, "-c", code, str(log)])
    terminal.wait_for("reading stopped")
    terminal.send(b"q")
    assert terminal.end() == 70
    terminal.assert_given_back()
    (line,) = terminal.after().splitlines()
    assert line.startswith("lossmon: reading stopped: an error of lossmon itself")


def test_an_error_before_the_screen_is_one_line(
    open_terminal: Callable[..., Terminal], log: Path
) -> None:
    code = BROKEN.format(module="lossmon.monitor", kind="Monitor", method="__init__")
    terminal = open_terminal(program=[sys.executable, "-c", code, str(log)])
    assert terminal.end() == 70
    terminal.assert_given_back()
    (line,) = terminal.after().splitlines()
    assert line.startswith("lossmon: an error of lossmon itself")


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_a_signal_goes_before_what_was_typed_ahead(
    open_terminal: Callable[..., Terminal], log: Path
) -> None:
    """A key that is held down fills the pipe by which asyncio hears of signals, which are lost."""
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    terminal.send(b"w" * 2000)
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    terminal.assert_given_back()


class TestInAShell:
    """A shell with job control, and lossmon as its job."""

    @pytest.fixture
    def shell(self, open_terminal: Callable[..., Terminal], log: Path) -> Terminal:
        shell = open_terminal(program=[BASH, "--norc", "--noprofile", "-i"])
        shell.wait_for("ready>")
        shell.send(f"{sys.executable} -m lossmon {log}\n".encode())
        shell.wait_for("HEALTHY")
        return shell

    def test_ctrl_z_and_fg(self, shell: Terminal) -> None:
        for _ in range(2):
            shell.send(b"\x1a")
            shell.wait_for_bytes(b"Stopped")
            assert not {mode for mode, on in shell.modes().items() if on} - {"25", "7", "2004"}
            shell.send(b"echo still $((6 * 7)); fg\n")
            shell.wait_for_bytes(b"still 42")
            shell.wait_for_bytes(b"HEALTHY")
        shell.send(b"q")
        shell.wait_for("ready>")
        shell.send(b"echo status $?; stty -a\n")
        shell.wait_for("status 0")
        shell.wait_for(" echo ")
        assert " -icanon" not in shell.text()

    def test_bg_waits_for_fg(self, shell: Terminal) -> None:
        shell.send(b"\x1a")
        shell.wait_for_bytes(b"Stopped")
        shell.send(b"bg\n")
        shell.settle()
        shell.send(b"echo still $((6 * 7))\n")
        shell.wait_for("still 42")
        shell.send(b"fg\n")
        shell.wait_for_bytes(b"HEALTHY")

    def test_fg_may_follow_bg_at_once(self, shell: Terminal) -> None:
        shell.send(b"\x1a")
        shell.wait_for_bytes(b"Stopped")
        shell.send(b"bg; sleep 0.02; fg\n")
        shell.wait_for_bytes(b"HEALTHY")

    @pytest.mark.parametrize("stop", ["key", "signal"])
    def test_a_job_that_is_stopped_ends_by_kill(self, shell: Terminal, stop: str) -> None:
        """The shell lets it go on behind the signal, in the background: to touch the terminal
        there stopped it again, and nothing but a `kill -9` ended it."""
        job = child_of(shell.pid)
        shell.send(b"\x1a") if stop == "key" else os.kill(job, signal.SIGSTOP)
        shell.wait_for_bytes(b"Stopped")
        shell.send(b"kill %1\n")
        wait_until(lambda: not lives(job), "it is still there")
        shell.send(b"stty -a\n")
        shell.wait_for(" icanon")

    def test_stopped_by_another_program_it_draws_anew(self, shell: Terminal) -> None:
        job = child_of(shell.pid)
        os.kill(job, signal.SIGSTOP)
        shell.wait_for_bytes(b"Stopped")
        shell.send(b"fg\n")
        shell.wait_for_bytes(b"HEALTHY")
        shell.send(b"q")
        shell.wait_for("ready>")
        shell.send(b"stty -a\n")
        shell.wait_for(" icanon")

    def test_the_shell_is_killed(self, shell: Terminal) -> None:
        """The kernel hangs the terminal up: nothing may stay behind, spinning or blocked."""
        job = child_of(shell.pid)
        os.kill(shell.pid, signal.SIGKILL)
        shell.end()
        wait_until(lambda: not lives(job), "it is still there")

    def test_the_window_is_closed(self, shell: Terminal) -> None:
        job = child_of(shell.pid)
        os.close(shell.fd)
        wait_until(lambda: not lives(job), "it is still there")
        shell.fd = os.open(os.devnull, os.O_RDONLY)


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_resize_storms_are_harmless(open_terminal: Callable[..., Terminal], log: Path) -> None:
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    terminal.settle()
    for i in range(200):
        terminal.resize(20 + i * 7 % 150, 5 + i * 3 % 50)
        terminal.read(0.002)
    terminal.resize(100, 30)
    terminal.settle()
    terminal.screen.reset()
    terminal.resize(120, 35)
    terminal.wait_for("HEALTHY")
    terminal.settle()
    assert terminal.read(2.0) == 0
    terminal.send(b"q")
    assert terminal.end() == 0
    terminal.assert_given_back()


def test_a_key_that_breaks_does_not_end_the_screen(
    log: Path, open_terminal: Callable[..., Terminal]
) -> None:
    """It is said in a corner; the next key works."""
    code = BROKEN.format(module="lossmon.tui.screens.main", kind="MainScreen", method="action_grid")
    terminal = open_terminal(program=(sys.executable, "-c", code, str(log)))
    terminal.wait_for("train")
    os.write(terminal.fd, b"g")
    terminal.wait_for("ZeroDivisionError")
    os.write(terminal.fd, b"q")
    assert terminal.end() == 0
    terminal.assert_given_back()


@pytest.mark.parametrize(
    "pieces", [(b"\xe4", b"?"), (b"\xc3", b"\xa4", b"?")], ids=["latin-1", "slow"]
)
def test_a_letter_whose_bytes_come_one_by_one_ends_nothing(
    log: Path, open_terminal: Callable[..., Terminal], pieces: tuple[bytes, ...]
) -> None:
    """As a terminal in Latin-1 sends them, and a slow link: it was an error of lossmon itself."""
    terminal = open_terminal(str(log))
    terminal.wait_for("HEALTHY")
    for piece in pieces:
        terminal.send(piece)
        terminal.read(0.3)
    terminal.wait_for("Sort by")  # the help
    terminal.send(b"\x1b")
    terminal.read(0.5)
    terminal.send(b"q")
    assert terminal.end() == 0
    terminal.assert_given_back()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
def test_detached_and_attached_again_at_another_size(
    open_terminal: Callable[..., Terminal], log: Path, tmp_path: Path
) -> None:
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull]
    lossmon = f"{sys.executable} -m lossmon {log}"
    no_clock = [";", "set", "-g", "status", "off"]
    new = shutil.which("tmux") or ""
    first = open_terminal(program=[new, *tmux[1:], "new-session", "-s", "run", lossmon, *no_clock])
    try:
        first.wait_for("HEALTHY")
        first.send(b"\x02d")
        assert first.end() == 0
        again = open_terminal(program=[new, *tmux[1:], "attach"], columns=60, rows=20)
        again.wait_for("HEALTHY")
        wait_until(lambda: again.read(2.0) == 0, "it never rests")
        assert "train" in again.text()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
