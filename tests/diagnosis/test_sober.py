"""No praise under a warning: what is shown of any two findings, and of any run at any row."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest

from lossmon.diagnosis.finding import SEVERITIES, Finding, PatternId, Severity
from lossmon.diagnosis.judge import sober
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.formats.decoder import Record
from lossmon.monitor.log import Log
from lossmon.monitor.training import Training
from lossmon.tui import look
from tests.diagnosis.curves import CURVES, evaluations

PRAISE = ("healthy", "healthy_pair", "falling", "too_early")
BY_CLOCK = ("stalled", "failed", "finished")  # of the run, not of a curve


def found(pattern: PatternId, severity: Severity) -> Finding:
    return Finding(pattern, severity, 0.9, 10, "loss", "")


@pytest.mark.parametrize("severity", SEVERITIES)
def test_praise_stands_beside_what_is_mild_or_of_no_curve(severity: Severity) -> None:
    for beside, pattern in product(get_args(PatternId), PRAISE):
        other = found(beside, severity)
        warns = severity != "info" and beside not in BY_CLOCK
        shown = sober((other, found(pattern, "info")))
        assert shown[0] is other, beside
        assert len(shown) == (1 if warns else 2), (beside, pattern)


def test_what_is_not_fine_has_no_tick() -> None:
    ticked = {p for p in get_args(PatternId) if look.badge(found(p, "info"), ascii=True)[0] == "+"}
    assert ticked == {"healthy", "healthy_pair", "falling", "finished"}
    for pattern in get_args(PatternId):
        for severity in ("warning", "critical"):
            assert look.tone(found(pattern, severity)) == severity


ROWS = 200
RUNS = {
    **{name: (CURVES[name](ROWS), None) for name in ("healthy", "rebound", "diverged")},
    "oscillating": (CURVES["oscillating"](300), None),
    **{name: evaluations(name) for name in ("overfitting", "underfitting", "healthy_pair")},
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.slow
def test_at_no_row_of_a_run_praise_stands_under_a_warning(run: str) -> None:
    train, evals = RUNS[run]
    each = len(train) // ROWS
    train = train[each - 1 :: each]
    log = Log("a")
    training = Training("a", [log])
    log.history.plan.total_steps = len(train)
    stride = 0 if evals is None else ROWS // len(evals)
    seen = set()
    for step, value in enumerate(np.asarray(train).tolist(), 1):
        rows = [Record({"loss": value}, step=step)]
        if evals is not None and step % stride == 0 and step // stride <= len(evals):
            rows.append(Record({"eval_loss": float(evals[step // stride - 1])}, step=step))
        training.take(log, rows, float(step), live=True)
        found = training.update(float(step), 1.0).diagnosis.findings
        warns = any(f.severity != "info" and PATTERNS[f.pattern].find is not None for f in found)
        praised = any(f.pattern in PRAISE and f.severity == "info" for f in found)
        assert not (warns and praised), step
        seen.add("warning" if warns else "praise" if praised else "")
    assert "praise" in seen
    assert ("warning" in seen) == (run not in ("healthy", "healthy_pair"))
