"""What happened near a step: the coincidences that causes are ranked by, each with its number.

Each function yields (cause, why, weight). A weight is a rough likelihood ratio on a scale where 1
is "worth saying" and 3 "hard to overlook"; it only orders causes. Nothing is asserted: a cause is
what was seen to coincide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.around import near
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import Said, said

RISE = 1.5  # x: a rise of the rate that can explain a rise of the loss (words)
_BLOCKS = 32  # "near" is within two of so many parts of the run (words)
_BURST = 4.0  # x the usual grad norm
_BATCH = 1.5  # x: a change of the batch size
_CHANCE = 0.1  # an epoch boundary is near any step with this chance at most, else it says nothing
_CONSTANT = 1.02  # x: greatest over least learning rate of one that is constant
_JUMP = 3.0  # x the usual rise from row to row of its schedule: a jump, no warm-up
_FEW, _OFTEN = 5, 0.02  # events of the text: so many, and for so many of the rows, go on and on
_SPEED = 1.5  # x: a change of speed that hints at other data


class Reason(NamedTuple):
    """A cause that was seen to coincide, and those that the same figures rule out."""

    id: str
    why: str
    weight: float
    rules_out: tuple[str, ...] = ()


def reach_of(view: View, spacing: float) -> float:
    """Steps within which two things coincide: two blocks, three points at least."""
    return max(2 * view.step / _BLOCKS, 3 * spacing)


def spacing_of(step: Floats) -> float:
    """Usual distance between points."""
    return (st.median(np.diff(step)) if len(step) > 1 else 1.0) or 1.0


def when(at: float, onset: float, spacing: float) -> str:
    """How many points before the onset, or after it; nothing where they are the same."""
    points = round((onset - at) / spacing)
    if points == 0:
        return ""
    if points > 0:
        return said(", {points:,} {points:point|points} before", points=points)
    return said(", {points:,} {points:point|points} after", points=-points)


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
    low = int(np.argmin(window))
    high = low + int(np.argmax(window[low:]))
    if window[low] <= 0 or window[high] < RISE * window[low]:
        return None
    with np.errstate(over="ignore"):
        ratios = window[1:] / np.maximum(window[:-1], 1e-300)
    at = int(np.argmax(ratios))
    # The first rows of a linear warm-up double from row to row, each by the same: no jump.
    rises = np.diff(rate[: places[-1] + 1])
    usual = st.median(rises[rises > 0])
    jumps = window[at + 1] - window[at] > _JUMP * usual or np.count_nonzero(rises > 0) < 3
    return Rise(
        float(window[low]),
        float(window[high]),
        float(step[places[0] + 1 + at]),
        bool(ratios[at] >= RISE and jumps),
        len(places),
    )


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
            (3.0 if rise.sudden else 1.5) + min(math.log2(ratio), 4) / 4,
        )
        return
    peak = float(np.nanmax(rate))
    then = float(rate[min(int(np.searchsorted(step, onset)), len(rate) - 1)])
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
    at = min(int(np.searchsorted(step, onset)), len(rate) - 1)
    if np.isfinite(rate[at]):
        yield Reason(
            "bad_batch",
            said("learning rate did not rise there, it is {rate:.2g}", rate=rate[at]),
            0.9,
            ("lr_jump",),
        )


def rate_is_constant(view: View) -> bool:
    """The learning rate is logged, above 0, and the same but for its first rows."""
    if view.rate is None or len(view.rate[1]) < 4:
        return False
    rest = view.rate[1][len(view.rate[1]) // 10 :]
    least, most = float(np.min(rest)), float(np.max(rest))
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
    if len(places) < 2 or not np.isfinite(window).all() or np.min(window) < 0:
        return
    with np.errstate(over="ignore"):
        ratios = window[:-1] / np.maximum(window[1:], 1e-300)
    at = int(np.argmax(ratios))
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


def gradients_burst(view: View, onset: int) -> Iterator[Reason]:
    """Grad norm stood far above its usual size just then."""
    if view.grad_norm is None:
        return
    step, norm = view.grad_norm
    finite = np.isfinite(norm)
    if not finite.any():
        return
    usual = st.median(norm[finite])
    spacing = spacing_of(step)
    close = finite & (np.abs(step - onset) <= reach_of(view, spacing) / 2)
    if usual <= 0 or not close.any():
        return
    at = int(np.argmax(np.where(close, norm, -np.inf)))
    ratio = float(norm[at] / usual)
    if ratio > _BURST:
        yield Reason(
            "exploding_gradients",
            said(
                "grad norm reached {norm:.3g}, {ratio:.3g} x usual, at step {step:,}{near}",
                norm=norm[at],
                ratio=ratio,
                step=int(step[at]),
                near=when(float(step[at]), onset, spacing),
            ),
            1.5 + min(math.log10(ratio), 2),
        )


def epoch_began(view: View, onset: int) -> Iterator[Reason]:
    """An epoch begins there; said only where that is unlikely to be chance."""
    starts, train = view.around.epoch_starts, view.train
    if not len(starts) or train is None:
        return
    spacing = spacing_of(train.step)
    reach = 1.5 * spacing
    if len(starts) * 2 * reach > _CHANCE * max(view.step, 1):
        return
    at = near(starts, onset, reach)
    if at is not None:
        number = int(np.searchsorted(starts, at)) + 2
        yield Reason(
            "epoch_boundary",
            said(
                "epoch {number} begins at step {at:,}{near}",
                number=number,
                at=int(at),
                near=when(at, onset, spacing),
            ),
            1.5,
        )


def batch_changed(view: View, onset: int) -> Iterator[Reason]:
    """The batch size changed shortly before."""
    if view.around.batch is None:
        return
    step, size = view.around.batch
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = size[1:] / size[:-1]
    changed = np.flatnonzero((ratios >= _BATCH) | (ratios <= 1 / _BATCH))
    if not len(changed):
        return
    spacing = spacing_of(step)
    at = near(step[changed + 1], onset, reach_of(view, spacing))
    if at is not None:
        i = int(np.searchsorted(step, at))
        yield Reason(
            "batch_changed",
            said(
                "batch size went from {size:,.0f} to {now:,.0f} at step {at:,}{near}",
                size=size[i - 1],
                now=size[i],
                at=int(at),
                near=when(at, onset, spacing),
            ),
            2.5,
        )


def resumed(view: View, onset: int) -> Iterator[Reason]:
    """The run was resumed just before."""
    if view.train is None or not view.around.restarts:
        return
    spacing = spacing_of(view.train.step)
    reach = reach_of(view, spacing)
    close = [r for r in view.around.restarts if -spacing <= onset - r.step <= reach]
    for restart in close[-1:]:
        rise = restart.rise
        words = said("; the loss came back {rise} higher", rise=percent(rise)) if rise > 0 else ""
        yield Reason(
            "resume_mismatch",
            said(
                "resumed at step {step:,}{near}{words}",
                step=restart.step,
                near=when(restart.step, onset, spacing),
                words=words,
            ),
            3.0 if rise > 0 else 2.0,
        )


def speed_changed(view: View, onset: int) -> Iterator[Reason]:
    """Steps came faster or slower from there on: other data, longer samples."""
    if view.around.speed is None:
        return
    step, speed = view.around.speed
    at = int(np.searchsorted(step, onset))
    width = max(4, len(step) // 16)
    if at < width or len(step) - at < 4:
        return
    before = float(np.median(speed[at - width : at]))
    after = float(np.median(speed[at : at + width]))
    if before > 0 and after > 0 and max(before / after, after / before) >= _SPEED:
        word = said("slower") if after < before else said("faster")
        ratio = max(before / after, after / before)
        yield Reason(
            "data_changed",
            said(
                "steps are {ratio:.2g} x {word} from there on ({before:.3g} to {after:.3g} a "
                "second)",
                ratio=ratio,
                word=word,
                before=before,
                after=after,
            ),
            1.0,
        )


_SAID = {
    "overflow": ("loss_scale", "the log tells of {n:,} {n:overflow|overflows} of the loss scale"),
    "nan_skipped": ("numeric_overflow", "the log tells of {n:,} NaN or infinite {n:value|values}"),
    "out_of_memory": ("out_of_memory", "the log tells {n:,} {n:time|times} of a lack of memory"),
}


def after_eval(view: View, onset: int) -> Iterator[Reason]:
    """It began in the first row behind an evaluation, which is rare by chance."""
    evals, train = view.sketches.get("eval_loss"), view.sketches.get("train_loss")
    if evals is None or train is None or len(evals.newest_step) < 1 or len(train.step) < 4:
        return
    spacing = spacing_of(train.step)
    steps = evals.newest_step
    behind = steps[(steps < onset) & (steps >= onset - 1.5 * spacing)]
    between = spacing_of(steps.astype(float)) if len(steps) > 1 else float(steps[0])
    if len(behind) and 1.5 * spacing <= 0.2 * between:
        yield Reason(
            "eval_state",
            said("an evaluation stands at step {behind:,}, one row before", behind=int(behind[-1])),
            2.0,
        )


def log_told(view: View, onset: int | None = None) -> Iterator[Reason]:
    """What the log's text says: overflows of the loss scale, NaN that was skipped, memory.

    A loss scale that overflows now and then is how dynamic scaling works; it counts near an onset,
    or where it goes on and on.
    """
    for kind, (cause, words) in _SAID.items():
        count = view.around.counts.get(kind, 0)
        steps = [step for k, step, _ in view.around.events if k == kind and step is not None]
        if not count:
            continue
        reach = max(4 * view.step / _BLOCKS, 1.0)
        at = near(steps, onset, reach) if onset is not None else None
        few = count < max(_FEW, _OFTEN * (view.train.n if view.train is not None else 0))
        if at is None and (onset is not None or few):
            continue
        text = Said(words, {"n": count})
        place = said(", one at step {at:,}", at=int(at)) if at is not None else ""
        yield Reason(cause, text + place, 2.0 if at is not None else 1.0)


def words_said(view: View, onset: int) -> Iterator[Reason]:
    """What the log says in words near an onset: a new stage, a resume."""
    if view.train is None:
        return
    spacing = spacing_of(view.train.step)
    reach = reach_of(view, spacing) / 2
    for kind, at, text in reversed(view.around.events):
        if kind not in _SAYS or at is None or abs(onset - at) > reach:
            continue
        cause, weight = _SAYS[kind]
        yield Reason(
            cause, said('the log says "{text}" at step {at:,}', text=text[:80], at=at), weight
        )
        return


_SAYS = {"stage": ("loss_redefined", 4.0), "resumed": ("resume_mismatch", 2.6)}


def rate_still_rising(view: View, onset: int) -> Iterator[Reason]:
    """The warm-up was not over: the rate was at its highest and rising when it began."""
    if view.rate is None:
        return
    step, rate = view.rate
    before = rate[step <= onset]
    if len(before) < 3 or not np.isfinite(before).all() or before[0] <= 0:
        return
    rises = bool(np.all(np.diff(before[-5:]) > 0)) and before[-1] >= np.max(before)
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


_SOON = 3.0  # x the warm-up: what breaks by then broke at its end
_RISEN = 2.0  # x its start: a warm-up that has come far
_LINEAR = 0.01  # spread of rate / step in a warm-up from 0


def at_onset(view: View, onset: int) -> Iterator[Reason]:
    """All that can coincide with something that began at a step."""
    for find in (
        rate_rose, gradients_burst, batch_changed, resumed, epoch_began, speed_changed, log_told,
        words_said, rate_still_rising,
    ):  # fmt: skip
        yield from find(view, onset)


def sudden(finding: Finding, view: View) -> Iterator[Reason]:
    """Why something began all at once: what coincides, and that the rate did not rise."""
    reasons = list(at_onset(view, finding.since_step))
    yield from reasons
    if not any(reason.id in ("lr_jump", "lr_too_high") for reason in reasons):
        yield from rate_stayed(view, finding.since_step)
