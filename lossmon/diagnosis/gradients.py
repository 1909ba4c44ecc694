"""What several patterns measure of the gradient norm: its curve, and how it was before.

Its points are means of rows where there are many (`View.grad_norm`). What holds row by row is asked
of others: a cap that each row stands at, of the rows as logged (`Around.logged_as("grad_norm")`);
rows that are NaN or 0, of the summary of all (`View.sketches["grad_norm"]`).
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats

NEWEST = 5  # points that must agree
POINTS = Limit(20, "points of the grad norm's curve", "runs")


def norms(view: View) -> Logged | None:
    """The points that are numbers; None where there are few."""
    if view.grad_norm is None:
        return None
    step, value = view.grad_norm
    keep = np.isfinite(value)
    if not keep.all():
        step, value = step[keep], value[keep]
    return Logged("grad_norm", step, value) if len(value) >= POINTS else None


def before(finding: Finding, view: View) -> Floats:
    """The same, from before a finding began; shape (k,), also where they are few or none."""
    if view.grad_norm is None:
        return np.empty(0)
    step, norm = view.grad_norm
    return norm[np.isfinite(norm) & (step < finding.since_step)]
