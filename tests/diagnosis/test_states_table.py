"""How a training stands: each sign alone, and just inside and just outside of each limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from lossmon.diagnosis import lifecycle
from lossmon.diagnosis.lifecycle import (
    JOB_FAILED,
    JOB_WAITS,
    Signs,
    Situation,
    lifecycle_findings,
    silence,
)
from tests import approved

NOW = 1_750_000_000.0


@dataclass
class Plan:
    total_steps: int | None = None
    finished: bool = False
    failure: str | None = None


def stands(
    silence_s: float = 10.0, step: int = 500, total: int | None = None, finished: bool = False,
    failure: str | None = None, writer: bool | None = None, gpu: Any = None, job: str = "", **more: Any,
) -> Situation:  # fmt: skip
    """A training whose silence is patiently waited for over 300 s."""
    plan = Plan(total, finished, failure)
    return Situation(
        silence_s, 1.0, 300.0, plan, step, signs=Signs(writer, gpu=gpu, job=job), **more
    )


LONG = {"silence_s": 301.0}


TABLE: list[tuple[dict[str, Any], str]] = [
    ({}, "running"),
    ({"silence_s": 300.0}, "running"),
    (LONG, "silent"),  # nothing says that more was to come
    ({**LONG, "total": 1000}, "stalled"),
    ({**LONG, "live": True}, "stalled"),
    ({**LONG, "writer": True}, "stalled"),
    ({**LONG, "job": "RUNNING"}, "stalled"),
    ({**LONG, "total": 1000, "closed": True}, "silent"),
    ({**LONG, "total": 1000, "closed": True, "live": True}, "stalled"),
    ({**LONG, "total": 1000, "closed": True, "writer": True}, "stalled"),
    ({**LONG, "total": 1000, "closed": True, "job": "RUNNING"}, "stalled"),
    ({"failure": "killed"}, "failed"),
    ({"failure": "killed", "finished": True}, "failed"),
    ({"finished": True}, "finished"),
    ({"finished": True, "job": "FAILED"}, "finished"),
    ({"total": 500}, "finished"),
    ({"total": 499}, "finished"),
    ({"total": 498}, "running"),  # of another: the bar of an evaluation
    ({"total": 501}, "running"),
    ({**LONG, "total": 501}, "stalled"),
    ({**LONG, "total": 501, "from_zero": True}, "finished"),
    ({"total": 501, "from_zero": True}, "running"),  # a row may come still
    ({**LONG, "total": 502, "from_zero": True}, "stalled"),
    *(({"job": job}, "failed") for job in JOB_FAILED),
    *(({**LONG, "total": 900, "job": job}, "running") for job in JOB_WAITS),
    ({"job": "COMPLETED"}, "finished"),
    ({"job": "COMPLETING"}, "running"),
    # a process that held the log, and its GPU
    ({"silence_s": 30.0, "writer": False}, "running"),
    ({"silence_s": 31.0, "writer": False}, "silent"),
    ({"silence_s": 31.0, "writer": False, "total": 900}, "stalled"),
    ({"silence_s": 31.0, "writer": False, "job": "RUNNING"}, "stalled"),
    ({**LONG, "writer": True, "gpu": "busy"}, "running"),  # its output may be buffered
    ({**LONG, "writer": True, "gpu": "idle"}, "stalled"),
    ({**LONG, "gpu": "busy"}, "silent"),
    ({**LONG, "writer": True, "gpu": "busy", "alarmed": True}, "stalled"),
    ({"silence_s": 1200.0, "writer": True, "gpu": "busy"}, "running"),
    ({"silence_s": 1201.0, "writer": True, "gpu": "busy"}, "stalled"),
]


@pytest.mark.parametrize(("given", "state"), TABLE, ids=str)
def test_how_a_training_stands(given: dict[str, Any], state: str) -> None:
    assert stands(**given).state == state


@pytest.mark.parametrize(
    ("silence_s", "writer", "gone"),
    [(30.0, False, False), (31.0, False, True), (31.0, None, False), (31.0, True, False)],
)
def test_when_nobody_is_left_to_write(silence_s: float, writer: bool | None, gone: bool) -> None:
    assert stands(silence_s, writer=writer).gone == gone


@pytest.mark.snapshot
@pytest.mark.parametrize("given", [one for one, _ in TABLE], ids=str)
def test_what_is_said_of_it_is_as_approved(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bare, and with all that log and machine may tell beside."""
    monkeypatch.setattr(lifecycle, "clock", lambda when, now: f"{now - when:.0f} s ago")
    told = []
    for more in (False, True):
        at = stands(**given)
        if more:
            signs = replace(
                at.signs, gone_since=NOW - 40, gpu_words="GPU 3 %", pid=77, job_words="job 7 waits"
            )
            at = replace(at, signs=signs, usual_gap_s=None)
        told += [f"silence: {silence(at, NOW)}"]
        for one in lifecycle_findings(at, "loss", NOW):
            told += [
                f"{one.severity} {one.pattern} {one.confidence} {one.evidence} {dict(one.numbers)}"
            ]
            told += [f"  {cause.id}: {cause.why}" for cause in one.causes]
    approved.hold("states", str(given), "\n".join(told))
