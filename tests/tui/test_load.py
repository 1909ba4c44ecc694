"""Three hundred runs whose logs grow: what is shown is right, and follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.lines import Line
from lossmon.tui.widgets.run_list import RunList
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.fleet import Fleet, logs, prepare
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import loaded, main_of, until

RUNS = 300


def last_row(log: Path) -> dict[str, float]:
    row: dict[str, float] = json.loads(log.read_text().splitlines()[-1])
    return row


async def test_three_hundred_growing_logs_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: set[str] = set()
    folder = tmp_path / "runs"
    prepare(folder, RUNS, rows=12)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor)
    try:
        async with app.run_test(size=(160, 45)) as pilot:
            await until(pilot, lambda: len(main_of(app).runs.updates) == RUNS)
            await loaded(pilot, RUNS)
            await pilot.press("escape", "o")
            await pilot.pause()
            listed = main_of(app).query_one(RunList)
            draw = RunList._run
            monkeypatch.setattr(
                RunList,
                "_run",
                lambda self, run, *rest: drawn.add(run.run) or draw(self, run, *rest),
            )
            fleet = Fleet(folder, RUNS, rate=2.0)
            try:
                first = main_of(app).runs.updates["runs/000-probe"].step or 0
                await until(
                    pilot,
                    lambda: (main_of(app).runs.updates["runs/000-probe"].step or 0) >= first + 6,
                )
                assert 30 < len(drawn) <= 45, "only lines on the screen are drawn"
            finally:
                fleet.stop()
            newest = {f"runs/{log.parent.name}": last_row(log) for log in logs(folder, RUNS)}
            await until(
                pilot,
                lambda: all(
                    main_of(app).runs.updates[run].step == row["step"]
                    for run, row in newest.items()
                ),
            )

            def behind() -> list[str]:
                lines = [listed.render_line(y).text for y in range(1, listed.size.height)]
                assert len(lines) > 30
                return [
                    f"{run}: {line}"
                    for line, (run, row) in zip(lines, sorted(newest.items()), strict=False)
                    if run.removeprefix("runs/") not in line
                    or f"{row['loss']:.4g}" not in line
                    or f"{row['step']:,.0f}/1,000,000" not in line
                ]

            await until(pilot, lambda: not behind())
            await pilot.press("end")
            await pilot.pause()
            assert any("run-299" in listed.render_line(y).text for y in range(listed.size.height))
    finally:
        monitor.close()


def test_a_monitor_tells_how_many_logs_it_has_read(tmp_path: Path) -> None:
    for i in range(6):
        write_jsonl(tmp_path / f"run{i}" / "log.jsonl", training_rows(falling(20)))
    monitor = open_monitor([str(tmp_path)], watch=False)
    while not monitor.exhausted:
        read, known = monitor.progress()
        assert read <= known <= 6
        monitor.poll()
    assert monitor.progress() == (6, 6)
    monitor.close()


async def test_of_many_logs_the_list_stands_there_before_the_second_run(
    tmp_path: Path,
) -> None:
    """It went from a bare chart to three panels as runs came."""
    write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    app = LossmonApp(open_monitor([str(tmp_path)], watch=False))
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot, 1)
        main = main_of(app)
        assert main.has_class("-one")
        main.reading = (3, 23)
        main.show_all()
        await pilot.pause()
        assert main.query_one(RunList).display
        assert "read 3 of 23 logs" in str(main.query_one("#top", Line).visual)
        main.reading = (23, 23)
        main.show_all()
        await pilot.pause()
        assert not main.query_one(RunList).display
        assert "read" not in str(main.query_one("#top", Line).visual)
