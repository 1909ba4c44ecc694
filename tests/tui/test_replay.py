"""A replay on the screen: the keys, the line on top, and the way to it from a live run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.monitor.replay import open_replay
from lossmon.tui.app import LossmonApp
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import diagnosis, loaded, main_of, until, words


@pytest.fixture
def replayed(folder: Path) -> Iterator[LossmonApp]:
    os.environ.pop("NO_COLOR", None)
    monitor = open_replay([str(folder / "rebound")], speed=1.0, from_step=2000)
    monitor.player.pause(False)
    yield LossmonApp(monitor)
    monitor.close()


async def test_the_panel_says_what_it_would_have_said_then(replayed: LossmonApp) -> None:
    async with replayed.run_test(size=(140, 40)) as pilot:
        await loaded(pilot, 1)
        await until(pilot, lambda: "step 2,000" in words(replayed, "#status"))
        assert "REBOUND" not in diagnosis(replayed).upper()
        assert "replay paused" in words(replayed, "#top")
        for _ in range(12):
            await pilot.press("greater_than_sign")
            await pilot.pause(0.05)
        await until(pilot, lambda: "REBOUND" in diagnosis(replayed).upper())


async def test_steps_pause_and_pace(replayed: LossmonApp) -> None:
    async with replayed.run_test(size=(140, 40)) as pilot:
        await loaded(pilot, 1)
        await pilot.press("full_stop")
        await until(pilot, lambda: "step 2,010" in words(replayed, "#status"))
        await pilot.press("comma")
        await until(pilot, lambda: "step 2,000" in words(replayed, "#status"))
        await pilot.press("right_curly_bracket", "R")
        await until(pilot, lambda: "▶ replay 2x" in words(replayed, "#top"))
        await pilot.press("R")
        await until(pilot, lambda: "replay paused" in words(replayed, "#top"))


async def test_r_on_a_live_run_leaves_the_screen_for_its_replay(folder: Path) -> None:
    monitor = monitor_of(folder)
    app = LossmonApp(monitor)
    async with app.run_test(size=(140, 40)) as pilot:
        await loaded(pilot)
        run = main_of(app).runs.chosen_run
        assert run is not None
        await pilot.press("full_stop")  # a key of replays alone
        await pilot.press("R")
        await pilot.pause()
    assert app.to_replay == tuple(log.path for log in run.logs)
    monitor.close()
