"""A curve in one line."""

from __future__ import annotations

import math

import numpy as np

from lossmon.chart.growing import known_of
from lossmon.chart.peaks import BLOCK
from lossmon.history.columns import Floats, SeriesView

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-~=+*#"


def _levels(view: SeriesView, width: int) -> Floats:
    """The mean of each part; parts keep their places while the run grows by some per cent."""
    n = len(view)
    if n <= width:
        return view.value
    grain = 2 ** max(0, math.floor(math.log2(n / width / 8)))
    part = grain * math.ceil(n / width / grain)
    starts = np.arange(0, n, part)
    counts = np.diff(np.append(starts, n))
    known = known_of(view)
    if known is None or part % BLOCK:
        sums = np.add.reduceat(view.value, starts)
    else:
        blocks = np.append(known.sums(view), view.value[n // BLOCK * BLOCK :].sum())
        sums = np.add.reduceat(blocks, starts // BLOCK)
    return np.asarray(sums / counts)  # not finite where any value is


def sparkline(view: SeriesView, width: int, *, ascii: bool = False) -> str:
    """`width` characters; ✗ where a value is not finite. Shorter where there are fewer points."""
    n = len(view)
    if n == 0 or width < 1:
        return ""
    bars, wrong = (_ASCII_BARS, "x") if ascii else (_BARS, "✗")
    values = _levels(view, width)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return wrong * len(values)
    low, span = float(finite.min()), float(np.ptp(finite))
    places = np.clip((values - low) / span * 7.999, 0, 7) if span > 0 else np.full(len(values), 3.0)
    return "".join(
        wrong if not np.isfinite(v) else bars[int(p)] for v, p in zip(values, places, strict=True)
    )
