"""Long series: what is kept of them while they grow gives the pictures that all of it would give."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lossmon.chart import cursor, growing
from lossmon.chart.axis import X_AXES
from lossmon.chart.growing import known_of, thinned
from lossmon.chart.peaks import BLOCK, Count, Peaks
from lossmon.chart.picture import ChartSpec, Curve, Window, draw
from lossmon.chart.smoothing import smooth
from lossmon.chart.spark import sparkline
from lossmon.history.columns import Floats, Series, SeriesView

LONG = 30_000


def grown(series: Series, values: Floats, every: int = 1, epochs: bool = True) -> SeriesView:
    """A series after some more values."""
    for value in values.tolist():
        step = max(series.last_step, 0) + every
        series.append(step, value, step / 9000 if epochs else None, 1.7e9 + step)
    return series.kept()


def alone(view: SeriesView) -> SeriesView:
    """The same points, of which nothing can be kept."""
    return dataclasses.replace(view, source=None)


def curve_with(rng: np.random.Generator, kind: str, n: int) -> Floats:
    value = 2 * np.arange(1, n + 1) ** -0.2 + rng.normal(0, 0.05, n)
    if kind == "spikes":
        value[rng.integers(0, n, 40)] *= 50
    elif kind == "gaps":
        value[rng.random(n) < 0.02] = np.nan
    elif kind == "diverged":
        value[n // 2 :] = np.nan
    elif kind == "level":
        value[:] = 0.25
    elif kind == "below zero":
        value -= 0.4
    elif kind == "huge":
        value[rng.integers(0, n, 3)] = 1e200
    return value


LOOKS = st.fixed_dictionaries(
    {
        "width": st.integers(30, 170),
        "height": st.integers(8, 45),
        "x_axis": st.sampled_from(X_AXES),
        "log_y": st.booleans(),
        "log_x": st.booleans(),
        "smoothing": st.sampled_from([0.0, 0.6, 0.97, 0.999]),
        "whole_y": st.booleans(),
        "growing": st.booleans(),
        "window": st.sampled_from(
            [None, Window(100.5, 9000.0), Window(20_000.0, 20_400.0), Window(25_000, 40_000, True)]
        ),
    }
)
KINDS = ("plain", "spikes", "gaps", "diverged", "level", "below zero", "huge")


@given(st.sampled_from(KINDS), st.lists(LOOKS, min_size=2, max_size=3), st.integers(0, 99))
@pytest.mark.slow
@settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_what_is_kept_while_a_run_grows_gives_the_same_picture(kind, looks, seed) -> None:
    rng = np.random.default_rng(seed)
    loss, lr = Series("loss", "train_loss"), Series("lr", "learning_rate")
    tokens = Series("tokens", "other")
    values = curve_with(rng, kind, LONG + 7000)
    if kind == "level":  # what is smoothed is level but for rounding, which moves labels
        looks = [look | {"smoothing": 0.0} for look in looks]
    for part, look in zip(np.split(values, [LONG, LONG + 1, LONG + 777]), looks, strict=False):
        views = [
            grown(loss, part),
            grown(lr, part * 1e-4),
            grown(tokens, 1e3 * (1 + np.arange(len(part)))),
        ]
        drawn = []
        for views_ in (views, [alone(view) for view in views]):
            train, rate, counted = views_
            spec = ChartSpec((Curve("train", "train", train),), tokens=counted, strip=Curve("lr", "strip", rate), **look)  # fmt: skip
            drawn.append(draw(spec))
        assert drawn[0] == drawn[1]


@given(st.sampled_from(KINDS), st.integers(3, 160), st.integers(0, 99))
@settings(max_examples=20)
def test_an_envelope_from_peaks_is_that_of_all_points(kind, columns, seed) -> None:
    rng = np.random.default_rng(seed)
    y = curve_with(rng, kind, 50_000)
    x = np.sort(rng.random(len(y)))
    peaks = Peaks()
    for n in (100, 4096, 20_001, len(y)):
        peaks.take(y[:n])
    start, stop = sorted(rng.integers(0, len(y), 2).tolist())
    stop += 1
    cuts = np.searchsorted(x, np.linspace(x[start], x[stop - 1], columns + 1)[1:-1])
    index = peaks.picks(start, stop, cuts)
    assert np.all(np.diff(index) > 0)
    assert (index[0], index[-1]) == (start, stop - 1)
    for a, b in zip([start, *cuts], [*cuts, stop], strict=True):
        part, picked = y[a:b], y[index[(index >= a) & (index < b)]]
        part, picked = part[np.isfinite(part)], picked[np.isfinite(picked)]
        assert len(part) == 0 or (part.min(), part.max()) == (picked.min(), picked.max())
    assert len(index) <= (columns + 4) * 3 * BLOCK + 2 * (len(y) // BLOCK**2 + BLOCK)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=5), st.data())
def test_a_count_of_points_is_exact_at_any_place(sizes, data) -> None:
    y = np.random.default_rng(sum(sizes)).normal(size=sum(sizes) + 1)
    count, n = Count(lambda v: v > 1), 1
    for size in sizes:
        n += size
        count.take(y[:n])
    at = np.array(sorted(data.draw(st.lists(st.integers(0, n), min_size=1))))
    assert count.before(y[:n], at).tolist() == [int((y[:i] > 1).sum()) for i in at]


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=6), st.booleans())
@settings(max_examples=20)
def test_a_series_that_grows_is_smoothed_as_if_it_were_whole(sizes, log) -> None:
    rng, series = np.random.default_rng(1), Series("loss", "train_loss")
    view = grown(series, rng.uniform(0.5, 2.0, 20_000))
    for size in sizes:
        values = rng.uniform(0.5, 2.0, size)
        values[::100] = np.nan
        view = grown(series, values)
        known = known_of(view)
        assert known is not None
        kept = known.smoothed(view, 0.9, log).value
        np.testing.assert_allclose(kept, smooth(view.value, 0.9, log=log), rtol=1e-9)


def test_an_older_snapshot_is_drawn_as_it_was() -> None:
    series = Series("loss", "train_loss")
    before = grown(series, curve_with(np.random.default_rng(0), "plain", LONG))
    spec = ChartSpec((Curve("train", "train", before),), 100, 30, smoothing=0.6)
    first = draw(spec)
    after = grown(series, np.full(5000, 9.0))
    assert draw(dataclasses.replace(spec, curves=(Curve("train", "train", after),))) != first
    assert draw(spec) == first


def test_the_cursor_of_a_long_run_reads_exactly() -> None:
    series = Series("loss", "train_loss")
    view = grown(series, np.linspace(2, 1, LONG), every=7)
    curves = (Curve("train", "train", view),)
    for axis, x in (("step", 7.0 * 123), ("time", 7.0 * 122), ("epoch", 7 * 123 / 9000)):
        assert cursor.nearest(curves, x, axis, None) == 7 * 123
        assert cursor.x_of(curves, 7 * 123, axis, None) == pytest.approx(x)
    assert cursor.x_of(curves, 7 * 123 + 1, "step", None) == 7 * 123 + 1


def test_what_is_kept_of_a_series_goes_with_it() -> None:
    series = Series("loss", "train_loss")
    view = grown(series, np.ones(LONG))
    assert view.source is not None
    gc.collect()
    gone, before = weakref.ref(view.source), len(growing._known)
    sparkline(view, 10)
    draw(ChartSpec((Curve("train", "train", view),), 80, 20, smoothing=0.6))
    assert len(growing._known) == before + 1
    del series, view
    gc.collect()
    assert gone() is None
    assert len(growing._known) == before


@pytest.mark.parametrize("n", [100, 5000, 20_000, 300_000])
def test_of_a_long_series_points_are_left_out_but_never_the_last(n: int) -> None:
    view = SeriesView("x", "other", np.arange(n), np.arange(n) * 1.0, None, None)
    few = thinned(view)
    assert len(few) <= 1 << 14
    assert (few.step[0], few.step[-1]) == (0, n - 1)
    more = thinned(SeriesView("x", "other", np.arange(n + 1), np.zeros(n + 1), None, None))
    assert n != 300_000 or set(few.step[:-1]) <= set(more.step)


@pytest.mark.parametrize("kind", ["plain", "gaps", "diverged"])
def test_a_sparkline_of_sums_is_that_of_the_values(kind: str) -> None:
    series = Series("loss", "train_loss")
    view = grown(series, curve_with(np.random.default_rng(3), kind, LONG))
    assert sparkline(view, 10) == sparkline(alone(view), 10)
