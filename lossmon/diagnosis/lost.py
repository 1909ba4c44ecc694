"""How a loss that is no number was lost, which tells the causes apart.

From the first row on it was the data or the weights; from a first loss of 2.8e10 on, data that
nobody scaled; at a rate of next to 0 what the numbers go through, as no update was made to speak
of; behind a climb the rate, behind a leap single gradients; with usual rows between, single
batches; all at once within the first rows, updates that were too large or numbers that overflowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lossmon.diagnosis import facts
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.finding import CauseId
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.parts import is_of_latent
from lossmon.diagnosis.reasons import Reason, steps_are_epochs
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.history.summary import Summary
from lossmon.words import said


class Bounds(Limits):
    """What each way looks like."""

    before = Limit(12, "rows before the end that tell how it came", "threads")
    climbs = Limit(1.25, "x the usual level, at the newest row, which is the highest", "threads")
    grows = Limit(3.0, "x: it is plain that it grew", "threads")
    errors = Limit(4.0, "MADs of the rows before the climb", "words: 3 to 5")
    calm = Limit(5.0, "x the usual level, the row before a leap", "threads")
    leaps = Limit(20.0, "x the usual level, from one row to the next", "threads: 0.13 to 17.8")
    early = Limit(30, "rows within which a loss that ends has learned nothing yet", "threads")
    unscaled = Limit(1e6, "first loss: of data in its own units, squared", "threads: 2.8e10")
    harmless = Limit(5e-6, "learning rate whose few updates break no weights", "usual recipes")
    bold = Limit(5e-3, "learning rate that Adam does not bear", "usual recipes: 1e-4 to 1e-3")
    unlearned = Limit(0.7, "loss of the first row: guessing between two gives ln 2", "ln C")
    unbounded = Limit(2.0, "x its first size, below 0: no loss with a floor goes so far", "threads")
    untold = Limit(10, "updates before the first report: what came first is not told", "threads")
    uphill = Limit(5, "rows, each above the one before", "words: many in a row")
    untouched = Limit(13.0, "loss of a model that gives each of 400,000 tokens the same", "ln V")


_PRETRAINED = frozenset(("llm", "lora", "preference", "rlhf", "diffusion", "speech"))
_BY_RATE: tuple[CauseId, ...] = ("lr_too_high", "lr_jump", "exploding_gradients")


def told_by(view: View) -> View:
    """The run as the curve shows it that tells how the loss was lost, in place of its train loss.

    "Average loss: nan" is one row, told at the end of an epoch; its parts were told all the way,
    and were sound in the first rows.
    """
    return view.once(_told_by)


def _told_by(view: View) -> View:
    train = view.train
    own = None if train is None or train.rises else facts.broken(train.sketch)
    if train is None or own is None:
        return view
    steps, sound = train.sketch.logged.step, np.isfinite(train.sketch.logged.value)
    told = [
        one
        for one in view.around.broken_parts
        if one.loss and one.since < own.since and not sound[steps >= one.since].any()
    ]
    if not told:
        return view
    first = min(told, key=lambda one: one.since)
    return replace(view, train=LossCurve(first.name, Summary().catch_up(first.series)))


def ways(view: View, onset: int) -> Iterator[Reason]:
    """How the loss was lost, each way with its reasons.

    Args:
        view: a run whose loss is no number, or is written as 0 in place of one.
        onset: the step since when.
    """
    view = told_by(view)
    train = view.train
    if train is None or not len(train.sketch.head):
        return
    sketch = train.sketch
    if view.kind.id == "boosting":
        yield from _of_trees(train)
        return
    yield from _without_updates(view, onset)
    yield from _unreachable(view)
    if not np.isfinite(sketch.head[0]):
        yield from _from_the_first(view)
        return
    start = float(sketch.head[0])
    if abs(start) >= Bounds.unscaled and not view.curve:  # a perplexity begins as high
        yield Reason("unscaled", said("the very first loss is {start:.2g}", start=start), 2.6)
    zeros = facts.same(sketch)
    zeroed = zeros is not None and zeros.value == 0.0
    lost = (sketch.newest == 0.0) if zeroed else ~np.isfinite(sketch.newest)
    if not lost.any():
        return
    if single_batches(train) and not zeroed:
        why = said(
            "{broken:,} of {n:,} values are no number, with usual ones "
            "between: the weights are sound, single batches are not",
            broken=int(np.count_nonzero(facts.no_number(sketch.logged.value))),
            n=len(sketch.logged),
        )
        yield Reason("numeric_overflow", why, 2.4, _BY_RATE)
        yield Reason("bad_batch", why, 1.6)
        return
    if zeroed:
        why = said("a 0 that comes from one row to the next is a NaN that the logger filtered")
        yield Reason("numeric_overflow", why, 1.95)
        yield Reason("empty_targets", why, 1.6)
    yield from _gradient_first(view, onset)
    yield from _of_a_latent(view)
    before = sketch.newest[sketch.newest_step < onset]
    before = before[np.isfinite(before)][-int(Bounds.before) :]
    yield from _without_floor(before, view)
    yield from _before(before, train, view)


def single_batches(train: LossCurve) -> bool:
    """Usual rows stand behind some that are no number: the weights are sound."""
    lost = facts.no_number(train.sketch.newest)
    return bool(lost.any()) and int(np.count_nonzero(~lost[int(np.argmax(lost)) :])) >= 2


def last_sound(train: LossCurve, onset: float) -> float:
    """The step of the newest row before an onset that stood at the usual level; NaN where none did.

    A loss of 3.3, 14, 20, 3e10, NaN was lost before its first NaN: a checkpoint has to lie before
    the climb.
    """
    known = (train.sketch.newest_step < onset) & np.isfinite(train.sketch.newest)
    rows, steps = train.sketch.newest[known], train.sketch.newest_step[known]
    if not len(rows):
        return math.nan
    half = rows[-int(Bounds.before) :]
    half = half[: len(half) // 2 + 1]
    usual = st.median(half)
    most = usual + max(Bounds.errors * st.mad(half), (Bounds.climbs - 1) * abs(usual))
    least = -Bounds.unbounded * abs(float(rows[0])) if rows[0] > 0 else -math.inf
    sound = np.flatnonzero((rows <= most) & (rows >= least))
    return float(steps[sound[-1]]) if len(sound) else math.nan


def never_fell(train: LossCurve) -> bool:
    """Each row stands above the one before, from the first on: no step ever led down."""
    rows = train.sketch.newest
    if train.n != len(rows):
        return False
    rows = rows[np.isfinite(rows)]
    return len(rows) >= Bounds.uphill and bool(np.all(np.diff(rows) > 0))


def uphill(train: LossCurve) -> Iterator[Reason]:
    """What leads uphill in each step."""
    if not never_fell(train):
        return
    rows = train.sketch.newest[np.isfinite(train.sketch.newest)]
    words = said(
        "each of {rows:,} rows stands above the one before, from the first on", rows=len(rows)
    )
    yield Reason("lr_too_high", words, 2.2)
    yield Reason("loss_sign", words, 2.0)
    yield Reason("unscaled", words, 1.9)


def _without_floor(before: Floats, view: View) -> Iterator[Reason]:
    """It ran off below 0, further in each row: a margin, a likelihood, a wrong sign has no end."""
    if len(before) < 3 or view.curve or not np.all(np.diff(before[-3:]) < 0):
        return
    newest, largest = float(before[-1]), float(np.max(np.abs(before[:1])))
    if newest < 0 and -newest > Bounds.unbounded * largest:
        words = said(
            "it ran from {first:.4g} to {newest:.4g}, further and further below 0, before it ended",
            first=float(before[0]),
            newest=newest,
        )
        yield Reason("unbounded_loss", words, 2.6, ("unscaled",))
        yield Reason("exploding_gradients", words, 2.2)


def _of_trees(train: LossCurve) -> Iterator[Reason]:
    """Trees overflow in the values of their leaves: no gradient step, no format of numbers."""
    before = train.sketch.newest[np.isfinite(train.sketch.newest)]
    if len(before):
        words = said(
            "the loss was as usual, {newest:.3g}, one point before: it came at once",
            newest=float(before[-1]),
        )
        yield Reason("weak_l2", words, 2.0)


def _unreachable(view: View) -> Iterator[Reason]:
    """One label without a path makes the loss infinite, and a running mean for its whole epoch."""
    count, train = view.around.counts.get("unreachable", 0), view.train
    if count and train is not None and np.isinf(train.sketch.newest).any():
        words = said("the log tells {n:,} {n:time|times} that a label has no valid path", n=count)
        yield Reason("impossible_target", words, 2.6, ("lr_too_high", "exploding_gradients"))


def _without_updates(view: View, onset: int) -> Iterator[Reason]:
    """The rate was next to 0 so far: what broke is not what updates made of the weights."""
    if view.rate is None:
        return
    step, rate = view.rate
    so_far = rate[step <= onset]
    if not len(so_far):
        so_far = rate[:1]
    highest = float(np.max(so_far))
    if not 0 <= highest <= Bounds.harmless:
        return
    train = view.train
    assert train is not None
    head = train.sketch.head[: np.count_nonzero(so_far == 0.0)]
    head = head[np.isfinite(head)]
    if len(head) >= 2 and st.median(head) > Bounds.untouched and view.kind.id != "regression":
        yield Reason(
            "broken_weights",
            said(
                "the loss is {level:.3g} while the learning rate is 0: the model was broken before "
                "its first update",
                level=st.median(head),
            ),
            2.8,
            _BY_RATE,
        )
    yield Reason(
        "numeric_overflow",
        said(
            "the learning rate was at most {highest:.2g} so far: updates of that size break no "
            "weights, half precision does",
            highest=highest,
        ),
        2.05 if not np.isfinite(train.sketch.head[0]) else 2.5,
        _BY_RATE,
    )


def _from_the_first(view: View) -> Iterator[Reason]:
    """Nothing that was logged was ever sound: what goes in, what it goes through, or the rate."""
    train = view.train
    assert train is not None
    why = said("it holds from the very first row on")
    pretrained = view.kind.id in _PRETRAINED or "grad_norm" in view.sketches
    first = int(train.sketch.logged.step[0])
    untold = not pretrained and train.n <= len(train.sketch.newest) and first >= Bounds.untold
    if view.kind.id == "speech" and np.isinf(train.sketch.head[0]):
        yield Reason("impossible_target", said("it is infinite, not NaN"), 2.3)
    if not pretrained:  # a network of one's own on data of one's own
        detection = view.kind.id == "detection"
        if untold:
            why = said(
                "the first report is at step {first:,}: what came before it is not told",
                first=first,
            )
            yield Reason("lr_too_high", why, 2.3 if detection else 2.15)
        elif steps_are_epochs(view):  # what came before its end is not told, either
            many = said("the first row is the mean of an epoch, of many updates")
            if view.kind.id == "regression":  # an error of 500,000, squared, in the first of them
                yield Reason("unscaled", many, 2.25)
            yield Reason("lr_too_high", many, 2.3 if detection else 2.2)
        yield Reason("nan_in_data", why, 2.1)
    yield Reason("broken_weights", why, 1.9 if pretrained else 1.4)
    yield Reason("numeric_overflow", why, 1.5)
    if pretrained:
        yield Reason("nan_in_data", why, 1.2)


def _of_a_latent(view: View) -> Iterator[Reason]:
    """The divergence of a code from its prior ended, too: it takes logarithms of variances."""
    if view.kind.id in _PRETRAINED or view.kind.id == "rl":  # a policy's KL is of another kind
        return
    latent = next((one for one in view.around.broken_parts if is_of_latent(one.name)), None)
    if latent is not None and latent.loss:
        why = said(
            "{name} is no number either: it takes the logarithm and the exponential of variances",
            name=latent.name,
        )
        yield Reason("variance_unbounded", why, 2.15)
        yield Reason("numeric_overflow", why, 2.12)


def _gradient_first(view: View, onset: int) -> Iterator[Reason]:
    """The grad norm was no number while the loss still was one."""
    sketch = view.sketches.get("grad_norm")
    if sketch is None:
        return
    broken = sketch.newest_step[~np.isfinite(sketch.newest)]
    if len(broken) and int(broken[0]) < onset and len(broken) < len(sketch.newest):
        yield Reason(
            "numeric_overflow",
            said(
                "grad norm is no number from step {step:,} on, while the loss still was one",
                step=int(broken[0]),
            ),
            2.3,
        )


def _before(before: Floats, train: LossCurve, view: View) -> Iterator[Reason]:
    """A climb, a leap, or nothing to be seen until the very row."""
    if len(before) < 4:
        return
    half = before[: len(before) // 2 + 1]
    usual, newest = st.median(half), float(before[-1])
    scatter = max(st.mad(half), 1e-3 * abs(usual))
    highest = newest >= np.max(before)
    last = float(before[-2])
    leaps = newest >= Bounds.leaps * max(usual, last) and last <= Bounds.calm * usual
    if usual > 0 and highest and leaps:
        words = said(
            "the loss leapt from {before:.3g} to {newest:.3g} within one row",
            before=last,
            newest=newest,
        )
        # Gradients explode in either case; where nothing was learned yet the rate made them do so.
        first = float(train.sketch.head[0])
        unlearned = first > Bounds.unlearned or usual > Bounds.climbs * abs(first)
        young = train.n - train.sketch.nonfinite < Bounds.early and not view.tail
        yield Reason("lr_too_high", words, 2.35 if young and unlearned else 2.1)
        yield Reason("exploding_gradients", words, 2.3)
        return
    far = newest - usual > max(Bounds.errors * scatter, (Bounds.climbs - 1) * abs(usual))
    steady = bool(np.all(np.diff(before[-3:]) > 0)) and newest > Bounds.climbs * usual
    if usual > 0 and highest and (far or steady):
        yield Reason(
            "lr_too_high",
            said(
                "the loss grew from {usual:.3g} to {newest:.3g} over the points before: updates "
                "overshoot further and further",
                usual=usual,
                newest=newest,
            ),
            2.0 if newest < Bounds.grows * usual else 2.2,
        )
        whole = train.n < Bounds.early and len(before) == train.n - train.sketch.nonfinite
        if whole and np.all(before[1:] > Bounds.grows * before[:-1]):
            yield Reason("unscaled", said("it multiplies in each row, from the first on"), 2.1)
        return
    if newest > 2 * train.start > 0:
        return  # it had been far away before it ended
    early = train.n - train.sketch.nonfinite
    bold = view.rate is None or float(np.nanmax(view.rate[1])) >= Bounds.bold
    # What starts from sound weights, or in half precision, is broken by numbers before the rate.
    by_number = view.kind.id in _PRETRAINED or bool(view.around.counts.get("half"))
    if early < Bounds.early and not view.tail and bold:
        yield Reason(
            "lr_too_high",
            said(
                "it came after {early:,} rows, with the loss at {first:.3g} first and {newest:.3g} "
                "then",
                early=early,
                first=float(next(filter(np.isfinite, train.sketch.head), before[0])),
                newest=newest,
            ),
            1.7 if by_number else 1.9,
        )
    yield Reason(
        "numeric_overflow",
        said(
            "the loss was as usual, {newest:.3g}, one point before: it came at once", newest=newest
        ),
        1.8,
    )
