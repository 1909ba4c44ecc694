"""The grid of small charts: arrangement, choice by keys and mouse, and only what is seen is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import App, ComposeResult

from lossmon.chart.picture import Curve, draw
from lossmon.history.columns import SeriesView
from lossmon.tui.app import LossmonApp
from lossmon.tui.themes import OURS
from lossmon.tui.widgets import small_charts
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.small_charts import Look, SmallChart, SmallCharts
from tests.tui.test_app import WIDE, chart, loaded, main_of


def small(name: str, revision: int = 0) -> SmallChart:
    steps = np.arange(1, 51)
    view = SeriesView(name, "other", steps, 2.0 + revision + np.cos(steps / 9), None, None)
    badge = (("! ", "warning"),)
    return SmallChart(name, name, badge, (Curve(name, "train", view),), revision, note="1.25")


class Wall(App[None]):
    """A screen full of small charts."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[str, str]] = []
        theme, *_ = OURS.values()  # our widgets are coloured by our themes
        self.register_theme(theme)
        self.theme = theme.name

    def compose(self) -> ComposeResult:
        yield SmallCharts()

    @property
    def charts(self) -> SmallCharts:
        return self.query_one(SmallCharts)

    def on_small_charts_chosen(self, message: SmallCharts.Chosen) -> None:
        self.messages.append(("chosen", message.key))

    def on_small_charts_opened(self, message: SmallCharts.Opened) -> None:
        self.messages.append(("opened", message.key))


def seen(charts: SmallCharts) -> str:
    return "\n".join(charts.render_line(y).text for y in range(charts.size.height))


@pytest.mark.parametrize(("width", "columns"), [(36, 1), (80, 2), (120, 3), (200, 5)])
async def test_there_are_as_many_columns_as_the_width_allows(width: int, columns: int) -> None:
    app = Wall()
    async with app.run_test(size=(width, 40)):
        app.charts.show([small(f"run-{i}") for i in range(20)], Look())
        assert app.charts.columns == columns
        first = app.charts.render_line(0).text
        assert [f"run-{i}" in first for i in range(6)] == [i < columns for i in range(6)]
        assert first.count("! run-") == first.count("1.25") == columns


async def test_few_charts_fill_the_height() -> None:
    app = Wall()
    async with app.run_test(size=(80, 30)):
        app.charts.show([small("a"), small("b"), small("c")], Look())
        assert "a" in app.charts.render_line(0).text
        assert "c" in app.charts.render_line(15).text


async def test_three_hundred_charts_cost_those_in_sight() -> None:
    app = Wall()
    async with app.run_test(size=(120, 40)) as pilot:
        app.charts.focus()
        app.charts.show([small(f"run-{i}") for i in range(300)], Look())
        await pilot.pause()
        assert len(app.charts._drawn) <= 18
        await pilot.press("end")
        await pilot.pause()
        assert "run-299" in seen(app.charts)
        assert len(app.charts._drawn) < 120


async def test_keys_choose_and_open() -> None:
    app = Wall()
    async with app.run_test(size=(120, 40)) as pilot:
        app.charts.focus()
        app.charts.show([small(f"run-{i}") for i in range(8)], Look())
        await pilot.press("right", "j", "h", "enter")
        assert app.messages == [
            ("chosen", "run-1"), ("chosen", "run-4"), ("chosen", "run-3"), ("opened", "run-3"),
        ]  # fmt: skip


async def test_a_click_chooses_and_two_open() -> None:
    app = Wall()
    async with app.run_test(size=(120, 40)) as pilot:
        app.charts.show([small(f"run-{i}") for i in range(8)], Look())
        await pilot.click(SmallCharts, offset=(50, 3))
        assert app.messages == [("chosen", "run-1")]
        await pilot.click(SmallCharts, offset=(50, 3), times=2)
        assert app.messages[-1] == ("opened", "run-1")


async def test_the_chosen_chart_stays_chosen_when_others_come_before_it() -> None:
    app = Wall()
    async with app.run_test(size=(120, 40)):
        app.charts.show([small("b"), small("c")], Look(), chosen="c")
        app.charts.show([small("a"), small("b"), small("c", revision=1)], Look())
        assert app.charts.chosen == "c"


async def test_only_a_chart_that_changed_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app, drawn = Wall(), []
    monkeypatch.setattr(
        small_charts, "draw", lambda spec: drawn.append(spec.curves[0].label) or draw(spec)
    )
    async with app.run_test(size=(120, 40)) as pilot:
        charts = [small(f"run-{i}") for i in range(6)]
        app.charts.show(charts, Look())
        await pilot.pause()
        assert len(drawn) == 6
        app.charts.show([*charts[:5], small("run-5", revision=1)], Look())
        await pilot.pause()
        assert drawn[6:] == ["run-5"]


async def test_a_grid_of_all_metrics_opens_one_of_them(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j", "g")
        grid = main_of(app).query_one("#metrics", SmallCharts)
        text = seen(grid)
        assert all(name in text for name in ("loss", "lr", "grad_norm"))
        assert main_of(app).query_one(ChartView).region.area == 0
        await pilot.press("right", "enter")
        await pilot.pause()
        assert main_of(app).query_one(ChartView).region.area > 0
        assert "lr" in chart(app)
        await pilot.press("g", "escape")
        assert not main_of(app).has_class("-grid")
