"""A curve in one line."""

from __future__ import annotations

import numpy as np

from lossmon.history.columns import SeriesView

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-~=+*#"


def sparkline(view: SeriesView, width: int, *, ascii: bool = False) -> str:
    """`width` characters; ✗ where a value is not finite. Shorter where there are fewer points."""
    n = len(view)
    if n == 0 or width < 1:
        return ""
    bars, wrong = (_ASCII_BARS, "x") if ascii else (_BARS, "✗")
    edges = np.linspace(0, n, min(width, n) + 1).astype(int)
    levels = []
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = view.value[a : b : max(1, (b - a) // 64)]
        levels.append(float(np.median(part)) if np.isfinite(part).all() else np.nan)
    values = np.array(levels)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return wrong * len(values)
    low, span = float(finite.min()), float(np.ptp(finite))
    places = np.clip((values - low) / span * 7.999, 0, 7) if span > 0 else np.full(len(values), 3.0)
    return "".join(
        wrong if np.isnan(v) else bars[int(p)] for v, p in zip(values, places, strict=True)
    )
