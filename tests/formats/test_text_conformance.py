"""Real text logs give the points that their frameworks logged."""

from __future__ import annotations

import pytest

from tests.benchmarks.formats_conformance import (
    KNOWN_MISSES,
    SHARED,
    Case,
    corpus_cases,
    mismatches,
    run_cases,
)

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared beside the repository")

CASES = [*run_cases(), *corpus_cases()] if SHARED.is_dir() else []


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_points_are_those_that_were_logged(case: Case):
    wrong = mismatches(case)
    if wrong and case.name in KNOWN_MISSES:
        pytest.skip(KNOWN_MISSES[case.name])
    assert not wrong
