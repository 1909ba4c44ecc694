"""The loss drops at each start of an epoch: what was seen before is remembered.

Known of large models that are tuned for several epochs: each pass over the same examples begins
a step lower, and within a pass the loss hardly falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import pairs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.6, "of the fall after the first epoch that is made at boundaries", "runs")
    drop = Limit(0.03, "of the level, at a boundary", "runs")
    errors = Limit(3.0, "standard errors", "words: 3 to 5")
    most = Limit(0.75, "of the boundaries that must be drops", "runs")
    running_mean = Limit(
        2.5,
        "scatter at an epoch's start over that at its end",
        "progress bars",
    )
    examples = Limit(20000, "examples: a small set", "runs")


_PER_EPOCH = 4  # buckets an epoch must hold
_EARLY = 8  # boundaries looked at
_MANY = 4  # boundaries of which one may fail to show


class Stairs(NamedTuple):
    """The steps of a staircase.

    Attributes:
        drops: fall at each epoch boundary, shape (e,).
        share: part of the whole fall after the first boundary's epoch that is made at boundaries.
        drop: mean of the first drops over the level there.
    """

    drops: Floats
    share: float
    drop: float


def find(view: View) -> Finding | None:
    """Most of the fall after the first epoch is made at the boundaries, by each of them."""
    found = stairs(view)
    train = view.train
    if found is None or train is None:
        return None
    starts = view.around.epoch_starts
    return Finding(
        "staircase",
        "info",
        0.85,
        int(starts[-len(found.drops)]),
        train.name,
        said(
            "drops by {drop:.0%} at each start of an epoch ({count} of them): {share} of the "
            "fall since the first",
            drop=found.drop,
            count=len(found.drops),
            share=percent(found.share),
        ),
        numbers={
            "epochs": float(len(found.drops) + 1),
            "boundary_drop": found.drop,
            "boundary_share": found.share,
        },
    )


def stairs(view: View) -> Stairs | None:
    """None where there is no staircase."""
    train, starts = view.train, view.around.epoch_starts
    if train is None or len(starts) < 2 or len(train.value) < 3 * _PER_EPOCH:
        return None
    bounds = np.searchsorted(train.step, starts)
    edges = [0, *bounds.tolist(), len(train.value)]
    epochs = [train.value[a:b] for a, b in pairwise(edges)]
    if len(epochs[-1]) < min(map(len, epochs[:-1])) // 2:
        epochs.pop()  # it has only begun
    sizes = [len(epoch) for epoch in epochs]
    usual = st.median(np.array(sizes, float))
    if len(epochs) < 3 or min(sizes) < _PER_EPOCH - 1 or usual < _PER_EPOCH:
        return None
    first, last = _ends(epochs[: _EARLY + 1])  # later epochs may have reached the floor
    drops, within = last[:-1] - first[1:], (first - last)[1:]
    drop = float(np.mean(drops / np.maximum(np.abs(last[:-1]), 1e-300)))
    if drop < Bounds.drop or np.mean(drops > 0) < Bounds.most:
        return None
    quarter = max(1.0, usual // 4)
    error = 1.25 * train.sigma * (2 / quarter / len(drops)) ** 0.5
    if float(np.mean(drops)) < Bounds.errors * error:
        return None
    single = error * len(drops) ** 0.5
    if len(drops) < _MANY and np.min(drops) < Bounds.errors * single:
        return None  # of few steps each must be plain
    made, between = float(drops.sum()), float(within.sum())
    share = made / (made + max(between, 0.0))
    if not share >= Bounds.share or _running_mean(epochs):
        return None
    first, last = _ends(epochs)
    return Stairs(last[:-1] - first[1:], share, drop)


def _ends(epochs: list[Floats]) -> tuple[Floats, Floats]:
    """The levels at which epochs begin and end."""
    return np.array([_head(one) for one in epochs]), np.array([_tail(one) for one in epochs])


def _head(epoch: Floats) -> float:
    return st.median(epoch[: max(1, len(epoch) // 4)])


def _tail(epoch: Floats) -> float:
    return st.median(epoch[-max(1, len(epoch) // 4) :])


def _running_mean(epochs: list[Floats]) -> bool:
    """A mean over the epoch so far, as progress bars print it, gets calmer as the epoch goes on."""
    ratios = []
    for epoch in epochs[1:]:
        part = len(epoch) // 3
        if part < 3:
            continue
        early, late = np.abs(np.diff(epoch[:part])), np.abs(np.diff(epoch[-part:]))
        if len(early) and len(late):
            ratios.append(st.median(early) / max(st.median(late), 1e-300))
    return bool(ratios) and st.median(np.array(ratios, float)) > Bounds.running_mean


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    examples = view.around.settings.get("examples")
    if examples and examples < Bounds.examples:
        yield Reason(
            "small_data", said("{examples:,.0f} training examples", examples=examples), 1.5
        )
    yield from pairs.eval_rises(view)


PATTERN = Pattern(
    id="staircase",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    hides=("not_converged",),  # the fall at the last boundary is memory
    forbids=("steps+", "capacity+", "rate+"),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("memorising", "small_data"),
    picture=Picture(every="epoch"),
    example=lambda of: Example({"train": 2 - 0.35 * np.floor(of.t * 4.99) + 0.03 * of.noise}),
)
