"""Every Nth row takes far longer than the others."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    slow = Limit(2.0, "x the usual time", "runmedic")
    times = Limit(5, "slow rows", "fewer have no rhythm")
    most = Limit(0.25, "of the rows: more are no exception", "runmedic")
    rhythm = Limit(0.8, "of the gaps between them of one length, give or take a row", "runmedic")
    cost = Limit(0.1, "of all time, lost to them", "less is not worth a word")


def find(view: View) -> Finding | None:
    """Outliers of the time of a row, in a rhythm, that cost more than a tenth."""
    took = view.around.durations
    if took is None or len(took[1]) < 40:
        return None
    step, value = took
    usual = st.median(value)
    slow = np.flatnonzero(value > Bounds.slow * usual)
    if usual <= 0 or not Bounds.times <= len(slow) <= Bounds.most * len(value):
        return None
    gaps = np.diff(slow)
    every = int(st.median(gaps.astype(float)))
    if every < 4 or np.mean(np.abs(gaps - every) <= 1) < Bounds.rhythm:
        return None
    lost = float(np.sum(value[slow] - usual)) / float(np.sum(value))
    if lost < Bounds.cost:
        return None
    rows = st.median(np.diff(step)) * every
    return Finding(
        "periodic_slow",
        "info",
        0.8,
        int(step[slow[0]]),
        view.train.name if view.train is not None else "",
        said(
            "every {rows:,.0f} steps one row takes {ratio:.2g} x the usual time: {lost:.0%} of "
            "all time",
            rows=rows,
            ratio=st.median(value[slow]) / usual,
            lost=lost,
        ),
        numbers={"every": float(rows), "lost": lost},
    )


PATTERN = Pattern(
    id="periodic_slow",
    slot="beside",
    severity="info",
    find=find,
    looks=3,
    limits=Bounds,
    typical=("slow_saving", "slow_data"),
    picture=Picture(curve="speed"),
)
