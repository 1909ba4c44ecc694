"""Where the cursor, a window and a band stand on what was read, as approved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.chart import cursor as cur
from lossmon.chart import window as win
from lossmon.chart.axis import XScale, axes_of
from lossmon.chart.of_run import curves_of, spec_of, strips_of, tokens_of
from lossmon.chart.picture import draw
from lossmon.chart.readout import readout, readout_height
from lossmon.chart.spark import sparkline
from lossmon.monitor.groups import folded
from tests import approved
from tests.chart.test_drawn import LOGS, read
from tests.tui.synthetic import read_rows

pytestmark = [pytest.mark.snapshot, pytest.mark.usefixtures("greenwich")]
SHARES = (-0.1, 0.0, 0.003, 0.25, 0.5, 0.51, 0.75, 0.997, 1.0, 1.1)
STEPS = (-1, 0, 1, 2, 57, 58, 119, 120, 155, 255, 299, 300, 400, 1200)


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def window(found: win.Window | None) -> str:
    return "whole" if found is None else f"{found.low:.5g}..{found.high:.5g}"


@pytest.mark.parametrize("log", LOGS)
def test_where_one_points_is_as_approved(log: str) -> None:
    update = read(log)
    curves, tokens, lines = curves_of(update), tokens_of(update), []
    views = [curve.view for curve in curves]
    for axis in axes_of(views, tokens):
        plot = draw(replace(spec_of(update, 70, 16), x_axis=axis)).plot
        assert plot is not None
        near = [cur.nearest(curves, plot.x.at(share), axis, tokens) for share in SHARES]
        lines += [f"{axis} nearest: {' '.join(map(str, near))}"]
        places = [number(cur.x_of(curves, step, axis, tokens)) for step in STEPS]
        lines += [f"{axis} places: {' '.join(places)}"]
        columns = [number(plot.x_at(column)) for column in (0, plot.left, 40, 69)]
        lines += [f"{axis} columns: {plot.left} {' '.join(columns)}"]
    lines += [f"at step: {' '.join(str(cur.at_step(curves, step)) for step in STEPS)}"]
    for by in (-3, -1, 1, 3):
        lines += [f"moved {by}: {' '.join(str(cur.moved(curves, s, by)) for s in STEPS)}"]
    for step in STEPS:
        for width, ascii in ((90, False), (40, True)):
            height = readout_height(update, width, 40)
            rows = readout(update, curves, step, width, height, ascii=ascii)
            lines += ["".join(span.text for span in row).rstrip() for row in rows]
    lines += [f"strips: {' '.join(strips_of(update, 0.6))}"]
    for name, view in update.series.items():
        lines += [f"{name}: {sparkline(view, 20)} {sparkline(view, 7, ascii=True)}"]
    approved.hold("pointed", log, "\n".join(lines))


@pytest.mark.parametrize("time", [0.0, -5.0, 1.0, 9.9e10, 1e11, 1e13])
def test_a_time_that_no_calendar_has_is_not_told(time: float) -> None:
    update = read("few")
    (curve,) = curves_of(update)
    view = replace(curve.view, time=np.full(len(curve.view), time))
    update = replace(update, series={view.name: view})
    (row,) = readout(update, (replace(curve, view=view),), 2, 90, 1, ascii=False)
    assert ("  at " in "".join(span.text for span in row)) == (0 < time < 1e11)


@pytest.mark.parametrize("log", [False, True])
def test_windows_are_as_approved(log: bool) -> None:
    whole = XScale(1.0, 1000.0, log)
    scales = [whole, XScale(1.0, 100.0, log), XScale(400.0, 500.0, log), XScale(900.0, 1000.0, log)]
    lines = []
    for scale in scales:
        for factor in (0.001, 0.5, 0.8, 1.0, 1.25, 2.0, 50.0):
            at = [win.zoomed(scale, whole, factor, x) for x in (None, 1.0, 450.0, 1000.0)]
            lines += [f"x{factor:g}: {'  '.join(map(window, at))}"]
        moved = [win.panned(scale, whole, share) for share in (-9.0, -0.25, 0.25, 0.5, 9.0)]
        lines += [f"panned: {'  '.join(map(window, moved))}"]
        shown = [win.around(scale, whole, x) for x in (1.0, 100.0, 450.0, 500.0, 1000.0)]
        lines += [f"around: {'  '.join(map(window, shown))}"]
    pairs = [(1, 1000), (5, 5), (20, 10), (999, 1000), (-50, 2000), (400, 400.5)]
    lines += [f"between: {'  '.join(window(win.between(a, b, whole)) for a, b in pairs)}"]
    for newest in (100.0, 500.0, 501.0, 600.0, 5000.0):
        scale = win.shown(win.Window(400.0, 500.0, True), newest, log)
        lines += [f"follows to {newest:g}: {scale.low:.5g}..{scale.high:.5g}"]
    approved.hold("pointed", f"windows{' log' * log}", "\n".join(lines))


@pytest.mark.parametrize("members", [2, 3, 5])
@pytest.mark.parametrize("ascii", [False, True])
def test_a_group_is_a_band_as_approved(members: int, ascii: bool) -> None:
    runs = [
        read_rows(f"seed{at}", [
            {"step": i, "loss": (3 + at / 3) / (1 + i / 20) + at / 10, "eval_loss": 1 + at - i / 99}
            for i in range(1, 60 + 9 * at)
        ])
        for at in range(members)
    ]  # fmt: skip
    group = folded("group seeds", runs)
    rows = draw(replace(spec_of(group, 70, 16), ascii=ascii)).rows
    lines = ["".join(f"{span.text}" for span in row).rstrip() for row in rows]
    lit = [
        "".join("#" if "lit" in span.style else "." for span in row for _ in span.text)
        for row in rows
    ]
    approved.hold("pointed", f"group of {members}{' ascii' * ascii}", "\n".join(lines + lit))
