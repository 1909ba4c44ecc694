"""Steps wait for data: a large part of their time goes into loading."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import STEP_TIME
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_DATA = (
    r"data_?time|^data$|data_?load(?:ing|er)?_?(?:time|s|ms)?|time_data|data_wait\w*|load_?time"
    r"|^(?:avg_)?reader_cost$"
)


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.3, "of a step's time spent on data, in the newest half", "runmedic: 30 to 50 %")
    much = Limit(0.5, "of it: a warning", "half of the machine is idle")
    points = Limit(10, "rows", "one slow batch says nothing")


def find(view: View) -> Finding | None:
    """Both times are logged, and the first is a large part of the second."""
    data, step = view.around.logged(_DATA), view.around.logged(STEP_TIME)
    if data is None or step is None or min(len(data.value), len(step.value)) < Bounds.points:
        return None
    waits, takes = data.value[len(data.value) // 2 :], step.value[len(step.value) // 2 :]
    waits, takes = waits[np.isfinite(waits)], takes[np.isfinite(takes)]
    if not len(waits) or not len(takes) or np.min(waits) < 0 or np.min(takes) <= 0:
        return None
    wait, take = st.median(waits), st.median(takes)
    share = wait / take
    if not Bounds.share <= share <= 1.0:
        return None
    return Finding(
        "data_wait",
        "warning" if share >= Bounds.much else "info",
        0.85,
        int(data.step[len(data.step) // 2]),
        data.name,
        said(
            "{data_name} is {wait:.3g} of {take:.3g} a step: {share:.0%} of the time goes into "
            "waiting for data",
            data_name=data.name,
            wait=wait,
            take=take,
            share=share,
        ),
        numbers={"share": share, "faster": 1 / max(1 - share, 0.01)},
    )


PATTERN = Pattern(
    id="data_wait",
    slot="beside",
    severity="warning",
    find=find,
    logs=(_DATA, STEP_TIME),
    looks=3,
    limits=Bounds,
    typical=("slow_data",),
)
