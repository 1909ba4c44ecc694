"""What has the screen: one thing at a time, and where closing it leads."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.modes import MODES, OVERVIEWS, Mode, under
from tests.tui.test_app import WIDE, loaded, main_of, until


@pytest.mark.parametrize(
    ("path", "back"),
    [
        (("chart", "panel"), "chart"),
        (("chart", "list", "panel"), "list"),
        (("chart", "wall", "grid", "log"), "wall"),
        (("chart", "list", "grid", "list"), "chart"),
        (("chart", "list", "wall"), "chart"),
        (("chart", "list", "alone", "chart", "panel"), "chart"),
    ],
)
def test_closing_leads_to_the_overview_that_one_came_from(
    path: tuple[Mode, ...], back: Mode
) -> None:
    below: Mode = "chart"
    for before, opened in pairwise(path):
        below = under(opened, before, below)
    assert below == back


@pytest.mark.parametrize("opened", MODES)
def test_closing_ends_at_the_chart(opened: Mode) -> None:
    """However one got there, two steps at most lead out: no circle."""
    for before in MODES:
        for below in ("chart", *OVERVIEWS):
            to = under(opened, before, below)
            assert to == "chart" or under(to, opened, to) == "chart"


async def test_a_finding_of_a_run_in_the_list_is_left_to_the_list(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        for keys, mode in (
            ("escape", "list"), ("d", "panel"), ("escape", "list"), ("g", "grid"),
            ("t", "log"), ("escape", "list"), ("w", "wall"), ("escape", "chart"),
        ):  # fmt: skip
            await pilot.press(keys)
            await until(pilot, lambda mode=mode: main_of(app).mode == mode)  # type: ignore[misc]
        assert [one for one in MODES if main_of(app).has_class(f"-{one}")] == ["chart"]
