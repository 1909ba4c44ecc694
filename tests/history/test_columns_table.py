"""What counts of a run that was resumed or written twice; how a bounded summary keeps its noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.formats.names import role
from lossmon.history.columns import Series, part_of
from lossmon.history.run import History
from lossmon.history.summary import MAX_BUCKETS, Summary

NAN = math.nan


def series(*points: tuple[int, float]) -> Series:
    made = Series("loss", "train_loss")
    for step, value in points:
        made.append(step, value)
    return made


@pytest.mark.parametrize(
    ("steps", "kept", "restarts", "repeats"),
    [
        ([], [], [], 0),
        ([1], [0], [], 0),
        ([1, 2, 3], [0, 1, 2], [], 0),
        ([1, 1, 2, 2, 3], [0, 2, 4], [], 2),  # written twice from the start: the first counts
        ([1, 2, 2, 3], [0, 1, 2, 3], [], 1),  # once in a while: each counts
        ([1, 1, 1, 1, 1], [0, 1, 2, 3, 4], [], 4),  # a step that never moves is none
        ([1, 2, 3, 2, 3, 4], [0, 3, 4, 5], [3], 0),  # resumed: the later count
        ([1, 2, 3, 1], [3], [3], 0),
        ([5, 6, 1, 2, 5, 1], [5], [2, 5], 0),
        ([1, 2, 3, 3, 2, 2], [0, 4, 5], [4], 2),
        ([-3, -2, 7], [0, 1, 2], [], 0),
    ],
)
def test_what_counts(steps: list[int], kept: list[int], restarts: list[int], repeats: int) -> None:
    made = series(*((step, float(i)) for i, step in enumerate(steps)))
    assert (made.restarts, made.repeats, len(made)) == (restarts, repeats, len(steps))
    assert made.kept().value.tolist() == [float(i) for i in kept]
    assert made.view().step.tolist() == steps


def test_many_points_at_once_follow_the_step_before_them() -> None:
    for before, ascending in ((0, True), (1, False), (2, False)):
        made = series((before, 0.0))
        made.extend(np.array([1, 2]), np.array([1.0, 2.0]))
        assert made.last_step == 2
        assert (made.restarts == [] and made.repeats == 0) is ascending


@pytest.mark.parametrize(
    ("steps", "restarts", "repeats"),
    [
        ([1, 2, 3], [], 0),
        ([1, 3, 2], [3], 0),
        ([1, 1, 2], [], 1),
        ([0, 1, 2], [], 1),
        ([2, 1, 1], [2], 1),
    ],
)
def test_many_points_at_once_are_looked_at_one_by_one_where_they_do_not_ascend(
    steps: list[int], restarts: list[int], repeats: int
) -> None:
    made = series((0, 0.0))
    made.extend(np.array(steps), np.arange(1.0, 4.0))
    assert (made.restarts, made.repeats) == (restarts, repeats)
    assert made.view().step.tolist() == [0, *steps]


def test_optional_columns_begin_where_they_are_first_known() -> None:
    made = Series("loss", "train_loss")
    made.append(1, 1.0)
    made.append(2, 1.0, epoch=0.5)
    made.append(3, 1.0, time=9.0)
    view = made.view()
    assert str(view.epoch) == "[nan 0.5 nan]"
    assert str(view.time) == "[nan nan  9.]"
    part = part_of(view, 1, 2)
    assert (part.step.tolist(), str(part.epoch)) == ([2], "[0.5]")


def test_the_noise_of_a_long_run_is_that_of_its_points() -> None:
    """Merging buckets keeps the jumps across what were their borders."""
    n = 16 * MAX_BUCKETS
    rng = np.random.default_rng(3)
    values = rng.normal(2.0, 0.1, n)
    made, summary = Series("loss", "train_loss"), Summary()
    for start in range(0, n, 1000):
        stop = min(n, start + 1000)
        made.extend(np.arange(start, stop), values[start:stop])
        sketch = summary.catch_up(made)
    assert sketch.width > 4
    whole = np.sqrt(np.mean(np.diff(values) ** 2))
    assert np.sqrt(np.mean(sketch.jump**2)) == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize(
    ("step", "rows", "remain"),
    [
        (50, 50, True),
        (97, 97, True),
        (98, 98, False),
        (99, 99, False),
        (90, 9, False),
        (80, 8, True),
    ],
)
def test_more_is_to_come_where_more_than_a_row_of_the_plan_is_left(
    step: int, rows: int, remain: bool
) -> None:
    history = History(role)
    history.plan.total_steps = 100
    for i in range(1, rows + 1):
        history.append({"loss": 1.0}, step * i // rows)
    assert history.steps_remain is remain
    history.plan.finished = True
    assert not history.steps_remain


@pytest.mark.parametrize(
    ("epochs", "times", "newest"),
    [([1.0, 2.0], [5.0, 6.0], (2.0, 6.0)), ([1.0, NAN], [5.0, NAN], (1.0, 5.0)),
     ([1.0, None], [5.0, None], (1.0, 5.0)), ([NAN, NAN], [NAN, NAN], (None, None))],
)  # fmt: skip
def test_the_newest_epoch_and_time_are_numbers(
    epochs: list[float | None], times: list[float | None], newest: tuple[float | None, ...]
) -> None:
    one, together, many = History(role), History(role), History(role)
    one.append({"loss": 1.0}, 0)
    together.append({"loss": 1.0}, 0)
    for step, (epoch, time) in enumerate(zip(epochs, times, strict=True), 1):
        one.append({"loss": 1.0}, step, epoch, time)
    rows = zip(epochs, times, strict=True)
    together.append_all(
        ({"loss": 1.0}, step, epoch, time, "", "") for step, (epoch, time) in enumerate(rows, 1)
    )
    many.extend(
        {"loss": np.ones(2)}, np.array([1, 2]), np.array(epochs, float), np.array(times, float)
    )
    for history in (one, together, many):
        assert (history.epoch, history.time) == newest


def test_what_comes_later_without_a_number_is_none() -> None:
    made = series((1, 1.0))
    made.extend(np.array([2]), np.ones(1), np.array([0.5]), np.array([9.0]))
    made.extend(np.array([3, 4]), np.ones(2), np.array([NAN, NAN]))
    view = made.view()
    assert (str(view.epoch), str(view.time)) == ("[nan 0.5 nan nan]", "[nan  9. nan nan]")


@pytest.mark.parametrize(
    ("rows", "from_zero"),
    [
        ([("loss", 0), ("loss", 1), ("loss", 2)], True),
        ([("loss", 1), ("loss", 2)], False),
        ([("loss", 0), ("loss", 2)], False),  # it leaves one out
        ([("loss", 0), ("loss", 0), ("loss", 1), ("lr", 2)], False),
        ([("loss", 0), ("loss", 1), ("lr", 1)], True),
        ([], False),
    ],
)
def test_steps_are_counted_from_zero_where_a_metric_has_each(
    rows: list[tuple[str, int]], from_zero: bool
) -> None:
    history = History(role)
    for name, step in rows:
        history.append({name: 1.0}, step)
    assert history.counts_from_zero is from_zero


@pytest.mark.parametrize(("since", "left"), [(5, 1), (6, 0), (4, 1)])
def test_a_sketch_of_one_point_begins_at_its_step(since: int, left: int) -> None:
    sketch = Summary().catch_up(series((5, 2.0))).since(since)
    assert (sketch.n, len(sketch.step), len(sketch.newest)) == (left, left, left)
