"""Train is a constant multiple of eval: it is a sum, not a mean."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    least = Limit(1.8, "x eval: dropout and label smoothing reach 1.5", "runs")
    spread = Limit(0.15, "of the ratio, from evaluation to evaluation", "runs: noise of a batch")
    whole = Limit(0.12, "of a number of steps that are usual to accumulate", "transformers 4.46")
    falls = Limit(0.05, "of each curve: of two flat ones any ratio is constant", "runs")
    evals = Limit(3, "evaluations", "a ratio that is constant")


_USUAL = (2, 4, 8, 16, 32, 64, 128, 256)


def find(view: View) -> Finding | None:
    """The ratio is the same at each evaluation, and near a usual number of accumulated steps."""
    pair = view.pair
    if pair is None or len(pair.value) < Bounds.evals:
        return None
    if np.min(pair.value) <= 0 or np.min(pair.train) <= 0:
        return None
    ratios = np.log(pair.train / pair.value)
    ratio = float(np.exp(st.median(ratios)))
    spread = float(np.quantile(np.abs(ratios - st.median(ratios)), 0.8))
    if ratio < Bounds.least or spread > Bounds.spread:
        return None
    if pair.fall < Bounds.falls or pair.train_fall < Bounds.falls:
        return None
    steps = min(_USUAL, key=lambda n: abs(np.log(n / ratio)))
    if abs(np.log(steps / ratio)) > Bounds.whole:
        return None
    return Finding(
        "summed_loss",
        "info",
        0.8,
        int(pair.step[0]),
        view.train.name if view.train is not None else "",
        f"train is {ratio:.3g} x eval at each of {len(pair.value)} evaluations: a sum over {steps} "
        "accumulated steps, not their mean",
        numbers={"ratio": ratio, "accumulated": float(steps)},
    )


PATTERN = Pattern(
    id="summed_loss",
    slot="beside",
    severity="info",
    find=find,
    hides=("train_high_eval_low",),
    looks=3,
    limits=Bounds,
    typical=("summed_over_steps",),
)
