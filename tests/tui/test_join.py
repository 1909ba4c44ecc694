"""The key that joins and parts logs, what it keeps, and what the log pane says of joins."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon import config
from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.log_pane import LogPane
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.test_app import loaded


def print_rows(path: Path, losses: list[float]) -> None:
    path.write_text("".join(f"step {i} loss {x:.4f}\n" for i, x in enumerate(losses, 1)))


async def shows(pilot, app: LossmonApp, count: int) -> list[str]:  # type: ignore[no-untyped-def]
    await loaded(pilot, count)
    return sorted(run.run for run in app._main.runs)


@pytest.mark.asyncio
async def test_marked_runs_are_joined_and_a_run_is_parted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("LOSSMON_CONFIG", raising=False)
    here = tmp_path / "runs"
    write_jsonl(here / "a" / "log.jsonl", training_rows(falling(60)))
    print_rows(here / "b.out", falling(60, start=9.0))
    monitor = open_monitor([str(here)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        assert len(await shows(pilot, app, 2)) == 2, "their values say that they are two"
        await pilot.press("space", "space", "J")
        assert len(await shows(pilot, app, 1)) == 1
        (run,) = app._main.runs
        assert [log.joined.split(",")[0] for log in run.logs] == ["joined by hand"] * 2
        await pilot.press("t")
        await pilot.pause()
        assert "joined by hand" in str(app.screen.query_one(LogPane).border_title)
        await pilot.press("escape", "J")
        assert len(await shows(pilot, app, 2)) == 2
    monitor.close()
    kept = config.load().joining
    assert (kept.together, kept.apart) == ((), ()), "what a key has said, it takes back"


@pytest.mark.asyncio
async def test_a_run_alone_says_what_is_missing(tmp_path: Path) -> None:
    print_rows(tmp_path / "b.out", falling(60))
    monitor = open_monitor([str(tmp_path)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(120, 35)) as pilot:
        await shows(pilot, app, 1)
        await pilot.press("J")
        await pilot.pause()
        assert [note.message[:14] for note in app._notifications] == ["it has one log"]
    monitor.close()
