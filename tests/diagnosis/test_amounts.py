"""How much, in words: what is beyond counting is bounded, wherever it is said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lossmon.diagnosis.amounts import percent, standard_errors
from tests.diagnosis.curves import replay


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.123, 0, "12%"), (0.123, 1, "12.3%"), (10.0, 0, "1000%"), (-0.5, 0, "-50%"),
        (10.1, 1, "more than 1,000%"), (2e13, 0, "more than 1,000%"),
        (float("inf"), 0, "more than 1,000%"), (-2e13, 0, "more than -1,000%"),
    ],
)  # fmt: skip
def test_percent(share: float, digits: int, said: str) -> None:
    assert percent(share, digits) == said


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (5.23, "5.2 standard errors"),
        (100.0, "100.0 standard errors"),
        (161641541038.5, "more than 100 standard errors"),
        (-1e300, "more than -100 standard errors"),
    ],
)
def test_standard_errors(n: float, said: str) -> None:
    assert standard_errors(n) == said


_T = np.arange(400)
_SHAPES = {
    "a line down": 2 - _T / 500,
    "a line up": 1 + _T / 100,
    "from next to nothing up": np.where(_T < 200, 1e-12 + (200 - _T) * 1e-14, 1e-12 + _T * 1e-3),
    "down to next to nothing": np.where(_T < 100, 3 - _T * 0.0299, 1e-9),
    "between next to nothing and 5": 1e-9 + (_T % 2) * 5.0,
    "down and up to the last digit": np.where(_T < 200, 2 - _T / 200, 1 + (_T - 200) / 100),
}


@pytest.mark.slow  # each shape of one beside each of the other
@pytest.mark.parametrize("train", _SHAPES)
def test_no_evidence_has_figures_that_nobody_can_take_in(train: str) -> None:
    for evals in _SHAPES.values():
        _, found = replay(_SHAPES[train], evals[::10])
        for finding in found.findings:
            said = [finding.evidence, *(cause.why for cause in finding.causes)]
            for words in said:
                assert not re.search(r"\d{6}[\d.]*(?:%| standard| times| x)", words), words
