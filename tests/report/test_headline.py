"""Which of several findings is named first: the worst, then what is not ordinary, then the surest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.diagnosis.finding import Finding
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.verdict import headline
from tests.chart.test_views import run_of


@pytest.fixture(scope="module")
def base() -> RunUpdate:
    return run_of([{"step": i, "loss": 2 - i / 50} for i in range(1, 41)])


def _finding(text: str) -> Finding:
    """ "warning spike 0.9" as a finding."""
    severity, pattern, confidence = text.split()
    return Finding(pattern, severity, float(confidence), 1, "loss", "as it is")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "first"),
    [
        ("info healthy 0.9", "healthy"),
        ("info healthy 0.95, info spike 0.5", "spike"),  # ordinary comes after all else
        ("info spike 0.5, info healthy 0.95", "spike"),
        ("info finished 0.99, info not_converged 0.4", "not_converged"),
        ("info healthy_pair 0.99, info staircase 0.4", "staircase"),
        ("info spike 0.99, warning plateau 0.1", "plateau"),
        ("warning rising 0.99, critical diverged 0.2", "diverged"),
        ("warning rising 0.6, warning overfitting 0.9", "overfitting"),
        ("info healthy 0.6, info healthy_pair 0.9", "healthy_pair"),
        ("warning slowdown 0.99, warning overfitting 0.5", "overfitting"),  # a verdict says more
    ],
)
def test_what_is_named_first(base: RunUpdate, findings: str, first: str) -> None:
    found = tuple(map(_finding, findings.split(", ")))
    update = replace(base, diagnosis=replace(base.diagnosis, findings=found))
    named = headline(update)
    assert named is not None
    assert named.pattern == first


def test_what_was_hushed_comes_after_all_else(base: RunUpdate) -> None:
    found = (_finding("critical diverged 0.9"), _finding("info healthy 0.5"))
    update = replace(base, diagnosis=replace(base.diagnosis, findings=found))
    named = headline(replace(update, hushed=frozenset({"diverged"})))
    assert named is not None
    assert named.pattern == "healthy"
