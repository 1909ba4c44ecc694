"""The boxes on the top line: how each is, then why, as room allows."""

from __future__ import annotations

import time

import pytest

from lossmon.logs.source import Health
from lossmon.monitor import Monitor
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.lines import Line
from tests.tui.test_app import loaded, main_of

HOSTS = (
    Health("gpu1", "live"),
    Health("gpu2", "retrying", "connection refused: no sshd listens there", time.time() + 7),
    Health("gpu3", "needs_password", "no key of yours opens it"),
    Health("gpu\x1b[31m4", "live", "runs: no such file or folder there"),
)


async def top(app: LossmonApp, size: tuple[int, int], hosts: tuple[Health, ...]) -> str:
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        main_of(app).apply_hosts(hosts, Monitor([]))
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        return strips[app.query_one("#top", Line).region.y].text


async def test_every_box_is_named_with_the_reason(app: LossmonApp) -> None:
    line = await top(app, (200, 50), HOSTS)
    assert "gpu3 needs you: P: no key of yours opens it" in line
    assert "gpu2 retrying in" in line
    assert "connection refused" in line
    assert "gpu[31m4 live: runs: no such file" in line
    assert "gpu1 live" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("width", [80, 100, 120])
async def test_where_room_is_short_every_state_is_said_before_reasons(
    app: LossmonApp, width: int
) -> None:
    line = await top(app, (width, 24), HOSTS[:3])
    assert "gpu3 needs you: P" in line
    assert "gpu2 retrying in" in line


async def test_a_tiny_pane_says_what_is_worst(app: LossmonApp) -> None:
    line = await top(app, (40, 12), HOSTS)
    assert "gpu3 needs you: P" in line


async def test_many_boxes_that_are_well_are_counted(app: LossmonApp) -> None:
    line = await top(app, (120, 35), tuple(Health(f"gpu{i}", "live") for i in range(9)))
    assert "9 hosts live" in line


async def test_boxes_that_are_well_take_no_room_from_a_narrow_pane(app: LossmonApp) -> None:
    line = await top(app, (60, 20), HOSTS[:1])
    assert "rebound" in line
