"""Learning rate at or next to 0 for long while steps go on."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Under a thousandth of its peak for three tenths of the run."""
    if view.rate is None:
        return None
    step, value = view.rate
    if len(value) < 20:
        return None
    peak = float(np.nanmax(value))
    dead = value <= view.limits.lr_zero * peak
    alive = np.flatnonzero(~dead)
    since = int(alive[-1]) + 1 if len(alive) else 0
    if peak > 0 and len(value) - since < 0.3 * len(value):
        return None
    at = int(step[min(since, len(step) - 1)])
    return Finding(
        "lr_zero",
        "warning",
        0.9,
        at,
        "learning_rate",
        f"learning rate is {value[-1]:.2g} since step {at:,} ({1 - since / len(value):.0%} of the "
        f"run); its peak was {peak:.2g}",
        numbers={"peak": peak},
    )
