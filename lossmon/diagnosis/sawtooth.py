"""A loss that falls within each epoch and is back at the start of the next.

It fits what it has just seen and forgets it: examples that come in one order each time, sorted by
class or by length, or a state that is reset. Taken as a whole the curve goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """What teeth are."""

    rows = Limit(5, "rows of an epoch", "fewer have no shape")
    epochs = Limit(3, "epochs, all of them", "1 of 8 by chance, of noise far fewer")
    newest = Limit(8, "epochs that are looked at", "the first learn")
    fall = Limit(0.08, "of the level, that is lost within an epoch", "threads: 0.2")
    back = Limit(0.6, "of that fall, that the next epoch begins with again", "threads: all")


class Teeth(NamedTuple):
    """Usual levels at the start and at the end of an epoch, and how many epochs there were."""

    high: float
    low: float
    epochs: int


def of(view: View) -> Teeth | None:
    """The teeth of a curve; None where it has none."""
    train, starts = view.train, view.around.epoch_starts
    if train is None or len(starts) + 1 < Bounds.epochs or train.rises or train.value.min() <= 0:
        return None
    parts = np.split(train.value, train.step.searchsorted(starts))[-int(Bounds.newest) :]
    whole = [part for part in parts[:-1] if len(part) >= Bounds.rows]
    whole += [part for part in parts[-1:] if len(part) >= max(Bounds.rows, 0.8 * len(parts[-2]))]
    if len(whole) < Bounds.epochs or len(whole) < len(parts) - 1:
        return None
    heads = np.array([st.median(part[: max(1, len(part) // 5)]) for part in whole])
    tails = np.array([st.median(part[-max(1, len(part) // 5) :]) for part in whole])
    falls, leaps = heads - tails, heads[1:] - tails[:-1]
    if (falls < Bounds.fall * heads).any() or (leaps < Bounds.back * falls[:-1]).any():
        return None
    return Teeth(st.median(heads), st.median(tails), len(whole))


def reasons(view: View) -> Iterator[Reason]:
    """Why: the order of the data, before all that keeps a loss from falling."""
    teeth = view.once(of)
    if teeth is None:
        return
    why = said(
        "it falls from {high:.4g} to {low:.4g} within an epoch, and is back at the start of the "
        "next, in {epochs} epochs",
        high=teeth.high,
        low=teeth.low,
        epochs=teeth.epochs,
    )
    yield Reason(
        "data_order", why, 2.7, ("frozen_gradients", "collapsed", "wrong_output", "lr_too_low")
    )
    yield Reason("epoch_boundary", why, 1.5)
