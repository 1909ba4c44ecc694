"""What the counters of a line say of its place: how full a bar is, and what is beyond all bounds."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest

from lossmon.formats.text_shape import Shape


def shape(**counters: int) -> Shape:
    """A shape of which the counters alone are known: name -> group."""
    given: dict[str, Any] = {
        one.name: None
        for one in fields(Shape)
        if one.init and one.default is MISSING and one.default_factory is MISSING
    }
    return Shape(**{**given, "counters": counters})


@pytest.mark.parametrize(
    ("counters", "groups", "full"),
    [
        ({"batch": 0, "batches": 1}, ("9", "10"), False),
        ({"batch": 0, "batches": 1}, ("10", "10"), True),
        ({"step": 0, "steps": 1}, ("10", "10"), True),
        ({"epoch": 0, "epochs": 1}, ("3", "3"), True),
        ({"epoch": 0, "epochs": 1, "batch": 2, "batches": 3}, ("3", "3", "1", "9"), False),
        ({"epoch": 0, "epochs": 1, "batch": 2, "batches": 3}, ("1", "3", "9", "9"), True),
        ({"batch": 0}, ("9",), False),  # of how many is not known
        ({"batches": 0}, ("9",), False),
        ({"batch": 0, "step": 1, "steps": 2}, ("9", "5", "5"), True),  # of the batch no total
        ({"batches": 0, "step": 1, "steps": 2}, ("9", "4", "5"), False),
        ({"batch": 0, "batches": 1}, ("x", "10"), False),
        ({"batch": 0, "batches": 1}, ("1e30", "1e30"), False),
        ({}, (), False),
    ],
)
def test_a_bar_is_full_where_its_finest_counter_is(
    counters: dict[str, int], groups: tuple[str, ...], full: bool
) -> None:
    assert shape(**counters).is_full(groups) is full


@pytest.mark.parametrize(
    ("counters", "groups", "nowhere"),
    [
        ({"step": 0}, ("5",), False),
        ({"step": 0}, ("1" + "0" * 20,), True),
        ({"step": 0}, ("nan",), True),
        ({"step": 0, "epoch": 1}, ("5", "1" + "0" * 20), False),  # the step places it
        ({"batch": 0, "epoch": 1}, ("1" + "0" * 20, "5"), True),
        ({"epoch": 0}, ("1" + "0" * 20,), True),
        ({"steps": 0}, ("1" + "0" * 20,), False),  # a total places nothing
        ({"step": 0}, ("-1",), True),
        ({"step": 0}, ("x",), False),
        ({}, (), False),
    ],
)
def test_what_is_beyond_all_bounds_is_nowhere(
    counters: dict[str, int], groups: tuple[str, ...], nowhere: bool
) -> None:
    assert (shape(**counters).nowhere(groups) is not None) is nowhere


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0.0), ("7", 7.0), ("-1", None), ("x", None), ("1" + "0" * 20, None)]
)
def test_a_counter_counts_from_0_to_what_a_step_may_be(text: str, number: float | None) -> None:
    assert shape(step=0).counter((text,), "step") == number
    assert shape(step=0).counter((text,), "epoch") is None
