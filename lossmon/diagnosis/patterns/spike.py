"""Isolated and recovered: one or a few points far above their neighbours."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Points that stand out by many noise sigmas and by half of the level there."""
    train = view.train
    if train is None or len(train.value) < 3 * view.limits.min_points:
        return None
    limits = view.limits
    # A smooth baseline that short spikes do not move: medians over 21 buckets.
    pad = 10
    padded = np.pad(train.value, pad, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * pad + 1)
    base = np.median(windows, axis=1)
    around = 1.4826 * np.median(np.abs(windows - base[:, None]), axis=1)
    high = np.where(np.isfinite(train.sketch.high), train.sketch.high, train.value)
    sigma = np.maximum(np.maximum(around, train.sketch.deviation), 1e-300)
    excess = high - base
    out = (excess > limits.spike_errors * sigma) & (excess > limits.spike_of_level * np.abs(base))
    out &= excess > limits.spike_of_drop * abs(train.start - train.low)
    out[: max(3, len(out) // 50)] = False  # the first steps fall steeply: no spikes there
    groups = np.flatnonzero(out & ~np.concatenate(([False], out[:-1])))
    if not len(groups) or len(groups) > max(4, len(out) // 40) or out[-1]:
        return None
    worst = int(np.argmax(np.where(out, excess, -np.inf)))
    step = train.at_step(worst)
    more = f", and {len(groups) - 1} more" if len(groups) > 1 else ""
    return Finding(
        "spike",
        "info",
        0.9,
        train.at_step(int(groups[0])),
        train.name,
        f"jumped to {high[worst]:.4g} from {base[worst]:.4g} at step {step:,} and recovered{more}",
        numbers={
            "spike_step": float(step),
            "value": float(high[worst]),
            "count": float(len(groups)),
        },
    )
