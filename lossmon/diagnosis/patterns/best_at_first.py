"""Boosting whose evaluation is best in its first rounds: nothing that it adds carries over."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.02, "of the rounds, or the first two: the best is among them", "runs")
    rounds = Limit(20, "rounds after it", "early stopping waits 10 to 50")
    gain = Limit(0.005, "of eval's first value: gained at best", "runs")


def find(view: View) -> Finding | None:
    """Eval's minimum is at the start and gained next to nothing, while train falls."""
    pair, best = view.pair, None if view.lows is None else view.lows.newest
    if pair is None or best is None:
        return None
    at, rounds = int(np.searchsorted(pair.step, best.step)), len(pair.value)
    if at > max(1, Bounds.share * rounds) or (rounds - at) * pair.each < Bounds.rounds:
        return None
    first = float(pair.value[0])
    if first - best.value > Bounds.gain * abs(first) or pair.train_fall <= 0:
        return None
    return Finding(
        "best_at_first",
        "warning",
        0.85,
        best.step,
        pair.name,
        said(
            "{pair_name} is best at round {pair_step:,} ({lowest:.4g}) of {pair_value:,} and "
            "{pair_value_2:.4g} now, while train falls",
            pair_name=pair.name,
            pair_step=best.step,
            lowest=best.value,
            pair_value=rounds * pair.each,
            pair_value_2=pair.last(pair.value),
        ),
        numbers={"best_step": float(best.step), "best_value": best.value},
    )


PATTERN = Pattern(
    id="best_at_first",
    slot="beside",
    severity="warning",
    find=find,
    needs=("pair",),
    kinds=("boosting",),
    looks=3,
    limits=Bounds,
    typical=("objective_mismatch", "split_mismatch", "memorising"),
)
