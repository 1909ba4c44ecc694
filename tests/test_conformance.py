"""Real logs give the points that their frameworks logged."""

from __future__ import annotations

import pytest

from tests.benchmarks.formats_conformance import KNOWN_MISSES, Case, all_cases, mismatches

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_points_are_those_that_were_logged(case: Case) -> None:
    wrong = mismatches(case)
    if case.name in KNOWN_MISSES:
        assert wrong, "it is read as expected now: take it off the list"
        pytest.xfail(KNOWN_MISSES[case.name])
    assert not wrong
