"""Where one run stands against another: each part of the rule at its bound, and what is said of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lossmon.monitor.versus import Standing, Versus
from lossmon.report.against import Against

NAN, INF = math.nan, math.inf
ONE_HALF_MORE: dict[str, Any] = {
    "base": "base", "metric": "loss", "at": "step", "place": 1234.9,
    "level": 1.5, "base_level": 1.0, "error": 0.125, "limit": 3.0,
}  # fmt: skip


def stood(**told: Any) -> Versus:
    return Versus(**{**ONE_HALF_MORE, **told})


@pytest.mark.parametrize(
    ("told", "margin", "standing"),
    [
        ({}, 0.0, "behind"),
        ({"rises": True}, 0.0, "ahead"),
        ({"level": 0.5}, 0.0, "ahead"),
        ({"level": 0.5, "rises": True}, 0.0, "behind"),
        ({"limit": 4.0}, 0.0, "level"),  # which is just what the difference is
        ({"limit": 3.99}, 0.0, "behind"),
        ({}, 0.5, "level"),  # just the margin
        ({}, 0.49, "behind"),
        ({"level": 0.5}, 0.5, "level"),
        ({"level": 0.5}, 0.49, "ahead"),
        ({"error": 0.0}, 0.0, "behind"),
        ({"level": 1.0, "error": 0.0}, 0.0, "level"),
        ({"level": 1.0, "error": 0.0, "rises": True}, 0.0, "level"),
        ({"level": NAN}, 9.0, "behind"),
        ({"level": INF, "rises": True}, 9.0, "behind"),
        ({"level": -INF}, 9.0, "behind"),
        ({"base_level": 0.0}, 9.0, "behind"),  # more than any share of nothing
        ({"base_level": 0.0, "level": -1.5}, 9.0, "ahead"),
        ({"base_level": -1.0, "level": -1.5}, 0.49, "ahead"),
        ({"base_level": -1.0, "level": -1.5}, 0.5, "level"),
    ],
)
def test_a_difference_counts_beyond_chance_and_margin(
    told: dict[str, Any], margin: float, standing: Standing
) -> None:
    assert stood(**told).standing(margin) == standing


@pytest.mark.parametrize(
    ("told", "share", "errors"),
    [
        ({}, 0.5, 4.0),
        ({"level": 0.5}, -0.5, 4.0),
        ({"base_level": 2.0}, -0.25, 4.0),
        ({"base_level": -1.0}, 2.5, 20.0),
        ({"base_level": 0.0}, INF, 12.0),
        ({"base_level": 0.0, "level": -1.5}, -INF, 12.0),
        ({"error": 0.0}, 0.5, INF),
        ({"level": 1.0, "error": 0.0}, 0.0, 0.0),
    ],
)
def test_the_difference_as_a_share_and_in_standard_errors(
    told: dict[str, Any], share: float, errors: float
) -> None:
    found = stood(**told)
    assert (found.share, found.errors) == (share, errors)


@pytest.mark.parametrize(
    ("standing", "told", "says"),
    [
        ("behind", {}, "behind it: loss 1.5 against 1 at step 1,234 (+50.0%, 4.0 standard errors)"),
        ("ahead", {"level": 0.5}, "ahead of it: loss 0.5 against 1 at step 1,234 "
         "(-50.0%, 4.0 standard errors)"),
        ("level", {"at": "time", "limit": 9.0}, "level with it: loss 1.5 against 1 at 1,235 s "
         "(+50.0%, 4.0 standard errors)"),
        ("behind", {"error": 0.0}, "behind it: loss 1.5 against 1 at step 1,234 "
         "(+50.0%, 1000.0 standard errors)"),
        ("behind", {"level": NAN}, "behind it: loss is not finite at step 1,234"),
        ("behind", {"level": INF, "at": "time"}, "behind it: loss is not finite at 1,235 s"),
        (None, {}, "too little in common with it to tell"),
        ("behind", None, "too little in common with it to tell"),
        (None, None, "too little in common with it to tell"),
    ],
)  # fmt: skip
def test_what_is_said_of_it(
    standing: Standing | None, told: dict[str, Any] | None, says: str
) -> None:
    by = None if told is None else stood(**told)
    assert str(Against(standing, by, "it").sentence()) == says


def test_what_is_not_known_is_null_and_what_is_not_finite_is_told() -> None:
    nothing = Against(None, None, "it").as_object()
    assert nothing.pop("run") == "it"
    assert set(nothing.values()) == {None}
    assert Against("behind", stood(level=NAN), "it").as_object() == {
        "run": "it", "standing": "behind", "metric": "loss", "at": "step", "place": 1234.9,
        "level": "nan", "baseline_level": 1.0, "error": 0.125,
    }  # fmt: skip
