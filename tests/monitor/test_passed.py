"""What is told of logs without a row while others are read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.monitor.locations import Locations
from lossmon.monitor.log import Log
from lossmon.monitor.passed import PassedOver

HEADER = b"step,loss\n"


def log(path: str, data: bytes = HEADER, refused: str | None = None, mtime: float = 1.0) -> Log:
    made = Log(path, size=len(data), mtime=mtime)
    for record in made.feed(data):
        made.add(record)
    if refused is not None:
        made.refused = refused
    return made


def passed(*logs: Log, **told: Any) -> PassedOver:
    intake = SimpleNamespace(
        logs={one.path: one for one in logs},
        **{"errors": {}, "barred": set(), "refused": {}, **told},
    )
    return PassedOver(intake, [], Locations([], ["/runs"]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (log("/runs/a.csv"), True),
        (log("/other/a.csv"), False),  # below another target
        (log("/runs/a.csv", b""), False),  # nobody knows yet what it is
        (log("/runs/a.csv", b"a story\n"), False),
        (log("/runs/a.csv", HEADER + b"1,2.0\n2,1.5\n"), False),  # it has rows
        (log("/runs/a.csv", refused="no training"), False),  # that is told elsewhere
    ],
)
def test_a_log_of_a_known_format_without_rows_is_told(one: Log, told: bool) -> None:
    found = passed(one).known(["/runs"])
    assert [path for path, _ in found] == ([one.path] if told else [])
    assert all("holds no row yet" in str(why) for _, why in found)
    assert passed(one).known([]) == []


def test_of_many_the_newest_are_told_and_first_those_that_cannot_be_read() -> None:
    logs = [log(f"/runs/{i}.csv", mtime=float(i)) for i in range(5)]
    count, told = passed(
        *logs, errors={"/runs/0.csv": "not allowed"}, barred={"/runs/0.csv"}
    ).newest()
    assert (count, [path for path, _ in told]) == (5, [f"/runs/{i}.csv" for i in (0, 4, 3)])
    assert str(told[0][1]) == "not allowed"
    assert len(passed(*logs).newest(2)[1]) == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "it looks like csv"),
        ({"refused": {"/runs/a.csv": "too wide"}}, "too wide"),
        ({"errors": {"/runs/a.csv": "is gone"}}, "is gone"),  # what went wrong last says most
        ({"refused": {"/runs/a.csv": "too wide"}, "errors": {"/runs/a.csv": "gone"}}, "gone"),
        ({"errors": {"/runs/b.csv": "gone"}}, "it looks like csv"),
    ],
)
def test_in_the_end_each_says_why(more: dict[str, Any], why: str) -> None:
    assert str(passed(log("/runs/a.csv"), **more).all()["/runs/a.csv"]).startswith(why)
