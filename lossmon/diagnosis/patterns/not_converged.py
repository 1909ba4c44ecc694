"""Still falling at the end, not at its floor."""

from __future__ import annotations

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """At the end of the plan: a fair part of the drop was made in the last fifth."""
    train = view.train
    if train is None or not view.done or len(train.value) < view.limits.min_points:
        return None
    limits = view.limits
    if train.drop <= 0:
        return None
    # Medians around both ends of the last fifth know its bend, a line through the last two fifths
    # has a fraction of their noise: both must say so.
    fall, t = st.line(train.value[int(0.6 * len(train.value)) :])
    line = 0.5 * fall / max(train.start - train.end + 0.25 * fall, 1e-300)
    share = _share(view)
    if line < limits.falling_line or t < limits.falling_errors:
        return None
    if share < limits.falling_share - train.block_error / train.drop:
        return None
    if 0.5 * fall < limits.falling_of_level * abs(train.end):
        return None
    share = share if share >= limits.falling_share else line
    gain = st.power_law(train.step, train.value, 0.25)
    words = ""
    numbers = {"share": share, "level": train.end}
    if gain is not None and gain[1] < train.drop / 4 and gain[0] > 0:
        numbers |= {"gain": gain[0], "gain_error": gain[1]}
        words = f"; 25 % more steps may gain {gain[0]:.2g} (± {gain[1]:.1g})"
    return Finding(
        "not_converged",
        "info",
        0.9 if share >= 0.12 and t > 4 else 0.65,
        train.at_step(int(0.8 * len(train.value))),
        train.name,
        f"{share:.0%} of the fall was made in the last fifth of the run{words}",
        numbers=numbers,
    )


def _share(view: View) -> float:
    """The part of the drop made in the last fifth, from medians around both ends of it."""
    train = view.train
    assert train is not None
    if train.drop <= 0:
        return 0.0
    values = train.value
    window = max(1, len(values) // 20)
    at = int(0.8 * len(values))
    before = float(sorted(values[max(0, at - window) : at + window + 1])[window])
    last = float(sorted(values[-2 * window :])[window])
    return (before - last) / (train.start - last) if train.start > last else 0.0
