"""What happened near a step: the coincidences that causes are ranked by, each with its number.

Each function yields (cause, why, weight). A weight is a rough likelihood ratio on a scale where 1
is "worth saying" and 3 "hard to overlook"; it only orders causes. Nothing is asserted: a cause is
what was seen to coincide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.around import near
from lossmon.diagnosis.chance import fell_back
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.rates import beyond_usual, rate_rose, rate_stayed, rate_still_rising
from lossmon.diagnosis.reasons import BLOCKS, Reason, reach_of, spacing_of, steps_are_epochs, when
from lossmon.diagnosis.view import View
from lossmon.words import Said, said

_BURST = 4.0  # x the usual grad norm
_BATCH = 1.5  # x: a change of the batch size
_CHANCE = 0.1  # an epoch boundary is near any step with this chance at most, else it says nothing
_FEW, _OFTEN = 5, 0.02  # events of the text: so many, and for so many of the rows, go on and on
_GREW = 1.5  # x: grad norm rose, too
_BOTH = 1.2  # x: eval rose, too
_SPEED = 1.5  # x: a change of speed that hints at other data


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
            1.5 + min(math.log10(ratio), 2) / 2,  # a burst is mostly how a rate shows itself
        )


def epoch_began(view: View, onset: int) -> Iterator[Reason]:
    """An epoch begins there; said only where that is unlikely to be chance."""
    starts, train = view.around.epoch_starts, view.train
    if not len(starts) or train is None or steps_are_epochs(view):
        return
    spacing = spacing_of(train.step)
    reach = 1.5 * spacing
    if len(starts) * 2 * reach > _CHANCE * max(view.step, 1):
        return
    at = near(starts, onset, reach)
    if at is not None:
        yield Reason(
            "epoch_boundary",
            said(
                "an epoch begins at step {at:,}{near}",
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
                "the step went back to {step:,}{near}{words}",
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


_SAID: dict[str, tuple[CauseId, str]] = {
    "overflow": ("loss_scale", "the log tells of {n:,} {n:overflow|overflows} of the loss scale"),
    "nan_skipped": ("numeric_overflow", "the log tells of {n:,} NaN or infinite {n:value|values}"),
    "unreachable": (
        "impossible_target",
        "the log tells {n:,} {n:time|times} that a label has no valid path",
    ),
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
        survived = int(np.count_nonzero(steps < behind[-1]))  # evaluations that broke nothing
        yield Reason(
            "eval_state",
            said("an evaluation stands at step {behind:,}, one row before", behind=int(behind[-1])),
            1.3 if survived else 1.7,
        )


def died(view: View, onset: int) -> Iterator[Reason]:
    """Since then it stands at the level of guessing: one update undid all that was learned."""
    chance = fell_back(view, onset)
    if chance is not None:
        yield Reason(
            "collapsed",
            said(
                "since then it stands at {chance_sum}, as guessing among {chance_words} gives: "
                "units died, or all answers are one",
                chance_sum=chance.sum,
                chance_words=chance.words,
            ),
            2.2,
        )


def both_rise(view: View, onset: int) -> Iterator[Reason]:
    """Train and eval go up together: the weights went wrong, and no example is learned by heart."""
    pair = view.pair
    if pair is None or len(pair.value) < 4:
        return
    before, since = pair.value[pair.step < onset], pair.value[pair.step >= onset]
    if len(before) < 2 or not len(since):
        return
    usual = st.median(before[-5:])
    if usual > 0 and np.min(since) >= _BOTH * usual and np.min(since) > np.max(before[-5:]):
        yield Reason(
            "lr_too_high",
            said(
                "eval rose with it, from {usual:.3g} to {level:.3g}: the updates broke the weights",
                usual=usual,
                level=st.median(since),
            ),
            1.6,
        )


def gradients_grew(view: View, onset: int) -> Iterator[Reason]:
    """The grad norm went up with it and stays there: updates overshoot further and further."""
    if view.grad_norm is None:
        return
    step, norm = view.grad_norm
    before, since = norm[step < onset][-3:], norm[step >= onset]
    if len(before) < 3 or len(since) < 2 or not np.isfinite([*before, *since]).all():
        return
    usual, level = st.median(before), st.median(since)
    if usual > 0 and level >= _GREW * usual:
        yield Reason(
            "lr_too_high",
            said(
                "grad norm rose with it, from {usual:.3g} to {level:.3g}", usual=usual, level=level
            ),
            1.6,
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
        reach = max(4 * view.step / BLOCKS, 1.0)
        at = near(steps, onset, reach) if onset is not None else None
        few = count < max(_FEW, _OFTEN * (view.train.n if view.train is not None else 0))
        if at is None and (onset is not None or few):
            continue
        text = Said(words, {"n": count})
        place = said(", one at step {at:,}", at=int(at)) if at is not None else ""
        yield Reason(cause, text + place, 2.0 if at is not None else 1.0)


def log_advises(view: View, finding: Finding) -> Iterator[Reason]:
    """The training's own program says what is wrong, near the onset or behind the newest row.

    It knows what no curve shows, so that its words come first.
    """
    told = [one for one in view.around.events if one[0] in _PROGRAM]
    if not told or view.train is None:
        return
    spacing = spacing_of(view.train.step)
    reach = reach_of(view, spacing) / 2
    for kind, (cause, weight) in _PROGRAM.items():
        for _, at, text in reversed([one for one in told if one[0] == kind]):
            place = 0 if at is None else at
            if place >= view.step - spacing or abs(place - finding.since_step) <= reach:
                yield Reason(cause, said('the log says "{text}"', text=text), weight)
                return


# Advice comes before all that was measured; a warning before all that is only usual.
_PROGRAM: dict[str, tuple[CauseId, float]] = {
    "advice": ("log_says", 5.0), "remark": ("log_warns", 0.9),
}  # fmt: skip


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


_SAYS: dict[str, tuple[CauseId, float]] = {
    "stage": ("loss_redefined", 4.0),
    "resumed": ("resume_mismatch", 2.6),
}


def at_onset(view: View, onset: int) -> Iterator[Reason]:
    """All that can coincide with something that began at a step."""
    for find in (
        rate_rose, gradients_burst, batch_changed, resumed, epoch_began, speed_changed, log_told,
        words_said, rate_still_rising, beyond_usual,
    ):  # fmt: skip
        yield from find(view, onset)


def sudden(finding: Finding, view: View) -> Iterator[Reason]:
    """Why something began all at once: what coincides, and that the rate did not rise."""
    reasons = list(at_onset(view, finding.since_step))
    yield from reasons
    if not any(reason.id in ("lr_jump", "lr_too_high") for reason in reasons):
        yield from rate_stayed(view, finding.since_step)
