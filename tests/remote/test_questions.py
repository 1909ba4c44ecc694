"""Passwords, codes and host keys: asked on the plain terminal, never inside the screen."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.logs import openssh
from lossmon.logs.openssh import Host
from tests.conftest import falling, training_rows, write_jsonl
from tests.remote.asker import Asker
from tests.report.test_cli import run
from tests.tui.terminal import Terminal
from tests.waiting import wait_until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))


@pytest.fixture
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of our own, so that no connection outlives its test."""
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("r")))
    short = Path(f"/tmp/lm-{os.getpid()}")
    short.unlink(missing_ok=True)
    short.symlink_to(folder)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    return short


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Callable[..., Asker]]:
    made: list[Asker] = []

    def make(**how: str) -> Asker:
        made.append(Asker(tmp_path, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def terminal(runtime: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def start(*arguments: object) -> Terminal:
        made.append(Terminal(*map(str, arguments)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def type_in(screen: Terminal, words: str) -> None:
    os.write(screen.fd, words.encode() + b"\n")


def end(screen: Terminal) -> None:
    os.write(screen.fd, b"q")
    assert screen.end() == 0


def test_a_password_is_asked_for_a_client_on_the_box(
    asker: Callable[..., Asker], terminal: Callable[..., Terminal], runtime: Path
) -> None:
    box = asker(password="sesame")
    screen = terminal("-F", box.client, "asker:podman:nope")
    screen.wait_for("password:")
    type_in(screen, "sesame")
    screen.wait_for("no container" if shutil.which("podman") else "no podman there")
    end(screen)
    wait_until(lambda: not any(path.is_socket() for path in runtime.rglob("*")))


def test_a_password_is_asked_before_the_screen_opens(
    asker: Callable[..., Asker], terminal: Callable[..., Terminal], log: Path, runtime: Path
) -> None:
    box = asker(password="sesame")
    screen = terminal("-F", box.client, f"asker:{log}")
    screen.wait_for("a password or passphrase must be typed")
    screen.wait_for("password:")
    assert b"\x1b[?1049h" not in screen.received, "the screen waits for the answer"
    type_in(screen, "sesame")
    screen.wait_for("asker live")
    screen.wait_for("HEALTHY")
    (socket,) = (runtime / f"lossmon-{os.getuid()}").iterdir()
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    end(screen)
    wait_until(lambda: not socket.exists(), "the connection is let go")


def test_a_second_factor_and_an_unknown_host_key_are_asked_too(
    asker: Callable[..., Asker], terminal: Callable[..., Terminal], log: Path
) -> None:
    box = asker(password="sesame", code="123456")
    box.known.write_text("")
    screen = terminal("-F", box.client, f"asker:{log}")
    screen.wait_for("must be confirmed once on a terminal")
    screen.wait_for("(yes/no/[fingerprint])?")
    type_in(screen, "yes")
    screen.wait_for("Password:")
    type_in(screen, "sesame")
    screen.wait_for("Code:")
    type_in(screen, "123456")
    screen.wait_for("asker live")
    assert "asker ssh-ed25519" in box.known.read_text()
    end(screen)


def test_a_password_that_is_needed_later_is_asked_by_a_key(
    asker: Callable[..., Asker], terminal: Callable[..., Terminal], log: Path
) -> None:
    box = asker(password="sesame")
    screen = terminal("-F", box.client, f"asker:{log}")
    screen.wait_for("password:")
    type_in(screen, "sesame")
    screen.wait_for("asker live")
    box.hang_up()
    screen.wait_for("asker needs you: P")
    os.write(screen.fd, b"P")
    screen.wait_for("password:")
    os.write(screen.fd, b"\x03")  # not now
    wait_until(lambda: (screen.read(0.1), screen.received.count(b"\x1b[?1049h") == 2)[1])
    screen.settle()
    screen.wait_for("asker needs you: P")
    asked = screen.received.count(b"password:")
    os.write(screen.fd, b"P")
    wait_until(lambda: (screen.read(0.1), screen.received.count(b"password:") > asked)[1])
    type_in(screen, "sesame")
    screen.wait_for("asker live")
    screen.wait_for("HEALTHY")
    end(screen)


def test_without_a_terminal_nothing_is_asked(
    asker: Callable[..., Asker], log: Path, runtime: Path
) -> None:
    box = asker(password="sesame")
    done = run("check", "-F", box.client, f"asker:{log}")
    (line,) = done.stderr.splitlines()
    assert "no key of yours opens it (password); a password or passphrase must be typed" in line
    assert done.returncode == 2


def test_a_folder_of_someone_else_is_no_place_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path)[:50])
    (tmp_path / "t").mkdir()
    short = Path(f"/tmp/lm-{os.getpid()}-x")
    short.unlink(missing_ok=True)
    short.symlink_to(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    (tmp_path / f"lossmon-{os.getuid()}").symlink_to(tmp_path / "t")
    with pytest.raises(openssh.TargetError, match="not a folder of yours"):
        openssh.socket_path(Host("box"))
    short.unlink()


def test_a_host_key_that_changed_is_explained_and_the_screen_comes_back(
    asker: Callable[..., Asker], terminal: Callable[..., Terminal], log: Path
) -> None:
    box, key = asker(), "AAAAC3NzaC1lZDI1NTE5AAAAIKXA2lS73vP9gm7gfHiuAbIiog3uuTLLgGy1mVig5CQI"
    box.known.write_text(f"asker ssh-ed25519 {key}\n")
    screen = terminal("-F", box.client, f"asker:{log}")
    screen.wait_for("asker gone: P retries: its host key has changed")
    os.write(screen.fd, b"P")
    screen.wait_for("IDENTIFICATION HAS CHANGED")
    screen.wait_for("enter goes back")
    type_in(screen, "")
    wait_until(lambda: (screen.read(0.1), screen.received.count(b"\x1b[?1049h") == 2)[1])
    screen.settle()
    screen.wait_for("asker gone: P retries")
    end(screen)
