"""Curves that a notebook holds, as the rows of a log: which point lies where, and what is left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lossmon.errors import TargetError
from lossmon.formats.decoder import MOST_STEPS
from lossmon.memory import array_rows, count, frame_runs

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "number"),
    [(None, None), (2, 2), (np.int64(3), 3), (4.0, 4), (MOST_STEPS - 1, MOST_STEPS - 1)],
)
def test_a_whole_number_is_taken(value: object, number: int | None) -> None:
    assert count("n", value, 2) == number


@pytest.mark.parametrize("value", [1, 2.5, True, "3", MOST_STEPS, NAN, math.inf, [2], "x\ny" * 99])
def test_what_is_no_number_of_the_range_is_refused(value: object) -> None:
    with pytest.raises(
        TargetError, match=r"^n: .*; a whole number of 2 or more is wanted$"
    ) as told:
        count("n", value, 2)
    assert len(str(told.value)) < 140


def test_true_is_no_number_even_where_1_is_one() -> None:
    assert count("n", 1, 1) == 1
    with pytest.raises(TargetError, match="n: True; a whole number of 1 or more"):
        count("n", True, 1)


def test_of_what_is_refused_eighty_characters_are_shown() -> None:
    for length in (80, 81):
        with pytest.raises(TargetError) as told:
            count("n", "x" * length, 2)
        assert f"n: {'x' * 80};" in str(told.value)


def rows(**given: Any) -> list[tuple[int | None, dict[str, float]]]:
    told = {"step": None, "train_loss": None, "eval_loss": None, "eval_step": None, **given}
    return [(one.step, dict(one.values)) for one in array_rows(**told)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"train_loss": [3, 2]}, [(1, {"loss": 3}), (2, {"loss": 2})]),
        ({"train_loss": [3, 2], "step": [10, 5]}, [(5, {"loss": 2}), (10, {"loss": 3})]),
        ({"train_loss": [3, 2], "step": [5, 5]}, [(5, {"loss": 2})]),  # the later one
        ({"eval_loss": [3, 2]}, [(1, {"eval_loss": 3}), (2, {"eval_loss": 2})]),
        (
            {"train_loss": [3, 2], "eval_loss": [NAN, 1]},
            [(1, {"loss": 3}), (2, {"loss": 2, "eval_loss": 1})],
        ),
        (
            {"train_loss": [3, 2], "eval_loss": [1], "eval_step": [2]},
            [(1, {"loss": 3}), (2, {"loss": 2, "eval_loss": 1})],
        ),
        ({"train_loss": [3, None]}, [(1, {"loss": 3})]),
        ({"eval_loss": np.ma.masked_array([3, 2], mask=[True, False])}, [(2, {"eval_loss": 2})]),
        ({"eval_loss": pd.Series([3, None], dtype="Int64")}, [(1, {"eval_loss": 3})]),
        ({"train_loss": [True, False]}, [(1, {"loss": 1}), (2, {"loss": 0})]),
        ({"train_loss": []}, []),
    ],
)
def test_the_rows_of_curves(given: dict[str, Any], found: list[Any]) -> None:
    assert rows(**given) == found


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"train_loss": [1, NAN]}, [1, 2]),
        ({"train_loss": pd.Series([1, NAN])}, [1, 2]),
        ({"eval_loss": [1, NAN]}, [1, 2]),
        ({"train_loss": [1, 1], "eval_loss": [1, NAN], "eval_step": [1, 3]}, [1, 2, 3]),
    ],
)
def test_nan_is_a_value_unless_it_stands_for_no_evaluation(
    given: dict[str, Any], at: list[int]
) -> None:
    found = rows(**given)
    assert [step for step, _ in found] == at
    assert any(value != value for value in found[-1][1].values())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"train_loss": [1], "eval_step": [1]}, "eval_step: without eval_loss it places nothing"),
        ({"train_loss": [1, 2], "step": [1]}, "train_loss: 2 values for 1 steps"),
        ({"train_loss": [1], "eval_loss": [1, 2]}, "eval_loss: 2 values for 1 steps"),
        (
            {"train_loss": [1], "step": [1.5]},
            "step: 1.5 is no step; whole numbers from 0 on are wanted",
        ),
        (
            {"train_loss": [1], "step": [MOST_STEPS]},
            "is no step; whole numbers from 0 on are wanted",
        ),
        ({"eval_loss": [1], "eval_step": [NAN]}, "eval_step: nan is no step"),
        (
            {"train_loss": "12"},
            "train_loss: str; a list, an array or a Series of numbers is wanted",
        ),
        ({"train_loss": {}}, "train_loss: dict; a list"),
        ({"train_loss": 3.0}, "train_loss: float; a list"),
        ({"train_loss": np.array(["a"])}, "train_loss: <U1 values; a list"),
        ({"train_loss": [1j]}, "train_loss: complex128 values; a list"),
        ({"train_loss": [[1], [2]]}, r"train_loss: of shape \(2, 1\); one dimension is wanted"),
        ({"train_loss": [{}]}, "train_loss: .*; a list"),
    ],
)
def test_what_is_no_curve_is_told(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TargetError, match=says):
        rows(**given)


def test_steps_up_to_the_bound_are_steps() -> None:
    most = float(2**52)
    assert [step for step, _ in rows(train_loss=[1, 2], step=[0, most])] == [0, 2**52]


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ({"loss": [2.0, 1.0]}, [(None, None, {"loss": 2}), (None, None, {"loss": 1})]),
        ({"step": [1, 2], "loss": [2.0, NAN]}, [(1, None, {"loss": 2})]),
        (
            {"step": [1, NAN], "loss": [2.0, 1.0]},
            [(1, None, {"loss": 2}), (None, None, {"loss": 1})],
        ),
        (
            {"epoch": [0.5, NAN], "loss": [2, 1]},
            [(None, 0.5, {"loss": 2}), (None, None, {"loss": 1})],
        ),
        ({"step": [1], "loss": [2.0], "note": ["x"]}, [(1, None, {"loss": 2})]),
        ({"step": [1], 7: [2.0]}, [(1, None, {"7": 2})]),
        (
            {"step": [1, 1, 2], "metric": ["loss", "acc", "loss"], "value": [3.0, 0.5, 2.0]},
            [(1, None, {"loss": 3, "acc": 0.5}), (2, None, {"loss": 2})],
        ),
        (
            {"epoch": [1.0, 1.0], "metric": ["loss", "loss"], "value": [3.0, 2.0]},
            [(None, 1.0, {"loss": 2})],
        ),
    ],
)
def test_the_rows_of_a_frame(frame: dict[Any, Any], found: list[Any]) -> None:
    (one,) = frame_runs(pd.DataFrame(frame)).items()
    assert one[0] == "data"
    assert [(row.step, row.epoch, dict(row.values)) for row in one[1]] == found


def test_each_run_of_a_frame_has_its_rows_in_their_order() -> None:
    frame = pd.DataFrame({"run": ["b", 3, "b"], "step": [1, 1, 2], "loss": [3.0, 2.0, 1.0]})
    found = frame_runs(frame)
    assert list(found) == ["b", "3"]
    assert [row.step for row in found["b"]] == [1, 2]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame([[1, 2, 3]], columns=["step", "a", "a"]), "two columns are called a; rename"),
        (pd.DataFrame({"metric": ["a"], "value": [1]}), "need a column step or epoch"),
        (pd.DataFrame({"step": [1], "note": ["a"]}), "no column of numbers beside step and epoch"),
        (pd.DataFrame({"step": [0.5], "loss": [1]}), "step: 0.5 is no step"),
        ([1, 2], "list: make it a pandas DataFrame, or give train_loss"),
    ],
)
def test_what_is_no_frame_of_runs_is_told(frame: Any, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        frame_runs(frame)


def test_what_can_be_made_a_frame_is() -> None:
    class Polars:
        def to_pandas(self) -> pd.DataFrame:
            return pd.DataFrame({"loss": [1.0]})

    assert [dict(one.values) for one in frame_runs(Polars())["data"]] == [{"loss": 1}]  # type: ignore[arg-type]


def test_what_is_a_frame_is_taken_as_it_is() -> None:
    class Frame(pd.DataFrame):
        def to_pandas(self) -> pd.DataFrame:
            raise RuntimeError("is one already")

    assert [dict(one.values) for one in frame_runs(Frame({"loss": [1.0]}))["data"]] == [{"loss": 1}]
