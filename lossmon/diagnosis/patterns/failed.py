"""The log ends in an error; `lifecycle` finds it, by its words or the state of the job."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture

PATTERN = Pattern(
    id="failed",
    slot="beside",
    severity="critical",
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": np.where(of.t < 0.6, of.fall, np.nan)}, 0.6),
)
