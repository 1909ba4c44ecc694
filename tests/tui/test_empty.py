"""A folder without a training log says what was looked at; few runs leave their room to the chart."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.run_list import RunList
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import listed, loaded, main_of, still, until, words


async def test_an_empty_folder_says_what_was_passed_over_and_what_to_try(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see here\n" * 40)
    (tmp_path / "data.csv").write_text("name,age\n" + "a,1\n" * 40)
    monitor = open_monitor([str(tmp_path)], watch=False)
    app = LossmonApp(monitor)
    async with app.run_test(size=(80, 24)) as pilot:

        def told() -> str:
            return " ".join(str(main_of(app).query_one("#empty", Static).content).split())

        await until(pilot, lambda: "2 files were looked at" in told())
        assert main_of(app).has_class("-empty")
        said = told()
        assert f"no training log in {tmp_path}" in said.replace("- ", "-")
        assert "data.csv: no row of a training in it yet" in said
        assert "lossmon check -v" in said
        write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(falling(60)))
        await loaded(pilot, 1)
        await until(pilot, lambda: not main_of(app).has_class("-empty"))
    monitor.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_the_smallest_pane_has_what_to_try_in_full(tmp_path: Path, lang: str) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("nothing to see here\n" * 40)
    monitor = open_monitor([str(tmp_path)], watch=False)
    app = LossmonApp(monitor, lang=lang)
    async with app.run_test(size=(40, 12)) as pilot:
        told = main_of(app).query_one("#empty", Static)
        await until(pilot, lambda: "3" in str(told.content))
        await still(pilot)
        lines = str(told.content).splitlines()
        assert len(lines) <= told.content_size.height
        assert ("later show up here" if lang == "en" else "这里") in "".join(lines[-3:])
    monitor.close()


async def test_one_run_needs_no_list(tmp_path: Path, frozen: None) -> None:
    write_jsonl(tmp_path / "a" / "log.jsonl", training_rows(falling(60)))
    monitor = monitor_of(tmp_path)
    app = LossmonApp(monitor)
    async with app.run_test(size=(140, 40)) as pilot:
        await loaded(pilot, 1)
        assert not main_of(app).query_one(RunList).display
        write_jsonl(tmp_path / "b" / "log.jsonl", training_rows(falling(60)))
        await loaded(pilot, 2)
        await until(pilot, lambda: main_of(app).query_one(RunList).display)
    monitor.close()


async def test_the_usual_terminal_shows_verdicts_and_counts(app: LossmonApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        assert "!2 ✓1" in words(app, "#top")
        await pilot.press("escape")
        await still(pilot)
        lines = listed(app)
        assert "VERDICT" in lines[0]
        assert any("REBOUND since step" in line for line in lines)
        await pilot.press("enter", "i")
        await pilot.press("escape")
        await still(pilot)
        assert any("Rebound (seen)" in line for line in listed(app))
