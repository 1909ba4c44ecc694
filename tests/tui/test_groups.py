"""Groups on the screen: folded by a key, unfolded by another, and what they say together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.group_keys import GroupScreen
from lossmon.tui.screens.settings import SettingsScreen
from lossmon.tui.triage import listed_name
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.run_list import RunList
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.test_app import loaded, until


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Fifteen runs: of three rates five seeds each; the highest rate diverges."""
    for lr in (0.001, 0.01, 0.1):
        for seed in range(5):
            losses = falling(120, start=2 + seed / 100 + lr)
            if lr == 0.1:
                losses[60:] = [loss * 1.2**i for i, loss in enumerate(losses[60:])]
            folder = tmp_path / f"lr{lr}" / f"seed{seed}"
            write_jsonl(folder / "log.jsonl", training_rows(losses))
            told = {"lr": lr, "seed": seed, "bs": 8, "opt": "sgd"}
            (folder / "config.json").write_text(json.dumps(told))
    return tmp_path


async def all_there(pilot: Pilot[None], app: LossmonApp, count: int) -> None:
    await loaded(pilot, count)
    await until(pilot, lambda: all(run.hparams.values for run in app._main.runs))


def listed(app: LossmonApp) -> list[str]:
    main = app._main
    return [listed_name(line, main.scene) for line in main.query_one(RunList)._runs]


@pytest.mark.asyncio
async def test_seeds_fold_into_a_line_and_unfold(sweep: Path) -> None:
    monitor = open_monitor([str(sweep)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        await all_there(pilot, app, 15)
        assert len(listed(app)) == 15
        await pilot.press("G")
        await pilot.pause()
        assert isinstance(app.screen, GroupScreen)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert listed(app) == ["▸ lr=0.1 ×5", "▸ lr=0.001 ×5", "▸ lr=0.01 ×5"]
        labels = [curve.label for curve in app._main.query_one(ChartView).curves]
        assert labels == ["train median", "", ""]
        await pilot.press("F")
        await pilot.pause()
        assert listed(app)[:2] == ["▾ lr=0.1 ×5", "  lr0.1/seed0"]
        assert len(listed(app)) == 8
        await pilot.press("j", "F")  # from one of its runs
        await pilot.pause()
        assert len(listed(app)) == 3
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(app.screen, SettingsScreen), "what its seeds differ in"
        assert "seed4" in str(app.screen.query_one("#settings-table").render())
        await pilot.press("escape", "i", "space", "a")
        await pilot.pause()
        assert len(app._main.runs.marked) == 5, "a mark on the group marks its runs"
    monitor.close()


@pytest.mark.asyncio
async def test_the_list_says_which_setting_goes_with_the_ending(sweep: Path) -> None:
    monitor = open_monitor([str(sweep)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        await all_there(pilot, app, 15)
        await pilot.press("escape")
        runs = app._main.query_one(RunList)

        def said() -> bool:
            app._main.show_all()
            return bool(str(runs.border_subtitle or ""))

        await until(pilot, said)
        assert str(runs.border_subtitle).startswith("5 of 5 runs with lr >= 0.1 ")
        assert str(runs.border_subtitle).endswith(")")
    monitor.close()


@pytest.mark.asyncio
async def test_a_run_alone_has_no_groups(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a" / "log.jsonl", training_rows(falling(40)))
    monitor = open_monitor([str(tmp_path)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot, 1)
        await pilot.press("G", "F")
        await pilot.pause()
        assert not isinstance(app.screen, GroupScreen)
    monitor.close()
