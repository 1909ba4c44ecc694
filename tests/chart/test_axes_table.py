"""Where points stand: each axis, each condition of it alone; the cursor, marks, and what is read there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.chart import scale, window
from lossmon.chart.axis import XScale, axes_of, origin_of, places, runs_on, whole
from lossmon.chart.cursor import at_step, moved, nearest, time_at, values_at, x_of
from lossmon.chart.marks import _epochs, _rate_changes
from lossmon.chart.picture import Curve
from lossmon.chart.window import Window
from lossmon.history.columns import SeriesView

NAN = math.nan


def series(value: Any, step: Any = None, epoch: Any = None, time: Any = None) -> SeriesView:
    array = np.array(value, float)
    steps = np.arange(1, len(array) + 1) if step is None else np.array(step)
    columns = (None if one is None else np.array(one, float) for one in (epoch, time))
    return SeriesView("loss", "train_loss", steps, array, *columns)


def tokens(value: Any, step: Any = None) -> SeriesView:
    return replace(series(value, step), name="tokens", role="other")


LOSS = series([4, 3, 2, 1], [1, 2, 3, 4], [0, 0.5, 1, 1.5], [100, 110, 120, 130])


@pytest.mark.parametrize(
    ("axis", "count", "found"),
    [
        ("step", None, [1, 2, 3, 4]),
        ("epoch", None, [0, 0.5, 1, 1.5]),
        ("time", None, [0, 10, 20, 30]),
        ("clock", None, [100, 110, 120, 130]),
        ("tokens", None, None),
        ("tokens", tokens([10, 20, 30, 40]), [10, 20, 30, 40]),
        ("tokens", tokens([0, 90], [1, 4]), [0, 30, 60, 90]),
        ("tokens", tokens([10, 30], [2, 3]), [NAN, 10, 30, NAN]),  # known between its rows alone
        ("tokens", tokens([10, NAN, 30, 40]), [10, 20, 30, 40]),
        ("tokens", tokens([10, 20, 15, 40]), None),  # it does not count
        ("tokens", tokens([-1, 20, 30, 40]), None),
        ("tokens", tokens([7, 7, 7, 7]), None),
        ("tokens", tokens([7]), None),
        ("tokens", tokens([NAN, NAN]), None),
        ("tokens", tokens([0, 10, 20, 30], [1, 2, 2, 4]), [0, 20, 25, 30]),
    ],
)
def test_where_points_stand(axis: str, count: SeriesView | None, found: list[float] | None) -> None:
    origin = origin_of([LOSS])
    stand = places(LOSS, axis, origin, count)
    assert (stand is None) == (found is None)
    if stand is not None:
        np.testing.assert_array_equal(stand, np.array(found, float))
        part = places(LOSS, axis, origin, count, np.array([1, 2]))
        np.testing.assert_array_equal(part, stand[1:3])


@pytest.mark.parametrize(
    ("view", "axis", "count", "runs"),
    [
        (LOSS, "step", None, True),
        (LOSS, "epoch", None, True),
        (LOSS, "time", None, True),
        (LOSS, "clock", None, True),
        (series([4, 3]), "epoch", None, False),
        (series([4, 3]), "clock", None, False),
        (series([4, 3], epoch=[2, 1]), "epoch", None, False),
        (series([4, 3], time=[1, NAN]), "time", None, False),
    ],
)
def test_an_axis_runs_where_each_point_has_a_place_behind_the_last(
    view: SeriesView, axis: str, count: SeriesView | None, runs: bool
) -> None:
    assert runs_on(view, axis, count) == runs


@pytest.mark.parametrize(
    ("view", "count", "axes"),
    [
        (LOSS, None, ("step", "epoch", "time", "clock")),
        (LOSS, tokens([0, 9], [1, 4]), ("step", "epoch", "time", "clock", "tokens")),
        (LOSS, tokens([0, 9], [4, 5]), ("step", "epoch", "time", "clock")),  # one place of it
        (series([4, 3], epoch=[1, 1], time=[5, 5]), None, ("step",)),
        (series([4]), None, ("step",)),
        (series([4, 3], epoch=[1, 2]), None, ("step", "epoch")),
    ],
)
def test_the_axes_that_a_run_has(
    view: SeriesView, count: SeriesView | None, axes: tuple[str, ...]
) -> None:
    assert axes_of([view], count) == axes


def test_time_begins_with_the_first_row_of_all() -> None:
    assert origin_of([series([1], time=[7]), series([1], time=[5]), series([1])]) == 5
    assert origin_of([series([1]), series([1], time=[NAN])]) == 0


@pytest.mark.parametrize(
    ("ends", "look", "low", "high"),
    [
        ([1, 100], {}, 1, 100),
        ([1, 100], {"growing": True}, 1, 100),  # 99 is 33 grains of 2, and a half: 50 of 2
        ([0, 100], {"growing": True}, 0, 100),
        ([0, 101], {"growing": True}, 0, 102),
        ([5, 5], {}, 4.5, 5.5),
        ([5, 5], {"growing": True}, 4.5, 5.5),
        ([2**60, 2**60 + 1], {}, 2**60 - 2**60 * 1e-12, 2**60 + 2**60 * 1e-12),
        ([0, 100], {"log": True}, 100 * 0.5, 100 * 2.0),  # of 0 there is no place
        ([0, 10, 1000], {"log": True}, 10, 1000),
        ([5, 5], {"log": True}, 2.5, 10),
        ([-3, 0], {"log": True}, -3, 0),
        ([1, 1000], {"log": True, "growing": True}, 1, 1000),
        ([1, 900], {"log": True, "growing": True}, 1, 1000),
    ],
)
def test_an_axis_holds_all_and_grows_in_jumps(
    ends: list[float], look: dict[str, bool], low: float, high: float
) -> None:
    found = whole(ends, **{"log": False, "growing": False, **look})
    assert found.low == pytest.approx(low)
    assert high <= found.high <= high * 1.1 + 1e-9
    assert found.log == (look.get("log", False) and max(ends) > 0)


CURVES = (
    Curve("train", "train", series([4, 3, 2, 1], [10, 20, 30, 40])),
    Curve("eval", "eval", series([5, 4], [25, 40])),
    Curve("", "train_raw", series([9, 9], [12, 13]), faint=True),
    Curve("none", "other", series([])),
)


@pytest.mark.parametrize(
    ("step", "by", "then"),
    [(10, 1, 20), (10, 2, 25), (10, 9, 40), (40, -1, 30), (40, -9, 10), (5, 1, 10), (5, -1, 5),
     (99, 1, 99), (99, -1, 40), (21, 1, 25), (21, -1, 20), (20, 0, 20), (40, 1, 40)],
)  # fmt: skip
def test_the_cursor_goes_from_point_to_point_of_what_is_charted(
    step: int, by: int, then: int
) -> None:
    assert moved(CURVES, step, by) == then


@pytest.mark.parametrize(
    ("x", "step"), [(0, 10), (14, 10), (16, 20), (24, 25), (22, 20), (33, 30), (36, 40), (99, 40)]
)
def test_the_nearest_point_is_found(x: float, step: int) -> None:
    assert nearest(CURVES, x, "step", None) == step
    assert at_step(CURVES, round(x)) == step
    assert nearest(CURVES[3:], x, "step", None) is None


@pytest.mark.parametrize(("step", "x"), [(10, 10), (15, 15), (25, 25), (5, 10), (99, 40), (12, 12)])
def test_where_a_step_stands(step: int, x: float) -> None:
    assert x_of(CURVES, step, "step", None) == x
    assert x_of(CURVES[3:], step, "step", None) is None


def test_between_rows_a_step_stands_between_their_places() -> None:
    timed = Curve("a", "train", series([1, 2], [10, 20], time=[100, 200]))
    other = Curve("b", "eval", series([1, 2], [10, 15], time=[100, 180]))
    assert x_of((timed,), 15, "clock", None) == 150
    assert x_of((timed, other), 15, "clock", None) == 180, "where it was logged"
    assert x_of((timed, other), 14, "clock", None) == 140, "of the first curve"


@pytest.mark.parametrize(
    ("views", "step", "time"),
    [
        ([LOSS], 2, 110),
        ([LOSS], 5, None),
        ([LOSS], 0, None),
        ([series([1, 2])], 2, None),
        ([series([1, 2]), LOSS], 2, 110),
        ([series([1, 2], time=[NAN, NAN]), LOSS], 2, 110),
        ([series([1, 2], [1, 9], time=[7, 8]), LOSS], 2, 110),
        ([series([], [])], 1, None),
    ],
)
def test_the_time_of_a_step_is_that_of_any_metric_there(
    views: list[SeriesView], step: int, time: float | None
) -> None:
    assert time_at(views, step, "time") == time


def test_values_are_those_of_the_step_itself_the_later_of_two() -> None:
    told = {"a": series([1, 2, 3], [5, 5, 7]), "b": series([4], [6]), "c": series([], [])}
    assert values_at(told, 5) == {"a": 2}
    assert values_at(told, 6) == {"b": 4}
    assert values_at(told, 4) == {}


@pytest.mark.parametrize(
    ("rates", "marks"),
    [
        ([1, 1, 1, 1, 2, 2, 2, 2], [(5, "lr x2")]),
        ([2, 2, 2, 2, 1, 1, 1, 1], [(5, "lr /2")]),
        ([1, 1, 1, 1, 1.5, 1.5, 1.5], []),  # by half it is no jump
        ([1, 1, 1, 1, 1.51, 1.51, 1.51], [(5, "lr x1.5")]),
        ([1, 2], []),
        ([1, 1, 2], [(3, "lr x2")]),
        ([1, 1, 0, NAN, 2, 2], [(5, "lr x2")]),  # what is no rate is passed over
        ([1, 2, 4, 8, 16, 32, 64], []),  # it changes so all the time
        ([1, 1, 1, 1e5, 1e5, 1e5], [(4, "lr x1e5")]),
        ([1, 1, 1, 9e3, 9e3, 9e3], [(4, "lr x9e+03")]),
        ([*[1] * 9, *[2] * 9, *[1] * 9, *[2] * 9, *[1] * 9, *[2] * 9, *[1] * 9, *[2] * 9],
         [(10, "lr x2"), (19, "lr /2"), (28, "lr x2"), (37, "lr /2"), (46, "lr x2"), (55, "lr /2")]),
    ],
)  # fmt: skip
def test_a_jump_of_the_rate_is_marked(rates: list[float], marks: list[tuple[int, str]]) -> None:
    assert [(one.step, one.label) for one in _rate_changes(series(rates))] == marks


@pytest.mark.parametrize(
    ("epochs", "starts"),
    [
        ([0, 0.5, 1, 1.5, 2], [3, 5]),
        ([0.4, 0.8, 1.2], [3]),
        ([1, 1.5], []),
        ([0, 41], []),  # two more than can be told apart
        ([0, 40], [2] * 40),
        ([0, NAN, 1], [3]),
        ([1, 0.5, 2], []),
        ([NAN, NAN], []),
        ([2], []),
    ],
)
def test_an_epoch_is_marked_where_it_begins(epochs: list[float], starts: list[int]) -> None:
    found = _epochs(series([1] * len(epochs), epoch=epochs))
    assert [one.step for one in found] == starts
    assert _epochs(series([1, 2])) == _epochs(None) == ()


@pytest.mark.parametrize(
    ("zoom", "low", "high"),
    [
        ((0.5, None), 50, 100),  # the newest keeps its place
        ((0.5, 20.0), 10, 60),
        ((1.0, None), None, None),
        ((2.0, None), None, None),
        ((1e-12, 50.0), 50 - 5e-6, 50 + 5e-6),
    ],
)
def test_the_whole_is_zoomed(
    zoom: tuple[float, float | None], low: float | None, high: float | None
) -> None:
    axis = XScale(0, 100)
    found = window.zoomed(axis, axis, *zoom)
    assert (found is None) == (low is None)
    if found is not None:
        assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("scale_", "found"),
    [
        ((20, 40), (25, 35)),  # about its middle
        ((80, 100), (90, 100)),
        ((79.9, 99.9), (89.9, 99.9)),  # as good as the newest
        ((79.7, 99.7), (84.7, 94.7)),
    ],
)
def test_a_window_is_zoomed_about_what_one_looks_at(
    scale_: tuple[float, float], found: tuple[float, float]
) -> None:
    half = window.zoomed(XScale(*scale_), XScale(0, 100), 0.5)
    assert half is not None
    assert (half.low, half.high) == pytest.approx(found)


@pytest.mark.parametrize(("share", "low"), [(0.5, 30), (-0.5, 10), (9, 80), (-9, 0), (0, 20)])
def test_a_window_is_moved_to_the_ends_at_most(share: float, low: float) -> None:
    found = window.panned(XScale(20, 40), XScale(0, 100), share)
    assert found == Window(low, low + 20)


@pytest.mark.parametrize(
    ("x", "low"), [(30, 20), (20, 20), (40, 20), (10, 6), (50, 34), (100, 80), (0, 0)]
)
def test_a_window_is_moved_as_little_as_shows_a_place(x: float, low: float) -> None:
    found = window.around(XScale(20, 40), XScale(0, 100), x)
    assert found == Window(pytest.approx(low), pytest.approx(low + 20))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [(20, 40, (20, 40)), (40, 20, (20, 40)), (-9, 30, (0, 39)), (50, 50, (50, 50 + 1e-5)),
     (0, 100, None), (0, 101, None)],
)  # fmt: skip
def test_a_window_lies_between_two_places(
    a: float, b: float, found: tuple[float, float] | None
) -> None:
    made = window.between(a, b, XScale(0, 100))
    assert (made is None) == (found is None)
    if made is not None:
        assert (made.low, made.high) == pytest.approx(found)


@pytest.mark.parametrize(
    ("given", "newest", "log", "low", "high"),
    [
        (Window(20, 40), 90, False, 20, 40),
        (Window(20, 40, True), 40, False, 20, 40),
        (Window(20, 40, True), 40.5, False, 22.5, 42.5),
        (Window(20, 40, True), 30, False, 10, 30),
        (Window(0, 40), 90, True, 0.04, 40),
        (Window(-5, -1), 90, True, 1e-303, 1e-299),
    ],
)
def test_a_window_that_follows_goes_with_the_newest_point_in_jumps(
    given: Window, newest: float, log: bool, low: float, high: float
) -> None:
    found = window.shown(given, newest, log)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.log == log


@pytest.mark.parametrize(
    ("low", "high", "most", "found"),
    [
        (0, 10, 5, [0, 2.5, 5, 7.5, 10]), (0, 10, 6, [0, 2, 4, 6, 8, 10]), (0, 10, 1, [0]),
        (1, 1, 5, []), (0, math.inf, 5, []), (0, 10, 0, []), (0, 1, 2, [0, 1]),
        (-5, 5, 3, [-5, 0, 5]), (3, 3.1, 3, [3, 3.05, 3.1]), (NAN, 1, 3, []),
    ],
)  # fmt: skip
def test_ticks_are_round(low: float, high: float, most: int, found: list[float]) -> None:
    assert scale.ticks(low, high, most) == pytest.approx(found)


@pytest.mark.parametrize(
    ("low", "high", "most", "shift", "found"),
    [
        (0, 30, 4, 0, [0, 10, 20, 30]),
        (0, 10, 6, 0, [0, 2, 4, 6, 8, 10]),
        (90, 300, 4, 0, [120, 180, 240, 300]),
        (0, 7200, 3, 1800, [1800, 5400]),
        (0, 0.5, 3, 0, [0, 0.2, 0.4]),
        (0, 86400 * 70, 3, 0, [0, 2.5e6, 5e6]),
    ],
)
def test_ticks_of_time_are_round_on_a_clock(
    low: float, high: float, most: int, shift: float, found: list[float]
) -> None:
    made = scale.time_ticks(low, high, most, shift)
    assert len(made) <= most + 1
    assert made[: len(found)] == pytest.approx(found[: len(made)])


@pytest.mark.parametrize(
    ("low", "high", "most", "found"),
    [
        (1, 100, 9, [1, 2, 5, 10, 20, 50, 100]), (1, 100, 7, [1, 2, 5, 10, 20, 50, 100]),
        (1, 100, 6, [1, 10, 100]), (1, 1e6, 4, [1, 100, 1e4, 1e6]), (3, 4.5, 4, [3, 3.5, 4, 4.5]),
        (2, 5, 4, [2, 5]),
    ],
)  # fmt: skip
def test_ticks_of_a_logarithmic_axis(
    low: float, high: float, most: int, found: list[float]
) -> None:
    assert scale.log_ticks(low, high, most) == pytest.approx(found)


@pytest.mark.parametrize(
    ("value", "text"),
    [(9_999, "9999"), (10_000, "10k"), (1e6, "1M"), (999_999, "1000k"), (1e9, "1G"), (-2e6, "-2M"),
     (1500.5, "1500"), (12_340, "12.34k")],
)  # fmt: skip
def test_a_count_is_short(value: float, text: str) -> None:
    assert scale.count_label(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(59, "59s"), (60, "1m"), (3599, "60m"), (3600, "1h"), (86_399, "24h"), (86_400, "1d"),
     (-120, "-2m"), (0.5, "0.5s")],
)  # fmt: skip
def test_a_time_is_short(seconds: float, text: str) -> None:
    assert scale.time_label(seconds) == text
