"""Both fall together."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View


def find(view: View) -> Finding | None:
    """What is left when nothing else holds and both have fallen."""
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < view.limits.min_evals:
        return None
    if max(pair.fall, pair.train_fall, train.drop / train.scale) <= view.limits.flat_drop:
        return None
    gap = pair.last(pair.value) / pair.last(pair.train) if pair.last(pair.train) > 0 else 1.0
    note = f"; the gap has opened to {gap:.2g} x, eval is flat" if gap > 1.5 else ""
    return Finding(
        "healthy_pair",
        "info",
        0.85,
        int(pair.step[0]),
        pair.name,
        f"eval fell {1 - np.exp(-pair.fall):.0%}, train {1 - np.exp(-pair.train_fall):.0%} "
        f"over {len(pair.value)} evals{note}",
        numbers={"gap": gap},
    )
