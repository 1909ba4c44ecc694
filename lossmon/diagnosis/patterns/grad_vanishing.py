"""Grad norm next to nothing while the loss is still high, where it is logged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import rates
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.gradients import NEWEST, POINTS, before, norms
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, USUAL, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(1e-3, "x its early level, sustained", "runs")
    points = POINTS
    high = Limit(0.3, "of its start: the loss is still high", "runs")


def find(view: View) -> Finding | None:
    """The newest grad norms are next to nothing against the early ones, and the loss is high."""
    curve, train = view.once(norms), view.train
    if curve is None or train is None:
        return None
    value = curve.value
    early = st.median(value[: max(3, len(value) // 20)])
    newest = st.median(value[-max(NEWEST, len(value) // 10) :])
    if early <= 0 or newest > Bounds.ratio * early or train.end < Bounds.high * train.start:
        return None
    return Finding(
        "grad_vanishing",
        "warning",
        0.7,
        curve.since(value <= Bounds.ratio * early),
        "grad_norm",
        said(
            "grad norm fell from {early:.3g} to {newest:.3g} while the loss is still {end:.4g}",
            early=early,
            newest=newest,
            end=train.end,
        ),
        numbers={"ratio": newest / early},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from rates.rate_rose(view, finding.since_step)
    yield from co.log_told(view, finding.since_step)


def _figures(finding: Finding, view: View) -> Numbers:
    norm = before(finding, view)
    if not len(norm):
        return {}
    usual = st.median(norm[: max(3, len(norm) // 20)])
    return {"usual": usual, "threshold": Bounds.ratio * usual}


PATTERN = Pattern(
    id="grad_vanishing",
    slot="beside",
    severity="warning",
    find=find,
    needs=("grad_norm",),
    forbids=("steps+",),
    limits=Bounds,
    causes=_causes,
    typical=("frozen_gradients", "lr_too_high"),
    figures=_figures,
    picture=Picture(curve="grad_norm", lines=USUAL, marks=(SINCE,)),
    example=lambda of: Example({"grad norm": 1.5 * np.exp(-25 * np.maximum(0, of.t - 0.4))}, 0.55),
)
