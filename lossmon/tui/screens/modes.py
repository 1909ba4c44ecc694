"""What has the screen: the chart beside its panels, or one thing in its place or below it."""

from __future__ import annotations

from typing import Literal, get_args

Mode = Literal["chart", "list", "wall", "grid", "panel", "solo", "alone", "log"]

MODES: tuple[Mode, ...] = get_args(Mode)
OVERVIEWS: frozenset[Mode] = frozenset({"list", "wall"})  # of all runs
COVERING: frozenset[Mode] = frozenset({"list", "wall", "grid", "panel", "alone"})  # no panel beside
FOCUSED: dict[Mode, str] = {
    "list": "RunList",
    "wall": "#wall",
    "grid": "#metrics",
    "panel": "Findings",
    "log": "LogLines",
}  # what takes the keys; else they are the screen's


def under(opened: Mode, before: Mode, below: Mode) -> Mode:
    """The mode to which closing leads.

    A look at one run (its metrics, its log) that was opened from an overview leads back to that:
    who goes through a list of runs with `d` goes on where they were.

    Args:
        opened: the mode that begins.
        before: the one that ends.
        below: to which closing that one would have led.
    """
    if opened in OVERVIEWS or opened in ("chart", below):
        return "chart"
    return before if before in OVERVIEWS else below
