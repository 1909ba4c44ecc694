"""Frequent ups and downs, no stable downward trend."""

from __future__ import annotations

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
    coloured = sigma > 0 and span / sigma >= limits.swing_coloured
    if swing < limits.swing or not (swing >= limits.swing_wild or coloured):
        return None
    if span < limits.swing_of_drop * abs(train.drop):
        return None
    tail = st.blocks(train.value[int(0.3 * len(train.value)) :], 20)
    fall = st.mann_kendall(tail)
    # Sampling noise over a fall is never an oscillation.
    if fall < -5 or (fall < -3 and (not coloured or tail[0] - tail[-1] > span)):
        return None
    ratio = st.von_neumann(train.value[-256:])
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
