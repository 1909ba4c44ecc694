"""Clear drop early, later stuck near one value, and that value is high."""

from __future__ import annotations

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import Curve, View


def find(view: View) -> Finding | None:
    """It stopped falling early, abruptly or at a high level, and has been flat since."""
    train = view.train
    if train is None or len(train.value) < 1.5 * view.limits.min_points or train.drop <= 0:
        return None
    if not view.done and (view.plan_share or 0.0) < view.limits.hold_plateau_plan:
        return None
    limits = view.limits
    high = train.end / train.start if train.start > 0 and train.end > 0 else 0.0
    end = max(abs(train.end), 1e-300)
    left, error = train.left(0.4), train.block_error / train.drop
    tail_fall, tail_error = (train.level(0.42) - train.end) / end, train.block_error / end
    # How far the measured figures may lie above those of the words, by their standard errors.
    stopped = left <= limits.plateau_left + 0.5 * error
    stopped &= tail_fall <= limits.plateau_tail + 2 * tail_error
    barely = left <= limits.plateau_left_high + 2 * error
    barely &= tail_fall <= limits.plateau_tail_high + tail_error
    if not ((high >= limits.plateau_level and stopped) or (high >= limits.plateau_high and barely)):
        return None
    plain = stopped and high >= limits.plateau_level + 0.05 and left < limits.plateau_left
    since = _since(train)
    return Finding(
        "plateau",
        "info",
        0.9 if plain else 0.65,
        since,
        train.name,
        f"fell from {train.start:.4g} to {train.end:.4g} and has been flat since step {since:,}: "
        f"{tail_fall:+.1%} over the last 60 %",
        numbers={"level": train.end, "tail_fall": tail_fall},
    )


def _since(train: Curve) -> int:
    """The step after which less than a tenth of the drop was left."""
    levels = st.blocks(train.value, 20)
    line = train.end + 0.1 * train.drop
    place = next((i for i, level in enumerate(levels) if level <= line), 0)
    return train.at_step(int(place / len(levels) * len(train.value)))
