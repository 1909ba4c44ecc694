"""What stands on the terminal before Textual is imported, and that every way out gives it back."""

from __future__ import annotations

import os
import random
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pyte
import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color

from lossmon.config.screen import THEMES
from lossmon.tui import colours, themes
from lossmon.tui.first_frame import ENTER
from tests.tui.terminal import Terminal

IMPORTS = b"\x1b]777;textual\x07"  # comes when textual begins to be imported
# Says so on the terminal, and does there what the environment names. Textual's screen is shown when
# it is whole; on a busy machine that is later than the bound after which it is shown anyway.
PROGRAM = f"""
import builtins, os, sys, time
usual = builtins.__import__
def importing(name, *rest, **more):
    found = usual(name, *rest, **more)
    if name == "lossmon.tui.app":
        sys.modules["lossmon.tui.wired_app"]._LONGEST_VEIL_S = 60.0
    return found
builtins.__import__ = importing
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == "textual.app":
            sys.meta_path.remove(self)
            os.write(2, {IMPORTS!r})
            if os.environ["THEN"] == "break":
                raise RuntimeError("no textual today")
            while os.environ["THEN"] == "wait" and not os.path.exists(os.environ["GO"]):
                time.sleep(0.02)
sys.meta_path.insert(0, Hook())
from lossmon.cli import main
main()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the program on targets, and wait until textual would be imported."""
    opened: list[Terminal] = []

    def begin(
        *targets: str, then: str = "", size: tuple[int, int] = (80, 24), **told: str
    ) -> Terminal:
        terminal = Terminal(
            *targets,
            columns=size[0],
            rows=size[1],
            program=(sys.executable, "-c", PROGRAM),
            environment={"THEN": then, "GO": str(tmp_path / "go"), **told},
        )
        opened.append(terminal)
        terminal.wait_for_bytes(IMPORTS)
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def before(terminal: Terminal) -> bytes:
    """What came before textual was imported."""
    return bytes(terminal.received).partition(IMPORTS)[0]


def assert_given_back(terminal: Terminal) -> None:
    came = bytes(terminal.received)
    assert came.count(ENTER.encode()) == came.count(b"\x1b[?1049l") == 1
    assert came.rindex(b"\x1b[?25h") > came.rindex(b"\x1b[?25l"), "the cursor"
    assert termios.tcgetattr(terminal.fd) == terminal.settings, "modes of the tty"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "lang"), list(product(((40, 12), (80, 24), (200, 50)), ("en", "zh"))), ids=str
)
def test_a_curve_stands_there_before_textual_is_imported(
    log: Path, start: Callable[..., Terminal], size: tuple[int, int], lang: str
) -> None:
    terminal = start(str(log), "--lang", lang, size=size, then="wait")
    came = before(terminal)
    said = b"reading" if lang == "en" else "正在读取".encode()
    assert came.startswith(ENTER.encode())
    assert said in came
    top, *rows = terminal.screen.display
    assert top.startswith(" lossmon ")
    assert "log.jsonl" in top
    assert any("train" in row or "训练" in row.replace(" ", "") for row in rows), terminal.text()
    assert "└" in rows[-2], "the axis ends one line above the last"
    assert rows[-1].strip(), "and its labels stand there"


@pytest.mark.slow
def test_textual_takes_it_over_in_one_frame(
    log: Path, start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start(str(log), then="wait")
    terminal.send(b"\x1b[?2026;2$y")  # this terminal shows a frame when it is whole
    first, seen = terminal.text(), len(terminal.received)
    assert "train" in first
    (tmp_path / "go").touch()
    terminal.wait_for("HEALTHY")
    later = bytes(terminal.received[seen:])
    assert ENTER.encode() not in later, "some terminals would clear what stands there"
    assert b"\x1b[2J" not in later
    screen = pyte.Screen(80, 24)
    stream, frames = pyte.ByteStream(screen), list[str]()
    for frame in bytes(terminal.received).split(b"\x1b[?2026l")[:-1]:
        stream.feed(frame)
        frames.append("\n".join(screen.display))
    for frame in frames[frames.index(first) :]:  # no empty panel, no line that is still to come
        assert "train" in frame, frame
        assert frame == first or "all keys" in frame, frame


@pytest.mark.slow
def test_keys_typed_meanwhile_are_neither_echoed_nor_lost(
    log: Path, start: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = start(str(log), then="wait")
    stood = terminal.text()
    terminal.send(b"t")
    terminal.read(0.3)
    assert terminal.text() == stood
    (tmp_path / "go").touch()
    terminal.wait_for("following")  # the log is open
    terminal.send(b"q")
    assert terminal.end() == 0
    terminal.assert_given_back()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "number", "status"),
    [
        (b"\x03", 0, 130),
        (b"", signal.SIGTERM, 143),
        (b"", signal.SIGUSR1, -signal.SIGUSR1),
    ],
    ids=["ctrl+c", "SIGTERM", "SIGUSR1"],
)
def test_who_ends_it_meanwhile_gets_the_terminal_back(
    log: Path, start: Callable[..., Terminal], key: bytes, number: int, status: int
) -> None:
    terminal = start(str(log), then="wait")
    if key:
        terminal.send(key)
    else:
        os.kill(terminal.pid, number)
    assert terminal.end() == status
    assert_given_back(terminal)


@pytest.mark.slow
def test_an_error_meanwhile_is_said_on_the_plain_terminal(
    log: Path, start: Callable[..., Terminal]
) -> None:
    terminal = start(str(log), then="break")
    assert terminal.end() == 70
    assert_given_back(terminal)
    assert "no textual today" in terminal.after()
    assert "Traceback" not in terminal.after()


@pytest.mark.slow
def test_where_nothing_can_be_drawn_nothing_is(log: Path, start: Callable[..., Terminal]) -> None:
    assert before(start(str(log), then="wait", TERM="dumb")) == b""


@pytest.mark.slow
def test_a_target_that_is_none_is_told_on_the_plain_terminal(tmp_path: Path) -> None:
    terminal = Terminal(str(tmp_path / "nothing"))
    try:
        assert terminal.end() == 2
        assert ENTER.encode() not in terminal.received
    finally:
        terminal.close()


@pytest.mark.slow
def test_a_name_draws_nothing_by_itself(log: Path, start: Callable[..., Terminal]) -> None:
    named = log.rename(log.with_name("a\x1b]0;owned\x07\x1b[2J\u202e.jsonl"))
    came = before(start(str(named), then="wait"))
    assert b"\x1b]0;" not in came
    assert b"\x1b[2J" not in came
    assert "\u202e".encode() not in came


# -- colours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THEMES)
def test_the_colours_are_those_of_the_theme(name: str) -> None:
    theme = themes.OURS[name]
    made = {**theme.to_color_system().generate(), **theme.variables}
    ground = Color.parse(made["background"])
    words = {
        "background": "background", "": "foreground", "primary": "text-primary",
        "warning": "text-warning", "muted": "text-muted",
    }  # fmt: skip
    for role, colour in colours.PALETTES[name].items():
        told = made[words[role]]
        if told.startswith("auto"):
            share = int(told.removeprefix("auto ").rstrip("%")) / 100
            wanted = ground.blend(ground.get_contrast_text(1.0), share)
        else:
            wanted = Color.parse(told)
        drawn = colours.rgb(colour)
        assert all(abs(a - b) <= 1 for a, b in zip(drawn, wanted.rgb, strict=True)), role


def test_of_256_colours_rich_would_draw_the_same() -> None:
    chance = random.Random(0)
    for _ in range(500):
        parts = tuple(chance.randrange(256) for _ in range(3))
        near = tuple(min(255, parts[0] + chance.randrange(9)) for _ in range(3))
        for one in (parts, near):
            wanted = RichColor.from_rgb(*one).downgrade(ColorSystem.EIGHT_BIT).number
            assert colours.nearest(one) == wanted, one  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "many"),
    [
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "screen-256color"}, 256),
        ({"TERM": "xterm-kitty"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": ""}, 0),
    ],
    ids=str,
)
def test_how_many_colours_there_are_is_what_the_terminal_says(
    environment: dict[str, str], many: int
) -> None:
    assert colours.colours_of(environment) == many
    sent = "".join(colours.pens("light", environment).values())
    assert ("38;5;" in sent) == (many == 256)
    assert ("38;2;" in sent) == (many > 256)
