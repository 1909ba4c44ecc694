"""Columns and summaries: nothing is lost, and the bounded sketch agrees with the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.decoder import Record, batches
from lossmon.formats.lexicon import role
from lossmon.history.columns import Series
from lossmon.history.run import MAX_METRICS, MAX_MORE, History
from lossmon.history.summary import MAX_BUCKETS, Summary
from lossmon.monitor.log import put

_VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


@given(_VALUES)
def test_a_series_gives_back_what_was_appended(values: list[float]) -> None:
    series = Series("loss", "train_loss")
    for i, value in enumerate(values):
        series.append(i, value)
    assert series.view().value.tolist() == values
    assert series.kept().step.tolist() == list(range(len(values)))


def test_a_view_is_a_snapshot() -> None:
    series = Series("loss", "train_loss")
    series.append(1, 2.0)
    view = series.view()
    for step in range(2, 5000):
        series.append(step, 0.0)
    assert view.value.tolist() == [2.0]


def test_optional_columns_cost_nothing_until_they_are_needed() -> None:
    series = Series("loss", "train_loss")
    series.append(1, 2.0)
    assert series.view().epoch is None
    series.append(2, 1.0, epoch=0.5)
    epoch = series.view().epoch
    assert epoch is not None
    assert math.isnan(epoch[0])
    assert epoch[1] == 0.5


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_after_restarts_steps_ascend_and_later_values_win(steps: list[int]) -> None:
    series = Series("loss", "train_loss")
    for i, step in enumerate(steps):
        series.append(step, float(i))
    kept = series.kept()
    assert np.all(np.diff(kept.step) >= 0)
    assert len(series.view()) == len(steps), "nothing is deleted"
    newest = {}
    for i, step in enumerate(steps):
        if i and step < steps[i - 1]:
            newest = {s: v for s, v in newest.items() if s < step}
        newest.setdefault(step, float(i))  # of several points at a step the first
    shown: dict[int, float] = {}
    for step, value in zip(kept.step.tolist(), kept.value.tolist(), strict=True):
        shown.setdefault(step, value)
    assert shown == newest


@given(st.lists(st.tuples(st.integers(-2, 3), st.booleans(), st.booleans()), max_size=80))
def test_what_counts_is_the_same_however_often_one_asks(moves) -> None:
    asked, whole, step = Series("loss", "train_loss"), Series("loss", "train_loss"), 10
    views = [asked.kept()]
    for i, (by, has_epoch, ask) in enumerate(moves):
        step = max(0, step + by)
        for series in (asked, whole):
            series.append(step, float(i), 0.5 * i if has_epoch else None)
        views += [asked.kept()] if ask else []
    last, once = asked.kept(), whole.kept()
    for name in ("step", "value", "epoch"):
        np.testing.assert_array_equal(getattr(last, name), getattr(once, name))
    for view in (one for one in views if one.source is last.source):
        np.testing.assert_array_equal(view.step, last.step[: len(view)])
        np.testing.assert_array_equal(view.value, last.value[: len(view)])


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=200), st.integers(1, 60))
@settings(max_examples=40)
def test_a_summary_is_the_same_in_one_go_and_in_pieces(values: list[float], piece: int) -> None:
    whole, pieces = Series("a", "x"), Series("b", "x")
    repeated = values * 20
    summary = Summary()
    for i, value in enumerate(repeated):
        whole.append(i, value)
        pieces.append(i, value)
        if i % piece == 0:
            summary.catch_up(pieces)
    one, two = Summary().catch_up(whole), summary.catch_up(pieces)
    assert len(one.mean) <= MAX_BUCKETS + 1
    assert one.width == two.width
    np.testing.assert_allclose(one.mean, two.mean, atol=1e-9)
    np.testing.assert_allclose(one.deviation, two.deviation, atol=1e-4)


def test_a_summary_agrees_with_the_values_and_stays_bounded() -> None:
    rng = np.random.default_rng(0)
    series = Series("loss", "train_loss")
    values = rng.normal(2, 0.5, 50_000)
    values[[100, 40_000]] = [np.nan, np.inf]
    for i, value in enumerate(values.tolist()):
        series.append(i, value)
    sketch = Summary().catch_up(series)
    assert len(sketch.mean) <= MAX_BUCKETS + 1
    assert sketch.nonfinite == 2
    assert sketch.n == 50_000
    finite = values[np.isfinite(values)]
    assert abs(sketch.mean.mean() - finite.mean()) < 1e-3
    assert sketch.low.min() == finite.min()
    assert sketch.high.max() == finite.max()
    assert abs(np.median(sketch.deviation) - 0.5) < 0.02


def test_rows_of_parts_of_a_loss_alone_do_not_all_fall_on_one_step() -> None:
    history = History(lambda name: "other_loss" if "loss" in name else "other")
    for epoch in range(3):
        history.append({"policy_loss": 1.0 - epoch, "return": 20.0 + epoch}, epoch=float(epoch))
    assert list(history.series["policy_loss"].view().step) == [0, 1, 2]
    assert list(history.series["return"].view().step) == [0, 1, 2]


def test_rows_without_a_step_are_placed() -> None:
    history = History(role)
    history.append({"loss": 2.0})
    history.append({"loss": 1.0})
    history.append({"eval_loss": 1.5})
    history.append({"loss": 0.9})
    assert history.series["loss"].view().step.tolist() == [0, 1, 2]
    assert history.series["eval_loss"].view().step.tolist() == [1]


def test_a_log_that_invents_names_does_not_fill_the_memory() -> None:
    history = History(role)
    for i in range(MAX_METRICS + 50):
        history.append({f"metric{i}": 1.0}, step=i)
    assert len(history.series) == MAX_METRICS
    assert history.dropped == 50


@pytest.mark.parametrize("name", ["loss", "eval_loss", "lr", "grad_norm", "accuracy", "kl_loss"])
def test_what_a_run_is_judged_by_is_kept_behind_any_number_of_names(name: str) -> None:
    """A row of 2,500 norms of layers, with the loss at its end, was a run without a loss."""
    history = History(role)
    for step in range(2):
        row = {f"metric{i}": 1.0 for i in range(MAX_METRICS + 50)}
        history.append({**row, name: 2.0}, step=step)
    assert history.series[name].view().value.tolist() == [2.0, 2.0]
    assert len(history.series) == MAX_METRICS + 1
    assert list(history.left_out) == [f"metric{MAX_METRICS + i}" for i in range(50)]
    assert history.dropped == 100


def test_names_of_a_role_without_end_do_not_fill_the_memory_either() -> None:
    history = History(role)
    history.append({f"metric{i}": 1.0 for i in range(MAX_METRICS)}, step=0)
    history.append({f"layer{i}_loss": 1.0 for i in range(3 * MAX_MORE)}, step=0)
    assert len(history.series) == MAX_METRICS + MAX_MORE
    history.append({"loss": 1.0}, step=0)
    assert "loss" in history.series


def test_a_name_without_end_is_none() -> None:
    history = History(role)
    for step in range(3):
        history.append({"loss": 1.0, "x" * 30_000: 2.0}, step=step)
    assert list(history.series) == ["loss"]
    assert history.dropped == 3


def test_rows_that_two_ranks_wrote_count_once() -> None:
    series = Series("loss", "train_loss")
    for step in range(1, 50):
        series.append(step, 2.0 - step / 100)
        series.append(step, 9.0)
    assert len(series.view()) == 98
    assert series.kept().value.tolist() == [2.0 - step / 100 for step in range(1, 50)]
    assert series.kept().step.tolist() == list(range(1, 50))


def test_a_step_that_never_moves_is_no_step() -> None:
    series = Series("loss", "train_loss")
    for i in range(50):
        series.append(0, float(i))
    assert len(series.kept()) == 50


_OPTIONAL = st.one_of(st.none(), st.floats(0, 9))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(-9, 9), _OPTIONAL, _OPTIONAL), max_size=60),
    st.integers(1, 20),
    st.booleans(),
)
def test_many_at_once_are_what_they_are_one_by_one(rows, piece, ascending):
    if ascending:
        rows = [(i, *rest) for i, (_, *rest) in enumerate(rows)]
    alone, together = History(role), History(role)
    for step, value, epoch, time in rows:
        alone.append({"loss": value, "lr": -value}, step, epoch, time)
    records = [Record({"loss": v, "lr": -v}, s, e, t) for s, v, e, t in rows]
    for start in range(0, len(records), piece):
        for part in batches(records[start : start + piece]):
            put(together, part)
    assert shown(together) == shown(alone)


def shown(history: History) -> object:
    """All that is known, comparable also where it is NaN."""
    return repr(
        [
            (name, one.restarts, one.repeats, one.last_step, one.last_value, columns(one))
            for name, one in history.series.items()
        ]
        + [history.step, history.epoch, history.time]
    )


def columns(series: Series) -> object:
    return [
        None if column is None else column.tolist()
        for view in (series.view(), series.kept())
        for column in (view.step, view.value, view.epoch, view.time)
    ]


def staged(rows: list[tuple[int, str]]) -> History:
    history = History(role)
    for step, stage in rows:
        history.append({"loss": 3.0 - step / 10, "lr": 0.1}, step, stage=stage)
    return history


STAGES: dict[str, tuple[list[tuple[int, str]], list[int], list[tuple[str, int]]]] = {
    "one": ([(1, ""), (2, ""), (3, "")], [1, 2, 3], []),
    "one with a name": ([(1, "a"), (2, "a")], [1, 2], []),
    "resumed": ([(1, "a"), (2, "a"), (3, "a"), (2, "a"), (3, "a")], [1, 2, 3], []),
    "two names": (
        [(1, "a"), (2, "a"), (3, "a"), (1, "b"), (2, "b")],
        [1, 2, 3, 4, 5],
        [("a", 1), ("b", 4)],
    ),
    "the second by its number": (
        [(10, ""), (20, ""), (10, "2"), (20, "2")],
        [10, 20, 30, 40],
        [("1", 10), ("2", 30)],
    ),
    "from 0": (
        [(0, ""), (1, ""), (0, "2"), (1, "2")],
        [0, 1, 2, 3],
        [("1", 0), ("2", 2)],
    ),
    "three, one of them resumed": (
        [(1, "a"), (2, "a"), (1, "b"), (2, "b"), (2, "b"), (1, "b"), (2, "b"), (1, "c")],
        [1, 2, 3, 4, 5],
        [("a", 1), ("b", 3), ("c", 5)],
    ),
    "another name for what goes on": ([(1, "a"), (2, "b"), (3, "a"), (4, "b")], [1, 2, 3, 4], []),
    "both names resumed": ([(1, "a"), (2, "b"), (1, "a"), (2, "b")], [1, 2], []),
}


@pytest.mark.parametrize(("rows", "steps", "stages"), STAGES.values(), ids=STAGES)
def test_what_begins_anew_stands_behind_what_was_there(
    rows: list[tuple[int, str]], steps: list[int], stages: list[tuple[str, int]]
) -> None:
    history = staged(rows)
    assert history.series["loss"].kept().step.tolist() == steps
    assert history.stages == stages
    begins = next(step for step, stage in rows if not stages or stage == stages[-1][0])
    assert history.on_axis(100) == 100 + (stages[-1][1] - begins if stages else 0)


def test_stages_in_bulk_are_those_one_by_one() -> None:
    steps = np.arange(1, 6)
    bulk, singly = History(role), History(role)
    for stage in ("", "2", "3"):
        bulk.extend({"loss": steps / 10}, steps, stage=stage)
        for step in steps.tolist():
            singly.append({"loss": step / 10}, step, stage=stage)
    assert bulk.stages == singly.stages == [("1", 1), ("2", 6), ("3", 11)]
    assert bulk.series["loss"].view().step.tolist() == list(range(1, 16))
    assert singly.series["loss"].view().step.tolist() == list(range(1, 16))


def test_rows_without_a_step_are_the_first_stage_of_one_that_begins_anew() -> None:
    """They were placed, and had called their stage by no name yet."""
    history = History(role)
    for loss in (3.0, 2.0, 1.0):
        history.append({"loss": loss})
    history.append({"loss": 2.5}, 1, stage="tune")
    assert history.stages == [("1", 0), ("tune", 3)]
    assert history.series["loss"].kept().step.tolist() == [0, 1, 2, 3]


def test_a_summary_is_of_the_newest_stage() -> None:
    history = History(role)
    series_of = history.series
    summary = Summary()
    for stage in ("", "2"):
        for step in range(1, 31):
            history.append({"loss": 5.0 if stage == "" else 1.0}, step, stage=stage)
        sketch = summary.catch_up(series_of["loss"])
        assert sketch.n == 30
    assert sketch.mean.max() == 1.0


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        ([1, 1, 2, 2, 3, 3], [1, 2, 3]),
        ([1, 1, 1, 2, 2, 2, 3, 3, 3], [1, 2, 3]),  # three ranks
        ([1, 1, 2, 2, 3], [1, 2, 3]),  # the last has not come yet
        ([20, 20], [20, 20]),  # a training that died at its first row, and its successor
        ([980, 990, 1000, 1000, 1000], [980, 990, 1000, 1000, 1000]),  # written with three digits
        ([1, 2, 3, 3, 4], [1, 2, 3, 3, 4]),
        ([1, *sorted([*range(2, 9)] * 2)], [*range(1, 9)]),  # but for one of the first eight
        ([1, *sorted([*range(2, 9)] * 2), 9], [*range(1, 10)]),
        ([1, 2, *sorted([*range(3, 9)] * 2)], [1, 2, *sorted([*range(3, 9)] * 2)]),
        ([1, 2, 2, 3, 3], [1, 2, 3]),
        ([1, 1, 2, 2], [1, 1, 2, 2]),  # too few to tell
        (sorted([1, 2, 3] * 4), [1, 2, 3]),  # four ranks
        (sorted([1, 2, 3] * 5), sorted([1, 2, 3] * 5)),  # a step that hardly moves is none
        ([0] * 8, [0] * 8),  # no steps at all
    ],
)
def test_steps_that_repeat(steps: list[int], kept: list[int]) -> None:
    series = Series("loss", "train_loss")
    for i, step in enumerate(steps):
        series.append(step, float(i))
    assert series.kept().step.tolist() == kept
    if kept == steps:
        assert series.kept().value[-1] == len(steps) - 1


def test_records_are_put_into_columns_some_at_a_time():
    """Of 300,000 rows of one document at once, nothing else ran for a second."""
    records = [Record({"loss": float(i)}, i) for i in range(70_000)]
    parts = list(batches(records))
    assert max(map(len, parts)) < 20_000
    assert [record for part in parts for record in part] == records


_ROWS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["loss", "eval_loss", "lr"]), st.floats(0, 9), min_size=1),
        st.one_of(st.none(), st.integers(0, 12)),
        st.sampled_from([None, 0.5, math.nan]),
        st.sampled_from([None, 3.0, math.nan]),
        st.sampled_from(["", "", "", "a", "b"]),
    ),
    max_size=40,
)


@given(_ROWS, _ROWS)
def test_rows_taken_in_together_are_as_rows_taken_in_one_by_one(
    before: list[tuple], rows: list[tuple]
) -> None:
    """Steps that go back, rows without one, stages that begin: the history is the same."""
    first = ({"loss": 1.0, "eval_loss": 2.0, "lr": 0.1}, 0, None, None, "")
    one, two = History(role), History(role)
    for row in (first, *before):
        one.append(*row)
        two.append(*row)
    for row in rows:
        one.append(*row)
    two.append_all([(*row, "") for row in rows])
    for name, series in one.series.items():
        for mine, its in (
            (series.view(), two.series[name].view()),
            (series.kept(), two.series[name].kept()),
        ):
            for column in ("step", "value", "epoch", "time"):
                np.testing.assert_array_equal(getattr(mine, column), getattr(its, column))
        assert series.restarts == two.series[name].restarts
        assert series.last_value == two.series[name].last_value
    assert (one.step, one.epoch, one.time, one.stages) == (
        two.step,
        two.epoch,
        two.time,
        two.stages,
    )
