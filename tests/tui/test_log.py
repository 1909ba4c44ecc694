"""The raw log below the curve."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.lines import Line
from lossmon.tui.widgets.log_lines import LogLines
from lossmon.tui.widgets.log_pane import LogPane
from tests.conftest import falling
from tests.tui.synthetic import NOW, monitor_of
from tests.tui.test_app import WIDE, loaded, main_of, until

ROWS = 400


def write_log(folder: Path) -> Path:
    log = folder / "a" / "train.log"
    log.parent.mkdir(parents=True)
    rows = [f"step {10 * i} loss {loss:.4f}\n" for i, loss in enumerate(falling(ROWS), 1)]
    rows[200:200] = [
        "saved checkpoint-2000\n",
        "\x1b[31mred\x1b[0m [bold]markup[/] \x1b]0;title\x07\n",
    ]
    log.write_text("Loading the data\n" + "".join(rows))
    os.utime(log, (NOW, NOW))
    return log


@pytest.fixture
def log(tmp_path: Path, frozen: None) -> Path:
    os.environ.pop("NO_COLOR", None)
    return write_log(tmp_path / "runs")


@pytest.fixture
def app(log: Path):
    monitor = monitor_of(log.parents[1])
    yield LossmonApp(monitor)
    monitor.close()


async def opened(pilot: Pilot[Any]) -> LogLines:
    await loaded(pilot, 1)
    await pilot.press("t")
    shown = main_of(pilot.app).query_one(LogLines)
    await until(pilot, lambda: shown.made is not None)
    return shown


def text(shown: LogLines) -> list[str]:
    return [shown.render_line(y).text.rstrip() for y in range(shown.size.height)]


def chosen(shown: LogLines) -> str:
    return next(line for line in text(shown) if line.startswith(("▸", ">")))


def status(app: LossmonApp) -> str:
    return str(main_of(app).query_one("#log-status", Line).content)


async def test_the_newest_line_is_chosen_and_followed(log: Path, app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        assert shown.has_focus
        assert chosen(shown).startswith("▸▎step 4000 loss")
        assert status(app).startswith(" read: step 4,000, loss 0.5")
        with log.open("a") as file:
            file.write("step 4010 loss 0.5\n")
        await until(pilot, lambda: "step 4010" in chosen(shown))
        await pilot.press("up")
        with log.open("a") as file:
            file.write("step 4020 loss 0.5\n")
        await until(pilot, lambda: "4,020" in str(main_of(app).query_one("#status", Line).content))
        assert "step 4000" in chosen(shown)
        await pilot.press("end")
        assert "step 4020" in chosen(shown)


async def test_it_scrolls_through_the_whole_file_and_back(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        await pilot.press("home")
        assert chosen(shown).endswith("Loading the data")
        seen = []
        while not seen or seen[-1] != chosen(shown):
            seen.append(chosen(shown))
            shown.action_page(1)
        assert "step 4000" in seen[-1]
        assert len(seen) > ROWS / shown.size.height
        for _ in seen:
            shown.action_page(-1)
        assert chosen(shown).endswith("Loading the data")


async def test_escapes_and_markup_of_a_log_are_text(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        await pilot.press("slash", *"markup", "enter")
        await until(pilot, lambda: "markup" in chosen(shown))
        assert chosen(shown) == "▸ red [bold]markup[/]"
        assert "\x1b" not in "".join(text(shown))


async def test_a_search_goes_on_by_n_and_says_why_a_line_was_not_read(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        await pilot.press("slash", *"checkpoint", "enter")
        await until(pilot, lambda: "checkpoint" in chosen(shown))
        await until(pilot, lambda: status(app) == " not read: no metric in it")
        await pilot.press("slash")
        app.screen.query_one("#log-search", Input).value = "step 39"
        await pilot.press("enter")
        await until(pilot, lambda: "step 390 " in chosen(shown))
        await pilot.press("n")
        await until(pilot, lambda: "step 3900" in chosen(shown))
        await pilot.press("N")
        await until(pilot, lambda: "step 390 " in chosen(shown))
        await pilot.press("escape")
        assert app.screen.has_class("-log"), "the first closes the search"
        await pilot.press("escape")
        assert not app.screen.has_class("-log")


async def test_words_that_are_not_there_are_said(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"nowhere", "enter")
        await until(pilot, lambda: any("not found" in n.message for n in app._notifications))


async def test_the_cursor_of_the_chart_and_the_line_lead_to_each_other(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        main_of(app).cursor_step = 1230
        await until(pilot, lambda: "step 1230 " in chosen(shown))
        await pilot.press("down", "down")
        await until(pilot, lambda: "step 1,250" in status(app))
        await pilot.press("enter")
        assert main_of(app).cursor_step == 1250
        assert "step 1250 " in chosen(shown)


async def test_a_run_with_several_logs_offers_each(tmp_path: Path, frozen: None) -> None:
    log = write_log(tmp_path / "runs")
    losses = enumerate(falling(ROWS), 1)
    table = "step,loss\n" + "".join(f"{10 * i},{loss:.6f}\n" for i, loss in losses)
    (log.parent / "metrics.csv").write_text(table)
    monitor = monitor_of(tmp_path / "runs")
    app = LossmonApp(monitor)
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        pane = main_of(app).query_one(LogPane)
        why = "400 of 400 values agree in order, with metrics.csv"
        assert pane.border_title == f"log 2/2 · train.log · text · {why}"
        await pilot.press("greater_than_sign")
        assert str(pane.border_title).startswith("log 1/2 · metrics.csv · csv · ")
        assert "4000,0.5" in chosen(shown)
    monitor.close()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 35)])
async def test_it_fits_every_pane(app: LossmonApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        shown = await opened(pilot)
        assert shown.size.height >= 4
        assert "step 4000" in chosen(shown)


async def test_a_log_that_is_truncated_is_shown_anew(log: Path, app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        shown = await opened(pilot)
        await pilot.press("home")
        log.write_text("step 1 loss 3.0\n")
        await until(pilot, lambda: chosen(shown).endswith("step 1 loss 3.0"))
