"""Of which runs the machine is asked: what has ended or is elsewhere costs no look."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lossmon.monitor.update import Job
from lossmon.report.machine import RECENT_S, _may_go_on
from tests.tui.synthetic import NOW, update_of


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"state": "stalled"}, True),
        ({"state": "finished"}, False),
        ({"state": "failed"}, False),
        ({"host": "box"}, False),  # on another machine
        (
            {"job": Job("7", "sft", "RUNNING", "n1", None, None, None)},
            False,
        ),  # its scheduler knows more
        ({"last_row_time": None}, False),
        ({"last_row_time": NOW - RECENT_S + 1}, True),
        ({"last_row_time": NOW - RECENT_S}, False),  # nothing holds a log for so long in silence
    ],
    ids=count(),
)
@pytest.mark.slow
def test_the_machine_is_asked_of_what_may_go_on_here(
    tmp_path: Path, changes: dict[str, Any], asked: bool
) -> None:
    run = replace(
        update_of(tmp_path / "log.jsonl"), **{"state": "running", "last_row_time": NOW, **changes}
    )
    assert _may_go_on(run, NOW) is asked
