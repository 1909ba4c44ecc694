"""Both stay high."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import flat, offset
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import went
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.patterns import not_decreasing
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.08, "of each curve", "words: 3 %, grey to 10 %")
    small = Limit(0.03, "of the start level, beyond which a steady fall is none", "words: 3 %")
    steady = Limit(-3.0, "Mann-Kendall z of block medians: it falls on and on", "threads")


def find(view: View) -> Finding | None:
    """Neither train nor eval fell by more than a few per cent."""
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < Enough.evals:
        return None
    eval_drop = 1 - np.exp(-pair.fall)
    flat_eval = abs(eval_drop) <= Bounds.fall
    train_drop = train.drop / train.scale
    flat_train = abs(train_drop) <= Bounds.fall or view.once(not_decreasing.find) is not None
    if (
        train_drop > Bounds.small
        and (st.mann_kendall(train.value) if train.n < 32 else train.trend) < Bounds.steady
    ):
        return None  # slow, and steady: 0.859, 0.817, 0.810, ... 0.787 in eight epochs
    if (
        view.tail
        or offset.hidden(view) is not None
        or not (flat_eval and flat_train)
        or view.too_soon
        or not_decreasing.more_will_tell(view)
    ):
        return None
    return Finding(
        "underfitting",
        "warning",
        0.9 if max(eval_drop, train_drop) <= Bounds.fall / 2 else 0.7,
        int(pair.step[0]),
        pair.name,
        said(
            "over {evals} evals, eval {eval_drop} and train {train_drop}",
            evals=len(pair.value),
            eval_drop=went(eval_drop),
            train_drop=went(train_drop),
        ),
        numbers={"eval_drop": float(eval_drop), "train_drop": float(train_drop)},
    )


PATTERN = Pattern(
    id="underfitting",
    slot="pair",
    severity="warning",
    find=find,
    needs=("pair",),
    after=(
        "eval_apart",
        "overfitting",
    ),
    hides=("healthy", "falling"),
    forbids=("capacity-",),
    limits=Bounds,
    causes=flat.reasons,
    # Of 8 threads: the rate too large 3, the last layer or loss 3, the order 1, no update 1.
    typical=("collapsed", "wrong_output", "bad_labels", "low_capacity"),
    typical_of={
        "lora": ("frozen_gradients", "low_capacity", "poor_data"),
        "llm": ("data_floor", "bad_labels"),
        "speech": ("blank_plateau", "bad_labels"),
        "regression": ("collapsed", "unscaled", "low_capacity"),
        "segmentation": ("one_answer", "bad_labels", "wrong_output"),
    },
    figures=flat.trend,
    picture=Picture(lines=flat.TREND, marks=(SINCE,)),
    example=lambda of: Example({"train": 2.3 + 0.03 * of.noise, "eval": 2.35 + 0 * of.t}),
)
