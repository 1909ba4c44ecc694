"""Falls step by step and flattens."""

from __future__ import annotations

from dataclasses import replace

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns import not_converged, plateau
from lossmon.diagnosis.view import View

_LOOSER = 1.6  # x the thresholds of plateau and not_converged: where they nearly hold


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
        0.65 if _borderline(view) else 0.9,
        train.at_step(0),
        train.name,
        f"fell from {train.start:.4g} to {train.end:.4g} "
        f"({-train.drop / train.scale:+.0%}), {words}",
        numbers={"level": train.end},
    )


def _borderline(view: View) -> bool:
    """At the end, a curve that a somewhat looser threshold would call by another name."""
    if not view.done:
        return False
    own = view.limits
    looser = replace(
        own,
        plateau_left=_LOOSER * own.plateau_left,
        plateau_tail=_LOOSER * own.plateau_tail,
        plateau_left_high=_LOOSER * own.plateau_left_high,
        plateau_tail_high=_LOOSER * own.plateau_tail_high,
        falling_share=own.falling_share / _LOOSER,
        falling_line=own.falling_line / _LOOSER,
    )
    near = replace(view, limits=looser)
    return plateau.find(near) is not None or not_converged.find(near) is not None
