"""What a chart does by itself: a log axis, a line at any length, the newest point, the zone."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.chart import cursor
from lossmon.chart.picture import ChartSpec, Curve, Mark, draw, lay_out
from lossmon.chart.spec import told_in
from lossmon.text import cell_width
from lossmon.words import known, words
from tests.chart.test_chart import text, view

FALLS = np.geomspace(3.0, 1e-4, 400)


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        (FALLS, True),
        (np.geomspace(3.0, 4e-3, 400), False),  # less than three decades
        (np.append(FALLS, 0.0), False),  # a log axis would hide that it is 0
        (np.append(np.linspace(3.0, 1.0, 400), 1e9), False),  # one spike is no level
        (np.full(5, np.nan), False),
    ],
)
def test_beyond_three_decades_the_axis_is_logarithmic_by_itself(values, logarithmic) -> None:
    spec = ChartSpec((Curve("loss", "train", view(values)),), 60, 14, log_y=None)
    picture = draw(spec)
    assert picture.log_y is logarithmic
    assert ("log└" in text(picture)) is logarithmic  # and it says so
    assert not draw(ChartSpec(spec.curves, 60, 14, log_y=False)).log_y


@pytest.mark.parametrize("count", [1_000, 10_000, 100_000])
def test_a_smoothed_curve_is_a_line_at_any_length(count: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, count)
    curve = Curve("loss", "train", view(np.linspace(3.0, 1.0, count) + noise))
    (line,) = lay_out(ChartSpec((curve,), 100, 30, smoothing=0.6)).lines
    x, y = line.drawn(92, smoothed=True)
    assert len(x) <= 92
    assert np.all(np.diff(x) > 0)
    assert np.abs(y - np.linspace(3.0, 1.0, len(y))).max() < 0.35
    assert x[-1] == curve.view.step[-1]
    assert line.newest() == (x[-1], y[-1])


def test_the_newest_point_of_each_curve_is_marked() -> None:
    curves = (
        Curve("a", "run_0", view([3.0, 2.0, 1.0])),
        Curve("b", "run_1", view([3.0, 2.5])),
        Curve("level", "guide", view([2.0, 2.0]), guide=True),
    )
    rows = draw(ChartSpec(curves, 60, 14)).rows
    dots = {span.style for row in rows for span in row if "●" in span.text}
    assert dots == {"run_0", "run_1"}


def test_a_zone_is_behind_the_curves_and_changes_no_sign() -> None:
    spec = ChartSpec((Curve("loss", "train", view(np.linspace(3, 1, 100))),), 60, 14)
    picture = draw(spec)
    assert picture.plot is not None
    rows = cursor.with_zone(picture.rows, picture.plot, 50, 99, "zone_warning")
    assert text(picture) == "\n".join("".join(span.text for span in row) for row in rows)
    first = picture.plot.column(50)
    for row in rows[: picture.plot.height]:
        cells = cursor.cells_of(row)
        shaded = [at for at, (_, style) in enumerate(cells) if style.endswith("|zone_warning")]
        assert shaded == list(range(first or 0, (picture.plot.column(99) or 0) + 1))
    assert cursor.with_zone(picture.rows, picture.plot, 500, 600, "zone_warning") == picture.rows


def test_axes_and_names_of_ours_are_told_in_chinese_and_a_log_s_are_not() -> None:
    loss = view(FALLS[:390])
    curves = (Curve(known("train"), "train", loss), Curve("train", "run_1", loss))
    spec = ChartSpec(curves, 60, 14, (Mark(200, "mark_info", known("resumed")),), log_y=None)
    told = text(draw(told_in(spec, words("zh"))))
    for word in ("训练", "train", "步", "对数", "续训"):
        assert word in told
    assert {cell_width(row) for row in told.splitlines()} == {60}


def test_a_logarithmic_axis_is_named_in_chinese_where_its_numbers_are_narrow() -> None:
    """The word of four cells had no room beside 0.1 and 100, and 40x12 has no title either."""
    loss = view(np.geomspace(1700, 0.02, 300))
    spec = ChartSpec((Curve("loss", "train", loss),), 40, 10, log_y=None)
    assert "对数└" in text(draw(told_in(spec, words("zh"))))
