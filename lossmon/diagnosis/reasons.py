"""A cause that was seen to coincide with a finding, and how near two things must be for that."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import CauseId, PatternId
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said

BLOCKS = 32  # "near" is within two of so many parts of the run (words)


class Reason(NamedTuple):
    """A cause that was seen to coincide, those that the same figures rule out, and of what."""

    id: CauseId
    why: str
    weight: float
    rules_out: tuple[CauseId, ...] = ()
    of: PatternId | Literal[""] = ""


def reach_of(view: View, spacing: float) -> float:
    """Steps within which two things coincide: two blocks, three points at least."""
    return max(2 * view.step / BLOCKS, 3 * spacing)


def epoch_of(view: View, step: float) -> float:
    """The epoch at a step, in proportion; of a log that begins with epoch 11, from there on."""
    epochs, train = view.epochs or 0.0, view.train
    if view.tail and view.first_epoch is not None and train is not None:
        first = float(train.step[0])
        return float(
            np.interp(step, (first, max(first + 1, view.step)), (view.first_epoch, epochs))
        )
    base = view.around.base  # of a training that began anew behind another
    return epochs * (step - base) / max(1.0, view.step - base)


def spacing_of(step: Floats) -> float:
    """Usual distance between points."""
    return (st.median(st.steps(step)) if len(step) > 1 else 1.0) or 1.0


def steps_are_epochs(view: View) -> bool:
    """Steps are counted in epochs, also where the log begins in the middle of the training."""
    train = view.train
    if train is None or view.epochs is None or train.n < 3:
        return False
    by_one = bool((st.steps(train.sketch.newest_step.astype(float)) == 1).all())
    return view.rows_are_epochs or (by_one and abs(view.step - view.epochs) <= 1)


def when(at: float, onset: float, spacing: float) -> str:
    """How many points before the onset, or after it; nothing where they are the same."""
    points = round((onset - at) / spacing)
    if points == 0:
        return ""
    if points > 0:
        return said(", {points:,} {points:point|points} before", points=points)
    return said(", {points:,} {points:point|points} after", points=-points)
