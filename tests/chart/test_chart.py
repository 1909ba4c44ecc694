"""Pictures: exact size whatever the values, no spike lost, nothing that plotext crashes on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.chart.label_layout import BLANK, LabelGrid, _write_near
from lossmon.chart.picture import ChartSpec, Curve, Mark, Picture, draw
from lossmon.chart.reduce import reduce
from lossmon.chart.scale import labels, ticks
from lossmon.chart.smoothing import smooth
from lossmon.chart.spark import sparkline
from lossmon.history.columns import SeriesView
from lossmon.text import cell_width, clip, clip_middle, pad, printable


def view(values, *, every: int = 1, epoch=None, time=None) -> SeriesView:
    array = np.array(values, dtype=float)
    steps = every * np.arange(1, len(array) + 1)
    return SeriesView("loss", "train_loss", steps, array, epoch, time)


def picture(values, width: int = 60, height: int = 14, **look) -> Picture:
    marks = look.pop("marks", ())
    return draw(ChartSpec((Curve("train", "train", view(values)),), width, height, marks, **look))


def text(drawn: Picture) -> str:
    return "\n".join("".join(span.text for span in row) for row in drawn.rows)


NASTY = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -1.0, 1e-300, 1e300, math.nan, math.inf]),
)


@given(
    values=st.lists(NASTY, max_size=60),
    evals=st.lists(NASTY, max_size=8),
    width=st.integers(0, 130),
    height=st.integers(0, 40),
    log_y=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.6, 0.97]),
    ascii=st.booleans(),
)
@settings(max_examples=120)
def test_any_values_and_any_size_give_a_picture_of_exactly_that_size(
    values, evals, width, height, log_y, smoothing, ascii
) -> None:
    curves = (
        Curve("train", "train", view(values)),
        Curve("eval", "eval", view(evals), points=True),
    )
    spec = ChartSpec(
        curves, width, height, (Mark(3, "mark_info", "x"),), "step", log_y, smoothing, ascii
    )
    rows = draw(spec).rows
    assert len(rows) == height
    assert all(sum(cell_width(span.text) for span in row) == width for row in rows)


# plotext 5.3.2 fails on each of these: infinity anywhere; a log axis with a value at or below 0,
# with gaps, or without points.
@pytest.mark.parametrize(
    ("values", "log_y"),
    [
        ([1, math.inf, 2], False),
        ([1, -math.inf, 2], False),
        ([1, 0, 2], True),
        ([-1, -2], True),
        ([1, math.nan, 2], True),
        ([math.nan] * 3, True),
        ([], True),
        ([5.0], False),
        ([3.0] * 10, True),
    ],
)
def test_what_crashes_plotext_is_masked(values: list[float], log_y: bool) -> None:
    assert len(picture(values, log_y=log_y).rows) == 14


def test_a_falling_curve_falls() -> None:
    rows = text(picture(np.linspace(2, 0, 200), ascii=True)).splitlines()
    first = [row.index("*") for row in rows if "*" in row]
    assert first == sorted(first)
    assert "*" in rows[0]


def test_values_that_are_not_finite_are_marked_at_their_step() -> None:
    values = np.linspace(2, 1, 100)
    values[50] = np.nan
    top = text(picture(values)).splitlines()[0]
    assert 25 < top.index("✗") < 40


def test_one_spike_does_not_flatten_the_curve_and_is_counted() -> None:
    values = np.linspace(2, 1, 400)
    values[200] = 4000
    drawn = picture(values)
    assert drawn.clipped == 1
    assert "▲1" in text(drawn)
    assert sum("⠤" in row or "⠒" in row or "⣀" in row for row in text(drawn).splitlines()) > 3


def test_a_steady_noise_stays_in_sight() -> None:
    drawn = picture(1 + 0.1 * np.sin(np.arange(50_000.0)))
    assert drawn.clipped == 0


def test_the_names_of_two_curves_never_run_together() -> None:
    labels = LabelGrid([[BLANK] * 20 for _ in range(4)], (0.0, 1.0), (0.0, 1.0), False)
    labels.write(1, 10, "train", "train")
    assert _write_near(labels, 2, 9, "eval", "eval")
    rows = ["".join(char for char, _ in row) for row in labels.grid]
    assert any("eval" in row for row in rows)
    assert not any("evaltrain" in row for row in rows)


def test_a_mark_stands_at_its_step_with_its_label() -> None:
    drawn = text(picture(np.linspace(2, 1, 100), marks=(Mark(50, "mark_warning", "overfitting"),)))
    assert "▾overfitting" in drawn


def test_curves_are_named_beside_their_stroke() -> None:
    assert "train" in text(picture(np.linspace(2, 1, 100)))


def test_the_x_axis_falls_back_to_steps() -> None:
    assert picture([2, 1, 0.5], x_axis="time").x_axis == "step"
    epoch = np.linspace(0, 3, 30)
    curve = Curve("train", "train", view(np.linspace(2, 1, 30), epoch=epoch))
    drawn = draw(ChartSpec((curve,), 60, 12, x_axis="epoch"))
    assert drawn.x_axis == "epoch"
    assert drawn.axes == ("step", "epoch")


def test_ascii_is_ascii() -> None:
    marks = (Mark(20, "mark_info", "spike"),)
    assert text(picture(np.linspace(2, 1, 50), marks=marks, ascii=True)).isascii()


@given(st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=400), st.integers(4, 20))
def test_reducing_keeps_the_extremes_and_both_ends(values: list[float], columns: int) -> None:
    y = np.array(values)
    x = np.arange(len(y), dtype=float)
    rx, ry = reduce(x, y, (0, float(len(y) - 1)), columns)
    assert len(rx) <= 2 * columns + 2
    assert (ry.min(), ry.max()) == (y.min(), y.max())
    assert (rx[0], rx[-1]) == (x[0], x[-1])
    assert np.all(np.diff(rx) > 0)


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.97, 0.995])
def test_smoothing_is_tensorboards_average_and_causal(weight: float) -> None:
    values = np.random.default_rng(0).normal(0, 1, 3000)
    values[[5, 100]] = np.nan
    average, seen, expected = 0.0, 0, []
    for value in values:
        if np.isfinite(value):
            seen += 1
            average = weight * average + (1 - weight) * value
            expected.append(average / (1 - weight**seen))
        else:
            expected.append(value)
    np.testing.assert_allclose(smooth(values, weight), expected, atol=1e-9)
    np.testing.assert_allclose(smooth(values[:500], weight), smooth(values, weight)[:500])


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 12))
def test_ticks_are_few_and_told_apart(low: float, span: float, most: int) -> None:
    places = ticks(low, low + span, most)
    assert len(places) <= most
    if span > 1e-6 * abs(low):
        assert len(set(labels(places))) == len(places)


def test_sparklines() -> None:
    assert sparkline(view([3, 2, 1]), 3) == "█▄▁"
    assert sparkline(view([1, math.nan]), 2) == "▄✗"
    assert sparkline(view([]), 5) == ""
    assert sparkline(view(range(100)), 8, ascii=True).isascii()


@given(st.text())
def test_what_is_printable_carries_no_control_characters(raw: str) -> None:
    clean = printable(raw)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in clean)
    assert "\u202e" not in clean


@given(st.text(), st.integers(0, 40))
def test_clipped_text_fits(raw: str, width: int) -> None:
    clipped = clip(printable(raw), width)
    assert cell_width(clipped) <= width
    assert cell_width(pad(clipped, width)) == width


@given(st.text(max_size=40), st.integers(0, 50))
def test_a_name_that_is_clipped_keeps_both_ends_and_fits(raw: str, width: int) -> None:
    name = printable(raw)
    short = clip_middle(name, width)
    assert cell_width(short) <= width
    if short != name and width > 5 and name.isascii():
        assert short[0] == name[0]
        assert short[-1] == name[-1]


def test_of_a_clipped_name_the_end_tells_most() -> None:
    assert clip_middle("dpo-sweep 4243_1", 10) == "dp… 4243_1"
    assert clip_middle("sft/lr1e-4/seed12", 9, ascii=True) == "sf~seed12"


@pytest.mark.parametrize(("width", "height"), [(40, 10), (66, 32), (190, 48), (300, 90)])
def test_the_curve_stands_where_its_axes_say_whatever_the_terminal(width, height) -> None:
    """The terminal of a test has 80x24 cells: larger pictures must not be squeezed into it."""
    spec = ChartSpec((Curve("train", "train", view([1.0, 0.0])),), width, height)
    lines = text(draw(spec)).splitlines()
    plot = lines[: height - 2]
    at = {line.split("┤")[0].strip(): row for row, line in enumerate(plot) if "┤" in line}
    drawn = [row for row, line in enumerate(plot) if any("⠀" < c <= "⣿" for c in line)]
    assert abs(drawn[0] - at[max(at, key=float)]) <= 1
    assert abs(drawn[-1] - at[min(at, key=float)]) <= 1
    assert any(line[-1] == "●" for line in plot)


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("every", [1, -(10**15), 2**40])
@pytest.mark.parametrize("start", [2**60, -(10**15), 2**53])
def test_steps_that_numbers_cannot_tell_apart_give_a_picture(
    start: int, every: int, growing: bool
) -> None:
    steps = np.sort(start + every * np.arange(60))
    curve = Curve(
        "train",
        "train",
        SeriesView("loss", "train_loss", steps, 2 / np.arange(1.0, 61), None, None),
    )
    for x in (False, True):
        marks = (Mark(int(steps[30]), "mark_info", "here"),)
        drawn = draw(ChartSpec((curve,), 60, 14, marks, growing=growing, log_x=x))
        assert all(cell_width("".join(s.text for s in row)) == 60 for row in drawn.rows)
