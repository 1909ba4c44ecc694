"""A loss that came back up: by how much, since when, and whether it stays there."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.rates import rise_of_rate
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats


class Bounds(Limits):
    """Where a rise begins, and when it is over."""

    left = Limit(0.1, "of the rise: the smoothed curve has left its minimum", "threads")
    errors = Limit(2.0, "standard errors of the smoothed curve, likewise", "runs")
    slow = Limit(0.1, "of the run that the climb takes: a slope, no jump", "runs")
    decades = Limit(1e3, "x its three lowest rows, of the three newest", "threads: 1e9")
    few = Limit(48, "rows, each of which is told by itself", "threads: 24")
    stands = Limit(0.5, "of the rise that must be left for it to go on", "words: recovered by half")
    like = Limit(0.5, "of a rise that came back, for another to be like it", "restarts")
    again = Limit(2.0, "x the time that it took", "schedules whose cycles double")
    swings = Limit(3, "crossings of the middle after the lowest level: then it swings", "runs")
    above = Limit(0.8, "of the points since, beyond a quarter of it: not only swings", "runs")


def smoothed(train: LossCurve) -> tuple[Floats, int]:
    """Running medians of three, averaged over a fortieth of the run; and half that window."""
    smooth = train.smooth
    window = max(1, len(smooth) // 40)
    if window == 1:
        return smooth, 0
    before, after = window // 2, window - 1 - window // 2
    padded = np.concatenate((smooth[:1].repeat(before), smooth, smooth[-1:].repeat(after)))
    return np.convolve(padded, np.ones(window) / window, "valid"), window // 2


def onset(train: LossCurve, low: float, rise: float) -> int:
    """Bucket at which the smoothed curve left its minimum for good.

    A slow climb begins at its minimum: what is half way up is already bad. A jump begins where it
    jumps, however long the curve lay near its lowest level before.
    """
    smooth, half = smoothed(train)
    error = Bounds.errors * train.error_of(2 * half + 1)
    line = low + min(max(Bounds.left * rise, error), 0.5 * rise)
    near = np.flatnonzero(smooth <= line)
    left = int(near[-1]) if len(near) else train.low_at
    over = np.flatnonzero(smooth[left:] > low + 0.9 * rise)
    took = int(over[0]) if len(over) else len(smooth) - left
    if took > max(Bounds.slow * len(smooth), 4 * half + 3):
        # Of few rows each is a good part of the climb: the newest down there is its foot.
        return left if len(smooth) < Bounds.few else min(left, train.low_at)
    # The window smears a jump: its place is where the values themselves are above the middle.
    beyond = train.value[left : left + 2 * half + 2] > low + 0.5 * rise
    places = np.flatnonzero(beyond)
    smeared = half > 0 and len(places) > 0 and np.mean(beyond[places[0] :]) > 0.8
    left += int(places[0]) if smeared else 1
    return min(left, len(train.value) - 1)


def came_back(train: LossCurve, low: float, rise: float) -> int:
    """For how long a rise like one before it may last: buckets, 0 where none was like it.

    A schedule that restarts and is not logged is told by its period: a rise of half the size or
    more, from which the curve came back below its level of then, will do so again, within the time
    that it took or that of a cycle twice as long.
    """
    smooth, _ = smoothed(train)
    before = smooth[: train.low_at + 1]
    lows = np.minimum.accumulate(before)
    up = before - lows
    top = int(np.argmax(up))
    if up[top] < Bounds.like * rise:
        return 0
    left = int(np.flatnonzero(before[: top + 1] <= lows[top])[-1])
    back = np.flatnonzero(before[top:] <= lows[top])
    return int(Bounds.again * (top + int(back[0]) - left)) if len(back) else 0


def swings(view: View, train: LossCurve, low: float, rise: float) -> bool:
    """It crosses the middle of the rise again and again: that is no new level.

    But for a jump of the learning rate: what swings above its old level behind one has rebounded.
    """
    middle = low + rise / 2
    crossings = st.crossings(st.blocks(train.value[train.low_at :], 24), middle)
    if crossings <= Bounds.swings:
        return False
    at = onset(train, low, rise)
    jump = rise_of_rate(view, train.at_step(at))
    after = train.value[at:]
    if jump is None or not jump.sudden or len(after) < 6:
        return True
    return float(np.mean(after > low + 0.25 * rise)) < Bounds.above


def by_decades(view: View) -> tuple[int, float, float] | None:
    """(bucket of the low, low, level) of a curve that lay at 1e-12 and is back at 1e-3; else None.

    Beside a start of 90 that is next to nothing, and still a training that left where it had come.
    Where eval is logged it tells more: below 1e-8 all is learned by heart, whatever comes behind.
    """
    train = view.train
    if train is None or view.curve or view.pair is not None:
        return None
    value = train.value
    if train.rises or len(value) < 6 or value.min() <= 0 or not np.isfinite(value).all():
        return None
    lowest = np.sort(value)[:3]
    level = st.median(value[-3:])
    if float(value[-3:].min()) < Bounds.decades * float(lowest[-1]):
        return None
    at = int(np.argmin(value))
    if not float(value[: at + 1].max()) > Bounds.decades**2 * float(lowest[0]):
        return None
    return at, float(lowest[0]), level


def stands(finding: Finding, view: View) -> bool:
    """Of a rise that was told at least half is left: more swings do not make it another pattern."""
    low, level = finding.numbers["low"], finding.numbers["level"]
    return view.train is not None and view.train.end - low > Bounds.stands * (level - low)
