"""A curve in one line."""

from __future__ import annotations

import math

import numpy as np

from lossmon.history.columns import Floats, SeriesView

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-~=+*#"


def _levels(value: Floats, width: int) -> Floats:
    """The mean of each part; parts keep their places while the run grows by some per cent."""
    n = len(value)
    if n <= width:
        return value
    grain = 2 ** max(0, math.floor(math.log2(n / width / 8)))
    part = grain * math.ceil(n / width / grain)
    starts = np.arange(0, n, part)
    counts = np.diff(np.append(starts, n))
    return np.asarray(np.add.reduceat(value, starts) / counts)  # not finite where any value is


def sparkline(view: SeriesView, width: int, *, ascii: bool = False) -> str:
    """`width` characters; ✗ where a value is not finite. Shorter where there are fewer points."""
    n = len(view)
    if n == 0 or width < 1:
        return ""
    bars, wrong = (_ASCII_BARS, "x") if ascii else (_BARS, "✗")
    values = _levels(view.value, width)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return wrong * len(values)
    low, span = float(finite.min()), float(np.ptp(finite))
    places = np.clip((values - low) / span * 7.999, 0, 7) if span > 0 else np.full(len(values), 3.0)
    return "".join(
        wrong if not np.isfinite(v) else bars[int(p)] for v, p in zip(values, places, strict=True)
    )
