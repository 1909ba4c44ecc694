"""How sure a verdict is, calibrated: of those said with 0.8, about 80 % hold.

A pattern says how plainly it holds: 0.65 next to the line to another pattern, 0.9 well inside its
own. What share of such verdicts holds was counted in the tuning part of the benchmark
(`python -m tests.benchmarks.diagnosis --part tune`: about 900 verdicts on generated curves and
real trainings) and drawn towards a half by two verdicts a row, as few of the lower rows occur.
The benchmark prints the reliability on the part that was held back.
"""

from __future__ import annotations

import numpy as np

_SAID = (0.0, 0.6, 0.65, 0.7, 0.8, 0.9, 0.95, 1.0)
_HOLDS = (0.0, 0.70, 0.74, 0.90, 0.94, 0.97, 0.98, 1.0)


def calibrated(said: float) -> float:
    """The share of verdicts that hold where a pattern says so; both in [0, 1]."""
    return round(float(np.interp(said, _SAID, _HOLDS)), 3)
