"""The one tour of the screen that quick tests make: keys in their order, and all that stands there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lossmon.tui.app import LossmonApp
from tests import approved
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import loaded

pytestmark = pytest.mark.snapshot

# Where one looks -> the size, and the stops: keys that are pressed one after the other.
TOURS = {
    "the chart": ((110, 30), "j s+y+X x x+x plus+plus minus+0+f c left+left+shift+left bracketleft "
                  "v v+v escape m escape g down+enter"),
    "the panes": ((100, 28), "1+2 1+2+F left_parenthesis d down escape e down escape t up+up escape "
                  "D escape question_mark escape"),
    "the runs": ((120, 26), "escape o+enter w escape space+down+space a escape b slash+w+e+l+enter "
                 "slash+escape G escape i z u L N T"),
    "the words": ((44, 14), "j d escape e escape question_mark"),
}  # fmt: skip
AWAITED = {"t": "▸▎", "up+up": "▸▎"}  # what a thread brings: lines of a log that were read


def seen(app: LossmonApp) -> list[str]:
    """All that stands on the screen, a text a row."""
    strips = app.screen._compositor.render_strips()
    return ["".join(one.text for one in strip).rstrip() for strip in strips]


async def at_rest(pilot: Pilot[Any], wanted: str) -> list[str]:
    """What stands there once nothing changes any more and a text is there."""
    rows: list[str] = []
    same = 0
    for _ in range(400):
        await pilot.pause()
        await pilot.pause(0.02)
        before, rows = rows, seen(pilot.app)
        reads = wanted not in "\n".join(rows)
        same = 0 if reads or rows != before else same + 1
        if same == 3:
            return rows
    raise AssertionError("it never stood still")


async def tour(app: LossmonApp, size: tuple[int, int], stops: list[str]) -> str:
    """Each stop with the rows that have changed there, by their number."""
    told: list[str] = []
    rows: list[str] = []
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        for stop in ["", *stops]:
            if stop:
                await pilot.press(*stop.split("+"))
            before, rows = rows, await at_rest(pilot, AWAITED.get(stop, ""))
            changed = (at for at, row in enumerate(rows) if before[at : at + 1] != [row])
            told += [f"--- {stop}", *(f"{at:2} {rows[at]}" for at in changed)]
    return "\n".join(told)


@pytest.mark.parametrize("name", TOURS)
def test_the_screen_is_as_approved(name: str, folder: Path) -> None:
    os.environ.pop("NO_COLOR", None)
    size, stops = TOURS[name]
    monitor = monitor_of(folder)
    try:
        told = asyncio.run(tour(LossmonApp(monitor), size, stops.split()))
    finally:
        monitor.close()
    approved.hold("tour", name, told.replace(str(folder), "HERE"))
