"""The chart under keys and mouse: zoom, pan, cursor, follow, strips, metrics, axes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from textual.events import MouseScrollUp
from textual.pilot import Pilot
from textual.widgets import OptionList

from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.metrics import MetricsScreen
from lossmon.tui.widgets.chart_view import ChartView
from tests.conftest import write_jsonl
from tests.tui.synthetic import NOW, monitor_of
from tests.tui.test_app import chart, loaded, main_of, still, until, words

SIZE = (120, 35)
STEPS = 400


def rows(first: int = 1, last: int = STEPS) -> list[dict[str, object]]:
    """A loss with one spike, an eval loss that rises, a learning rate that drops by ten."""
    found: list[dict[str, object]] = []
    for step in range(first, last + 1):
        loss = 4000.0 if step == 150 else 2 * step**-0.4 + 0.01 * (step % 3)
        row: dict[str, object] = {"step": step, "epoch": step / 100, "time": NOW - 4000 + 10 * step}
        row |= {"loss": loss, "lr": 1e-3 if step < 300 else 1e-4, "tokens": 1000 * step}
        if step % 40 == 0:
            row["eval_loss"] = 0.5 + abs(step - 200) / 400
        found.append(row)
    return found


@pytest.fixture
def log(tmp_path: Path, frozen: None) -> Path:
    """The log of one run."""
    path = tmp_path / "runs" / "a" / "log.jsonl"
    write_jsonl(path, rows())
    return path


@pytest.fixture
def app(log: Path) -> Iterator[LossmonApp]:
    """The app on one run."""
    monitor = monitor_of(log.parent)
    yield LossmonApp(monitor)
    monitor.close()


async def test_stages_are_looked_at_one_after_another(tmp_path: Path, frozen: None) -> None:
    path = tmp_path / "a" / "log.jsonl"
    stages = [("pretrain", 300), ("[b]tune", 100)]
    write_jsonl(
        path,
        [
            {"stage": name, "step": step, "loss": 3 - step / 200}
            for name, steps in stages
            for step in range(1, steps + 1)
        ],
    )
    monitor = monitor_of(path.parent)
    app = LossmonApp(monitor)
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        whole = shown(app)
        await pilot.press("u")
        await until(pilot, lambda: shown(app) == (1, 300))
        await pilot.press("u")
        await until(pilot, lambda: shown(app) == (301, 400))
        await pilot.press("u")
        await until(pilot, lambda: shown(app) == whole)
    monitor.close()


def view(app: LossmonApp) -> ChartView:
    return main_of(app).query_one(ChartView)


def shown(app: LossmonApp) -> tuple[float, float]:
    plot = view(app).plot
    assert plot is not None
    return plot.x.low, plot.x.high


def screen(app: LossmonApp) -> str:
    chart = view(app)
    return "\n".join(chart.render_line(y).text for y in range(chart.size.height))


def readout(app: LossmonApp) -> str:
    return " ".join(screen(app).splitlines()[-3:])


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_the_cursor_reads_what_was_logged_exactly(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "c")
        assert main_of(app).cursor_step == STEPS
        await press(pilot, *["left"] * 3)
        assert main_of(app).cursor_step == 397
        said = readout(app)
        assert "step 397" in said
        assert "epoch 3.97" in said
        loss = next(row["loss"] for row in rows() if row["step"] == 397)
        assert f"train {loss:.6f}"[:13] in said
        assert "eval 0.9 @360" in said
        await press(pilot, "c")
        assert main_of(app).cursor_step is None
        assert "@360" not in screen(app)


async def test_the_cursor_finds_a_spike_of_one_point_among_thousands(tmp_path: Path) -> None:
    path = tmp_path / "long" / "log.jsonl"
    values = np.linspace(2, 1, 30_000)
    values[20_000] = 777.125
    path.parent.mkdir(parents=True)
    path.write_text(
        "".join(f'{{"step": {i}, "loss": {v}}}\n' for i, v in enumerate(values.tolist()))
    )
    monitor = monitor_of(path.parent)
    app = LossmonApp(monitor)
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await until(pilot, lambda: "29,999" in words(app, "#status"))
        assert "▲1" in chart(app)
        main_of(app).cursor_step = 19_999
        await press(pilot, "l")
        assert "step 20,000  train 777.125" in readout(app)
    monitor.close()


async def test_zoom_pan_whole_and_back(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        whole = shown(app)
        await press(pilot, "plus", "plus")
        low, high = shown(app)
        assert high - low == pytest.approx((whole[1] - whole[0]) / 4)
        assert high == pytest.approx(whole[1])  # the newest point stays in sight
        await press(pilot, "h")
        assert shown(app)[1] == pytest.approx(high - (high - low) / 4)
        await press(pilot, "l", "l", "l")
        assert shown(app)[1] == pytest.approx(whole[1])
        assert "zoomed" in str(view(app).border_title)
        await press(pilot, "0")
        assert shown(app) == whole
        await press(pilot, "plus", "minus")
        assert main_of(app).chart_options.window is None


async def test_zoom_is_at_the_cursor_and_the_cursor_pulls_the_window(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        main_of(app).cursor_step = 100
        await press(pilot, *["plus"] * 4)
        low, high = shown(app)
        assert low < 100 < high < 150
        await press(pilot, "right_square_bracket")
        step = main_of(app).cursor_step
        assert step is not None
        assert step > 100
        low, high = shown(app)
        assert low <= step <= high


async def test_the_view_stays_when_data_arrives_and_f_follows(log: Path, app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "plus", "plus")
        before = shown(app)
        with log.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(STEPS + 1, STEPS + 200))
        await until(pilot, lambda: "600" in words(app, "#status"))
        assert shown(app) == before
        await press(pilot, "f")
        low, high = shown(app)
        assert high - low == pytest.approx(before[1] - before[0])
        assert low < 600 <= high
        assert "following" in str(view(app).border_title)
        await press(pilot, "left")
        assert "zoomed" in str(view(app).border_title)


async def test_findings_are_walked_by_brackets(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "right_square_bracket")
        first = main_of(app).cursor_step
        assert first is not None
        update = main_of(app).runs.chosen_run
        assert update is not None
        onsets = {int(f.numbers.get("spike_step", f.since_step)) for f in update.diagnosis.findings}
        assert first in onsets
        await press(pilot, "left_square_bracket")
        assert main_of(app).cursor_step == first


async def test_the_wheel_zooms_at_the_pointer_and_a_click_sets_the_cursor(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        whole = shown(app)
        await pilot._post_mouse_events([MouseScrollUp], ChartView, (20, 5), button=0)
        await pilot.pause()
        low, high = shown(app)
        assert whole[0] < low < high < whole[1]
        await pilot.click(ChartView, offset=(20, 5))
        await pilot.pause()
        step = main_of(app).cursor_step
        plot = view(app).plot
        assert step is not None
        assert plot is not None
        assert abs((plot.column(step) or 0) - 19) <= 1  # a border of one cell


async def test_a_drag_over_the_whole_run_selects_a_range_and_then_pans(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        plot = view(app).plot
        assert plot is not None
        wanted = plot.x_at(14), plot.x_at(29)
        await pilot.mouse_down(ChartView, offset=(15, 5))
        await pilot.hover(ChartView, offset=(30, 6))
        await pilot.mouse_up(ChartView, offset=(30, 6))
        await pilot.pause()
        assert shown(app) == pytest.approx(wanted)
        before = shown(app)
        await pilot.mouse_down(ChartView, offset=(25, 5))
        await pilot.hover(ChartView, offset=(15, 5))
        await pilot.mouse_up(ChartView, offset=(15, 5))
        await pilot.pause()
        after = shown(app)
        assert after[0] > before[0]
        assert after[1] - after[0] == pytest.approx(before[1] - before[0])
        assert main_of(app).cursor_step is None


async def test_strips_go_round_and_off(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        seen = [chart(app)]
        for _ in range(4):
            await press(pilot, "v")
            seen.append(chart(app))
        for picture, name in zip(seen, ("eval - train", "lr 0.0001", "steps/s 0.1"), strict=False):
            assert name in picture
        assert not any(name in seen[3] for name in ("eval - train", "lr 0.0001", "steps/s"))
        assert "eval - train" in seen[4]


async def test_every_x_axis_of_the_log_comes_and_the_window_stays(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "plus", "plus")
        seen = []
        for _ in range(5):
            low, high = shown(app)
            seen.append((view(app).picture.x_axis, round(low, 2), round(high, 2)))
            await press(pilot, "x")
        assert [axis for axis, *_ in seen] == ["step", "epoch", "time", "clock", "tokens"]
        assert seen[1][1:] == pytest.approx((3.0, 4.0), abs=0.02)
        assert seen[2][1:] == pytest.approx((2990, 3990), abs=20)
        assert seen[4][1:] == pytest.approx((300_000, 400_000), abs=2000)
        await press(pilot, "0", "X")
        assert view(app).plot.x.log
        assert "log x" in str(view(app).border_title)


async def test_r_shows_the_spike_in_full(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        assert "▲1" in chart(app)
        await press(pilot, "r")
        assert "▲" not in chart(app)
        assert "4000" in chart(app)


async def test_a_row_of_the_picker_is_one_line_however_narrow(app: LossmonApp) -> None:
    """In 40 columns the value of a metric stood on a line of its own, below its name."""
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "m", "down", "down")
        assert isinstance(app.screen, MetricsScreen)
        chosen = app.screen.highlighted
        for width in (60, 50, 40):
            await pilot.resize_terminal(width, 20)
            await still(pilot)
            options = app.screen.query_one(OptionList)
            assert options.virtual_size.height == options.option_count == len(app.screen.names)
            assert app.screen.highlighted == chosen != ""


async def test_the_picker_filters_by_name_and_role_and_charts_several(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "m")
        assert isinstance(app.screen, MetricsScreen)
        assert set(app.screen.names) == {"", "loss", "eval_loss", "lr", "tokens"}
        await press(pilot, *"learn")
        assert app.screen.names == ["lr"]
        await press(pilot, "enter")
        assert main_of(app).chart_options.metrics == ("lr",)
        await press(pilot, "m", *"loss")
        await press(pilot, "down", "space", "space")
        assert app.screen.marked == ["loss", "eval_loss"]
        await press(pilot, "enter")
        assert main_of(app).chart_options.metrics == ("loss", "eval_loss")
        await press(pilot, "m", "escape")
        assert main_of(app).chart_options.metrics == ("loss", "eval_loss")
        await press(pilot, "m", "up", "space", "enter")
        assert main_of(app).chart_options.metrics == ()


async def test_escape_takes_the_cursor_away(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "c", "escape")
        assert main_of(app).cursor_step is None


async def test_the_run_that_is_looked_into_stays_when_a_worse_one_arrives(
    log: Path, tmp_path: Path
) -> None:
    monitor = monitor_of(log.parents[1])
    app = LossmonApp(monitor)
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        await press(pilot, "plus")
        broken = [{"step": i, "loss": 2.0 if i < 60 else float("nan")} for i in range(1, 200)]
        write_jsonl(log.parents[1] / "z" / "log.jsonl", broken)
        await until(pilot, lambda: len(main_of(app).runs.updates) == 2)
        now = main_of(app).runs.chosen
        assert now is not None
        assert now.endswith("a")
        assert main_of(app).chart_options.window is not None
    monitor.close()


async def test_nothing_but_the_cursor_is_drawn_when_it_moves(app: LossmonApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await loaded(pilot, 1)
        main_of(app).cursor_step = 200
        await pilot.pause()
        picture = view(app).picture
        await press(pilot, "left")
        assert view(app).picture is picture
