"""Stays high the whole time, no downward trend."""

from __future__ import annotations

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """The drop is a few per cent of the start level, or no more than noise."""
    train = view.train
    if train is None or len(train.value) < view.limits.min_points or view.too_soon:
        return None
    limits = view.limits
    drop = train.drop / train.scale
    errors = train.drop / max(train.drop_error, 1e-300)
    fell_before = (train.start - train.low) / train.scale
    small = drop <= limits.flat_drop
    lost_in_noise = errors < limits.flat_errors and drop <= 4 * limits.flat_drop_noisy
    trend = st.mann_kendall(train.blocks)
    if lost_in_noise and drop > limits.flat_drop_noisy and trend < -3.5:
        lost_in_noise = False  # noisy points, and yet a steady fall beneath them
    if not (small or lost_in_noise) or more_will_tell(view):
        return None
    if small and _hidden_by_constant(view, errors, trend, drop):
        return None
    if fell_before > 0.5 and not lost_in_noise:
        return None
    words = f"{abs(drop):.1%} {'below' if drop >= 0 else 'above'} its start {train.start:.4g}"
    return Finding(
        "not_decreasing",
        "warning",
        0.9 if drop <= limits.flat_drop / 2 or errors < 1.5 else 0.7,
        train.at_step(0),
        train.name,
        f"after {train.n:,} points the loss is {words} ({errors:.1f} standard errors)",
        numbers={"drop": drop, "level": train.end},
    )


def more_will_tell(view: View) -> bool:
    """While a run goes on: the rate still warms up, or the fall so far may add up to a fair one."""
    train, limits = view.train, view.limits
    assert train is not None
    if view.done:
        return False
    if view.warming_up:
        return True
    if train.room / (view.plan_share or limits.hold_plan) > limits.flat_projected:
        return True
    falls = st.mann_kendall(train.blocks) < -3.5
    return view.plan_share is None and train.n < limits.flat_points and falls


def _hidden_by_constant(view: View, errors: float, trend: float, drop: float) -> bool:
    """A large constant in the loss makes a real drop look small; then it bends, too."""
    train = view.train
    assert train is not None
    bends = 0 <= train.left(0.4) < 0.35
    return errors > 60 and trend < -4 and bends and drop > 0.004
