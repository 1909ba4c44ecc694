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
