"""The line of keys: those that work where the focus is, pressed by the mouse as well."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.command import CommandInput, CommandList
from textual.css.query import NoMatches
from textual.events import Click
from textual.screen import Screen
from textual.widgets import Label

from lossmon.text import cell_width
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.keys import Keys
from lossmon.tui.widgets.options import Options
from tests.tui.test_app import WIDE, loaded, main_of, until, words


async def test_it_shows_the_keys_of_the_place_one_is_in(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await until(pilot, lambda: "m metric" in words(app, "#keys"))
        assert "q quit" in words(app, "#keys")
        await pilot.press("t")
        await until(pilot, lambda: "/ search" in words(app, "#keys"))
        await pilot.press("escape")
        await until(pilot, lambda: "/ search" not in words(app, "#keys"))


async def test_a_click_presses_the_key(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await until(pilot, lambda: "g grid" in words(app, "#keys"))
        at = words(app, "#keys").index("g grid")
        await pilot.click("#keys", offset=(at + 3, 0))
        await until(pilot, lambda: main_of(app).has_class("-grid"))


async def test_the_mouse_is_told_what_a_key_does(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await until(pilot, lambda: "g grid" in words(app, "#keys"))
        keys, text = main_of(app).query_one(Keys), words(app, "#keys")
        await pilot.hover("#keys", offset=(text.index("g grid"), 0))
        await until(pilot, lambda: keys.tooltip == "All metrics: a grid of small charts")
        await pilot.hover("#keys", offset=(WIDE[0] - 1, 0))
        await until(pilot, lambda: keys.tooltip is None)


@pytest.mark.parametrize("width", [60, 80, 120, 160])
async def test_what_has_no_room_is_said_and_the_most_used_stay(app: LossmonApp, width: int) -> None:
    async with app.run_test(size=(width, 30)) as pilot:
        await loaded(pilot)
        await until(pilot, lambda: "? all keys" in words(app, "#keys"))
        shown = words(app, "#keys").rstrip()
        assert cell_width(shown) <= width
        assert shown.startswith("/ filter e evidence")
        assert ("L zh/en" in shown) != ("…" in shown), "all of them, or it says so"
        await pilot.press("t")
        await until(pilot, lambda: words(app, "#keys").startswith("/ search"))
        assert "? all keys" in words(app, "#keys")


async def test_in_a_short_terminal_the_palette_has_a_line_a_command(app: LossmonApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: bool(app.screen.query_one(CommandList).option_count))
        await until(pilot, lambda: app.screen.query_one(CommandList).size.height == 10)
        assert app.screen.query_one(CommandList).region.bottom <= 12
        assert app.screen.query_one(CommandInput).region.y == 0


async def test_the_palette_finds_an_action_by_name(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+p", *"all metrics")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1 and main_of(app).has_class("-grid"))


class Choice(App[None]):
    """A list of two."""

    def compose(self) -> ComposeResult:
        yield Options("first", "second")


async def test_a_list_stands_a_click_on_a_line_that_is_gone_and_a_page_without_room() -> None:
    app = Choice()
    async with app.run_test() as pilot:
        options = app.query_one(Options)
        where = Style.from_meta({"option": 7})
        options.post_message(Click(options, 1, 7, 0, 0, 1, False, False, False, 1, 7, where))
        await pilot.pause()
        options.highlighted, options.styles.height = 0, 0
        await pilot.pause()
        options._clear_caches()
        await pilot.press("pagedown")
        assert options.highlighted == 0


@pytest.mark.parametrize("width", [1, 2, 3])
async def test_a_list_stands_a_window_without_a_column(width: int) -> None:
    app = Choice()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(Options).styles.height = "auto"
        await pilot.resize_terminal(width, 10)
        await pilot.pause()
        assert app.query_one(Options).highlighted == 0


async def test_a_key_that_comes_before_what_it_is_about_is_none(app: LossmonApp) -> None:
    """The parts of a screen come one by one: typed ahead, a key was told as an error of ours."""
    async with app.run_test(size=(120, 40)) as pilot:
        await loaded(pilot)
        bare = Screen[None]()
        bare.action_look = lambda: bare.query_one("#to-come")  # type: ignore[attr-defined]
        await app.push_screen(bare)
        assert not await app.run_action("look", bare)
        await bare.mount(Label("whole"))
        with pytest.raises(NoMatches):
            await app.run_action("look", bare)
