"""Grad norm far above all that is usual for the run, where it is logged."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.coincidence import sudden
from lossmon.diagnosis.figures import Numbers, resume_step, rounded
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Level, Pattern, Picture, Sketch
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said

NEWEST = 5  # points that must agree
USUAL = (Level("limit", "threshold"), Level("usual", "usual"))


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(10.0, "x the usual grad norm, sustained", "runs")
    points = Limit(20, "rows with a grad norm", "runs")
    of_early = Limit(3.0, "x the highest norm of the first quarter", "runs")


def find(view: View) -> Finding | None:
    """The newest grad norms stand far above all that is usual for the run."""
    norms = view.once(finite)
    if norms is None:
        return None
    step, value = norms
    usual = st.median(value[: max(len(value) - NEWEST, 1)])
    newest = st.median(value[-NEWEST:])
    if usual <= 0 or newest < Bounds.ratio * usual:
        return None
    if newest < Bounds.of_early * float(np.max(value[: max(3, len(value) // 4)])):
        return None
    line = 0.5 * Bounds.ratio * usual
    below = np.flatnonzero(value <= line)
    since = int(step[min(int(below[-1]) + 1, len(step) - 1)]) if len(below) else int(step[0])
    return Finding(
        "grad_explosion",
        "warning",
        0.8,
        since,
        "grad_norm",
        said(
            "grad norm {newest:.3g} is {ratio:.3g} x its usual {usual:.3g}",
            newest=newest,
            ratio=newest / usual,
            usual=usual,
        ),
        numbers={"ratio": newest / usual},
    )


def finite(view: View) -> tuple[Floats, Floats] | None:
    """Grad norms that are numbers, as (step, value); None where there are few."""
    if view.grad_norm is None:
        return None
    step, value = view.grad_norm
    keep = np.isfinite(value)
    if keep.all():
        return view.grad_norm if len(value) >= Bounds.points else None
    return (step[keep], value[keep]) if keep.sum() >= Bounds.points else None


def before(finding: Finding, view: View) -> Floats:
    """Grad norms that are numbers, from before a finding began."""
    if view.grad_norm is None:
        return np.empty(0)
    step, norm = view.grad_norm
    return norm[np.isfinite(norm) & (step < finding.since_step)]


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
    sketch=lambda of: Sketch({"grad norm": 1 + 0.1 * of.noise + 30 * of.after(0.7)}, 0.7),
)
