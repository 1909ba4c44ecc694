"""What stands on the terminal before the screen, without a terminal; and files of a run that are new."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lossmon.config.screen import Screen
from lossmon.tui import first_frame as frames
from lossmon.tui.first_frame import FirstFrame, first_frame, within
from lossmon.tui.screens.save_keys import file_name, new_files
from lossmon.words import words
from tests import approved
from tests.monitor.test_news import _run

Made = Callable[..., tuple[FirstFrame, list[str]]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """A frame on a terminal of so many cells, and what is written to it."""

    def make(size: tuple[int, int], lang: str = "en", ascii: bool = False, **look: Any) -> Any:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("COLORTERM", raising=False)
        told: list[str] = []
        frame = FirstFrame(Screen(**look), words(lang), ascii, told.append)
        monkeypatch.setattr(frame, "_write", told.append)
        monkeypatch.setattr(frame, "_size", lambda: size)
        frame.held = True
        return frame, told

    return make


@pytest.mark.snapshot
@pytest.mark.parametrize(
    ("name", "size", "look"),
    [
        ("usual", (60, 12), {}),
        ("in ASCII", (60, 12), {"ascii": True}),
        ("in Chinese", (60, 12), {"lang": "zh"}),
        ("small", (20, 4), {}),
        ("log x", (50, 10), {"log_x": True, "log_y": True, "smoothing": 0.0}),
        ("by epoch, which is not logged", (50, 10), {"x_axis": "epoch"}),
    ],
)
def test_the_first_frame_is_as_approved(
    name: str, size: tuple[int, int], look: dict[str, Any], made: Made
) -> None:
    frame, told = made(size, **look)
    frame._announce(["runs/a", "runs/a-long-name-that-has-no-room-on-a-narrow-terminal"])
    frame.count(3, 1200)
    update = _run()
    frame.show(replace(update, run="runs/a", loading=0.25))
    frame.show(replace(update, run="runs/a", loading=1.0))
    lines = [page.replace("\x1b", "ESC") for page in told]
    approved.hold("first frame", name, "\n".join(lines))


def test_nothing_is_drawn_on_a_terminal_that_is_another_s(made: Made) -> None:
    frame, told = made((60, 12))
    frame._modes = ["modes"]
    frame.say("kept")
    assert told == []
    assert frame.hand_over() == ["modes"]
    assert frame.hand_over() is None
    frame.count(1, 2)
    frame.show(_run())
    assert told == []
    frame.say("said")
    frame.__exit__(None, None, None)
    assert told == ["said", "kept"]
    frame.__exit__(None, None, None)
    assert told == ["said", "kept"], "once"


def test_the_terminal_is_taken_where_it_is_ours_and_given_back_once(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[Any] = [0xFFFF, 1, 2, 0xFFFF, 4, 5, [b"x"] * 32]
    calls: list[Any] = []
    handled: list[int] = []
    monkeypatch.setattr(termios, "tcgetattr", lambda _: modes)
    monkeypatch.setattr(termios, "tcsetattr", lambda *given: calls.append(given))
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)
    monkeypatch.setattr(signal, "signal", lambda number, _: handled.append(number))
    monkeypatch.setattr(os, "fpathconf", lambda *_: 0)
    for usable, size, taken in (
        (False, (60, 12), False),
        (True, (9, 2), False),
        (True, (60, 12), True),
    ):
        frame, told = made(size)
        frame.held, frame._targets = False, ("runs",)
        monkeypatch.setattr(frames, "_usable", lambda *_, usable=usable: usable)
        with frame:
            assert frame.held == taken
            assert bool(told) == taken
        assert not frame.held
    silent, back = (call[2] for call in calls)
    assert back is modes
    assert silent[0] == 0xFFFF & ~(
        termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR
    )
    assert silent[3] == 0xFFFF & ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    assert silent[6][termios.VSUSP] == silent[6][termios.VQUIT] == b"\0"
    assert (silent[6][termios.VMIN], silent[6][termios.VTIME]) == (1, 0)
    assert modes[6] == [b"x"] * 32
    assert set(handled) == set(frames.TO_END)
    assert [told[0], told[-1]] == [frames._TAKE, frames._GIVE_BACK]
    frame.give_back()
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("targets", "held"), [(("a",), ("a",)), (("a", "b"), ()), (("gpu1:a",), ())]
)
def test_it_is_for_what_is_on_this_machine(
    targets: tuple[str, ...], held: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").touch()
    assert first_frame(targets, Screen(), words("en"), False, print)._targets == held


@pytest.mark.parametrize(
    ("term", "terminals", "group", "usable"),
    [("xterm", (0, 1), 7, True), ("", (0, 1), 7, False), ("dumb", (0, 1), 7, False),
     ("unknown", (0, 1), 7, False), ("xterm", (0,), 7, False), ("xterm", (1,), 7, False),
     ("xterm", (0, 1), 8, False), ("xterm", (0, 1), None, False)],
)  # fmt: skip
def test_a_terminal_is_usable_in_its_foreground(
    term: str, terminals: tuple[int, ...], group: int | None, usable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def foreground(_: int) -> int:
        if group is None:
            raise OSError
        return group

    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(os, "isatty", lambda fd: fd in terminals)
    monkeypatch.setattr(os, "tcgetpgrp", foreground)
    monkeypatch.setattr(os, "getpgrp", lambda: 7)
    assert frames._usable(0, 1) == usable


@pytest.mark.parametrize(
    ("size", "drawn"), [((80, 24), (80, 24)), ((501, 24), (500, 24)), ((80, 201), (80, 200))]
)
def test_so_much_of_a_terminal_is_drawn_on(size: tuple[int, int], drawn: tuple[int, int]) -> None:
    assert within(size) == drawn


@pytest.mark.parametrize(
    ("run", "step", "name"),
    [("runs/a b", 600, "runs-a-b-step600"), ("..", None, "run"), ("a" * 300, 7, "a" * 120 + "-step7"),
     (".x.", None, "x"), ("训练", 1, "训练-step1")],
)  # fmt: skip
def test_files_are_called_after_their_run(run: str, step: int | None, name: str) -> None:
    found = file_name(replace(_run(), run=run, step=step))
    assert (
        found == name if len(run) < 300 else found.startswith("aaa") and found.endswith("a-step7")
    )


def test_no_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("mine")
    (tmp_path / "run-2.svg").write_text("mine")
    with new_files(str(tmp_path), "run") as (stem, svg, table):
        assert stem == "run-3"
        for path in (svg, table):
            Path(path).write_text("new")
    assert (tmp_path / "run-3.svg").read_text() == (tmp_path / "run-3.csv").read_text() == "new"
    with pytest.raises(ZeroDivisionError), new_files(str(tmp_path), "other"):
        raise ZeroDivisionError
    assert sorted(os.listdir(tmp_path)) == ["run-2.svg", "run-3.csv", "run-3.svg", "run.csv"]


def test_some_hundred_files_of_one_name_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.lexists", lambda _: True)
    with pytest.raises(FileExistsError, match="files of this name are there") as told:  # noqa: SIM117
        with new_files(str(tmp_path), "run"):
            pass
    assert told.value.errno == 17
