"""The demonstration without its processes: who is started, who cleans up, what is written."""

from __future__ import annotations

import io
import os
import runpy
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import TimeoutExpired

import pytest

from lossmon.demo import keeper, patterns, writers
from lossmon.demo import stage as staged
from lossmon.demo import train as child
from lossmon.errors import ConfigError
from tests import approved
from tests.demo.test_writers import PLAN, ROWS

ALL = [name for name, _ in patterns()]
# By its name `lossmon.demo.stage` is the function: the package shows it in place of the module.
STAGE = sys.modules["lossmon.demo.stage"]


class Child:
    """A process that takes notes of what is done with it."""

    def __init__(self, arguments: list[str], told: list[str], hangs: bool) -> None:
        self.name = Path(arguments[0]).name if len(arguments) == 2 else arguments[2]
        self.stdin = io.BytesIO()
        self._told, self._hangs = told, hangs

    def wait(self, timeout: float | None = None) -> None:
        assert self.stdin.closed
        self._told.append(f"{self.name} is awaited {timeout}")
        if self._hangs and timeout is not None:
            raise TimeoutExpired(self.name, timeout)

    def kill(self) -> None:
        self._told.append(f"{self.name} is killed")


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_the_keeper_is_started_first_and_all_are_awaited_however_it_ends(
    hangs: bool, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    started: list[list[str]] = []

    def start(arguments: list[str]) -> Child:
        started.append(arguments)
        return Child(arguments, told, hangs)

    monkeypatch.setattr(STAGE, "_start", start)
    monkeypatch.setattr(STAGE.tempfile, "mkdtemp", lambda prefix: str(made(tmp_path / prefix)))
    try:
        with staged(["healthy", "rebound", "healthy"]) as folder:
            assert sorted(path.name for path in folder.iterdir()) == ["healthy", "rebound"]
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert fails
    assert not folder.exists()
    assert started[0] == [keeper.__file__, str(folder)]
    assert started[1] == ["-m", "lossmon.demo.train", "healthy", str(folder / "healthy"), "20.0"]
    names = ["keeper.py", "healthy", "rebound", "healthy"]
    lines = [(f"{name} is awaited 5", f"{name} is killed", f"{name} is awaited None")
             for name in names]  # fmt: skip
    assert told == [line for each in lines for line in (each if hangs else each[:1])]


def test_a_child_has_one_thread_of_numpy_a_pipe_and_a_session_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[list[str], dict[str, object]]] = []
    monkeypatch.setattr("subprocess.Popen", lambda given, **more: told.append((given, more)))
    monkeypatch.setenv("HOME", "/home/me")
    STAGE._start(["-m", "x"])
    ((given, more),) = told
    assert given == [sys.executable, "-m", "x"]
    environment = more.pop("env")
    assert isinstance(environment, dict)
    assert environment["HOME"] == "/home/me"
    assert {one for one, value in environment.items() if value == "1"} >= {
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    }  # fmt: skip
    assert more == {"stdin": -1, "stdout": -3, "stderr": -3, "start_new_session": True}


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("only", "fast", "names", "rate"),
    [((), False, ALL, "20.0"), ((), True, ALL, "0"), (["plateau"], True, ["plateau"], "0")],
    ids=["all", "all, fast", "one, fast"],
)
def test_each_training_that_was_asked_for_has_a_folder_and_a_pace(
    only: list[str], fast: bool, names: list[str], rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        STAGE, "_start", lambda given: (started.append(given), Child(given, [], False))[1]
    )
    with staged(only, fast) as folder:
        assert {path.name for path in folder.iterdir()} == set(names)
        assert folder.name.startswith("lossmon-demo-")
    assert [(one[2], one[3], one[4]) for one in started[1:]] == [
        (name, str(folder / name), rate) for name in names
    ]


def test_there_is_no_training_of_a_pattern_that_is_none() -> None:
    with pytest.raises(ConfigError, match="no demo of 'zzz'; there are overfitting, healthy, "):  # noqa: SIM117
        with staged(["healthy", "zzz"]):
            pass


@pytest.mark.parametrize(
    ("busy", "pauses"), [(0, 0), (3, 3), (1000, 50)], ids=["at once", "a last row", "for ever"]
)
def test_the_keeper_waits_for_the_end_and_tries_again(
    busy: int, pauses: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = iter([b"x", b"y", b""])
    waits: list[float] = []
    tries = iter(range(2000))
    folder = made(tmp_path / "demo")

    def remove(place: str, ignore_errors: bool) -> None:
        assert (place, ignore_errors) == (str(folder), True)
        assert next(read, None) is None, "not before its parent has gone"
        if next(tries) >= busy:
            folder.rmdir()

    monkeypatch.setattr(sys, "argv", ["keeper.py", str(folder)])
    monkeypatch.setattr(os, "read", lambda number, _: next(read) if number == 0 else b"")
    monkeypatch.setattr("shutil.rmtree", remove)
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.delitem(sys.modules, keeper.__name__)
    runpy.run_module(keeper.__name__, run_name="__main__")
    assert waits == [0.1] * pauses
    assert folder.exists() == (busy == 1000)


def test_a_child_gives_way_to_others_and_ends_with_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []

    class Thread:
        def __init__(self, target: Callable[[], None], daemon: bool) -> None:
            self._target = target
            assert daemon

        def start(self) -> None:
            read = iter([b"x", b""])
            monkeypatch.setattr(os, "read", lambda number, _: next(read) if not number else b"")
            self._target()
            told.append(list(read))

    monkeypatch.setattr(os, "nice", lambda by: told.append(f"nice {by}"))
    monkeypatch.setattr(os, "_exit", lambda status: told.append(f"exit {status}"))
    monkeypatch.setattr(threading, "Thread", Thread)
    monkeypatch.setattr(sys, "argv", ["train", "overfitting", str(tmp_path / "none"), "0"])
    monkeypatch.delitem(sys.modules, child.__name__)
    with pytest.raises(FileNotFoundError):
        runpy.run_module(child.__name__, run_name="__main__")
    assert told == ["nice 10", "exit 0", []]


@pytest.mark.snapshot
@pytest.mark.parametrize("name", writers.WRITERS)
def test_a_log_is_written_as_approved(name: str, tmp_path: Path) -> None:
    """Escapes in place of what moves a terminal's cursor."""
    writer = writers.WRITERS[name](tmp_path, PLAN)
    for row in ROWS[:5]:
        writer.write(row)
    writer.close()
    (log,) = tmp_path.iterdir()
    text = log.read_bytes().decode().replace("\r", "\\r")
    approved.hold("writers", name, f"{log.name}\n{text}")
