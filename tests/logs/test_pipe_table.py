"""What is piped in, with a pipe of the test's own in place of standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.errors import TargetError
from lossmon.logs import stdin
from lossmon.logs.stdin import StdinSource, keyboard_from_tty


class Pipe:
    """Our end of a pipe; the source reads the other."""

    def __init__(self) -> None:
        self.read_fd, self._write_fd = os.pipe()
        self._open = True

    def put(self, data: bytes) -> None:
        os.write(self._write_fd, data)

    def end(self) -> None:
        if self._open:
            os.close(self._write_fd)
            self._open = False


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """Standard input is a pipe."""
    made = Pipe()
    dup = os.dup
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(closed=False))
    monkeypatch.setattr(stdin.os, "dup", lambda fd: dup(made.read_fd if fd == 0 else fd))
    monkeypatch.setattr(stdin.os, "isatty", lambda _: False)
    yield made
    made.end()
    os.close(made.read_fd)


def test_what_comes_is_a_log_until_its_writer_ends(pipe: Pipe) -> None:
    source = StdinSource()
    assert (source.poll(), source.pending(), source.exhausted) == ([], 0, False)
    assert not source.wait(0)
    pipe.put(b"step 1\n")
    assert (source.wait(0), source.pending()) == (True, 1)
    (first,) = source.poll()
    pipe.put(b"step 2\n")
    (second,) = source.poll()
    told = [(one.log, one.kind, one.offset, one.data, one.size) for one in (first, second)]
    assert told == [("-", "data", 0, b"step 1\n", 7), ("-", "data", 7, b"step 2\n", 14)]
    pipe.end()
    assert (source.wait(0), source.exhausted) == (True, False)
    assert (source.poll(), source.pending(), source.exhausted) == ([], 0, True)
    assert source.health() is None
    assert not source.wait(0)
    source.close()
    assert source.wait(0), "who waits is woken by the end"
    source.close()


def test_a_look_takes_so_much_at_most(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin, "_LIMIT", 10)
    monkeypatch.setattr(stdin, "_SLICE", 4)
    pipe.put(b"x" * 30)
    source = StdinSource()
    assert [len(one.data) for one in source.poll()] == [4, 4, 4]
    assert [one.offset for one in source.poll()] == [12, 16, 20]
    source.drop("-")
    assert source.pending() == 1
    source.close()


def test_what_comes_is_kept_behind_what_is_there(pipe: Pipe, tmp_path: Path) -> None:
    kept = tmp_path / "kept.log"
    kept.write_text("before\n")
    source = StdinSource(str(kept))
    pipe.put(b"step 1\n")
    source.poll()
    assert kept.read_text() == "before\nstep 1\n"
    pipe.put(b"step 2\n")
    pipe.end()
    source.drain()
    assert kept.read_text() == "before\nstep 1\nstep 2\n"
    source.close()


def test_a_full_disk_ends_the_copy_and_is_told(pipe: Pipe, tmp_path: Path) -> None:
    source = StdinSource(str(tmp_path / "kept.log"))

    file = source._copy
    assert file is not None

    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    source._copy = SimpleNamespace(write=full, close=file.close)  # type: ignore[assignment]
    pipe.put(b"step 1\n")
    assert [one.data for one in source.poll()] == [b"step 1\n"]
    health = source.health()
    assert health is not None
    assert (health.host, health.state, health.reason) == (
        "--tee", "live", f"{tmp_path}/kept.log: No space left on device",
    )  # fmt: skip
    assert file.closed
    pipe.put(b"step 2\n")
    assert [one.data for one in source.poll()] == [b"step 2\n"]
    source.close()


@pytest.mark.parametrize(
    ("given", "terminal", "says"),
    [(None, False, "nothing is piped in"), (SimpleNamespace(closed=True), False, "nothing is piped"),
     (SimpleNamespace(closed=False), True, "nothing is piped in")],
)  # fmt: skip
def test_without_a_pipe_it_is_said_what_would_do(
    given: Any, terminal: bool, says: str, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", given)
    monkeypatch.setattr(stdin.os, "isatty", lambda fd: terminal and fd == 0)
    with pytest.raises(TargetError, match=says):
        StdinSource()


def test_where_it_cannot_be_kept_it_is_said(
    pipe: Pipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TargetError, match=r"none/x: .*; name another file to --tee"):
        StdinSource(f"{tmp_path}/none/x")
    monkeypatch.setattr(stdin, "_is_input", lambda path: path == "log")
    with pytest.raises(TargetError, match="log: this is a log that was read"):
        StdinSource("log")


def test_without_a_terminal_there_is_no_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> int:
        raise OSError

    told: list[tuple[int, ...]] = []
    monkeypatch.setattr(stdin.os, "open", none)
    with pytest.raises(TargetError, match="no terminal to draw on"):
        keyboard_from_tty()
    monkeypatch.setattr(stdin.os, "open", lambda path, flags: 77 * (path == "/dev/tty"))
    monkeypatch.setattr(stdin.os, "dup2", lambda *given: told.append(given))
    monkeypatch.setattr(stdin.os, "close", lambda *given: told.append(given))
    keyboard_from_tty()
    monkeypatch.undo()
    assert told == [(77, 0), (77,)]
