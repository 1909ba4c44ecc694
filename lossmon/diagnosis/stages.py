"""Where the log says that something else is trained or measured from here on.

A second stage redefines the loss (MACE), a discriminator is switched on, layers are released:
levels before and after do not compare. From such a step on a curve is judged as if it began there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis.limits import Limit, Limits
from lossmon.history.columns import Series


class Bounds(Limits):
    """When words of a new stage count."""

    shift = Limit(0.1, "of the level, from the rows before to those after", "words: of the lowest")


class NewStage(NamedTuple):
    """A new stage.

    Attributes:
        step: the newest step before it.
        first: the first step of it.
        text: what the log says.
        before, after: levels of the loss on either side.
    """

    step: int
    first: int
    text: str
    before: float
    after: float


def newest_stage(
    events: Iterable[tuple[str, int | None, str]], loss: Series | None
) -> NewStage | None:
    """The newest step with words of a new stage at which the level of the loss changed."""
    said = [(at, text) for kind, at, text in events if kind == "stage" and at is not None]
    if not said or loss is None or not len(loss):
        return None
    view = loss.kept()
    for at, text in reversed(said):
        cut = int(np.searchsorted(view.step, at, side="right"))
        before, after = view.value[max(0, cut - 5) : cut], view.value[cut : cut + 5]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if len(before) < 3 or not len(after):
            continue
        was, now = float(np.median(before)), float(np.median(after))
        if abs(now - was) >= Bounds.shift * max(abs(was), abs(now)):
            return NewStage(at, int(view.step[cut]), text, was, now)
    return None
