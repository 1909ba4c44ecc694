"""Boosting whose evaluation is best in its first rounds: nothing that it adds carries over."""

from __future__ import annotations

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
    pair = view.pair
    if view.kind.id != "boosting" or pair is None or len(pair.value) < Bounds.rounds:
        return None
    best = pair.best_at
    if best > max(1, Bounds.share * len(pair.value)) or len(pair.value) - best < Bounds.rounds:
        return None
    first, lowest = float(pair.value[0]), float(pair.value[best])
    if first - lowest > Bounds.gain * abs(first) or pair.train_fall <= 0:
        return None
    return Finding(
        "best_at_first",
        "warning",
        0.85,
        int(pair.step[best]),
        pair.name,
        said(
            "{pair_name} is best at round {pair_step:,} ({lowest:.4g}) of {pair_value:,} and "
            "{pair_value_2:.4g} now, while train falls",
            pair_name=pair.name,
            pair_step=int(pair.step[best]),
            lowest=lowest,
            pair_value=len(pair.value),
            pair_value_2=pair.last(pair.value),
        ),
        numbers={"best_step": float(pair.step[best]), "best_value": lowest},
    )


PATTERN = Pattern(
    id="best_at_first",
    slot="beside",
    severity="warning",
    find=find,
    looks=3,
    limits=Bounds,
    typical=("objective_mismatch", "split_mismatch", "memorising"),
)
