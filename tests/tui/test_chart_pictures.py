"""Pictures of the chart in use: zoomed with a cursor, the grid of metrics, the picker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lossmon.tui.app import LossmonApp
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import still
from tests.tui.test_snapshots import on_the_run_that_overfits

pytestmark = pytest.mark.snapshot
ZOOMED = ("0", "plus", "h", "h", "c", "left", "left", "v")


def pressing(*keys: str) -> Any:
    """The run that overfits, and then these keys."""

    async def run_before(pilot: Pilot[Any]) -> None:
        await on_the_run_that_overfits(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await still(pilot)

    return run_before


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 35), (200, 50)])
def test_zoomed_with_a_cursor(app: LossmonApp, size: tuple[int, int], snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=size, run_before=pressing(*ZOOMED))


def test_zoomed_with_a_cursor_in_ascii(folder: Path, snap_compare: Any) -> None:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, ascii=True)
    assert snap_compare(app, terminal_size=(120, 35), run_before=pressing(*ZOOMED))
    monitor.close()


def test_the_grid_of_metrics(app: LossmonApp, snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=(200, 50), run_before=pressing("g", "right"))


def test_the_picker_of_metrics(app: LossmonApp, snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing("m", "l", "down"))
