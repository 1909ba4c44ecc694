"""Train falls, eval rises."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View, log_drop, went


def find(view: View) -> Finding | None:
    """Smoothed eval is well above its minimum, some evals after it, while train did not rise."""
    pair, limits = view.pair, view.limits
    if pair is None or len(pair.value) < limits.min_evals:
        return None
    best = pair.best_at
    after = len(pair.value) - 1 - best
    if after < limits.overfit_evals:
        return None
    lowest = float(pair.smooth[best])
    newest = st.median(pair.value[-min(3, after) :])
    rise = newest - lowest
    relative = rise / max(abs(lowest), 1e-300)
    errors = rise / max(pair.error, 1e-300)
    climbs = st.mann_kendall(pair.value[best:]) if after < 200 else 0.0
    sure = errors >= limits.overfit_errors or (
        errors >= limits.overfit_errors / 2 and climbs >= limits.overfit_climb
    )
    if relative < limits.overfit_rise or not sure:
        return None
    train_fall = log_drop(float(pair.train[best]), pair.last(pair.train))
    if train_fall < limits.overfit_train:
        return None
    raw_best = int(np.argmin(pair.value[max(0, best - 1) : best + 2])) + max(0, best - 1)
    step, value = int(pair.step[raw_best]), float(pair.value[raw_best])
    return Finding(
        "overfitting",
        "warning",
        0.95 if relative > 2 * limits.overfit_rise and after >= 3 else 0.8,
        step,
        pair.name,
        f"eval rose {relative:.1%} above its best {value:.4g} at step {step:,} "
        f"({errors:.1f} standard errors, {after} evals), "
        f"while train {went(1 - np.exp(-train_fall))}",
        numbers={"best_step": float(step), "best_value": value, "rise": relative},
    )
