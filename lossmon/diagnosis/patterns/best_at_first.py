"""Boosting whose evaluation is best in its first rounds: nothing that it adds carries over."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View


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
        f"{pair.name} is best at round {int(pair.step[best]):,} ({lowest:.4g}) of "
        f"{len(pair.value):,} and {pair.last(pair.value):.4g} now, while train falls",
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
