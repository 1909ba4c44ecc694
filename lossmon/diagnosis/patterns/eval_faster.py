"""Eval falls markedly faster than train, which is still falling."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns.ahead import ahead
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Eval is clearly ahead, and train follows."""
    found, pair = ahead(view), view.pair
    if found is None or pair is None or found.stuck or view.too_soon:
        return None
    words = f"its log drop is {found.ratio:.0%} of eval's"
    if found.ratio > view.limits.ahead_ratio and found.pace < 1:
        words = f"eval took {found.pace:.0%} of the steps that train took for the same drop"
    return Finding(
        "eval_faster",
        "warning",
        0.65 if not found.plain else 0.9 if found.ratio < 0.45 or found.pace < 0.35 else 0.7,
        int(pair.step[0]),
        pair.name,
        f"eval fell {found.eval_drop:.0%} to {pair.last(pair.value):.4g}, train only to "
        f"{pair.last(pair.train):.4g}: {words}",
        numbers={"ratio": found.ratio, "pace": found.pace},
    )
