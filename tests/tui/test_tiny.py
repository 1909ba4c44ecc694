"""No room at all: whatever is open, no size of a terminal ends the screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.command import CommandList

from lossmon.tui.app import LossmonApp
from lossmon.tui.palette import Palette
from lossmon.tui.screens.group_keys import GroupScreen
from lossmon.tui.screens.leave import LeaveScreen
from lossmon.tui.screens.main import MainScreen
from lossmon.tui.widgets.options import Options
from tests.tui.synthetic import monitor_of, write_runs
from tests.tui.test_app import main_of, until

SIZES = [  # every width and every height, each with half of the others
    (columns, rows) for columns, rows in product(range(1, 13), range(1, 7)) if (columns + rows) % 2
]
OVERLAYS = {  # the keys that open what lies over the screen
    "palette": ("ctrl+p",),
    "nothing matches": ("ctrl+p", "z", "q", "x", "v"),
    "metrics": ("m",),
    "settings": ("D",),
    "help": ("question_mark",),
    "finding": ("enter",),
    "filter": ("slash", "l"),
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[LossmonApp]:
    write_runs(tmp_path)
    monitor = monitor_of(tmp_path)
    yield LossmonApp(monitor)
    monitor.close()


@pytest.mark.parametrize("beside", [0, 1, 2, 3])
async def test_a_list_has_lines_where_they_have_a_cell(beside: int) -> None:
    """Textual folds text into what the padding leaves, and divided by none."""

    class Listing(App[None]):
        CSS = f"Options {{ border: none; height: auto; }} Options > .option-list--option {{ padding: 0 {beside}; }}"

        def compose(self) -> ComposeResult:
            yield Options("accuracy of the evaluation", "loss")

    app = Listing()
    async with app.run_test(size=(40, 6)) as pilot:
        listing = app.query_one(Options)
        for columns, rows in [*SIZES, (40, 6)]:
            await pilot.resize_terminal(columns, rows)
            listing.highlighted = columns % 2
            listing.action_page_down()
            listing.action_page_up()
        assert [listing.render_line(y).text.strip() for y in range(2)] == [
            "accuracy of the evaluation",
            "loss",
        ]


@pytest.mark.slow
@pytest.mark.parametrize("name", OVERLAYS)
async def test_what_is_open_stands_every_size(app: LossmonApp, name: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(main_of(app).runs.updates))
        await pilot.press(*OVERLAYS[name])
        over = app.screen
        assert name in ("filter", "finding") or not isinstance(over, MainScreen)
        for size in SIZES:
            await pilot.resize_terminal(*size)
        await pilot.resize_terminal(120, 40)
        assert app.screen is over
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)
        await pilot.resize_terminal(2, 5)
        await pilot.press(*OVERLAYS[name])
        await pilot.resize_terminal(120, 40)
        assert app.is_running


@pytest.mark.slow
@pytest.mark.parametrize("kind", [LeaveScreen, GroupScreen])
async def test_what_asks_stands_every_size(
    app: LossmonApp, kind: type[LeaveScreen | GroupScreen]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(
            LeaveScreen("kept.log") if kind is LeaveScreen else GroupScreen(["lr", "seed"], "lr")
        )
        for size in [*SIZES, (120, 40)]:
            await pilot.resize_terminal(*size)
        assert isinstance(app.screen, kind)


async def test_a_palette_that_closes_while_it_searches_says_no_more(app: LossmonApp) -> None:
    """Its timers come when the list is gone: "nothing matches" ended the screen."""
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        came: list[str] = []

        def late() -> None:
            came.append("late")
            palette.query_one(CommandList)

        await palette.query_one(CommandList).remove()
        palette.set_timer(0.001, late)
        await until(pilot, lambda: bool(came))
        await pilot.pause()
        assert app.is_running
