"""What the screen is opened with: each command up to where it would draw."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lossmon import demo, settings
from lossmon.cli import cli, screens
from lossmon.errors import LossmonError
from lossmon.formats import detect
from lossmon.tui import first_frame, start
from lossmon.tui.screens import boxes
from tests import approved

pytestmark = pytest.mark.snapshot

LINES = """
open
open runs more --fps 3
open runs --ascii --lang zh
open --session mine
open --session mine runs
open - --tee kept.log
open --pick
open --pick runs -F config
open --pick -F none
runs
demo
demo --fast --only healthy --only rebound --fps 2
demo --lang zh --ascii
replay
replay runs --speed 60x --from 100 --fps 1 --ascii
replay --from -1
""".strip().split("\n")


class Frame:
    """What stands on the terminal meanwhile."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def __enter__(self) -> Frame:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append("frame gone")

    def say(self, line: str) -> None:
        self.told.append(f"frame says {line}")


@pytest.mark.parametrize(
    ("line", "chosen"),
    [*((line, ("a:", "b:")) for line in LINES), ("open --pick", ()), ("open --pick runs", ())],
)
def test_the_screen_is_opened_as_approved(
    line: str, chosen: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def recorder(name: str, answer: object) -> Any:
        def record(*args: Any, **named: Any) -> Any:
            plain = [one for one in args if not callable(one) and not isinstance(one, Frame)]
            told.append(f"{name} {plain} {named or ''}".rstrip())
            if any(callable(one) and getattr(one, "__self__", None) is frame for one in args):
                told.append("  the frame tells")
            if name in ("open_screen", "play"):
                said, usual = settings.current(), settings.Settings()
                given = [f for f in said._fields if getattr(said, f) != getattr(usual, f)]
                told.append(f"  says {[(name, getattr(said, name)) for name in given]}")
            return answer

        return record

    @contextlib.contextmanager
    def stage(only: tuple[str, ...], fast: bool) -> Iterator[str]:
        told.append(f"stage {only} {fast}")
        yield "STAGE"
        told.append("stage gone")

    frame = Frame(told)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "runs").mkdir()
    (tmp_path / "config").write_text("Host gpu1 gpu2\n")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host mine\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(screens, "need_terminal", recorder("need_terminal", None))
    monkeypatch.setattr(screens, "one_thread", recorder("one_thread", None))
    monkeypatch.setattr(first_frame, "first_frame", recorder("first_frame", frame))
    monkeypatch.setattr(start, "open_screen", recorder("open_screen", 3))
    monkeypatch.setattr(start, "play", recorder("play", 4))
    monkeypatch.setattr(boxes, "pick", recorder("pick", chosen))
    monkeypatch.setattr(demo, "stage", stage)
    monkeypatch.setattr(detect, "broken_plug_ins", lambda: ["a plug-in is torn"])
    settings.use(settings.Settings())
    done = CliRunner().invoke(cli, shlex.split(line))
    if isinstance(done.exception, LossmonError):
        told.append(f"lossmon: {done.exception}")
    elif done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    told += [f"--- {done.exit_code}", done.stdout, done.stderr]
    key = line if chosen else f"{line} (none chosen)"
    approved.hold("opening", key, "\n".join(told).replace(str(tmp_path), "HERE"))


@pytest.mark.parametrize(("reads", "writes"), [(True, False), (False, True), (True, True)])
def test_a_screen_needs_a_terminal_on_both_sides(
    reads: bool, writes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: reads, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: writes, raising=False)
    refused = pytest.raises(LossmonError, match="x draws on a terminal")
    with contextlib.nullcontext() if reads and writes else refused:
        screens.need_terminal("x")
