"""Falls step by step and flattens."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """What is left when nothing else holds: it fell, and no more than noise speaks against it."""
    train = view.train
    limit = view.limits.min_points if view.ended else view.limits.min_points_live
    if train is None or train.n < limit:
        return None
    if train.drop <= 0 or train.drop < 2 * train.drop_error:
        return None
    falling = not view.done and train.left(0.8) > view.limits.falling_share
    words = "still falling" if falling else "flattening out"
    return Finding(
        "healthy",
        "info",
        0.85,
        train.at_step(0),
        train.name,
        f"fell from {train.start:.4g} to {train.end:.4g} "
        f"({-train.drop / train.scale:+.0%}), {words}",
        numbers={"level": train.end},
    )
