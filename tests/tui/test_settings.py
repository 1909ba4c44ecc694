"""The page of settings and the table of differences, and the filter that knows settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.hparams import Hparams
from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.query import parse
from lossmon.tui.screens.settings import SettingsScreen
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import update_of
from tests.tui.test_app import loaded, until


def shown(app: LossmonApp) -> str:
    assert isinstance(app.screen, SettingsScreen)
    return str(app.screen.query_one("#settings-table").render())


@pytest.mark.asyncio
async def test_marked_runs_are_compared_by_what_differs(tmp_path: Path) -> None:
    for name, lr in (("a", 0.001), ("b", 0.01)):
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(falling(40, start=2 + lr * 100)))
        (tmp_path / name / "config.json").write_text(f'{{"lr": {lr}, "bs": 8}}')
    monitor = open_monitor([str(tmp_path)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot, 2)
        await until(pilot, lambda: all(one.hparams.values for one in app._main.runs))
        await pilot.press("D")
        await pilot.pause()
        assert "bs" in shown(app)
        await pilot.press("escape", "space", "space", "D")  # marking goes on to the next run
        await pilot.pause()
        table = shown(app)
        assert "lr" in table
        assert "0.001" in table
        assert "0.01" in table
        assert "bs" not in table
    monitor.close()


def test_the_filter_knows_settings(tmp_path: Path) -> None:
    update = replace(
        update_of(tmp_path / "log.jsonl"), hparams=Hparams({"optim.lr": 1e-4, "opt": "AdamW"})
    )

    def fits(text: str) -> bool:
        return parse(text).fits(update, lambda one: one.state)

    assert fits("config:lr=1e-4")
    assert fits("config:lr=0.0001,0.1")
    assert fits("config:opt=adamw")
    assert fits("config:lr")
    assert not fits("config:lr=1e-3")
    assert not fits("config:wd")
    assert fits("-config:wd")
