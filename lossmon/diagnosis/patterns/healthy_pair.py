"""Both fall together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import short, usual
from lossmon.diagnosis.amounts import went
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern
from lossmon.diagnosis.patterns import overfitting
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import Pair, View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.03, "of either curve: it fell", "words: 2 %")
    far = Limit(10.0, "x: eval over train", "threads: 270")
    follows = Limit(0.1, "of train's log drop, that eval's is at least", "threads: 0.01")
    gap = Limit(1.5, "x: eval over train that is worth a word", "runs")


def find(view: View) -> Finding | None:
    """What is left when nothing else holds and both have fallen."""
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < Enough.evals:
        return None
    if max(pair.fall, pair.train_fall, train.drop / train.scale) <= Bounds.fall:
        return None
    if min(pair.fall, pair.train_fall) < -Bounds.fall:
        return None  # one of them has risen, whatever else says so
    if train.n < Enough.points_live and short.climbs(train.sketch.newest):
        return None  # nor is a rise in each of the last rows
    gap = pair.last(pair.value) / pair.last(pair.train) if pair.last(pair.train) > 0 else 1.0
    if gap >= Bounds.far and pair.fall < Bounds.follows * pair.train_fall:
        return None  # one of them fell
    note = _passed(pair)
    if gap > Bounds.gap:
        note += said("; the gap has opened to {gap:.2g} x, eval is flat", gap=gap)
    return Finding(
        "healthy_pair",
        "info",
        0.85,
        int(pair.step[0]),
        pair.name,
        said(
            "eval {eval_fall}, train {train_fall} over {evals} evals{note}",
            eval_fall=went(1 - np.exp(-pair.fall)),
            train_fall=went(1 - np.exp(-pair.train_fall)),
            evals=len(pair.value),
            note=note,
        ),
        numbers={"gap": gap},
    )


def _passed(pair: Pair) -> str:
    """Eval had turned up, and has come below its best of then: what was told of it is withdrawn."""
    smooth = pair.smooth
    lows = np.minimum.accumulate(smooth)
    top = int(np.argmax(smooth - lows))
    low, high, now = float(lows[top]), float(smooth[top]), pair.last(pair.value)
    if high - low < overfitting.enough(pair, low) or not now < low:
        return ""
    return said(
        "; it rose from {low:.4g} to {high:.4g} at step {step:,}, and has passed that best since",
        low=low,
        high=high,
        step=int(pair.step[top]),
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    pair = view.pair
    if pair is None:
        return
    yield from usual.eval_below(view)
    if not view.rows_are_epochs:
        return
    apart = pair.train - pair.value
    if apart[0] > 0 > pair.last(apart):
        yield Reason(
            "epoch_mean",
            said(
                "train begins above eval, at {train:.4g} and {evals:.4g}, and ends below: its mean "
                "over an epoch counts the epoch's worse beginning",
                train=pair.train[0],
                evals=pair.value[0],
            ),
            1.3,
        )


PATTERN = Pattern(
    id="healthy_pair",
    slot="pair",
    severity="info",
    find=find,
    needs=("pair",),
    after=(
        "eval_apart",
        "gap",
    ),
    positive=True,
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("learning_well",),
    example=lambda of: Example({"train": of.fall, "eval": of.fall + 0.15}),
)
