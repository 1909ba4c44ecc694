"""What is drawn of logs that were read: every axis, a part of it, strips, and rows of every kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.monitor import RunUpdate
from lossmon.presentation.plot import lacks_axis, lacks_strip, render
from tests import approved
from tests.conftest import falling
from tests.tui.synthetic import read_rows

Rows = list[dict[str, object]]
START = 1_700_000_000.0


def plain() -> Rows:
    """Train and eval, an epoch each 100 steps, the clock, tokens, a rate that falls."""
    rows: Rows = []
    for i, loss in enumerate(falling(300), 1):
        row = {"step": i, "epoch": i / 100, "time": START + 7.0 * i, "loss": loss}
        rows.append({**row, "tokens": 4096 * i, "lr": 1e-3 * (1 - i / 301), "it/s": 5 + i % 3})
        if i % 25 == 0:
            rows.append({**row, "loss": None, "eval_loss": loss + 0.1 + i / 2000})
    return rows


def resumed() -> Rows:
    """Twice back: after 200 steps to 120, and at 260 to 255."""
    steps = [*range(1, 201), *range(120, 261), *range(255, 300)]
    return [{"step": at, "loss": 3 / (1 + at / 40), "tokens": at * 100} for at in steps]


def torn() -> Rows:
    """NaN in the middle, infinity at a step, a spike, and NaN at the end."""
    losses: list[float] = falling(120)
    losses[40:46] = [math.nan] * 6
    losses[70], losses[90], losses[-1] = math.inf, 80.0, math.nan
    return [{"step": 10 * i, "loss": loss} for i, loss in enumerate(losses)]


def steep() -> Rows:
    """Over many decades, and a metric below zero."""
    return [{"step": i, "loss": 10.0 ** (6 - i / 10), "reward": i - 60.0} for i in range(90)]


def counted_late() -> Rows:
    """Tokens are logged rarely, and begin behind the first rows."""
    rows: Rows = [{"step": i, "loss": 2 - i / 200} for i in range(1, 101)]
    return [{**row, **({"tokens": 1000 * i} if i % 20 == 0 else {})} for i, row in enumerate(rows)]


def few() -> Rows:
    """Three rows."""
    return [{"step": i, "loss": 1.0, "lr": 0.1} for i in (1, 2, 3)]


LOGS: dict[str, Callable[[], Rows]] = {
    one.__name__: one for one in (plain, resumed, torn, steep, counted_late, few)
}
LOOKS: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("plain", {"x_axis": "epoch", "start": 0.5, "end": 2.0}),
    ("plain", {"x_axis": "time", "strip": "lr"}),
    ("plain", {"x_axis": "time", "log_x": True}),
    ("plain", {"x_axis": "clock", "end": START + 1000}),
    ("plain", {"x_axis": "tokens", "strip": "gap", "start": 2e5}),
    ("plain", {"strip": "throughput", "smooth": 0.0}),
    ("plain", {"log_y": True, "smooth": 0.97, "whole_y": True}),
    ("plain", {"metrics": ("lr",), "log_x": True}),
    ("plain", {"metrics": ("lr", "loss", "it/s")}),
    ("resumed", {}),
    ("resumed", {"x_axis": "tokens", "smooth": 0.0}),
    ("resumed", {"start": 100, "end": 220, "log_y": True}),
    ("torn", {}),
    ("torn", {"whole_y": True, "smooth": 0.0}),
    ("torn", {"start": 380, "end": 480}),
    ("torn", {"log_y": True, "log_x": True}),
    ("steep", {}),
    ("steep", {"log_y": False}),
    ("steep", {"metrics": ("reward",), "log_y": True}),
    ("counted_late", {"x_axis": "tokens"}),
    ("few", {"x_axis": "epoch"}),
    ("few", {"strip": "lr"}),
]  # fmt: skip


@cache
def read(name: str) -> RunUpdate:
    return read_rows(name, LOGS[name]())


@pytest.mark.usefixtures("greenwich")
@pytest.mark.parametrize(("log", "look"), LOOKS, ids=[f"{log} {look}" for log, look in LOOKS])
@pytest.mark.parametrize("ascii", [False, True])
def test_the_picture_is_as_approved(log: str, look: dict[str, Any], ascii: bool) -> None:
    size = (56, 14) if ascii else (90, 22)
    drawn = render([read(log)], *size, color=False, ascii=ascii, knowledge=load("en"), **look)
    approved.hold("drawn", f"{log} {look} {'ascii' * ascii}".rstrip(), drawn)


@pytest.mark.parametrize("look", [{}, {"metrics": ("lr",)}, {"log_y": True}, {"titled": False}])
def test_several_runs_are_a_curve_each_as_approved(look: dict[str, Any]) -> None:
    runs = [read(name) for name in ("plain", "resumed", "torn")]
    drawn = render(runs, 90, 20, color=True, ascii=False, knowledge=load("en"), **look)
    approved.hold("drawn", f"three {look}", drawn.replace("\x1b", "^"))


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"start": 5, "end": 5}, "--from 5 is not before --to 5"),
        ({"start": 300}, "--from 300 is not before --to 300"),
        ({"metrics": ("los",)}, "plain: no metric 'los'; it has loss, eval_loss"),
    ],
)
def test_what_cannot_be_drawn_is_told(look: dict[str, Any], says: str) -> None:
    with pytest.raises(TargetError) as told:
        render([read("plain")], 60, 12, color=False, ascii=False, knowledge=load("en"), **look)
    assert str(told.value).startswith(says)


@pytest.mark.parametrize(
    ("log", "axis", "lacks"),
    [
        ("plain", "epoch", False), ("plain", "tokens", False), ("resumed", "epoch", True),
        ("resumed", "tokens", False), ("torn", "tokens", True), ("few", "time", True),
        ("few", "step", False),
    ],
)  # fmt: skip
def test_an_axis_that_no_row_tells_is_told(log: str, axis: str, lacks: bool) -> None:
    words = f"{log}: its rows have no {axis}; drawn by step"
    assert lacks_axis([read(log)], axis) == (words if lacks else "")
    assert lacks_axis([read(log), read("plain")], axis) == "", "another one has it"


@pytest.mark.parametrize(
    ("log", "strip", "says"),
    [
        ("plain", "gap", ""),
        ("plain", "off", ""),
        ("torn", "off", ""),
        ("torn", "lr", "torn: nothing for the strip lr; drawn without"),
        ("few", "gap", "few: nothing for the strip gap; drawn with lr"),
    ],
)
def test_a_strip_that_there_is_nothing_for_is_told(log: str, strip: str, says: str) -> None:
    assert lacks_strip([read(log)], strip) == says
    assert lacks_strip([read(log), read(log)], strip) == "", "of several runs none is drawn"
