"""No new line for far longer than usual; `lifecycle` finds it, as it needs a clock."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture

PATTERN = Pattern(
    id="stalled",
    slot="beside",
    severity="warning",
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": np.where(of.t < 0.6, of.fall, np.nan)}, 0.6),
)
