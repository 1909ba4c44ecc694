"""What is printed is not the loss of that moment: a way of counting, and nothing is wrong.

A mean since the start of the epoch that jumps where the next begins, all parts of a loss at 1/24
for one row, a total that stands at 2^27: who takes them for the training looks in vain for a cause.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.reported import (
    Bounds,
    common_factor,
    float_total,
    running_mean,
    running_sum,
)
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """The first way of reporting that shows."""
    for reason, step, numbers in _ways(view):
        name = view.name_of("train_loss")
        return Finding("reporting", "info", 0.98, step, name, reason.why, numbers=numbers)
    return None


def _ways(view: View) -> Iterator[tuple[Reason, int, dict[str, float]]]:
    total = float_total(view)
    if total is not None:
        why = said(
            "{name} stands at {value:,.0f} = 2^{power} since step {step:,}: a 32-bit float takes "
            "no small additions there",
            name=total.name,
            value=total.value,
            power=total.power,
            step=total.step,
        )
        yield Reason("float_total", why, 3.0), total.step, {}
    yield from _one_episode(view)
    factor = common_factor(view)
    if factor is not None and factor.back:
        why = said(
            "all {parts} losses are {factor:.3g} x the row before at step {step:,}, and back in "
            "the next: a sum over fewer steps, divided as if it were full",
            parts=factor.parts,
            factor=factor.factor,
            step=factor.step,
        )
        yield Reason("partial_window", why, 3.0), factor.step, {"ratio": factor.factor}
    elif factor is not None:
        why = said(
            "all {parts} losses are {factor:.3g} x the row before from step {step:,} on: a sum "
            "over more or fewer steps, devices or samples",
            parts=factor.parts,
            factor=factor.factor,
            step=factor.step,
        )
        yield Reason("summed_loss", why, 3.0), factor.step, {"ratio": factor.factor}
    total_of_all = running_sum(view)
    if total_of_all is not None:
        why = said(
            "the loss grows by about {each:.4g} in each of {rows:,} rows, the first of them "
            "included: a sum over all that came before, which nothing sets back to 0",
            each=total_of_all.each,
            rows=total_of_all.rows,
        )
        yield Reason("running_sum", why, 3.0), total_of_all.step, {"each": total_of_all.each}
    mean = running_mean(view)
    if mean is not None and not mean.length:
        why = said(
            "it stands at {before:.4g} within the epoch, and is {after:.4g} in the first row of "
            "the next, at step {step:,}: so does a mean since the start of the epoch",
            before=mean.before,
            after=mean.after,
            step=mean.step,
        )
        yield Reason("running_mean", why, 3.0), mean.step, {"level": mean.after}
    elif mean is not None:
        why = said(
            "it goes evenly to {before:.4g} and jumps to {after:.4g} at step {step:,}: just so "
            "does a mean over {length:,.0f} steps that starts anew",
            before=mean.before,
            after=mean.after,
            step=mean.step,
            length=mean.length,
        )
        yield Reason("running_mean", why, 3.0), mean.step, {"level": mean.after}


def _one_episode(view: View) -> Iterator[tuple[Reason, int, dict[str, float]]]:
    """The spread of the reward is 0 in each row while its mean varies: there was one episode."""
    if view.kind.id != "rl":
        return
    spread, mean = view.around.logged(_SPREAD), view.around.logged(_MEAN)
    if spread is None or mean is None or len(spread.value) < Enough.facts:
        return
    if np.any(spread.value != 0.0) or len(np.unique(mean.value)) < Enough.facts:
        return
    why = said(
        "{spread} is exactly 0 in all {rows:,} rows while {mean} goes from {first:.4g} to "
        "{last:.4g}: each row is the mean of one episode",
        spread=spread.name,
        rows=spread.of,
        mean=mean.name,
        first=float(mean.value[0]),
        last=float(mean.value[-1]),
    )
    yield Reason("one_episode", why, 3.0), int(spread.step[0]), {}


_SPREAD = (
    r"(?:std|stddev|sd)_(?:of_)?(?:rewards?|returns?)|(?:ep_)?(?:rewards?|returns?)_(?:std|sd)"
)
_MEAN = (
    r"(?:mean|average|avg)_(?:of_)?(?:rewards?|returns?)|(?:ep_)?(?:rewards?|returns?)_(?:mean|avg)"
)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from (reason for reason, *_ in _ways(view))


PATTERN = Pattern(
    id="reporting",
    slot="beside",
    severity="info",
    find=find,
    hides=(
        "healthy",
        "falling",
        "spike",
        "staircase",
        "saw_tooth",
        "oscillating",
        "plateau",
        "scaled_loss",
        "eval_faster",
        "train_high_eval_low",
        "untold",
        "not_converged",
        "noisy",
        "rising",
        "rebound",
        "not_decreasing",
    ),  # shapes that the reporting made
    looks=2,
    limits=Bounds,
    causes=_causes,
    picture=Picture(marks=(SINCE,)),
)
