"""The log-probability of the chosen answers falls while margins grow."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import MARGIN
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_CHOSEN = r"logps?_chosen|chosen_logps?"


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.15, "of its early size", "a few per cent are usual")
    trend = Limit(-4.0, "Mann-Kendall z of block medians", "words: 3 to 5")
    points = Limit(16, "rows", "batches scatter")


def find(view: View) -> Finding | None:
    """A steady fall of logps/chosen, with margins that grew."""
    chosen, margin = view.around.logged(_CHOSEN), view.around.logged(MARGIN)
    if chosen is None or margin is None or len(chosen.value) < Bounds.points:
        return None
    early, late = chosen.early(0.2), chosen.late(0.2)
    if not late < early - Bounds.fall * abs(early) or margin.late() <= margin.early():
        return None
    value = chosen.value[np.isfinite(chosen.value)]
    if st.mann_kendall(st.blocks(value, 24)) > Bounds.trend:
        return None
    return Finding(
        "chosen_falls",
        "info",
        0.75,
        int(chosen.step[0]),
        chosen.name,
        said(
            "{chosen_name} fell from {early:.4g} to {late:.4g} while {margin_name} grew from "
            "{margin_early:.3g} to {margin_late:.3g}: chosen answers become less likely, too",
            chosen_name=chosen.name,
            early=early,
            late=late,
            margin_name=margin.name,
            margin_early=margin.early(),
            margin_late=margin.late(),
        ),
        numbers={"early": early, "late": late},
    )


PATTERN = Pattern(
    id="chosen_falls",
    slot="beside",
    severity="info",
    find=find,
    kinds=("preference",),
    logs=(_CHOSEN, MARGIN),
    looks=3,
    limits=Bounds,
    typical=("over_optimised", "lr_too_high"),
)
