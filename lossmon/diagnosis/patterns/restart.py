"""The step went back: the run was resumed from an earlier checkpoint."""

from __future__ import annotations

from lossmon.diagnosis.around import Restart
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """An event: the newest restart, how far it went back, and how the loss came back."""
    restarts = view.around.restarts
    if not restarts or view.train is None:
        return None
    newest = restarts[-1]
    jumped = rise_of(newest) >= view.limits.restart_rise
    words = f"resumed at step {newest.step:,} after step {newest.left:,}"
    if jumped:
        words += f"; the loss came back at {newest.after:.4g}, {newest.before:.4g} before"
    if len(restarts) > 1:
        words += f"; {len(restarts)} times in all"
    return Finding(
        "restart",
        "info",
        0.95,
        newest.step,
        view.train.name,
        words,
        numbers={
            "count": float(len(restarts)),
            "resume_before": newest.before,
            "resume_after": newest.after,
            "lost_steps": float(max(0, newest.left - newest.step)),
        },
    )


def rise_of(restart: Restart) -> float:
    """How much higher the loss came back, over its level; 0 where noise explains it."""
    rise = restart.after - restart.before
    if rise <= 3 * 1.25 * restart.noise / 3**0.5:  # medians of a few points
        return 0.0
    return rise / max(abs(restart.before), 1e-300)
