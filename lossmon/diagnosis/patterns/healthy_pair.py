"""Both fall together."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Pattern, Sketch
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.03, "of either curve: it fell", "words: 2 %")
    gap = Limit(1.5, "x: eval over train that is worth a word", "runs")


def find(view: View) -> Finding | None:
    """What is left when nothing else holds and both have fallen."""
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < Enough.evals:
        return None
    if max(pair.fall, pair.train_fall, train.drop / train.scale) <= Bounds.fall:
        return None
    gap = pair.last(pair.value) / pair.last(pair.train) if pair.last(pair.train) > 0 else 1.0
    note = (
        said("; the gap has opened to {gap:.2g} x, eval is flat", gap=gap)
        if gap > Bounds.gap
        else ""
    )
    return Finding(
        "healthy_pair",
        "info",
        0.85,
        int(pair.step[0]),
        pair.name,
        said(
            "eval fell {eval_fall:.0%}, train {train_fall:.0%} over {evals} evals{note}",
            eval_fall=1 - np.exp(-pair.fall),
            train_fall=1 - np.exp(-pair.train_fall),
            evals=len(pair.value),
            note=note,
        ),
        numbers={"gap": gap},
    )


PATTERN = Pattern(
    id="healthy_pair",
    slot="pair",
    severity="info",
    find=find,
    after=("gap",),
    positive=True,
    looks=2,
    limits=Bounds,
    typical=("learning_well",),
    sketch=lambda of: Sketch({"train": of.fall, "eval": of.fall + 0.15}),
)
