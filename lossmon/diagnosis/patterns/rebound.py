"""Falls to a point, then rises suddenly and stays up."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import Curve, View


def find(view: View) -> Finding | None:
    """Newest level above the lowest one by a quarter of the fall, sustained to now."""
    train = view.train
    if train is None or len(train.value) < view.limits.min_points:
        return None
    limits = view.limits
    fall = train.start - train.low
    rise = train.end - train.low
    newest = _newest_level(train)
    recent_rise = newest - train.low
    if fall < limits.rebound_fall * train.scale or fall < 2 * train.drop_error:
        return None
    if min(rise, recent_rise) < limits.rebound_of_drop * fall:
        rise = recent_rise if _sudden(train, view) else 0.0
    error = max(train.block_error, train.sigma * 1.25 / max(3, len(train.value) // 10) ** 0.5)
    needed = max(
        limits.rebound_of_drop * fall,
        limits.rebound_of_low * abs(train.low),
        limits.rebound_errors * error,
    )
    if rise < needed:
        return None
    onset = _onset(train, train.low + rise / 2)
    after = train.value[onset:]
    line = train.low + min(rise / 2, limits.rebound_of_drop * fall)
    if len(after) < 3 or np.mean(after > line) < limits.rebound_stays:
        return None
    middle = train.low + rise / 2
    if st.crossings(st.blocks(train.value[train.low_at :], 24), middle) > 3:
        return None  # it swings: that is another pattern
    since = train.at_step(onset)
    return Finding(
        "rebound",
        "warning",
        0.9 if rise > 1.6 * needed else 0.75,
        since,
        train.name,
        f"fell from {train.start:.4g} to {train.low:.4g}, then rose to {train.low + rise:.4g} "
        f"at step {since:,}: {rise / fall:.0%} of the fall is lost, and it stays up",
        numbers={
            "low": train.low,
            "low_step": float(train.at_step(train.low_at)),
            "level": train.low + rise,
            "onset_step": float(since),
        },
    )


def _newest_level(train: Curve) -> float:
    count = max(5, len(train.value) // 50)
    return st.median(train.value[-count:])


def _sudden(train: Curve, view: View) -> bool:
    """The fast path: nearly all of the newest points stand far above the lowest level."""
    count = max(5, train.n // 50)
    newest = train.sketch.newest[-count:]
    line = train.low + view.limits.rebound_of_drop * (train.start - train.low)
    line = max(line, train.low + view.limits.rebound_errors * train.sigma)
    return bool(np.mean(newest > line) >= view.limits.rebound_stays)


def _onset(train: Curve, line: float) -> int:
    """First bucket after the lowest level from which on the curve stays above a line."""
    smooth = st.median3(train.value)
    below = np.flatnonzero(smooth[train.low_at :] <= line)
    return train.low_at + int(below[-1]) + 1 if len(below) else train.low_at + 1
