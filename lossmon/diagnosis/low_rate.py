"""A learning rate so low that it may be the reason: the one ground on which raising it is advised.

In public threads "raise the learning rate" was the settled remedy in none of 64 cases of a loss
that does not fall. It takes a rate that was logged and is low for any recipe, as 1e-6 for a small
classifier; and gradients that reach the weights all the while, to no avail.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import facts
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """What is usual."""

    rate = Limit(1e-6, "learning rate up to which it is low for any model", "usual recipes")
    rate_adapters = Limit(1e-5, "likewise with adapters, which take 10 x", "LoRA recipes")
    steady = Limit(5.0, "x: grad norms of early and newest rows differ by less", "runs")
    rows = Limit(8, "rows of a steady fall", "1 of 40,320 orders")
    down = Limit(0.9, "of its moves go down", "half in noise")
    errors = Limit(8.0, "standard errors that it fell by", "words: 3 to 5")
    late = Limit(0.35, "of the fall, in the second half: no floor is near", "half of a line")
    decays = Limit(0.5, "of its peak: a rate below it has decayed", "usual recipes")
    flows = Limit(1e-6, "grad norm that reaches the weights", "words: next to 0")


def is_low(view: View) -> bool:
    """The rate was logged, and its peak is low for what is trained; numbers are sound beside it."""
    if view.rate is None or view.tail or not view.kind.raises_rate:
        return False
    peak = float(np.nanmax(view.rate[1]))
    adapters = view.kind.id == "lora"
    if not 0 < peak <= (Bounds.rate_adapters if adapters else Bounds.rate):
        return False
    if view.around.counts.get("overflow"):
        return False
    sketches = view.sketches.values()
    return not any(sketch.nonfinite or facts.broken(sketch) for sketch in sketches)


def steady_fall(view: View) -> bool:
    """A tiny fall from the very start, row by row and as fast at its end as in its middle.

    What falls so without a step back has the right gradients and takes steps that are too small:
    labels that say nothing, dead units, frozen weights give no direction at all. A floor that is
    near bends the curve.
    """
    train = view.train
    if train is None or view.tail or view.curve or not view.kind.raises_rate:
        return False
    if len(train.value) < Bounds.rows or view.around.counts.get("overflow"):
        return False
    if view.rate is not None and float(view.rate[1][-1]) < Bounds.decays * np.nanmax(view.rate[1]):
        return False
    values = st.blocks(train.value, 48)
    errors = train.drop / max(train.drop_error, 1e-300)
    return bool(
        errors >= Bounds.errors
        and np.mean(st.steps(values) < 0) >= Bounds.down
        and train.left(0.5) >= Bounds.late
    )


def is_earned(view: View) -> bool:
    """A higher rate may be advised."""
    return is_the_reason(view) or steady_fall(view)


def is_the_reason(view: View) -> bool:
    """A higher rate has a positive reason: it is low, and gradients flow steadily to no avail."""
    train, grad = view.train, view.grad_norm
    if train is None or grad is None or not is_low(view):
        return False
    norm = grad[1]
    if len(norm) < 8 or not np.isfinite(norm).all():
        return False
    early, late = st.median(norm[: len(norm) // 4]), st.median(norm[-(len(norm) // 4) :])
    steady = min(early, late) > Bounds.flows and max(early, late) < Bounds.steady * min(early, late)
    rises = train.drop < -3 * train.drop_error
    return steady and not rises and float(train.value.min()) > 0
