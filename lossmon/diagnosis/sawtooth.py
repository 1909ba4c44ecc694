"""A loss that falls within each epoch and is back at the start of the next.

It fits what it has just seen and forgets it: examples that come in one order each time, sorted by
class or by length, or a state that is reset. Taken as a whole the curve goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import CauseId
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """What teeth are."""

    rows = Limit(5, "rows of an epoch", "fewer have no shape")
    epochs = Limit(3, "epochs, all of them", "1 of 8 by chance, of noise far fewer")
    twins = Limit(8, "rows of each of two epochs, where there are no three", "1 of 500 in noise")
    alike = Limit(0.9, "correlation of two epochs, row by row", "threads: 0.99")
    lower = Limit(2.3, "standard errors of the share of rows that a later epoch has lower", "1 %")
    newest = Limit(8, "epochs that are looked at", "the first learn")
    fall = Limit(0.08, "of the level, that is lost within an epoch", "threads: 0.2")
    back = Limit(0.6, "of that fall, that the next epoch begins with again", "threads: all")


class Teeth(NamedTuple):
    """Teeth.

    Attributes:
        high, low: usual levels at the start and at the end of an epoch.
        epochs: how many there were.
        since: the step of the first of them.
        lower: share of rows that are lower than the same row of the epoch before.
        falls: so many are lower that it learns from epoch to epoch.
    """

    high: float
    low: float
    epochs: int
    since: int
    lower: float
    falls: bool


def of(view: View) -> Teeth | None:
    """The teeth of a curve; None where it has none."""
    train, starts = view.train, view.around.epoch_starts
    if train is None or not len(starts) or train.rises or train.value.min() <= 0:
        return None
    parts = np.split(train.value, train.step.searchsorted(starts))[-int(Bounds.newest) :]
    whole = [part for part in parts[:-1] if len(part) >= Bounds.rows]
    whole += [part for part in parts[-1:] if len(part) >= max(Bounds.rows, 0.8 * len(parts[-2]))]
    if len(whole) < max(2, len(parts) - 1) or not (len(whole) >= Bounds.epochs or _twins(whole)):
        return None
    heads = np.array([st.median(part[: max(1, len(part) // 5)]) for part in whole])
    tails = np.array([st.median(part[-max(1, len(part) // 5) :]) for part in whole])
    falls, leaps = heads - tails, heads[1:] - tails[:-1]
    if (falls < Bounds.fall * heads).any() or (leaps < Bounds.back * falls[:-1]).any():
        return None
    since = train.at_step(len(train.value) - sum(map(len, parts)))
    lower = np.concatenate([b[: len(a)] < a[: len(b)] for a, b in pairwise(whole)])
    share = float(np.mean(lower))
    falls = (share - 0.5) * 2 * len(lower) ** 0.5 >= Bounds.lower
    return Teeth(st.median(heads), st.median(tails), len(whole), since, share, falls)


def _twins(parts: list[Floats]) -> bool:
    """Two epochs that are the same row by row, but for their level: no noise comes again so."""
    rows = min(map(len, parts))
    if len(parts) != 2 or rows < Bounds.twins:
        return False
    one, other = (np.log(part[:rows]) for part in parts)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return False
    return float(np.corrcoef(one, other)[0, 1]) >= Bounds.alike


def reasons(view: View) -> Iterator[Reason]:
    """Why: the order of the data, before all that keeps a loss from falling."""
    teeth = view.once(of)
    if teeth is None:
        return
    why = words(teeth)
    yield Reason("data_order", why, 2.7, _REFUTED)
    yield Reason("epoch_boundary", why, 1.5)


# What falls within each epoch is trained, by steps that do not overshoot.
_REFUTED: tuple[CauseId, ...] = (
    "frozen_gradients", "collapsed", "wrong_output", "lr_too_low", "lr_too_high", "small_batch",
)  # fmt: skip


def words(teeth: Teeth) -> str:
    """What is seen."""
    return said(
        "it falls from {high:.4g} to {low:.4g} within an epoch, and is back at the start of the "
        "next, in {epochs} epochs",
        high=teeth.high,
        low=teeth.low,
        epochs=teeth.epochs,
    )
