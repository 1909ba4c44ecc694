"""Which advice is earned: what the log refutes is not said, and no two findings pull apart.

A remedy moves a knob one way (`moves = "rate+"` in the knowledge files). What a pattern forbids
while it holds (`Pattern.forbids`) no finding of the run advises; raising the learning rate needs a
reason of its own, as in public threads it was the settled remedy in none of 64 cases.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lossmon.diagnosis import contradictions, facts, low_rate, rates
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.diagnosis.view import View

_FLAT = ("not_decreasing", "underfitting")


def unwise(view: View, found: Iterable[Finding]) -> frozenset[str]:
    """The moves that no finding of this run may advise."""
    found = tuple(found)
    forbidden = {move for one in found for move in PATTERNS[one.pattern].forbids}
    forbidden |= view.kind.without
    if not low_rate.is_earned(view):
        forbidden.add("rate+")
    elif any(one.pattern in _FLAT for one in found):
        forbidden.add("rate-")
    if view.rate is None or rates.rate_is_constant(view):  # nothing is known to have decayed
        forbidden.add("decay-")
    return frozenset(forbidden)


def refuted(view: View) -> frozenset[CauseId]:
    """Typical causes that what was logged speaks against."""
    return frozenset(
        (
            *_by_rate(view),
            *_by_gradients(view),
            *_by_numbers(view),
            *_by_eval(view),
            *contradictions.refuted(view),
        )
    )


def alien(view: View) -> frozenset[CauseId]:
    """Causes that no training of this kind has, whatever coincides."""
    return frozenset(_OF_GRADIENTS if view.kind.id == "boosting" else ())


# What only networks have that are trained by gradient steps; trees are not.
_OF_GRADIENTS: tuple[CauseId, ...] = (
    "exploding_gradients", "numeric_overflow", "frozen_gradients", "loss_scale", "clip_too_low",
    "small_batch", "lr_warmup", "collapsed", "bad_state", "eval_statistics", "wrong_output",
    "gradients_kept", "same_batch", "broken_weights", "edge_of_stability", "inert_output",
    "adam_epsilon",
)  # fmt: skip


def _by_rate(view: View) -> Iterable[CauseId]:
    if view.around.counts.get("overflow"):
        yield "lr_too_low"
    if view.rate is None:
        return
    rate = view.rate[1]
    if not np.isfinite(rate).all() or len(rate) < 4:
        return
    if float(rate.max()) <= 0:
        yield from ("lr_too_high", "lr_jump", "lr_decayed")
    elif rates.rate_is_constant(view):
        yield from ("lr_jump", "lr_decayed", "schedule_short", "lr_warmup")
    elif (st.steps(rate) <= 0).all():
        yield from ("lr_jump", "lr_warmup")


def _by_numbers(view: View) -> Iterable[CauseId]:
    """A NaN in the data is one in the loss."""
    train = view.train
    if train is None or train.n < 4 or train.sketch.nonfinite:
        return
    if not any(facts.broken(sketch) for sketch in view.sketches.values()):
        yield "nan_in_data"


def _by_gradients(view: View) -> Iterable[CauseId]:
    if view.grad_norm is None:
        return
    norm = view.grad_norm[1]
    norm = norm[np.isfinite(norm)]
    if len(norm) < 8:
        return
    early, late = st.median(norm[: len(norm) // 4]), st.median(norm[-(len(norm) // 4) :])
    if min(early, late) > low_rate.Bounds.flows:
        yield "frozen_gradients"
    if late > 2 * early > 0:
        yield "lr_too_low"


def _by_eval(view: View) -> Iterable[CauseId]:
    pair = view.pair
    if (
        pair is not None
        and len(pair.value) >= 4
        and pair.last(pair.value) <= 1.01 * abs(float(pair.smooth.min()))
    ):
        yield from ("overfit_suspected", "memorising")
