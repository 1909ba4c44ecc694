"""Too noisy to judge from single points."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.figures import band
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Level, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said

BAND = (Level("P95", "band_high", "band_from"), Level("P5", "band_low", "band_from"))


class Bounds(Limits):
    """When it holds."""

    swing = Limit(0.7, "P95 - P5 over the level", "words: real per-batch logs swing by 0.7 to 15")
    of_drop = Limit(0.25, "of the drop", "runs")
    batch = Limit(4, "samples: a small batch", "runs")


def find(view: View) -> Finding | None:
    """Sampling noise of the size of the level itself, over a run that makes progress."""
    train = view.train
    if train is None or len(train.value) < 4 * Enough.points:
        return None
    span, _ = train.swing
    level = abs(train.level(0.7))
    if level <= 0 or span / level < Bounds.swing or span < Bounds.of_drop * abs(train.drop):
        return None
    return Finding(
        "noisy",
        "info",
        0.6,
        train.at_step(int(0.4 * len(train.value))),
        train.name,
        said(
            "single points scatter by {ratio} of the level; judge by the smoothed curve",
            ratio=percent(span / level),
        ),
        numbers={"swing": span / level},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from small_batch(view)


def small_batch(view: View) -> Iterator[Reason]:
    """The batch is small, as the log says."""
    size = view.around.settings.get("batch", math.nan)
    if view.around.batch is not None:
        size = float(np.median(view.around.batch[1]))
    if size <= Bounds.batch:
        yield Reason("small_batch", said("batch size is {size:,.0f}", size=size), 1.8)


PATTERN = Pattern(
    id="noisy",
    slot="beside",
    keeps_since=True,
    severity="info",
    find=find,
    needs=("train",),
    limits=Bounds,
    causes=_causes,
    typical=("small_batch", "noisy_data"),
    figures=band,
    picture=Picture(lines=BAND),
    example=lambda of: Example({"train": of.fall * np.exp(0.45 * of.noise)}),
)
