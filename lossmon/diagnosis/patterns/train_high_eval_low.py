"""Train stays high, eval falls normally."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns.ahead import ahead
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """Eval is clearly ahead, and train has stopped falling."""
    found, pair = ahead(view), view.pair
    if found is None or pair is None or not found.stuck or view.too_soon:
        return None
    return Finding(
        "train_high_eval_low",
        "warning",
        0.65 if not found.plain else 0.9 if found.ratio < 0.35 else 0.7,
        int(pair.step[0]),
        pair.name,
        f"eval fell {found.eval_drop:.0%} to {pair.last(pair.value):.4g} while train is stuck at "
        f"{pair.last(pair.train):.4g}: its log drop is {found.ratio:.0%} of eval's",
        numbers={"ratio": found.ratio},
    )
