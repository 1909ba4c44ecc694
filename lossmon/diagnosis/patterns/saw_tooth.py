"""A loss that falls within each epoch and is back where it was, a little lower, with the next.

Sentences sorted by length, the long ones first: from 6.0 to 0.5 in epoch 11, from 5.1 to 0.5 in
epoch 12. It learns, from epoch to epoch; what swings is the difficulty of the examples. Where it
does not learn, the same shape is a reason of what is found instead (see `sawtooth.reasons`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import sawtooth
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """Teeth, each lower than the one before."""
    train, teeth = view.train, view.once(sawtooth.of)
    if train is None or teeth is None or not teeth.falls:
        return None
    return Finding(
        "saw_tooth",
        "info",
        0.98,
        teeth.since,
        train.name,
        said(
            "{words}; {lower:.0%} of the rows are lower than the same row of the epoch before",
            words=sawtooth.words(teeth),
            lower=teeth.lower,
        ),
        numbers={"high": teeth.high, "low": teeth.low},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from sawtooth.reasons(view)


PATTERN = Pattern(
    id="saw_tooth",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    after=("reporting",),
    hides=(
        "oscillating",
        "not_decreasing",
        "not_converged",
        "plateau",
        "rebound",
        "rising",
        "noisy",
        "spike",
        "untold",
    ),  # shapes that the teeth make
    forbids=("rate-",),
    looks=2,
    limits=sawtooth.Bounds,
    causes=_causes,
    typical=("data_order", "running_mean"),
    picture=Picture(marks=(SINCE,), every="epoch"),
    example=lambda of: Example(
        {"train": (2.2 - 0.5 * of.t) * np.exp(-1.5 * (of.t * 4.99 % 1)) + 0.02 * of.noise}
    ),
)
