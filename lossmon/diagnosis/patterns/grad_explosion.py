"""Grad norm far above all that is usual for the run, where it is logged."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.coincidence import sudden
from lossmon.diagnosis.figures import Numbers, resume_step, rounded
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.gradients import NEWEST, POINTS, before, norms
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, USUAL, Example, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(10.0, "x the usual grad norm, sustained", "runs")
    points = POINTS
    of_early = Limit(3.0, "x the highest norm of the first quarter", "runs")


def find(view: View) -> Finding | None:
    """The newest grad norms stand far above all that is usual for the run."""
    curve = view.once(norms)
    if curve is None:
        return None
    value = curve.value
    usual = st.median(value[: max(len(value) - NEWEST, 1)])
    newest = st.median(value[-NEWEST:])
    if usual <= 0 or newest < Bounds.ratio * usual:
        return None
    if newest < Bounds.of_early * float(np.max(value[: max(3, len(value) // 4)])):
        return None
    return Finding(
        "grad_explosion",
        "warning",
        0.8,
        curve.since(value > 0.5 * Bounds.ratio * usual),
        "grad_norm",
        said(
            "grad norm {newest:.3g} is {ratio:.3g} x its usual {usual:.3g}",
            newest=newest,
            ratio=newest / usual,
            usual=usual,
        ),
        numbers={"ratio": newest / usual},
    )


def _figures(finding: Finding, view: View) -> Numbers:
    norm = before(finding, view)
    if not len(norm):
        return {}
    usual = st.median(norm)
    return {
        "usual": usual,
        "threshold": Bounds.ratio * usual,
        "clip": rounded(float(np.percentile(norm, 90))),
        "resume_step": resume_step(finding, view),
    }


PATTERN = Pattern(
    id="grad_explosion",
    slot="beside",
    severity="warning",
    find=find,
    needs=("grad_norm",),
    forbids=("rate+", "capacity+"),
    limits=Bounds,
    causes=sudden,
    typical=("lr_too_high", "bad_batch"),
    figures=_figures,
    picture=Picture(curve="grad_norm", lines=USUAL, marks=(SINCE,)),
    example=lambda of: Example({"grad norm": 1 + 0.1 * of.noise + 30 * of.after(0.7)}, 0.7),
)
