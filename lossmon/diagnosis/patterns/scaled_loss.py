"""Train is a constant multiple of eval: it is logged as a sum, not as a mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(3.0, "x: train over eval; dropout and smoothing stay below", "threads: 16, 32")
    follows = Limit(0.6, "of eval's log drop that train makes: it is not stuck", "words: 1 / 1.4")
    whole = Limit(0.03, "of a whole number: train is so many times eval", "threads: 16, 32")
    spread = Limit(0.12, "scatter of the ratio's logarithm, over all evaluations", "threads")


def find(view: View) -> Finding | None:
    """The ratio of the two levels is large, and the same at each evaluation."""
    pair = view.pair
    if pair is None or len(pair.value) < Enough.evals:
        return None
    if np.min(pair.train) <= 0 or np.min(pair.value) <= 0:
        return None
    ratios = np.log(
        pair.train / pair.value
    )  # from the first on: a curve that is ahead starts alike
    ratio = float(np.exp(st.median(ratios)))
    if ratio < Bounds.ratio:
        return None
    together = pair.train_fall >= Bounds.follows * pair.fall
    if float(np.std(ratios)) > Bounds.spread or not together:
        return None
    return Finding(
        "scaled_loss",
        "info",
        0.98,
        int(pair.step[0]),
        view.name_of("train_loss"),
        said(
            "train is {ratio:.3g} x eval at each of {evals:,} evals: a difference of scale, "
            "as of a sum over accumulation steps or tokens, not of learning",
            ratio=ratio,
            evals=len(pair.value),
        ),
        numbers={"ratio": ratio},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    ratio, whole = finding.numbers["ratio"], round(finding.numbers["ratio"])
    if abs(ratio / whole - 1) <= Bounds.whole:
        yield Reason(
            "summed_loss",
            said(
                "{ratio:.3g} is next to the whole number {whole:,}: steps, devices or samples that "
                "are added up",
                ratio=ratio,
                whole=whole,
            ),
            2.5 if whole & (whole - 1) == 0 else 1.5,
        )


PATTERN = Pattern(
    id="scaled_loss",
    slot="beside",
    severity="info",
    find=find,
    needs=("pair",),
    hides=("train_high_eval_low", "eval_faster", "healthy_pair"),  # levels counted differently
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("summed_loss",),
    example=lambda of: Example({"train": 4 * of.fall, "eval": of.fall}),
)
