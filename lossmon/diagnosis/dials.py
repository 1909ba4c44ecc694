"""A setting that is logged and was moved, by which the loss rises as it is meant to.

The weight of the KL term of a VAE, the perturbation of adversarial training, the difficulty of a
curriculum: as it goes up the total loss does, and what a rise has to tell of a sick training is not
told by it. Such a column is known by its name and by what no measurement does: it stands to the
last digit for a good part of the run, and only ever goes one way. It is the reason where the loss
rose while it moved, and not while it stood.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import risen
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.reasons import BLOCKS
from lossmon.diagnosis.view import View

NAMED = (
    "weights?|coefs?|coeffs?|coefficients?|lambda|beta|eps|epsilon|difficulty|curriculum|"
    "temperature|strength|prefactor|mask_ratio|noise_level|noise_scale"
)
_MEASURED = ("norm", "grad", "decay", "lr", "histogram", "mean", "std", "loss_scale")


class Bounds(Limits):
    """When a rise is that of a setting."""

    stands = Limit(0.2, "of the rows in which the setting stands: it is set", "a warm-up of KL")
    still = Limit(0.25, "of the rise that may come while it stands", "words: a quarter is a rise")
    rise = Limit(0.02, "of its lowest level, by which the loss is above it", "words: 2 %")


class Dial(NamedTuple):
    """The setting.

    Attributes:
        name: as it was logged.
        step: at which it was first moved behind the lowest loss, or before it.
        was, now: its value at the lowest loss, and the newest.
        low, level: the loss then, and now.
    """

    name: str
    step: int
    was: float
    now: float
    low: float
    level: float


def moved(view: View) -> Dial | None:
    """The setting that the rise of the loss goes with; None where the log shows none."""
    train, some = view.train, view.around.each(NAMED)
    if not some or train is None or train.rises or len(train.value) < Enough.points:
        return None
    if train.end - train.low <= Bounds.rise * abs(train.low):
        return None
    found = (_moved(one, train) for one in some if _is_set(one))
    return next((dial for dial in found if dial is not None), None)


def _is_set(one: Logged) -> bool:
    """No measurement stands to the last digit and goes one way alone."""
    name, moves = one.name.lower(), np.diff(one.value)
    if any(word in name for word in _MEASURED) or not np.isfinite(one.value).all():
        return False
    one_way = bool((moves >= 0).all() or (moves <= 0).all())
    return one_way and bool(moves.any()) and float(np.mean(moves == 0)) >= Bounds.stands


def _moved(one: Logged, train: LossCurve) -> Dial | None:
    """The rise was made while it moved, and for as long behind as two things coincide."""
    smooth, _ = risen.smoothed(train)
    low = int(smooth.argmin())
    reach = max(3, 2 * len(smooth) // BLOCKS)
    at = np.clip(np.searchsorted(one.step, train.step, side="right") - 1, 0, None)
    set_to = one.value[at]
    moves = np.flatnonzero(np.diff(set_to)) + 1  # buckets with another value than the one before
    moves = moves[moves >= low - reach]
    rise = float(smooth[-1] - smooth[low])
    if not len(moves) or rise <= 0:
        return None
    with_it = np.zeros(len(smooth), bool)
    for move in moves:
        with_it[max(0, move - reach) : move + reach + 1] = True
    change = np.diff(smooth[low:])
    alone = float(np.add.reduce(change[~with_it[low + 1 :]]))
    if alone > Bounds.still * rise:
        return None
    first = int(moves[0])
    return Dial(
        one.name,
        train.at_step(first),
        float(set_to[first - 1]),
        float(one.value[-1]),
        float(smooth[low]),
        train.end,
    )
