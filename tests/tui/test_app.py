"""What the screen does: keys, updates, selection, errors, and a clean end."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static
from textual.widgets._toast import Toast

import lossmon.tui
from lossmon.tui.app import LossmonApp
from lossmon.tui.palette import Palette
from lossmon.tui.screens.help import HelpScreen
from lossmon.tui.screens.main import MainScreen
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel
from lossmon.tui.widgets.lines import Line
from lossmon.tui.widgets.run_list import RunList
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import monitor_of
from tests.waiting import PATIENCE_S, wait_until

WIDE = (140, 40)


async def until(
    pilot: Pilot[None], holds: Callable[[], bool], timeout_s: float = 3 * PATIENCE_S
) -> None:
    """Wait until something holds; no fixed sleeps."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, "it never held"
        await pilot.pause(0.02)


async def still(pilot: Pilot[Any]) -> None:
    """Wait until the screen stands still: on a busy machine no fixed pause is long enough."""
    before, same = "", 0
    for _ in range(400):
        await pilot.pause()
        await pilot.pause(0.02)
        strips = pilot.app.screen._compositor.render_strips()
        now = "\n".join(repr(list(strip)) for strip in strips)
        before, same = now, same + 1 if now == before else 0
        if same == 4:
            return
    raise AssertionError("it never stood still")


def main_of(app: LossmonApp) -> MainScreen:
    screen = app.screen
    assert isinstance(screen, MainScreen)
    return screen


def words(app: LossmonApp, selector: str) -> str:
    return str(main_of(app).query_one(selector, Line).content)


def chart(app: LossmonApp) -> str:
    picture = main_of(app).query_one(ChartView).picture
    assert picture is not None
    return "\n".join("".join(span.text for span in row) for row in picture.rows)


def diagnosis(app: LossmonApp) -> str:
    panel = main_of(app).query_one(DiagnosisPanel)
    banner, text = (
        panel.query_one(name, Static) for name in ("#verdict-banner", "#diagnosis-text")
    )
    return f"{banner.content}\n{text.content}"


def listed(app: LossmonApp) -> list[str]:
    runs = main_of(app).query_one(RunList)
    return [runs.render_line(y).text for y in range(len(runs._runs) + runs._header)]


async def loaded(pilot: Pilot[None], runs: int = 3) -> None:
    app = pilot.app
    assert isinstance(app, LossmonApp)

    def read() -> bool:
        updates = main_of(app).runs.updates.values()
        return len(updates) == runs and all(update.loading == 1.0 for update in updates)

    await until(pilot, read)
    await pilot.pause()


async def test_runs_are_listed_by_need_and_the_worst_is_shown(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        lines = listed(app)
        assert "rebound" in lines[0]
        assert "sft-7b" in lines[1]
        assert "well" in lines[2]
        assert "✓" in lines[2]
        assert "REBOUND" in diagnosis(app)
        assert "▾rebound" in chart(app) or "rebound▾" in chart(app)


async def test_the_panel_says_what_since_when_why_and_what_to_do(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j")
        text = " ".join(diagnosis(app).split())  # however the panel's width cuts it
        assert "OVERFITTING" in text
        assert "since step" in text
        assert "likely" in text
        assert "Stop here, and take the checkpoint of step" in text
        assert "timeline" in text
        await pilot.press("L")
        assert "过拟合" in diagnosis(app)


async def test_the_strip_shows_the_newest_numbers(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j")
        strip = words(app, "#status")
        assert "600/600" in strip
        assert "0.0001" in strip
        assert "finished" in strip


async def test_rows_that_arrive_move_the_curve(folder: Path, app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        before = chart(app)
        with (folder / "rebound" / "log.jsonl").open("a") as file:
            file.writelines(f'{{"step": {6010 + 10 * i}, "loss": 1.5}}\n' for i in range(200))
        await until(pilot, lambda: "8,000" in words(app, "#status"))
        assert chart(app) != before


async def test_the_chosen_run_stays_chosen_when_others_arrive(
    folder: Path, app: LossmonApp
) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j", "j")
        assert main_of(app).runs.chosen == "runs/well"
        write_jsonl(folder / "a-new-one" / "log.jsonl", training_rows(falling(40)))
        await until(pilot, lambda: len(main_of(app).runs.updates) == 4)
        assert main_of(app).runs.chosen == "runs/well"


async def test_keys_change_how_the_curve_is_looked_at(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j")
        smooth = chart(app)
        await pilot.press("s", "s", "s")
        raw = chart(app)
        assert raw != smooth
        await pilot.press("y")
        assert main_of(app).query_one(ChartView).picture.log_y
        await pilot.press("x")
        assert main_of(app).query_one(ChartView).picture.x_axis == "epoch"
        await pilot.press("m", *"lr", "enter")
        await pilot.pause()
        assert main_of(app).chart_options.metrics == ("lr",)


async def test_the_filter_keeps_matching_runs_and_escape_gives_it_up(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("slash", *"well", "enter")
        assert len(listed(app)) == 1
        assert main_of(app).query_one("#filter", Input).display
        await pilot.press("slash", *"zz", "enter")
        told = str(main_of(app).query_one("#empty", Static).visual)
        assert re.search(r"none of 3 runs fits the filter: \w*zz", told)
        await pilot.press("escape")
        assert len(listed(app)) == 3
        assert not main_of(app).has_class("-empty")


async def test_help_opens_and_closes(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_the_palette_offers_every_action(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        wanted = {"Smoothing (s)", "Logarithmic axis (y)", "Filter runs (/)"}
        assert wanted <= titles
        assert not any("guide" in title or "focus" in title for title in titles)


async def test_a_click_chooses_a_run(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.click(RunList, offset=(3, 3))
        await pilot.pause()
        assert main_of(app).runs.chosen == "runs/well"


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        ((200, 50), (RunList, ChartView, DiagnosisPanel), ()),
        ((120, 35), (RunList, ChartView, DiagnosisPanel), ()),
        ((80, 24), (ChartView, DiagnosisPanel), (RunList,)),
        ((40, 12), (ChartView,), (RunList, DiagnosisPanel)),
    ],
)
async def test_the_screen_fits_its_pane(app: LossmonApp, size, shown, hidden) -> None:
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        for widget in shown:
            assert main_of(app).query_one(widget).region.area > 0, widget
        for widget in hidden:
            assert main_of(app).query_one(widget).region.area == 0, widget
        assert "rebound" in words(app, "#top") or RunList in shown


async def test_a_narrow_pane_says_the_verdict_in_a_line_and_opens_the_rest(app: LossmonApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await loaded(pilot)
        assert words(app, "#verdict").startswith("REBOUND since step")
        await pilot.press("d")
        assert main_of(app).query_one(DiagnosisPanel).region.height >= 8
        await pilot.press("escape")
        assert main_of(app).query_one(DiagnosisPanel).region.area == 0


async def test_resizing_is_harmless(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        for size in ((20, 5), (200, 50), (1, 1), (40, 12), (140, 40)):
            await pilot.resize_terminal(*size)
        await until(pilot, lambda: len(chart(app).splitlines()) > 20)


async def test_an_empty_folder_says_what_is_waited_for(tmp_path: Path) -> None:
    monitor = monitor_of(tmp_path)
    app = LossmonApp(monitor, waiting="no training log in here yet")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "no training log in here yet" in words(app, "#top"))
    monitor.close()


async def test_markup_and_escapes_in_a_log_are_text(tmp_path: Path) -> None:
    name = "[bold red]x[/]"
    rows = [{**row, "\x1b[31mevil[/]": 1.0} for row in training_rows(falling(60))]
    write_jsonl(tmp_path / "runs" / name / "log.jsonl", rows)
    monitor = monitor_of(tmp_path / "runs")
    app = LossmonApp(monitor)
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot, 1)
        assert name in words(app, "#top")
        await pilot.press("m", *"evil", "enter")
        await pilot.pause()
        assert "evil" in chart(app)
        assert "\x1b" not in chart(app)
    monitor.close()


async def test_quitting_leaves_no_thread(app: LossmonApp) -> None:
    before = set(threading.enumerate())
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("q")
    mine = set(threading.enumerate()) - before  # one in the middle of a look ends behind us
    wait_until(lambda: not [one for one in mine if "lossmon" in one.name and one.is_alive()])


async def test_a_watcher_that_breaks_is_said_and_the_screen_stays(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        app._tell_failure("OSError: disk on fire")
        await until(pilot, lambda: any("disk on fire" in n.message for n in app._notifications))
        assert "REBOUND" in diagnosis(app)


@pytest.mark.parametrize("size", [(40, 12), (120, 35)])
async def test_what_a_key_did_is_one_line_over_the_keys(app: LossmonApp, size: tuple[int, int]):
    """It covers nothing else, and a newer one takes the place of an older."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await loaded(pilot)
        for words in ("notices off", "smoothing"):
            app.notify(words, timeout=60)

        def shown() -> list[Toast]:
            return [toast for toast in app.screen.query(Toast) if toast.size]

        await until(pilot, lambda: [str(toast.render()) for toast in shown()] == ["smoothing"])
        assert shown()[0].region == (0, size[1] - 1, size[0], 1)


async def test_a_notice_is_never_markup(app: LossmonApp):
    """It may hold words of a log."""
    async with app.run_test(size=WIDE) as pilot:
        app.notify("[red]\x1b[31mloss[/nothing]", markup=True)
        await pilot.pause()
        (notice,) = app._notifications
        assert (notice.message, notice.markup) == ("[red][31mloss[/nothing]", False)


async def test_a_finding_that_is_opened_while_rows_come(app: LossmonApp):
    """An update may reach its screen before the widgets are there, or when they are gone."""
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: bool(main_of(app).runs))
        main = main_of(app)
        updates = list(main.runs)
        main.action_evidence()
        main.apply(updates)
        await pilot.pause()
        await pilot.press("escape")
        main.apply(updates)
        await until(pilot, lambda: app.screen is main)


async def test_closing_twice_keeps_the_main_screen(app: LossmonApp):
    """Two quick clicks may both close what is open."""
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("question_mark")
        app.pop_screen()
        app.pop_screen()
        await pilot.pause()
        assert app.screen is main_of(app)


async def test_the_palette_opens_anew_while_it_is_still_leaving(app: LossmonApp) -> None:
    """Two of one id in an application raise: keys that were typed ahead ended the screen."""
    async with app.run_test(size=WIDE) as pilot:
        app.action_command_palette()
        await pilot.pause()
        app.pop_screen()
        app.action_command_palette()  # before what was left is gone
        await pilot.pause()
        assert isinstance(app.screen, Palette)


class Late(LossmonApp):
    """Its timer comes when its panels are gone and it is not."""

    CSS_PATH = Path(lossmon.tui.__file__).with_name("lossmon.tcss")

    def on_unmount(self) -> None:
        assert not list(self._main.query(ChartView))
        self._main.await_no_runs()


async def test_what_was_asked_for_before_the_end_shows_nothing_after_it(folder: Path) -> None:
    """A timer of the app came between its panels and itself at the end: a traceback on leaving."""
    monitor = monitor_of(folder)
    async with Late(monitor).run_test(size=WIDE) as pilot:
        await loaded(pilot)
    monitor.close()


async def test_a_title_says_the_whole_name_once_there_is_room(app: LossmonApp) -> None:
    """It was cut for a chart that was laid out wider a moment later, and stayed so."""
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        view = main_of(app).query_one(ChartView)
        view.styles.max_width = 36
        await until(pilot, lambda: view.size.width < 36)
        await still(pilot)
        assert "/" not in str(view.border_title)
        view.styles.max_width = None
        await until(pilot, lambda: view.size.width > 36)
        await still(pilot)
        assert "runs/" in str(view.border_title)
