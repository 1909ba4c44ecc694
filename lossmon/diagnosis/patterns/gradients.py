"""Grad norm that explodes or vanishes, where it is logged."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View

_NEWEST = 5  # points that must agree


def exploding(view: View) -> Finding | None:
    """The newest grad norms stand far above all that is usual for the run."""
    norms = _finite(view)
    if norms is None:
        return None
    step, value = norms
    usual = st.median(value[: max(len(value) - _NEWEST, 1)])
    newest = st.median(value[-_NEWEST:])
    if usual <= 0 or newest < view.limits.grad_explosion * usual:
        return None
    if newest < 3 * float(np.max(value[: max(3, len(value) // 4)])):
        return None
    line = 0.5 * view.limits.grad_explosion * usual
    below = np.flatnonzero(value <= line)
    since = int(step[min(int(below[-1]) + 1, len(step) - 1)]) if len(below) else int(step[0])
    return Finding(
        "grad_explosion",
        "warning",
        0.8,
        since,
        "grad_norm",
        f"grad norm {newest:.3g} is {newest / usual:.3g} x its usual {usual:.3g}",
        numbers={"ratio": newest / usual},
    )


def vanishing(view: View) -> Finding | None:
    """The newest grad norms are next to nothing against the early ones, and the loss is high."""
    norms, train = _finite(view), view.train
    if norms is None or train is None:
        return None
    step, value = norms
    early = st.median(value[: max(3, len(value) // 20)])
    newest = st.median(value[-max(_NEWEST, len(value) // 10) :])
    if early <= 0 or newest > view.limits.grad_vanishing * early or train.end < 0.3 * train.start:
        return None
    below = np.flatnonzero(value > view.limits.grad_vanishing * early)
    since = int(step[min(int(below[-1]) + 1, len(step) - 1)]) if len(below) else int(step[0])
    return Finding(
        "grad_vanishing",
        "warning",
        0.7,
        since,
        "grad_norm",
        f"grad norm fell from {early:.3g} to {newest:.3g} while the loss is still {train.end:.4g}",
        numbers={"ratio": newest / early},
    )


def _finite(view: View) -> tuple[np.ndarray, np.ndarray] | None:
    if view.grad_norm is None:
        return None
    step, value = view.grad_norm
    keep = np.isfinite(value)
    return (step[keep], value[keep]) if keep.sum() >= 20 else None
