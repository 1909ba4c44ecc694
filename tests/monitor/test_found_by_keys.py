"""Which logs are compared at all: those that share enough of the keys of their rows."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.logs.discover import run_directory
from lossmon.monitor import joining as joining_module
from lossmon.monitor.joining import Joining
from lossmon.monitor.kinship import UNKNOWN, Curves, Kinship, Trace
from tests.monitor.test_joining import Written


@pytest.mark.parametrize(("alike", "compared"), [(0, 0), (1, 0), (2, 1), (8, 1)])
def test_one_value_that_happens_to_agree_has_no_two_logs_compared(
    alike: int, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row has a key for its step and one for the next: agreeing in both is agreeing once."""
    pairs: list[tuple[str, str]] = []

    def note(one: Curves, two: Curves, *_: str) -> Kinship:
        pairs.append((one.log.path, two.log.path))
        return UNKNOWN

    monkeypatch.setattr(joining_module, "kinship", note)
    rows = np.arange(20)
    first, second = 1.0 + rows / 100, 2.0 + rows / 100
    second[rows[::3][:alike]] = first[::3][:alike]
    logs = [
        Written(f"sweep/{name}/log.csv", "csv", losses.tolist(), rows.tolist(), at)
        for at, (name, losses) in enumerate((("a", first), ("b", second)))
    ]
    for log in logs:
        log.grow(20)
    Joining[Trace](run_directory).take(*(log.trace for log in logs))
    assert len(pairs) == compared
