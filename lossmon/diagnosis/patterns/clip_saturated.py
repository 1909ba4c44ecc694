"""The grad norm stands at its cap in nearly every row: the clip sets the size of each step."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.9, "of the newest rows at the cap", "trainspotter")
    same = Limit(1e-3, "of the cap, within which a norm is at it", "printed digits")
    rows = Limit(30, "rows", "a start may be clipped as it should")


def find(view: View) -> Finding | None:
    """Norms that are logged behind the clip: none is above a value that nearly all have."""
    raw = view.around.logged_as("grad_norm")
    if raw is None or len(raw.value) < Bounds.rows:
        return None
    value = raw.value[len(raw.value) // 4 :]
    cap = float(value.max())
    at_cap = value >= (1 - Bounds.same) * cap
    if np.count_nonzero(at_cap) / len(value) < Bounds.share:
        return None  # as nearly always
    if not np.isfinite(value).all() or cap <= 0:
        return None
    # A constant to the last digit that is no round number is frozen, not clipped.
    if float(f"{cap:.2g}") != float(f"{cap:.4g}"):
        return None
    return Finding(
        "clip_saturated",
        "info",
        0.8,
        int(raw.step[len(raw.step) // 4]),
        raw.name,
        said(
            "{raw_name} stands at its cap {cap:.3g} in {at_cap:.0%} of the rows: every update is "
            "clipped to one length",
            raw_name=raw.name,
            cap=cap,
            at_cap=np.mean(at_cap),
        ),
        numbers={"cap": cap},
    )


PATTERN = Pattern(
    id="clip_saturated",
    slot="beside",
    severity="info",
    find=find,
    looks=6,
    limits=Bounds,
    typical=("clip_too_low", "lr_too_high"),
    picture=Picture(curve="grad_norm"),
)
