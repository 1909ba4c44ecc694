"""Frequent ups and downs, no stable downward trend."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Swings that are large against level and drop, and more than sampling noise."""
    train = view.train
    if train is None or len(train.value) < max(16, view.limits.min_points) or view.too_soon:
        return None
    limits = view.limits
    span, sigma = train.swing
    level = abs(train.level(0.7)) or train.scale
    swing = span / level
    newest = train.sketch.newest[-256:]  # points as logged: means of two hide an alternation
    ratio = st.von_neumann(newest[np.isfinite(newest)])
    chance = 6 / max(1, len(newest)) ** 0.5  # 3 standard errors of the ratio of white noise
    coloured = sigma > 0 and span / sigma >= _white(view)
    coloured |= ratio <= 2.0 - max(chance, 0.6) and not _fell(view)
    alternates = ratio >= 2.0 + chance
    loud = swing >= limits.swing_loud and not _fell(view) and train.room <= limits.flat_room
    wild = swing >= limits.swing_wild
    if swing < limits.swing or not (wild or loud or coloured or alternates):
        return None
    fell = _fell(view)
    # Sampling noise over a fall is never an oscillation, nor what is left of it in a smoothed log.
    least = limits.swing_of_fall if fell and not wild else limits.swing_of_drop
    if span < least * abs(train.drop):
        return None
    if not view.ended and train.room > limits.swing_room:
        return None  # there may be a fall beneath it: more points will tell
    tail = st.blocks(train.value[int(0.3 * len(train.value)) :], 20)
    fall = st.mann_kendall(tail)
    if fall < -5 or (fall < -3 and (not coloured or tail[0] - tail[-1] > span)):
        return None
    since = train.at_step(int(0.4 * len(train.value)))
    return Finding(
        "oscillating",
        "warning",
        0.9 if swing >= 2 * limits.swing else 0.7,
        since,
        train.name,
        f"swings by {swing:.0%} of its level (P95 - P5 = {span:.3g}) with no stable fall "
        f"over the last 60 %",
        numbers={"swing": swing, "span": span, "von_neumann": ratio},
    )


def _white(view: View) -> float:
    """P95 - P5 in noise sigmas beyond which swings are more than independent noise.

    Noise has 3.29 of them, give or take what a sample of its length does; while a run goes on it
    is looked at so often that more is asked, and more where the curve has fallen on the whole.
    """
    train, limits = view.train, view.limits
    assert train is not None
    rows: float = max(1.0, 0.6 * len(train.value))
    return float(
        limits.swing_coloured + (2 if view.ended else 6) / rows**0.5 + (0.2 if _fell(view) else 0.0)
    )


def _fell(view: View) -> bool:
    """There is a fall beneath the swings, over the run as a whole."""
    train = view.train
    assert train is not None
    return train.drop > 2.5 * train.drop_error and st.mann_kendall(train.blocks) < -3
