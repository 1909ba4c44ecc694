"""Too noisy to judge from single points."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Sampling noise of the size of the level itself, over a run that makes progress."""
    train = view.train
    if train is None or len(train.value) < 4 * view.limits.min_points:
        return None
    span, _ = train.swing
    level = abs(train.level(0.7))
    if level <= 0 or span / level < 0.7 or span < 0.25 * abs(train.drop):
        return None
    return Finding(
        "noisy",
        "info",
        0.6,
        train.at_step(int(0.4 * len(train.value))),
        train.name,
        f"single points scatter by {span / level:.0%} of the level; judge by the smoothed curve",
        numbers={"swing": span / level},
    )
