"""What a few rows show of weights that one update, or none at all, threw off.

A loss of 87.3365 in two rows of Caffe, of 34 on the way back to ln 1000, a gradient norm that is
no number in the newest two: no statistics are needed, and whoever asks has no more rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import flat, lost
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.chance import level_of
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When a row was thrown."""

    facts = Enough.facts
    far = Limit(1.5, "x the loss of guessing, in a row before", "threads: 1.4 to 5 x")
    back = Limit(0.02, "of that loss, at which the newest two rows stand", "threads: 6.94 of 6.91")
    classes = Limit(100, "classes, whose level is passed by no other loss by chance", "words")
    margin = Limit(0.01, "of a round level, of each row", "threads: 1.0007 to 1.0072")
    rows = Limit(5, "rows that stand there", "threads: 8")
    lone = Limit(3.0, "x all other rows, of one with rows behind it", "threads: 5 x")
    nothing = Limit(0.001, "loss of a batch of which all is known", "threads: 3.6e-8")
    apart = Limit(5.0, "implicit reward of a pair: nats away from the reference", "usual: below 3")
    bold = Limit(2e-5, "learning rate that preferences hardly bear", "usual recipes: 5e-7 to 5e-6")
    flat = Limit(0.01, "of the level: rows that stand since", "threads: 8.24 to 8.28")


def reasons(values: Floats, view: View) -> Iterator[Reason]:
    """Of all rows of a short log, each of them a number above 0."""
    yield from _at_smallest(values, view)
    yield from _back_at_guessing(values, view)
    yield from _gradient(view)
    yield from _at_margin(values, view)
    yield from _lone(values, view)


def unmatched(view: View) -> Iterator[Reason]:
    """No box is right in any evaluation so far."""
    goal = view.around.goal
    if goal is None or view.kind.id != "detection":
        return
    if goal.rises and len(goal.value) >= Bounds.facts and not np.any(goal.value):
        why = said(
            "{name} is exactly 0 in all {rows:,} rows so far", name=goal.name, rows=len(goal.value)
        )
        yield Reason("nothing_matched", why, 1.6)
        yield Reason("few_steps", why, 1.5)


def by_pairs(view: View) -> Iterator[Reason]:
    """Rewards of pairs that are far from 0 within a few rows: the policy was thrown off."""
    if view.kind.id != "preference" or view.rate is None:
        return
    told = [one for name in _REWARDS if (one := view.around.logged(name)) is not None]
    peak = float(np.nanmax(view.rate[1]))
    if len(told) < 2 or not peak >= Bounds.bold:
        return
    most = max(float(np.max(np.abs(one.value))) for one in told)
    if most >= Bounds.apart:
        why = said(
            "rewards reach {most:.3g} within {rows:,} rows, at a learning rate of {peak:.2g}: "
            "5e-7 to 5e-6 is usual with pairs",
            most=most,
            rows=len(told[0].value),
            peak=peak,
        )
        yield Reason("lr_too_high", why, 1.8, of="oscillating")
        yield Reason("over_optimised", why, 1.6, of="oscillating")


_REWARDS = (r"rewards?_chosen", r"rewards?_rejected")


def to_nothing_and_back(values: Floats, view: View) -> Iterator[Reason]:
    """Next to 0 in some rows, and worse than guessing in one behind: batches of one class."""
    if view.kind.id not in ("", "classifier"):
        return
    known = np.flatnonzero((values >= 0) & (values <= Bounds.nothing))
    if len(known) < 2 or float(values.min()) < 0:
        return
    behind = values[int(known[0]) :]
    if float(behind.max()) >= lost.Bounds.unlearned and known[-1] > int(np.argmax(behind)):
        why = said(
            "the loss is at most {least:.2g} in {some:,} of {rows:,} rows and {high:.3g} between "
            "them: batches of one class are told by heart, the next is not known",
            least=float(values[known].max()),
            some=len(known),
            rows=len(values),
            high=float(behind.max()),
        )
        yield Reason("data_order", why, 1.7)
        yield Reason("small_batch", why, 1.3)


def _at_smallest(values: Floats, view: View) -> Iterator[Reason]:
    """The first row alone is -ln of the smallest float, or all are."""
    if flat.smallest_floats(float(values[-1])):
        yield from flat.at_smallest(view)
        return
    since = values[1:]
    if len(since) < Bounds.facts or not flat.smallest_floats(float(values[0])):
        return
    if float(np.ptp(since)) <= Bounds.flat * st.median(since):
        why = said(
            "the first row, {first:.6g}, is -ln of the smallest float: outputs overflow before "
            "anything was learned, and it stands at {level:.4g} since",
            first=float(values[0]),
            level=st.median(since),
        )
        yield Reason("unscaled", why, 1.7)
        yield Reason("not_started", why, 1.65)
        yield Reason("lr_too_high", why, 1.6)


def _back_at_guessing(values: Floats, view: View) -> Iterator[Reason]:
    """Far above guessing among so many, and on the way back to it: not what learning looks like."""
    if view.kind.id not in ("", "classifier") or len(values) < Bounds.facts:
        return
    chance = level_of(float(values[-1]), Bounds.back, view)
    if chance is None or chance.among < Bounds.classes:
        return  # any fall passes ln 4
    if abs(float(values[-2]) / chance.level - 1) > Bounds.back:
        return
    if float(values[:-1].max()) < Bounds.far * chance.level:
        return
    if float(values.min()) < (1 - Bounds.back) * chance.level:
        return  # it has been better
    why = said(
        "it was at {high:.4g}, and has come back no further than to {chance_sum}, as guessing "
        "among {chance_words} gives",
        high=float(values.max()),
        chance_sum=chance.sum,
        chance_words=chance.words,
    )
    yield Reason("lr_too_high", why, 1.7)
    yield Reason("unscaled", why, 1.5)
    yield Reason("not_started", why, 1.4)


def _gradient(view: View) -> Iterator[Reason]:
    """The gradient norm is no number in the newest rows, and was one before."""
    sketch = view.sketches.get("grad_norm")
    if sketch is None or len(sketch.newest) < Bounds.facts:
        return
    broken = ~np.isfinite(sketch.newest)
    since = len(broken) - int(np.argmin(broken[::-1])) if not broken.all() else 0
    if 0 < since < len(broken):
        why = said(
            "grad norm is no number in the newest {rows:,} of {of:,} rows, and was one before, "
            "while the loss goes on",
            rows=len(broken) - since,
            of=len(broken),
        )
        yield Reason("numeric_overflow", why, 1.7)
        yield Reason("loss_scale", why, 1.5)
        yield Reason("lr_too_high", why, 1.2)


def _at_margin(values: Floats, view: View) -> Iterator[Reason]:
    """Each row at 0.2 or 1: a margin, or a Dice loss of nothing, as one answer for all gives."""
    if view.kind.id not in ("", "contrastive", "segmentation", "regression", "detection"):
        return
    level = next((one for one in flat.ROUND if abs(values[-1] / one - 1) <= Bounds.margin), None)
    if level is None or len(values) < Bounds.rows:
        return
    off = np.abs(values / level - 1)
    if np.all(off <= Bounds.margin) and off[-1] <= off[0]:
        why = said(
            "each of {rows:,} rows stands within {within:.0%} of {level:g}, as a margin, or what "
            "one answer for all costs, does",
            rows=len(values),
            within=float(Bounds.margin),
            level=level,
        )
        yield Reason("collapsed", why, 1.5, of="not_decreasing")
        yield Reason("lr_too_high", why, 1.3, of="not_decreasing")
        yield Reason("frozen_gradients", why, 1.2, of="not_decreasing")


def _lone(values: Floats, view: View) -> Iterator[Reason]:
    """One row leaps out of the others, which go on as before."""
    at = int(np.argmax(values))
    others = np.delete(values, at)
    if not 0 < at < len(values) - 1 or len(others) < Bounds.facts + 1:
        return
    if view.curve or view.kind.id == "diffusion" or values[at] < Bounds.lone * others.max():
        return
    train = view.train
    assert train is not None
    why = said(
        "the loss leapt to {high:.4g} at step {step:,}, {ratio:.2g} x any other row, and came back",
        high=float(values[at]),
        step=int(train.sketch.newest_step[at]),
        ratio=float(values[at] / others.max()),
    )
    yield Reason("lr_too_high", why, 1.4, of="spike")
    yield Reason("bad_batch", why, 1.35, of="spike")
    yield Reason("exploding_gradients", why, 1.2, of="spike")
