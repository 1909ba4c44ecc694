"""A load-balancing loss that rises: tokens go to ever fewer experts."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_BALANCE = r"aux_loss|load_balanc\w*|balance_loss|router_\w*loss|moe_\w*loss|lbl|expert_balance\w*"


class Bounds(Limits):
    """When it holds."""

    rise = Limit(0.2, "of its lowest held level", "its ideal is flat: 1.0 x its coefficient")
    trend = Limit(4.0, "Mann-Kendall z of block medians since then", "words: 3 to 5")
    points = Limit(30, "rows", "routing settles first")


def find(view: View) -> Finding | None:
    """It fell or was flat, and then rose steadily."""
    balance = view.around.logged(_BALANCE)
    if balance is None or len(balance.value) < Bounds.points:
        return None
    value = balance.value[np.isfinite(balance.value)]
    levels = st.blocks(value, 30)
    if len(levels) < 10 or np.min(levels) <= 0:
        return None
    low = int(np.argmin(levels[:-4]))
    rise = float(np.median(levels[-3:])) / float(levels[low]) - 1
    if rise < Bounds.rise or st.mann_kendall(levels[low:]) < Bounds.trend:
        return None
    since = int(balance.step[int(low / len(levels) * len(balance.step))])
    return Finding(
        "expert_collapse",
        "warning",
        0.75,
        since,
        balance.name,
        said(
            "{balance_name} rose by {rise} since step {since:,}, from {levels:.4g} to "
            "{levels_2:.4g}: the load of the experts drifts apart",
            balance_name=balance.name,
            rise=percent(rise),
            since=since,
            levels=levels[low],
            levels_2=np.median(levels[-3:]),
        ),
        numbers={"rise": rise},
    )


PATTERN = Pattern(
    id="expert_collapse",
    slot="beside",
    severity="warning",
    find=find,
    logs=(_BALANCE,),
    looks=4,
    limits=Bounds,
    typical=("weak_balance", "lr_too_high"),
)
