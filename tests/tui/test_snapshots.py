"""Pictures of the screen at the four sizes and in ASCII."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lossmon.tui.app import LossmonApp
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import loaded, still

pytestmark = pytest.mark.snapshot


async def on_the_run_that_overfits(pilot: Pilot[Any]) -> None:
    await loaded(pilot)
    await pilot.press("j")
    await still(pilot)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 35), (200, 50)])
def test_the_screen(app: LossmonApp, size: tuple[int, int], snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=size, run_before=on_the_run_that_overfits)


def test_the_screen_in_ascii(folder: Path, snap_compare: Any) -> None:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, ascii=True)
    assert snap_compare(app, terminal_size=(120, 35), run_before=on_the_run_that_overfits)
    monitor.close()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 35), (200, 50)])
def test_the_screen_in_chinese(folder: Path, size: tuple[int, int], snap_compare: Any) -> None:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, lang="zh")
    assert snap_compare(app, terminal_size=size, run_before=on_the_run_that_overfits)
    monitor.close()


async def on_the_list_of_all_runs(pilot: Pilot[Any]) -> None:
    await on_the_run_that_overfits(pilot)
    await pilot.press("escape")
    await still(pilot)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_all_runs_above_the_curve_of_the_chosen_one(
    folder: Path, lang: str, snap_compare: Any
) -> None:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, lang=lang)
    assert snap_compare(app, terminal_size=(120, 35), run_before=on_the_list_of_all_runs)
    monitor.close()
