"""Hosts of the ssh configuration, chosen on the screen or before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from textual.events import Key
from textual.widgets import Input

from lossmon.cli import cli
from lossmon.logs.ssh_hosts import Known
from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.boxes import BoxesScreen, _Picker
from lossmon.tui.widgets.options import Options
from lossmon.words import Words
from tests.tui.test_app import loaded, main_of, until

HOSTS = [Known("gpu1", "10.0.0.7", "ada"), Known("gpu2"), Known("login"), Known("b\x1b[31m")]


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host gpu1 gpu2\n HostName 10.0.0.7\nHost login\n")


@pytest.mark.parametrize(
    ("keys", "targets"),
    [
        (["enter"], ("gpu1:",)),
        (["down", "enter"], ("gpu2:",)),
        ([*"log", "enter"], ("login:",)),
        ([*"10.0", "enter"], ("gpu1:",)),
        (["g", "down", "tab", *"runs", "enter"], ("gpu2:runs",)),
        (["space", "space", "enter"], ("gpu1:", "gpu2:")),
        (["space", "space", *"gpu2:exp", "enter"], ("gpu1:exp", "gpu2:exp")),
        ([*"other", "enter"], ("other:",)),
        ([*"gpu[1-2]:x", "enter"], ("gpu[1-2]:x",)),
        (["escape"], ()),
    ],
)
async def test_what_is_chosen(keys: list[str], targets: tuple[str, ...]) -> None:
    picker = _Picker(HOSTS, Words(), ascii=True)
    async with picker.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    assert (picker.return_value or ()) == targets


@pytest.mark.parametrize(
    ("keys", "targets"),
    [
        ([*"gpu2:exp", "enter"], ("gpu2:exp",)),
        ([*"log", "enter"], ("login:",)),
        (["g", "down", "tab", *"runs", "enter"], ("gpu2:runs",)),
        (["g", "space", "space", *"gpu2:exp", "enter"], ("gpu1:exp", "gpu2:exp")),
    ],
)
async def test_keys_that_come_in_one_burst_are_taken_in_their_order(
    keys: list[str], targets: tuple[str, ...]
) -> None:
    """Enter went past the letters before it: `gpu2:exp` watched what had been typed so far."""
    picker = _Picker(HOSTS, Words(), ascii=True)
    async with picker.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in keys:
            picker.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: not picker.is_running or picker.return_value is not None)
    assert (picker.return_value or ()) == targets


async def test_what_was_typed_as_a_picker_was_left_is_listed_no_more() -> None:
    """It ended the screen: the list was gone, and the box told it of a letter."""
    picker = _Picker(HOSTS, Words(), ascii=True)
    async with picker.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = picker.screen
        assert isinstance(screen, BoxesScreen)
        await screen.query_one(Options).remove()
        screen.fill()


async def test_names_are_not_obeyed_by_the_terminal() -> None:
    picker = _Picker(HOSTS, Words(), ascii=True)
    async with picker.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        text = "\n".join(strip.text for strip in picker.screen._compositor.render_strips())
    assert "gpu1" in text
    assert "\x1b" not in text


async def test_a_key_leaves_the_screen_for_more_boxes(app: LossmonApp, configured: None) -> None:
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        await pilot.press("O")
        await pilot.pause()
        assert isinstance(app.screen, BoxesScreen)
        app.screen.query_one(Input).value = "gpu2:runs"
        await pilot.press("enter")
        await pilot.pause()
    assert app.to_watch == ("gpu2:runs",)


async def test_without_hosts_it_is_said(
    app: LossmonApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        await pilot.press("O")
        await pilot.pause()
        assert app.screen is main_of(app)


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ([], "gpu", ["gpu1:", "gpu2:"]),
        (["check"], "do", ["docker:"]),
        (["check"], "mlf", ["mlflow+http://", "mlflow+https://"]),
        (["check"], "./do", []),
        (["check"], "", []),
    ],
)
def test_shells_complete_hosts_and_schemes(
    configured: None, words: list[str], incomplete: str, offered: list[str]
) -> None:
    class Shell(ShellComplete):
        name, source_template = "test", ""

    found = Shell(cli, {}, "lossmon", "_LOSSMON_COMPLETE").get_completions(words, incomplete)
    assert [one.value for one in found if one.type == "plain" and ":" in one.value] == offered
    assert any(one.type == "file" for one in found)
