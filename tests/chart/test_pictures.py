"""Whole pictures as they were approved: each way to look at curves of each kind (see `tests.approved`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.chart.cursor import with_cursor, with_selection, with_zone
from lossmon.chart.picture import ChartSpec, Curve, Mark, Picture, Window, draw
from lossmon.history.columns import SeriesView
from tests import approved

pytestmark = pytest.mark.snapshot

N = 120
BEGAN = 1.7e9


def curve(
    values: Any, label: str = "train", *, every: int = 1, first: int = 1, seconds: float = 0.0,
    epochs: float = 0.0, role: str = "train_loss", **look: Any,
) -> Curve:  # fmt: skip
    """A curve with these values, `every` steps apart."""
    value = np.array(values, dtype=float)
    step = first + every * np.arange(len(value))
    epoch = step / epochs if epochs else None
    at = BEGAN + seconds * step if seconds else None
    style = look.pop("style", label if label in ("train", "eval") else "other")
    return Curve(label, style, SeriesView(label, role, step, value, epoch, at), **look)


def noisy(n: int, seed: int = 0) -> np.ndarray:
    """Noise that is the same on each machine."""
    return np.array([((i * 7919 + seed * 104729) % 1009) / 1009 - 0.5 for i in range(n)])


FALL = np.round(2 / (1 + np.arange(N) / 15) + 0.1 * noisy(N), 6)
LONG = np.round(2 / (1 + np.arange(5000) / 400) + 0.2 * noisy(5000), 6)
EVAL = curve(np.round(0.3 + 2 / (1 + np.arange(12)), 6), "eval", every=10, points=True, sign="+")
GAPS = np.where(np.arange(N) % 40 < 5, math.nan, FALL)
WILD = FALL.copy()
WILD[[30, 31, 80]] = math.nan, math.inf, -math.inf
SPIKE = FALL.copy()
SPIKE[60] = 50.0
TIMED = curve(FALL, seconds=30.0, epochs=25.0)
TOKENS = SeriesView(
    "tokens", "other", np.arange(1, N + 1), np.arange(1.0, N + 1) * 4096, None, None
)
RATE = curve(np.linspace(1e-3, 0, N), "lr", style="strip", raw=False)
MARKS = (
    Mark(40, "mark_warning", "overfitting"), Mark(44, "mark_best", "best eval 0.5"),
    Mark(90, "mark_info", "resumed"), Mark(100, "mark_epoch"), Mark(500, "mark_info", "beyond"),
)  # fmt: skip

LOOKS: dict[str, tuple[tuple[Curve, ...], dict[str, Any]]] = {
    "a curve": ((curve(FALL),), {}),
    "smoothed": ((curve(FALL),), {"smoothing": 0.6}),
    "smoothed, long": ((curve(LONG),), {"smoothing": 0.97}),
    "long": ((curve(LONG),), {}),
    "train and eval": ((curve(FALL), EVAL), {"smoothing": 0.6}),
    "with marks": ((curve(FALL), EVAL), {"marks": MARKS}),
    "with marks in ASCII": ((curve(FALL), EVAL), {"marks": MARKS, "ascii": True}),
    "with a strip": ((curve(FALL),), {"strip": RATE, "height": 20}),
    "with a strip that stands": ((curve(FALL),), {"strip": curve(np.ones(N), "lr"), "height": 20}),
    "with a strip without values": (
        (curve(FALL),), {"strip": curve(np.full(N, math.nan), "lr"), "height": 20},
    ),
    "log y": ((curve(FALL),), {"log_y": True}),
    "log y of 0 and less": ((curve(FALL - 0.5),), {"log_y": True}),
    "log y by itself": ((curve(10.0 ** -np.linspace(0, 5, N)),), {"log_y": None}),
    "log y of two decades": ((curve(10.0 ** -np.linspace(0, 2, N)),), {"log_y": None}),
    "log x": ((curve(FALL),), {"log_x": True}),
    "log x that grows": ((curve(FALL),), {"log_x": True, "growing": True}),
    "growing": ((curve(FALL),), {"growing": True}),
    "a spike": ((curve(SPIKE),), {}),
    "a spike, whole": ((curve(SPIKE),), {"whole_y": True}),
    "a spike below": ((curve(2 * FALL - SPIKE),), {}),
    "not finite": ((curve(WILD),), {"smoothing": 0.6}),
    "gaps": ((curve(GAPS),), {}),
    "nothing finite": ((curve(np.full(9, math.nan)),), {}),
    "one point": ((curve([2.0]),), {}),
    "two points": ((curve([2.0, 1.0]),), {}),
    "one value": ((curve(np.full(N, 0.25)),), {}),
    "zeros": ((curve(np.zeros(N)),), {}),
    "huge": ((curve(np.linspace(1e200, 1e201, N)),), {}),
    "large steps": ((curve(FALL, every=10**6),), {}),
    "no curve": ((), {}),
    "an empty curve": ((curve([]),), {}),
    "by epoch": ((TIMED,), {"x_axis": "epoch"}),
    "by time": ((TIMED,), {"x_axis": "time"}),
    "by a clock": ((TIMED,), {"x_axis": "clock"}),
    "by tokens": ((TIMED,), {"x_axis": "tokens", "tokens": TOKENS}),
    "by what is not logged": ((curve(FALL),), {"x_axis": "epoch"}),
    "a window": ((curve(FALL), EVAL), {"window": Window(20, 50)}),
    "a window between points": ((curve(FALL, every=50),), {"window": Window(60, 90)}),
    "a window that follows": ((curve(FALL),), {"window": Window(20, 60, follows=True)}),
    "a window on a log axis": ((curve(FALL),), {"window": Window(0, 50), "log_x": True}),
    "three runs": (
        tuple(curve(FALL + i, f"run-{i}", style=f"run_{i}", pattern=i, sign="*+x"[i], raw=False)
              for i in range(3)), {},
    ),
    "three runs that end at one place": (
        tuple(curve(FALL, f"run-{i}", style=f"run_{i}", raw=False) for i in range(3)), {},
    ),
    "a band": (
        (curve(FALL, "median", raw=False),
         *(curve(FALL + by, "", style="other_raw", raw=False, edge=True, pattern=1) for by in (-0.2, 0.2))),
        {},
    ),
    "what was resumed": (
        (curve(FALL[:60] + 0.5, "", style="train_raw", faint=True), curve(FALL)), {},
    ),
    "a guide": ((curve([1.0, 1.0], "floor", every=N, style="guide", guide=True), curve(FALL)), {}),
    "Chinese names": ((curve(FALL, "训练损失"), EVAL), {"marks": (Mark(50, "mark_info", "中断"),)}),
    "narrow": ((curve(FALL), EVAL), {"width": 18, "height": 7}),
    "tiny": ((curve(FALL),), {"width": 9, "height": 3}),
    "no room": ((curve(FALL),), {"width": 3, "height": 1}),
    "tall": ((curve(FALL), EVAL), {"width": 30, "height": 32, "strip": RATE}),
}  # fmt: skip


def spec_of(name: str) -> ChartSpec:
    curves, look = LOOKS[name]
    return ChartSpec(curves, **{"width": 56, "height": 12, **look})


def shown(picture: Picture) -> str:
    """The rows of a picture, how many cells each style has, and what else is known of it."""
    rows = picture.rows
    lines = ["".join(span.text for span in row).rstrip() for row in rows]
    cells = Counter[str]()
    for row in rows:
        for span in row:
            cells[span.style] += len(span.text)
    styles = ", ".join(f"{style or 'none'} {count}" for style, count in sorted(cells.items()))
    about = f"{picture.x_axis} of {'/'.join(picture.axes)}, clipped {picture.clipped}, log {picture.log_y}"
    return "\n".join([*lines, styles, about])


@pytest.mark.usefixtures("greenwich")
@pytest.mark.parametrize("name", LOOKS)
def test_a_picture_is_as_approved(name: str) -> None:
    approved.hold("pictures", name, shown(draw(spec_of(name))))


OVER: dict[str, Callable[[Picture, Any], Any]] = {
    "a cursor": lambda one, plot: with_cursor(one.rows, plot, 60.0, [FALL[59], 9.0], ascii=False),
    "a cursor in ASCII": lambda one, plot: with_cursor(
        one.rows, plot, 60.0, [FALL[59]], ascii=True
    ),
    "a cursor at the first column": lambda one, plot: with_cursor(
        one.rows, plot, 1.0, [2.0], ascii=False
    ),
    "a cursor out of sight": lambda one, plot: with_cursor(
        one.rows, plot, 500.0, [1.0], ascii=False
    ),
    "a zone": lambda one, plot: with_zone(one.rows, plot, 40, 80, "zone"),
    "a zone that begins before": lambda one, plot: with_zone(one.rows, plot, -40, 30, "zone"),
    "a zone to beyond the end": lambda one, plot: with_zone(one.rows, plot, 100, 1e6, "zone"),
    "a zone before": lambda one, plot: with_zone(one.rows, plot, -9, 0.5, "zone"),
    "a zone behind": lambda one, plot: with_zone(one.rows, plot, 121, 130, "zone"),
    "a selection": lambda one, plot: with_selection(one.rows, plot, 30, 20),
    "a selection over the edges": lambda one, plot: with_selection(one.rows, plot, -5, 99),
}


@pytest.mark.parametrize("name", OVER)
def test_what_is_laid_over_a_picture_is_as_approved(name: str) -> None:
    for strip in (None, RATE):
        picture = draw(replace(spec_of("train and eval"), strip=strip, height=16))
        assert picture.plot is not None
        rows = OVER[name](picture, picture.plot)
        key = name if strip is None else f"{name}, beside a strip"
        approved.hold("overlays", key, shown(replace(picture, rows=tuple(rows))))
