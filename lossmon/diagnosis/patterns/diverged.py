"""NaN or infinity, or far above the start and staying there."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import Curve, View


def find(view: View) -> Finding | None:
    """Holds from the first non-finite value on, until finite ones have come back for a while."""
    train = view.train
    if train is None or not train.n:
        return None
    if view.zeroed is not None:
        return _finding(
            train,
            view.zeroed,
            0.97,
            f"loss is logged as exactly 0 while grad norm is NaN since step {view.zeroed:,}: "
            "a NaN loss that the logger filtered",
        )
    newest, steps = train.sketch.newest, train.sketch.newest_step
    finite = np.isfinite(newest)
    if not finite.all():
        last_bad = int(np.flatnonzero(~finite)[-1])
        since_then = len(newest) - 1 - last_bad
        if since_then < max(3, view.limits.nan_share * train.n):
            first = _start_of_run(~finite, last_bad)
            kind = "NaN" if np.isnan(newest[last_bad]) else "infinite"
            return _finding(
                train,
                int(steps[first]),
                0.99,
                f"loss is {kind} at step {int(steps[last_bad]):,}; "
                f"{train.sketch.nonfinite:,} of {train.n:,} values are not finite",
            )
    return _far_above(view, train)


def _start_of_run(bad: np.ndarray, last_bad: int) -> int:
    """First index of the stretch of bad values that ends at `last_bad`."""
    good = np.flatnonzero(~bad[: last_bad + 1])
    return int(good[-1]) + 1 if len(good) else 0


def _far_above(view: View, train: Curve) -> Finding | None:
    limits = view.limits
    values = train.value
    if len(values) < limits.min_points or train.start <= 0 or np.min(values) <= 0:
        return None
    newest = values[-max(3, int(limits.diverged_share * len(values))) :]
    line = limits.diverged_factor * train.start
    stays = np.min(newest) > line and train.drop < -5 * train.drop_error
    far = st.median(newest) > limits.diverged_far * train.start and train.end > line
    if not (stays or far):
        return None
    below = np.flatnonzero(values <= line)
    since = int(below[-1]) + 1 if len(below) else 0
    return _finding(
        train,
        train.at_step(since),
        0.9,
        f"loss {newest[-1]:.4g} is {newest[-1] / train.start:.3g} x its start {train.start:.4g} "
        "and stays there",
    )


def _finding(train: Curve, since: int, confidence: float, evidence: str) -> Finding:
    return Finding("diverged", "critical", confidence, since, train.name, evidence)
