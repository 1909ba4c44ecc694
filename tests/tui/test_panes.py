"""Panels beside the chart: as high as they need be, folded, resized, and all of them away."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.session import Session
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import SmallCharts
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import WIDE, loaded, main_of, until


def shown(app: LossmonApp, kind: type) -> bool:
    panel = main_of(app).query_one(kind)
    return bool(panel.display and panel.size)


async def test_the_list_of_few_runs_is_as_high_as_they_are(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        listed = main_of(app).query_one(RunList)
        await until(pilot, lambda: listed.outer_size.height == 3 + 2)
        await pilot.press("escape")  # all runs: the chosen one's curve takes what is free
        await until(pilot, lambda: listed.outer_size.height == 1 + 3 + 2)
        await until(pilot, lambda: main_of(app).query_one(ChartView).size.height > 20)
        assert not shown(app, DiagnosisPanel)


async def test_cards_of_few_runs_fill_the_wall(app: LossmonApp) -> None:
    async with app.run_test(size=(200, 50)) as pilot:
        await loaded(pilot)
        await pilot.press("w")
        wall = main_of(app).query_one("#wall", SmallCharts)
        await until(pilot, lambda: wall.size.height > 40)
        assert wall.virtual_size.height > wall.size.height - 2


async def test_f_is_the_chart_alone(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("F")
        chart = main_of(app).query_one(ChartView)
        await until(pilot, lambda: chart.outer_size == (WIDE[0], WIDE[1] - 1))
        assert not shown(app, RunList)
        await pilot.press("escape")
        await until(pilot, lambda: shown(app, DiagnosisPanel) and shown(app, RunList))


async def test_panels_fold_into_what_still_says_the_verdict(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("1", "2")
        await until(pilot, lambda: not shown(app, RunList) and not shown(app, DiagnosisPanel))
        await until(pilot, lambda: main_of(app).query_one("#verdict").size.height == 1)
        assert main_of(app).left([], "").panes == ("nolist", "nopanel")
        await pilot.press("1", "2")
        await until(pilot, lambda: shown(app, RunList) and shown(app, DiagnosisPanel))


@pytest.mark.parametrize(
    ("size", "side", "name"), [((140, 40), "width", "panel"), ((80, 24), "height", "rows")]
)
async def test_keys_resize_the_diagnosis(
    app: LossmonApp, size: tuple[int, int], side: str, name: str
) -> None:
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        panel = main_of(app).query_one(DiagnosisPanel)

        def length() -> int:
            return int(getattr(panel.outer_size, side))

        before = length()
        await pilot.press("right_parenthesis")
        await until(pilot, lambda: length() > before)
        await pilot.press(*["left_parenthesis"] * 12)  # it never goes away
        await until(pilot, lambda: 0 < length() < before)
        for _ in range(30):  # and never takes all of the chart's room
            await pilot.press("right_parenthesis")
            await pilot.pause()
        await until(pilot, lambda: length() > before)
        assert getattr(main_of(app).query_one(ChartView).outer_size, side) >= 8
        assert main_of(app).left([], "").sizes == (f"{name} {length()}",)


async def test_the_mouse_takes_the_border_between_list_and_chart(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        listed, chart = main_of(app).query_one(RunList), main_of(app).query_one(ChartView)
        before = listed.outer_size.width
        await pilot.mouse_down(chart, offset=(0, 5))
        await pilot.hover(chart, offset=(10, 5))
        await pilot.mouse_up(offset=(before + 10, 6))
        await until(pilot, lambda: listed.outer_size.width == before + 10)
        await pilot.press("escape")  # the list of all runs has the whole width again
        await until(pilot, lambda: listed.outer_size.width == WIDE[0])


async def test_sizes_and_folds_come_back(folder: Path) -> None:
    monitor = monitor_of(folder)
    left = Session(panes=("nolist",), sizes=("panel 60", "rows", "list 99999", "x 1"))
    app = LossmonApp(monitor, left=left)
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await until(pilot, lambda: main_of(app).query_one(DiagnosisPanel).outer_size.width == 60)
        assert not shown(app, RunList)
    monitor.close()
