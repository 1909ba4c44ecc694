"""The loss drops at each start of an epoch: what was seen before is remembered.

Known of large models that are tuned for several epochs: each pass over the same examples begins
a step lower, and within a pass the loss hardly falls.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats

_PER_EPOCH = 8  # buckets an epoch must hold
_RUNNING_MEAN = 2.5  # scatter at an epoch's start over that at its end: a mean that starts anew


class Stairs(NamedTuple):
    """The steps of a staircase.

    Attributes:
        drops: fall at each epoch boundary, shape (e,).
        share: part of the whole fall after the first boundary's epoch that is made at boundaries.
        drop: median of the drops over the level there.
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
        f"drops by {found.drop:.0%} at each start of an epoch ({len(found.drops)} of them): "
        f"{found.share:.0%} of the fall since the first",
        numbers={
            "epochs": float(len(found.drops) + 1),
            "boundary_drop": found.drop,
            "boundary_share": found.share,
        },
    )


def stairs(view: View) -> Stairs | None:
    """None where there is no staircase."""
    train, starts, limits = view.train, view.around.epoch_starts, view.limits
    if train is None or len(starts) < 2 or len(train.value) < _PER_EPOCH * 3:
        return None
    bounds = np.searchsorted(train.step, starts)
    edges = [0, *bounds.tolist(), len(train.value)]
    epochs = [train.value[a:b] for a, b in pairwise(edges)]
    if len(epochs[-1]) < _PER_EPOCH // 2:
        epochs.pop()  # it has only begun
    if (
        len(epochs) < 3
        or min(map(len, epochs)) < _PER_EPOCH // 2
        or np.median([len(e) for e in epochs]) < _PER_EPOCH
    ):
        return None
    if _running_mean(epochs):
        return None
    first = np.array([_head(epoch) for epoch in epochs])
    last = np.array([_tail(epoch) for epoch in epochs])
    drops = last[:-1] - first[1:]
    within = (first - last)[1:]
    quarter = max(1.0, float(np.median([len(epoch) for epoch in epochs])) / 4)
    error = 1.25 * train.sigma * (2 / quarter) ** 0.5
    level = np.maximum(np.abs(last[:-1]), 1e-300)
    clear = (drops > limits.stair_errors * error) & (drops > limits.stair_drop * level)
    if np.mean(clear) < 0.75 or clear.sum() < 2:
        return None
    share = float(drops.sum() / (drops.sum() + np.maximum(within, 0).sum()))
    if share < limits.stair_share:
        return None
    return Stairs(drops, share, float(np.median(drops / level)))


def _head(epoch: Floats) -> float:
    return float(np.median(epoch[: max(1, len(epoch) // 4)]))


def _tail(epoch: Floats) -> float:
    return float(np.median(epoch[-max(1, len(epoch) // 4) :]))


def _running_mean(epochs: list[Floats]) -> bool:
    """A mean over the epoch so far, as progress bars print it, gets calmer as the epoch goes on."""
    ratios = []
    for epoch in epochs[1:]:
        part = max(2, len(epoch) // 3)
        early, late = np.abs(np.diff(epoch[:part])), np.abs(np.diff(epoch[-part:]))
        if len(early) and len(late):
            ratios.append(float(np.median(early)) / max(float(np.median(late)), 1e-300))
    return bool(ratios) and float(np.median(ratios)) > _RUNNING_MEAN
