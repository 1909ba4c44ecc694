"""What one takes along: a report in the clipboard, picture and data in files; help and palette."""

from __future__ import annotations

import base64
import csv
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from textual.widgets import Static

from lossmon.api import read_runs
from lossmon.diagnosis.knowledge import load
from lossmon.presentation.brief import LINES, WIDTH, brief
from lossmon.text import cell_width
from lossmon.tui import clipboard
from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.help import HelpScreen, keys_of
from lossmon.tui.screens.save_keys import file_name
from lossmon.tui.widgets.log_lines import LogLines
from tests.conftest import falling, some_of, training_rows, write_jsonl
from tests.tui.terminal import ROOT, Terminal
from tests.tui.test_app import WIDE, loaded, main_of, still, until
from tests.waiting import wait_until

RUNS = Path(__file__).resolve().parents[1] / "data" / "runs"


@pytest.mark.parametrize(
    "name", some_of(sorted(path.name for path in RUNS.iterdir() if path.is_dir()))
)
def test_a_report_fits_twenty_lines(name: str) -> None:
    for update in read_runs(str(RUNS / name), "at the end"):
        for lang, ascii in product(("en", "zh"), (False, True)):
            lines = brief(update, load(lang), ascii=ascii).splitlines()
            assert 12 < len(lines) <= LINES
            assert max(map(cell_width, lines)) <= WIDTH
            assert "\x1b" not in "".join(lines)


def said(app: LossmonApp, words: str, times: int = 1) -> bool:
    """Whether the footer was given something that begins so, so often."""
    return sum(note.message.startswith(words) for note in app._notifications) == times


class TestClipboard:
    def test_the_sequence_carries_the_text(self) -> None:
        sequence = clipboard.osc52("a line\n曲线\n", {})
        payload = sequence.removeprefix("\x1b]52;c;").removesuffix("\a")
        assert base64.b64decode(payload).decode() == "a line\n曲线\n"

    def test_tmux_and_screen_hand_it_on(self) -> None:
        in_tmux = clipboard.osc52("x", {"TMUX": "/tmp/tmux,1,0"})
        assert in_tmux.endswith("\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\")
        in_screen = clipboard.osc52("x" * 3000, {"STY": "1.pts"})
        assert all(len(piece) < 760 for piece in in_screen.split("\x1bP"))

    @pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
    def test_inside_a_real_tmux_it_is_in_the_buffer(self, tmp_path: Path) -> None:
        log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(200)))
        tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull]
        command = f"exec {sys.executable} -m lossmon {log}"
        environment = {**os.environ, "PYTHONPATH": ROOT, "LC_ALL": "C.UTF-8"}
        size = ["-x", "120", "-y", "35"]
        subprocess.run([*tmux, "new-session", "-d", *size, command], env=environment, check=True)
        try:
            shown = partial(self.output, [*tmux, "capture-pane", "-p"])
            wait_until(lambda: "HEALTHY" in shown())  # not the first frame
            subprocess.run([*tmux, "send-keys", "C"], check=True)
            copied = partial(self.output, [*tmux, "show-buffer"])
            wait_until(lambda: "HEALTHY" in copied())
            assert len(copied().splitlines()) <= LINES
        finally:
            subprocess.run([*tmux, "kill-server"], check=False)

    @staticmethod
    def output(command: list[str]) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_key_sends_the_report_to_the_terminal(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(200)))
    terminal = Terminal(str(log), environment={"TMUX": "", "STY": ""})
    try:
        terminal.wait_for("HEALTHY")
        terminal.send(b"C")
        terminal.wait_for_bytes(b"\x1b]52;c;")
        terminal.wait_for("lines sent to the terminal's clipboard")
        payload = bytes(terminal.received).partition(b"\x1b]52;c;")[2].partition(b"\a")[0]
        assert "HEALTHY" in base64.b64decode(payload).decode()
    finally:
        terminal.close()


async def test_picture_and_data_are_saved_and_nothing_is_overwritten(
    app: LossmonApp, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        main_of(app).save_to = str(out)
        await pilot.press("S")
        await until(pilot, lambda: said(app, "saved: "))
        await pilot.press("S")
        await until(pilot, lambda: len(list(out.iterdir())) == 4)
        await until(pilot, lambda: said(app, "saved: ", 2))
    stem = "runs-rebound-step6000"
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [f"{stem}.svg", f"{stem}.csv", f"{stem}-2.svg", f"{stem}-2.csv"]
    )
    picture = ET.parse(out / f"{stem}.svg")
    assert "REBOUND" in "".join(picture.getroot().itertext()).replace("\xa0", " ")
    with (out / f"{stem}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 600
    assert {row["run"] for row in rows} == {"runs/rebound"}


async def test_a_folder_that_is_not_there_is_said(app: LossmonApp, tmp_path: Path) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        main_of(app).save_to = str(tmp_path / "none")
        await pilot.press("S")
        await until(pilot, lambda: said(app, "not saved: "))


async def test_names_of_files_hold_no_path(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        run = main_of(app).runs.chosen_run
        assert run is not None
        for name in ("../../etc/passwd", "gpu1:~/a b/*", "-rf", "...", "\x1b[31mx", "a" * 500):
            found = file_name(type(run)(**{**run.__dict__, "run": name}))
            assert os.sep not in found
            assert not found.startswith(("-", "."))
            assert len(found) < 120
            assert found.isprintable()


class TestHelp:
    async def test_it_shows_the_keys_of_the_place(self, app: LossmonApp) -> None:
        async with app.run_test(size=WIDE) as pilot:
            await loaded(pilot)
            await pilot.press("t", "question_mark")
            screen = app.screen
            assert isinstance(screen, HelpScreen)
            first = screen._keys[0]
            assert first.section == "log"
            assert {"search", "again(1)"} <= {key.action for key in screen._keys}
            await pilot.press("question_mark")
            assert not isinstance(app.screen, HelpScreen)

    async def test_every_key_says_what_it_does(self, app: LossmonApp) -> None:
        async with app.run_test(size=WIDE) as pilot:
            await loaded(pilot)
            main_of(app).query_one(LogLines).focus()
            for key in keys_of(main_of(app)):
                assert len(key.words) > 3, key
                assert key.keys

    async def test_the_palette_holds_every_action(self, app: LossmonApp) -> None:
        async with app.run_test(size=WIDE) as pilot:
            await loaded(pilot)
            commands = list(app.get_system_commands(app.screen))
            texts = " ".join(
                f"{c.title} {getattr(c.callback, '__name__', c.callback)}" for c in commands
            )
            for key in keys_of(main_of(app)):
                name = key.action.partition("(")[0].rpartition(".")[2]
                twin = name == "quit" and "action_leave" in texts  # says the same words
                assert (name in texts or twin) == (name != "command_palette"), key  # one is in it

    async def test_commands_have_a_title_and_then_what_it_means(self, app: LossmonApp) -> None:
        async with app.run_test(size=WIDE) as pilot:
            await loaded(pilot)
            for command in app.get_system_commands(app.screen):
                title = command.title.partition(" (")[0]
                assert len(title) <= 21, f"{title!r}: say it as 'Title: what it means'"

    async def test_a_pane_that_shrinks_has_it_as_one_that_was_narrow(self, app: LossmonApp) -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("question_mark")
            await pilot.resize_terminal(40, 12)
            await still(pilot)
            shrunk = str(app.screen.query_one(Static).content)
            await pilot.press("question_mark", "question_mark")
            await still(pilot)
            assert str(app.screen.query_one(Static).content) == shrunk

    async def test_a_narrow_pane_has_room_for_it(self, app: LossmonApp) -> None:
        async with app.run_test(size=(40, 12)) as pilot:
            await loaded(pilot)
            await pilot.press("question_mark", "pagedown", "escape")
            assert not isinstance(app.screen, HelpScreen)
