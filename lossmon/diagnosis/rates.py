"""What the learning rate did near a step: it rose, jumped, fell, stayed, or was at its peak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.reasons import Reason, reach_of, spacing_of, when
from lossmon.diagnosis.view import View
from lossmon.words import said

RISE = 1.5  # x: a rise of the rate that can explain a rise of the loss (words)
_CONSTANT = 1.02  # x: greatest over least learning rate of one that is constant
_JUMP = 3.0  # x the usual rise from row to row of its schedule: a jump, no warm-up
_SOON = 3.0  # x the warm-up: what breaks by then broke at its end
_RISEN = 2.0  # x its start: a warm-up that has come far
_AT_PEAK = 0.9  # of the peak: it has not decayed to speak of
_FELL = 10.0  # x: it fell so far that it is no reason for a rise
_LINEAR = 0.01  # spread of rate / step in a warm-up from 0


class Rise(NamedTuple):
    """A rise of the learning rate.

    Attributes:
        low, high: from and to.
        step: where most of it was made.
        sudden: it was made from one row to the next.
        points: rows looked at.
    """

    low: float
    high: float
    step: float
    sudden: bool
    points: int


def rise_of_rate(view: View, onset: int) -> Rise | None:
    """The rise of the learning rate just before a step; None where there is none to speak of."""
    if view.rate is None:
        return None
    step, rate = view.rate
    spacing = spacing_of(step)
    places = np.flatnonzero((step >= onset - reach_of(view, spacing)) & (step <= onset + spacing))
    window = rate[places]
    if len(places) < 2 or not np.isfinite(window).all():
        return None
    low = int(window.argmin())
    high = low + int(np.argmax(window[low:]))
    if window[low] <= 0 or window[high] < RISE * window[low]:
        return None
    with np.errstate(over="ignore"):
        ratios = window[1:] / np.maximum(window[:-1], 1e-300)
    at = int(ratios.argmax())
    # The first rows of a linear warm-up double from row to row, each by the same: no jump.
    rises = st.steps(rate)  # of the whole log: behind the second row there is no usual rise yet
    usual = st.median(rises[rises > 0])
    jumps = window[at + 1] - window[at] > _JUMP * usual or np.count_nonzero(rises > 0) < 3
    return Rise(
        float(window[low]),
        float(window[high]),
        float(step[places[0] + 1 + at]),
        bool(ratios[at] >= RISE and jumps),
        len(places),
    )


def at_that_rate(view: View, low: int) -> float | None:
    """Where the schedule restarted behind the lowest level: the level when the rate was last so.

    A warm restart takes the loss up with it, and the loss comes down with the rate: like is to be
    compared with like. None where no rate is logged; where it did not rise to speak of since, or
    higher than ever; where it is back; where it does not go down, as it does in a cycle.

    Args:
        view: the run.
        low: bucket of the lowest level.
    """
    train = view.train
    if view.rate is None or train is None:
        return None
    step, rate = view.rate
    at = int(np.searchsorted(step, train.step[low], side="right"))
    before, since = rate[:at], rate[at:]
    if len(before) < 4 or len(since) < 3 or not np.isfinite(rate).all():
        return None
    now, then = float(rate[-1]), float(before[-1])
    if now < RISE * then:
        return None  # it is back at what it was
    if float(np.max(since)) > _CONSTANT * float(np.max(before)) or not rate[-1] < rate[-3]:
        return None
    top = int(np.argmax(before))
    passed = np.flatnonzero(before[top:] <= now)
    if not len(passed):
        return None
    place = float(step[top + int(passed[0])])
    around = int(np.searchsorted(train.step, place))
    window = max(2, len(train.value) // 40)
    return st.median(train.value[max(0, around - window) : around + window + 1])


def rate_rose(view: View, onset: int) -> Iterator[Reason]:
    """The learning rate rose shortly before; or this is where it reached its peak."""
    if view.rate is None:
        return
    step, rate = view.rate
    rise = rise_of_rate(view, onset)
    if rise is not None:
        ratio = rise.high / rise.low
        place = said(
            "at step {step:,}{near}",
            step=int(rise.step),
            near=when(rise.step, onset, spacing_of(step)),
        )
        if not rise.sudden:
            place = said(
                "over the {points} points before, to {high:.2g}",
                points=rise.points,
                high=rise.high,
            )
        yield Reason(
            "lr_jump" if rise.sudden else "lr_too_high",
            said("learning rate rose {ratio:.3g} x {place}", ratio=ratio, place=place),
            (3.0 if rise.sudden else 2.0) + min(math.log2(ratio), 4) / 4,
        )
        return
    peak = float(np.fmax.reduce(rate))
    then = float(rate[min(int(step.searchsorted(onset)), len(rate) - 1)])
    if then >= 0.98 * peak and rate[0] < 0.5 * peak:
        top, began = float(step[int(np.argmax(rate >= 0.98 * peak))]), float(step[0])
        soon = onset - began <= _SOON * max(top - began, 1.0)  # the first steps at full rate
        yield Reason(
            "lr_too_high",
            said("it began while the learning rate was at its peak, {peak:.2g}", peak=peak),
            2.0 if soon else 1.2,
        )


def rate_stayed(view: View, onset: int) -> Iterator[Reason]:
    """The learning rate is known and did not rise: then it was the data, or the state."""
    if view.rate is None:
        return
    step, rate = view.rate
    at = min(int(step.searchsorted(onset)), len(rate) - 1)
    if np.isfinite(rate[at]):
        peak = float(np.fmax.reduce(rate))
        # Of updates that overshoot, gradients that are logged would show it.
        if rate[at] >= _AT_PEAK * peak > 0 and view.grad_norm is None:
            constant = float(np.fmin.reduce(rate)) >= _AT_PEAK * peak  # which has no peak
            words = (
                said("learning rate stays at {peak:.2g}", peak=peak)
                if constant
                else said("learning rate stands at its peak there, {rate:.2g}", rate=rate[at])
            )
            yield Reason("lr_too_high", words, 1.0, ("lr_jump",))
        yield Reason(
            "bad_batch",
            said("learning rate did not rise there, it is {rate:.2g}", rate=rate[at]),
            0.9,
            ("lr_jump",),
        )


def rate_fell_meanwhile(view: View, onset: int) -> Iterator[Reason]:
    """It went up while the rate went down: smaller and smaller updates do not overshoot."""
    if view.rate is None:
        return
    step, rate = view.rate
    since = rate[max(0, int(step.searchsorted(onset)) - 1) :]
    if len(since) < 4 or not np.isfinite(since).all() or since.min() <= 0:
        return
    if (st.steps(since) <= 0).all() and since[0] >= _FELL * since[-1]:
        yield Reason(
            "bad_labels",
            said(
                "learning rate fell from {first:.2g} to {last:.2g} meanwhile: what is learned is "
                "wrong, not how fast",
                first=since[0],
                last=since[-1],
            ),
            1.6,
            ("lr_too_high", "lr_jump"),
        )


def rate_is_constant(view: View) -> bool:
    """The learning rate is logged, above 0, and the same but for its first rows."""
    if view.rate is None or len(view.rate[1]) < 4:
        return False
    rest = view.rate[1][len(view.rate[1]) // 10 :]
    least, most = float(rest.min()), float(rest.max())
    return least > 0 and most <= _CONSTANT * least


def rate_fell(view: View, onset: int) -> Iterator[Reason]:
    """The learning rate fell by half or more near the onset."""
    if view.rate is None:
        return
    step, rate = view.rate
    spacing = spacing_of(step)
    reach = 2 * reach_of(view, spacing)
    places = np.flatnonzero(np.abs(step - onset) <= reach)
    window = rate[places]
    if len(places) < 2 or not np.isfinite(window).all() or window.min() < 0:
        return
    with np.errstate(over="ignore"):
        ratios = window[:-1] / np.maximum(window[1:], 1e-300)
    at = int(ratios.argmax())
    if ratios[at] >= 2:
        place = float(step[places[at + 1]])
        by = f"{ratios[at]:.3g} x" if window[at + 1] > 0 else said("to 0")
        yield Reason(
            "lr_decayed",
            said(
                "learning rate fell {by} at step {place:,}{near}",
                by=by,
                place=int(place),
                near=when(place, onset, spacing),
            ),
            2.5,
        )


def beyond_usual(view: View, onset: int) -> Iterator[Reason]:
    """A rate at which what was trained before is forgotten: Whisper at 0.003, LoRA at 0.003."""
    train, usual = view.train, _BEARS.get(view.kind.id)
    if view.rate is None or usual is None or train is None or view.tail:
        return
    if not len(train.sketch.head):
        return
    most, first, recipe = usual
    peak = float(np.nanmax(view.rate[1]))
    if peak >= most and 0 < float(train.sketch.head[0]) <= first:
        why = said(
            "learning rate reached {peak:.2g}: from trained weights on {recipe} is usual",
            peak=peak,
            recipe=recipe,
        )
        yield Reason("lr_too_high", why, 2.3)


# Kind -> (a rate that few bear, the most that a first loss is from trained weights on, recipes).
_BEARS: dict[str, tuple[float, float, str]] = {
    "lora": (1e-3, 6.0, "1e-5 to 3e-4"),
    "speech": (1e-3, 3.0, "1e-6 to 1e-4"),
    "preference": (1e-4, 3.0, "5e-7 to 5e-6"),
}


def rate_still_rising(view: View, onset: int) -> Iterator[Reason]:
    """The warm-up was not over: the rate was at its highest and rising when it began."""
    if view.rate is None:
        return
    step, rate = view.rate
    before = rate[step <= onset]
    if len(before) < 3 or not np.isfinite(before).all() or before[0] <= 0:
        return
    rises = bool((st.steps(before[-5:]) > 0).all()) and before[-1] >= before.max()
    # Of a log that begins in the middle: a rate in proportion to its step rose from 0.
    shares = before / np.maximum(step[step <= onset], 1.0)
    linear = view.tail and float(np.ptp(shares)) <= _LINEAR * float(shares[-1])
    far = len(before) >= 6 and before[-1] >= _RISEN * before[0]
    if rises and (far or linear):
        come = (
            said("in proportion to the step")
            if linear
            else said("{ratio:.3g} x its start", ratio=before[-1] / before[0])
        )
        yield Reason(
            "lr_too_high",
            said(
                "learning rate was still rising, {come}, at {before:.2g}: that is more than it "
                "bears",
                come=come,
                before=before[-1],
            ),
            2.2,
        )
