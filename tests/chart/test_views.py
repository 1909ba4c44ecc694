"""What a person does with a chart: other axes, windows, the cursor, strips, marks, overlays."""

from __future__ import annotations

import json
import math
import tempfile
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.chart import cursor, window
from lossmon.chart.axis import X_AXES, XScale, axes_of, places
from lossmon.chart.identity import HUES, Identities
from lossmon.chart.marks import marks_of
from lossmon.chart.of_run import (
    charts_of,
    curves_of,
    overlay_of,
    strip_of,
    strips_of,
    tokens_of,
)
from lossmon.chart.picture import ChartSpec, Curve, Mark, Window, draw
from lossmon.chart.readout import readout, readout_height
from lossmon.chart.smoothing import smooth
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.report.gather import gather
from lossmon.text import cell_width
from tests.chart.test_chart import NASTY, text, view
from tests.conftest import write_jsonl


def run_of(rows: list[dict[str, object]]) -> RunUpdate:
    """A run as the monitor reads it from a log of these rows; the same for the same rows."""
    return _read(json.dumps(rows))


@cache
def _read(rows: str) -> RunUpdate:
    with tempfile.TemporaryDirectory() as folder:
        path = write_jsonl(Path(folder) / "log.jsonl", json.loads(rows))
        updates, errors, _ = gather((str(path),), 1, judging="at the end")
    assert not errors
    return updates[0]


def points(name: str, *values: float, every: int = 1, role: str = "other") -> SeriesView:
    return replace(view(list(values), every=every), name=name, role=role)


# -- any values, any look --------------------------------------------------------------------------

LOOKS = st.fixed_dictionaries(
    {
        "x_axis": st.sampled_from(X_AXES),
        "log_y": st.booleans(),
        "log_x": st.booleans(),
        "smoothing": st.sampled_from([0.0, 0.6, 0.97]),
        "ascii": st.booleans(),
        "growing": st.booleans(),
        "whole_y": st.booleans(),
    }
)
PLACES = st.lists(st.one_of(st.none(), st.floats(-1e9, 2e9), st.just(math.nan)), max_size=40)


@given(
    values=st.lists(NASTY, max_size=40),
    steps=st.lists(st.integers(-5, 10**7), max_size=40),
    times=PLACES,
    ends=st.tuples(st.floats(-1e8, 1e8), st.floats(1e-3, 1e8), st.booleans()) | st.none(),
    width=st.integers(0, 90),
    height=st.integers(0, 40),
    look=LOOKS,
)
@settings(max_examples=150)
def test_any_points_seen_in_any_way_give_a_picture_of_exactly_its_size(
    values, steps, times, ends, width, height, look
) -> None:
    """Duplicate steps, a clock that goes back, windows beside the data: never an error."""
    n = min(len(values), len(steps))
    clock = np.array(
        [math.nan if t is None else t for t in times[:n]] + [math.nan] * (n - len(times))
    )
    made = SeriesView(
        "loss", "train_loss", np.sort(np.array(steps[:n], dtype=np.int64)),
        np.array(values[:n], dtype=float), clock / 1e6, clock if n else None,
    )  # fmt: skip
    shown = None if ends is None else Window(ends[0], ends[0] + ends[1], ends[2])
    curves = (Curve("train", "train", made), Curve("", "train_raw", made, faint=True))
    spec = ChartSpec(
        curves, width, height, (Mark(3, "mark_info", "x"), Mark(4, "mark_epoch")),
        window=shown, tokens=made, strip=Curve("gap", "strip", made), **look,
    )  # fmt: skip
    picture = draw(spec)
    assert len(picture.rows) == height
    assert all(sum(cell_width(span.text) for span in row) == width for row in picture.rows)
    if picture.plot is not None and n:
        step = cursor.moved(curves, int(made.step[0]), 1)
        x = cursor.x_of(curves, step, picture.x_axis, made)
        if x is not None:
            rows = cursor.with_cursor(picture.rows, picture.plot, x, [1.0], ascii=True)
            assert all(sum(len(span.text) for span in row) == width for row in rows)


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.text(max_size=30),
    st.integers(12, 60),
    st.integers(3, 24),
)
@settings(max_examples=80)
def test_names_in_any_script_leave_the_picture_its_size(name, mark, strip, width, height) -> None:
    curve = Curve(name, "train", view(np.linspace(2, 1, 50)))
    below = Curve(strip, "strip", view(np.linspace(1, 2, 50)))
    spec = ChartSpec((curve,), width, height, (Mark(20, "mark_info", mark),), strip=below)
    picture = draw(spec)
    assert picture.plot is not None
    for rows in (
        picture.rows,
        cursor.with_cursor(picture.rows, picture.plot, 22.0, [1.5], ascii=False),
        cursor.with_selection(picture.rows, picture.plot, 10, 20),
    ):
        assert all(sum(cell_width(span.text) for span in row) == width for row in rows)


# -- the x axis ------------------------------------------------------------------------------------


def test_tokens_are_an_axis_where_they_are_counted() -> None:
    loss = view(np.linspace(2, 1, 100))
    counted = points("num_input_tokens_seen", *(4096.0 * np.arange(1, 11)), every=10)
    assert "tokens" in axes_of([loss], counted)
    assert places(loss, "tokens", 0.0, counted)[14] == pytest.approx(1.5 * 4096)
    a_batch = points("tokens", 4096.0, 4000.0, 4096.0)
    assert "tokens" not in axes_of([loss], a_batch)


def test_a_clock_axis_shows_the_time_of_day() -> None:
    noon = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))
    times = noon + 60.0 * np.arange(120)
    curve = Curve("train", "train", view(np.linspace(2, 1, 120), time=times))
    drawn = draw(ChartSpec((curve,), 90, 16, x_axis="clock"))
    assert "12:30" in text(drawn)
    assert "13:00" in text(drawn)


def test_a_log_x_axis_gives_each_decade_the_same_room() -> None:
    curve = Curve("train", "train", view(np.arange(10_000, 0.0, -1.0)))
    drawn = draw(ChartSpec((curve,), 80, 16, log_x=True))
    plot = drawn.plot
    assert plot is not None
    at = [plot.column(x) for x in (1, 10, 100, 1000, 10_000)]
    gaps = np.diff(np.array(at, dtype=float))
    assert np.ptp(gaps) <= 1
    assert all(label in text(drawn).splitlines()[-1] for label in ("10", "100", "1000"))


# -- windows ---------------------------------------------------------------------------------------

WHOLE = XScale(0.0, 1000.0)


@given(
    st.lists(
        st.tuples(st.sampled_from("zpwa"), st.floats(0.1, 10), st.floats(-50, 1100)), max_size=20
    ),
    st.booleans(),
)
def test_whatever_is_zoomed_and_panned_the_window_lies_in_the_axis(moves, log) -> None:
    whole = XScale(1.0, 1000.0, log)
    scale = whole
    for kind, amount, x in moves:
        if kind == "z":
            found = window.zoomed(scale, whole, amount, x if log is False else max(1e-3, x))
        elif kind == "p":
            found = window.panned(scale, whole, amount - 5)
        elif kind == "w":
            found = window.between(max(x, 1.0), max(x, 1.0) * amount, whole)
        else:
            found = window.around(scale, whole, max(1e-3, x))
        scale = whole if found is None else window.shown(found, 1000.0, log)
        assert scale.low < scale.high
        assert scale.low >= whole.low * (1 - 1e-9)
        assert scale.high <= whole.high * (1 + 1e-9)


def test_zoom_keeps_the_place_under_the_pointer() -> None:
    found = window.zoomed(WHOLE, WHOLE, 0.5, 300.0)
    assert found is not None
    assert XScale(found.low, found.high).share(300.0) == pytest.approx(0.3)


def test_a_window_that_follows_keeps_its_width_and_moves_in_jumps() -> None:
    follows = Window(100.0, 180.0, follows=True)
    ends = [window.shown(follows, newest, False) for newest in np.arange(180.0, 260.0)]
    assert all(scale.high - scale.low == pytest.approx(80.0) for scale in ends)
    assert all(
        scale.high >= newest for scale, newest in zip(ends, np.arange(180.0, 260.0), strict=True)
    )
    assert len({scale.high for scale in ends}) <= 9  # not at each point: that would cost bytes


def test_a_line_leads_to_the_edge_of_a_window_between_two_points() -> None:
    curve = Curve("", "train", view([1.0, 2.0], every=1000))
    plot_rows = text(draw(ChartSpec((curve,), 60, 12, window=Window(1200, 1300), ascii=True)))
    assert sum("*" in row for row in plot_rows.splitlines()) >= 1
    assert max(row.count("*") for row in plot_rows.splitlines()) >= 5


# -- the y range -----------------------------------------------------------------------------------


def test_clipped_points_are_counted_at_their_columns() -> None:
    values = np.linspace(2, 1, 1000)
    values[250], values[[750, 752]] = 500.0, 900.0
    drawn = draw(ChartSpec((Curve("", "train", view(values)),), 90, 20))
    top = text(drawn).splitlines()[0]
    plot = drawn.plot
    assert plot is not None
    assert drawn.clipped == 3
    assert abs(top.index("▲1") - (plot.column(251) or 0)) <= 1
    assert abs(top.index("▲2") - (plot.column(752) or 0)) <= 2
    whole = draw(ChartSpec((Curve("", "train", view(values)),), 90, 20, whole_y=True))
    assert whole.clipped == 0
    assert whole.plot is not None
    assert whole.plot.y.high >= 900


def test_what_a_log_axis_cannot_show_is_counted_below() -> None:
    values = np.linspace(2, 1, 200)
    values[100] = 0.0
    drawn = draw(ChartSpec((Curve("", "train", view(values)),), 60, 12, log_y=True))
    assert "▼1" in text(drawn)


def test_a_window_has_a_range_of_its_own() -> None:
    values = np.concatenate((np.linspace(100, 10, 100), np.full(100, 1.0) + 0.01 * np.arange(100)))
    drawn = draw(ChartSpec((Curve("", "train", view(values)),), 60, 12, window=Window(120, 180)))
    assert drawn.plot is not None
    assert 1.0 <= drawn.plot.y.low < drawn.plot.y.high <= 2.0


# -- smoothing -------------------------------------------------------------------------------------

LOSSES = st.lists(
    st.one_of(st.floats(1e-6, 1e6), st.sampled_from([math.nan, math.inf, 0.0, -1.0])),
    min_size=1,
    max_size=120,
)


@given(LOSSES, st.sampled_from([0.3, 0.9, 0.97, 0.999]), st.booleans(), st.integers(1, 119))
def test_a_smoothed_point_never_changes_when_more_arrive(values, weight, log, cut) -> None:
    array = np.array(values)
    whole = smooth(array, weight, log=log)
    np.testing.assert_allclose(smooth(array[:cut], weight, log=log), whole[:cut], rtol=1e-9)


@given(LOSSES, st.sampled_from([0.3, 0.9, 0.999]), st.booleans())
def test_smoothing_stays_within_what_it_saw_and_leaves_gaps_as_they_are(
    values, weight, log
) -> None:
    array = np.array(values)
    usable = np.isfinite(array) & ((array > 0) | (not log))
    out = smooth(array, weight, log=log)
    np.testing.assert_array_equal(out[~usable], array[~usable])
    seen = array[usable]
    if len(seen):
        low, high = np.minimum.accumulate(seen), np.maximum.accumulate(seen)
        slack = 1e-9 * np.maximum.accumulate(np.abs(seen))
        assert np.all(out[usable] >= low - slack)
        assert np.all(out[usable] <= high + slack)
        assert out[usable][0] == pytest.approx(seen[0])  # no bias towards 0 at the start


def test_on_a_log_axis_the_average_is_of_logarithms() -> None:
    values = np.array([1.0, 100.0, 1.0, 100.0])
    logs = smooth(np.log(values), 0.5)
    np.testing.assert_allclose(smooth(values, 0.5, log=True), np.exp(logs))


# -- the cursor ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 50), min_size=1, unique=True), st.lists(st.integers(0, 50)))
def test_the_cursor_visits_every_logged_step_once_and_comes_back(train, evals) -> None:
    curves = tuple(
        Curve(name, name, SeriesView(name, name, np.array(sorted(steps)), np.zeros(len(steps)), None, None))
        for name, steps in (("train", train), ("eval", evals))
    )  # fmt: skip
    steps = sorted({*train, *evals})
    visited = [steps[0]]
    while (step := cursor.moved(curves, visited[-1], 1)) != visited[-1]:
        visited.append(step)
    assert visited == steps
    assert cursor.moved(curves, steps[-1], -len(steps)) == steps[0]


def test_the_readout_has_every_metric_of_the_step_and_says_what_had_no_room() -> None:
    rows = [
        {"step": i, "loss": 1 / i, "lr": 1e-4, **{f"metric_{k}": k + i / 10 for k in range(30)}}
        for i in range(1, 60)
    ]
    update = run_of(rows)
    curves = curves_of(update)
    height = readout_height(update, 100, 40)
    said = readout(update, curves, 7, 100, height, ascii=False)
    whole = "".join(span.text for row in said for span in row)
    assert len(said) == height == 3
    assert "step 7" in whole
    assert "train 0.14285714" in whole
    assert "lr 0.0001" in whole
    shown = sum(f"metric_{k} " in whole for k in range(30))
    assert f"+{30 - shown}" in whole


# -- a run's charts --------------------------------------------------------------------------------


def with_eval() -> RunUpdate:
    rows: list[dict[str, object]] = []
    for step in range(1, 401):
        rate = 1e-3 if step < 200 else 1e-4
        rows.append({"step": step, "epoch": step / 100, "loss": 2 / step**0.3, "lr": rate})
        if step % 20 == 0:
            rows.append({"step": step, "eval_loss": 0.6 + abs(step - 240) / 300})
    return run_of(rows)


def test_marks_are_onsets_the_best_eval_jumps_of_the_rate_and_epochs() -> None:
    marks = marks_of(with_eval())
    found = {(mark.step, mark.label) for mark in marks}
    assert (240, "best eval 0.6") in found
    assert (200, "lr /10") in found
    assert [mark.step for mark in marks if mark.style == "mark_epoch"] == [100, 200, 300, 400]


@pytest.mark.parametrize(
    ("evals", "marked"),
    [
        ([1.0, 0.8, 0.6, 0.7, 0.9], 3),
        ([0.5, 0.8, 0.6, 0.7, 0.9], 1),
        ([1.0, 0.9, 0.8, 0.7, 0.6], None),  # the newest is the best: no place to go back to
        ([1.0, 0.9, 0.6, 0.7, 0.6], 3),
        ([1.0, 0.6, 0.7], None),  # too few
        ([math.nan, 0.9, 0.6, 0.7, math.inf], 3),
        ([math.nan] * 5, None),
    ],
)
def test_the_best_eval_is_marked_where_it_is_not_the_newest(
    evals: list[float], marked: int | None
) -> None:
    rows: list[dict[str, object]] = []
    for step, value in enumerate(evals, 1):
        rows += [{"step": step, "loss": 2.0 - step / 10}, {"step": step, "eval_loss": value}]
    best = [mark.step for mark in marks_of(run_of(rows)) if mark.style == "mark_best"]
    assert best == ([] if marked is None else [marked])


@pytest.mark.parametrize("schedule", ["cosine", "linear", "warm-up", "constant", "noisy"])
def test_a_smooth_schedule_has_no_jumps(schedule: str) -> None:
    i = np.arange(1, 401)
    rates = {
        "cosine": 1e-3 * 0.5 * (1 + np.cos(np.pi * i / 400)),
        "linear": 1e-3 * (1 - (i - 0.14) / 400),
        "warm-up": 1e-3 * np.minimum(1, i / 100),
        "constant": np.full(400, 1e-3),
        "noisy": 10.0 ** np.random.default_rng(0).uniform(-5, -2, 400),
    }[schedule]
    rows = [
        {"step": int(s), "loss": 2 / s**0.3, "lr": r}
        for s, r in zip(i, rates.tolist(), strict=True)
    ]
    assert not [mark for mark in marks_of(run_of(rows)) if mark.label.startswith("lr")]


def test_labels_of_marks_do_not_collide() -> None:
    curve = Curve("train", "train", view(np.linspace(2, 1, 300)))
    marks = tuple(Mark(100 + 2 * i, "mark_warning", f"finding {i}") for i in range(5))
    drawn = text(draw(ChartSpec((curve,), 100, 30, marks)))
    assert all(f"finding {i}" in drawn for i in range(5))


def test_many_epochs_are_not_marked_at_all() -> None:
    curve = Curve("train", "train", view(np.linspace(2, 1, 300)))
    few = tuple(Mark(100 * i, "mark_epoch") for i in range(1, 3))
    many = tuple(Mark(10 * i, "mark_epoch") for i in range(1, 30))
    assert "·" in text(draw(ChartSpec((curve,), 80, 20, few)))
    assert "·" not in text(draw(ChartSpec((curve,), 80, 20, many)))


def test_what_a_resumed_run_left_behind_is_a_faint_curve_of_its_own() -> None:
    first = [{"step": i, "loss": 2.0 - i / 1000} for i in range(1, 501)]
    resumed = [{"step": i, "loss": 1.0 - i / 1000} for i in range(400, 601)]
    update = run_of([*first, *resumed])
    train, older = curves_of(update)
    assert not train.faint
    assert len(train.view) == 600
    assert older.faint
    assert (int(older.view.step[0]), int(older.view.step[-1])) == (400, 500)
    styles = {s.style for row in draw(ChartSpec((train, older), 80, 20)).rows for s in row}
    assert {"train", "train_raw"} <= styles
    assert any(mark.label == "resumed" and mark.step == 400 for mark in marks_of(update))


def test_the_gap_is_eval_less_the_train_curve_as_drawn() -> None:
    update = with_eval()
    name, strip = strip_of(update, "gap", 0.6)
    assert name == "gap"
    assert strip is not None
    train = update.series["loss"]
    smoothed = smooth(train.value, 0.6)[np.searchsorted(train.step, strip.view.step)]
    np.testing.assert_allclose(strip.view.value, update.series["eval_loss"].value - smoothed)
    assert strips_of(update, 0.6)[:2] == ["gap", "lr"]
    assert strip_of(update, "off", 0.6) == ("off", None)
    assert strip_of(update, "GPU", 0.6)[0] == "gap"  # where there is none, the first there is


def test_a_strip_has_its_range_name_and_newest_value() -> None:
    curve, strip = (Curve(n, n, view(np.linspace(1, 3, 100))) for n in ("train", "strip"))
    rows = text(draw(ChartSpec((curve,), 80, 30, strip=strip))).splitlines()[-4:]
    assert "strip 3" in "\n".join(rows)
    assert rows[0].strip().startswith("3")
    assert text(draw(ChartSpec((curve,), 80, 10, strip=strip))).count("strip") == 0


@pytest.mark.parametrize("height", [14, 22, 30])
def test_a_strip_that_stands_has_its_value_once_beside_the_line(height: int) -> None:
    """The rate of a recipe without a schedule was labelled above its line and below it."""
    rate = view(np.full(200, 5e-6))
    curve, strip = Curve("loss", "train", view(np.linspace(3, 1, 200))), Curve("lr", "strip", rate)
    rows = text(draw(ChartSpec((curve,), 80, height, strip=strip))).splitlines()
    labelled = [row for row in rows if row.startswith("5e-6│")]
    assert len(labelled) == 1
    assert "\u2800" < max(labelled[0]) <= "\u28ff", "braille"


def test_every_metric_of_a_run_has_a_chart() -> None:
    update = with_eval()
    assert [(metric, title) for metric, title, _ in charts_of(update)] == [
        (None, "loss"),
        ("lr", "lr"),
    ]
    assert tokens_of(update) is None


# -- many runs -------------------------------------------------------------------------------------


def test_runs_are_told_apart_without_colour_and_stay_as_they_are() -> None:
    identities = Identities()
    names = [f"run-{i}" for i in range(40)]
    before = [identities.of(name) for name in names]
    assert len({one.style for one in before[:HUES]}) == HUES
    assert len({(one.style, one.pattern) for one in before[:24]}) == 24
    assert [identities.of(name) for name in reversed(names)] == before[::-1]
    alone = Identities().of("run-7")
    assert Identities().of("run-7") == alone


def test_an_overlay_is_one_curve_a_run_by_name() -> None:
    runs = [replace(with_eval(), run=f"r{i}") for i in range(3)]
    identities = Identities()
    curves = overlay_of(runs, identities)
    drawn = draw(ChartSpec(curves, 100, 30, smoothing=0.6))
    assert all(f"r{i}" in text(drawn) for i in range(3))
    assert [curve.style for curve in overlay_of(runs[1:], identities)] == [
        curve.style for curve in curves[1:]
    ]
    assert [c.view.name for c in overlay_of(runs, identities, "lr")] == ["lr"] * 3
    assert overlay_of(runs, identities, "nothing of the sort") == ()


def test_one_run_that_diverged_does_not_flatten_a_sweep() -> None:
    curves = [Curve(f"r{i}", "train", view(np.linspace(2, 1 + i / 10, 100))) for i in range(4)]
    giant = Curve("giant", "train", view(10.0 ** np.linspace(0, 11, 100)))
    drawn = draw(ChartSpec((*curves, giant), 80, 20))
    assert drawn.plot is not None
    assert drawn.plot.y.high < 20
    assert drawn.clipped > 50


def test_runs_that_end_at_one_place_are_all_named() -> None:
    identities, fall = Identities(), np.linspace(2, 1, 60)
    base = with_eval()
    runs = [replace(base, run=f"exp/run-{i:02}") for i in range(14)]
    curves = [
        replace(curve, view=view(np.where(np.arange(60) < 30, fall + i / 40, fall)))
        for i, curve in enumerate(overlay_of(runs, identities))
    ]
    drawn = text(draw(ChartSpec(tuple(curves), 100, 30)))
    assert all(f"run-{i:02}" in drawn for i in range(14))


def test_strokes_of_one_hue_have_gaps_of_their_own() -> None:
    flat = view([1.0] * 50)
    solid, dotted = (
        text(draw(ChartSpec((Curve("", "run_0", flat, pattern=p),), 60, 8))) for p in (0, 2)
    )
    assert solid.count("⠒") + solid.count("⠤") + solid.count("⠉") + solid.count("⣀") > 40
    assert dotted != solid


def test_rows_that_go_back_in_time_are_drawn_by_time() -> None:
    times = np.array([50.0, 40.0, 30.0, 60.0])
    curve = Curve("train", "train", view([1.0, 2.0, 3.0, 4.0], time=times))
    picture = draw(ChartSpec((curve,), 60, 12, x_axis="time"))
    assert picture.x_axis == "time"
    assert cursor.nearest((curve,), 0.0, "time", None) == 3


# -- a run without a loss --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metrics", "drawn"),
    [
        (("generator_error", "discriminator_error"), {"generator_error", "discriminator_error"}),
        (("ppl", "acc"), {"ppl"}),  # by which it is judged
        (("loss", "acc"), {"train"}),
    ],
)
def test_a_run_without_a_loss_shows_what_it_is_judged_by(
    metrics: tuple[str, ...], drawn: set[str], tmp_path: Path
) -> None:
    log = tmp_path / "train.log"
    values = "".join(f" {name} {{{k}:.4f}}" for k, name in enumerate(metrics))
    log.write_text("".join(f"epoch {i}{values.format(1 / i, i / 9)}\n" for i in range(1, 12)))
    updates, _, _ = gather((str(log),), 1, judging="at the end")
    assert {curve.label for curve in curves_of(updates[0])} == drawn


@pytest.mark.parametrize(
    "counted",
    [[-1.7e308, 1.7e308, math.nan, math.inf], [1.7e308, -1.7e308], [0.0, -1.7e308, 1e300]],
)
@pytest.mark.parametrize("x_axis", X_AXES)
def test_tokens_that_differ_by_more_than_a_number_holds_are_drawn(
    counted: list[float], x_axis: str
) -> None:
    tokens = points("tokens", *counted)
    spec = ChartSpec((Curve("train", "train", tokens),), 40, 10, x_axis=x_axis, tokens=tokens)
    assert len(draw(spec).rows) == 10
