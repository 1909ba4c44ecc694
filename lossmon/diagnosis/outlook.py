"""What training on may still bring: a power law fitted to a falling curve, with an interval.

Loss curves of deep networks follow floor + scale t^-power closely (Hestness et al. 2017; Kaplan et
al. 2020). Exponents that fit about as well span the interval, and where they disagree too much
nothing is said: an extrapolation without its error is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.history.columns import Floats

_POWERS = np.geomspace(0.05, 4.0, 28)
_SKIP = 0.05  # of the run: what warm-up and first steps do is no power law
_BLOCKS = 48
_FITS = 1.5  # x the least squared error: fits about as well
_KNOWN = 0.8  # of the run, from which a fit must have foretold the rest
_MORE = 0.25  # of the steps made
_WIDE = 0.6  # half interval over the gain: wider says nothing
_FLAT = 0.01  # of the level: a quarter more steps that gain less is flat
_FARTHEST = 8.0  # x the steps made: beyond it a power law says nothing
_NARROW = 3.0  # latest over earliest step at which it is flat


class Fit(NamedTuple):
    """One fitted law, floor + scale t^-power, and its squared error."""

    error: float
    floor: float
    scale: float
    power: float


@dataclass(frozen=True)
class Outlook:
    """What a fitted power law says.

    Attributes:
        step: the newest step; the fit is floor + scale (t / step)^-power.
        floor, scale, power: of the best fit.
        gain: fall to expect from 25 % more steps, and its half interval.
        left: what is left above the floor, from and to; None where the fits disagree on it.
        flat: the steps between which a quarter more would gain less than 1 % of the level; None
            where it is too uncertain, or flat already.
    """

    step: float
    floor: float
    scale: float
    power: float
    gain: float
    gain_error: float
    left: tuple[float, float] | None
    flat: tuple[float, float] | None

    @property
    def sure(self) -> bool:
        """The interval of the gain is narrow enough to be told."""
        return self.gain > 0 and self.gain_error <= _WIDE * self.gain


def outlook(train: LossCurve) -> Outlook | None:
    """Fit a power law to the train loss; None where it does not fall like one.

    The law must have foretold what is known already: fitted to the first 80 %, it is held against
    the last fifth, and what it missed there is part of the error.
    """
    step, value = train.step, train.value
    keep = step > _SKIP * step[-1]
    step, value = step[keep], value[keep]
    if len(value) < 24 or step[-1] <= 0:
        return None
    at, level = st.blocks(step, _BLOCKS), st.blocks(value, _BLOCKS)
    newest, positive = float(step[-1]), bool(np.min(train.value) > 0)
    good = _fits(at / newest, level, positive)
    missed = _missed(at, level, positive)
    if not good or missed is None:
        return None
    gains = [scale * (1 - (1 + _MORE) ** -power) for _, _, scale, power in good]
    _, floor, scale, power = good[0]
    error = float(np.hypot((max(gains) - min(gains)) / 2, missed))
    scales = [scale for _, _, scale, _ in good]  # at the newest step, the distance to the floor
    left = (min(scales), max(scales)) if max(scales) <= _NARROW * min(scales) else None
    return Outlook(newest, floor, scale, power, gains[0], error, left, _flat(good, newest))


def _missed(at: Floats, level: Floats, positive: bool) -> float | None:
    """By how much a fit to the first 80 % missed the end; None where nothing could be fitted."""
    known = int(_KNOWN * len(at))
    fits = _fits(at[:known] / at[known - 1], level[:known], positive)
    if not fits:
        return None
    _, floor, scale, power = fits[0]
    tail = slice(-max(2, len(at) // 12), None)
    foretold = floor + scale * (at[tail] / at[known - 1]) ** -power
    return float(abs(np.mean(foretold - level[tail])))


def _fits(t: Floats, level: Floats, positive: bool) -> list[Fit]:
    """The fits that are about as good as the best, it first; least squares for each power.

    A loss that is positive has no floor below 0, and a power at the edge of those tried is no
    power law but a straight line or a logarithm: then nothing fits.
    """
    basis = t[None, :] ** -_POWERS[:, None]
    away = basis - basis.mean(axis=1, keepdims=True)
    scale = away @ (level - level.mean()) / np.maximum((away**2).sum(axis=1), 1e-300)
    floor = level.mean() - scale * basis.mean(axis=1)
    error = ((floor[:, None] + scale[:, None] * basis - level) ** 2).sum(axis=1)
    best = int(np.argmin(error))
    if best in (0, len(_POWERS) - 1):
        return []
    fine = (scale > 0) & (error <= _FITS * error[best] + 1e-300) & ((floor >= 0) | (not positive))
    rows = np.stack((error, floor, scale, _POWERS), axis=1)[fine]
    return [Fit(*row) for row in rows[np.argsort(rows[:, 0])].tolist()]


def _flat(fits: list[Fit], newest: float) -> tuple[float, float] | None:
    ends = []
    for _, floor, scale, power in fits:
        part = 1 - (1 + _MORE) ** -power
        if floor <= 0 or part <= _FLAT:
            return None  # by this fit it never gets flat
        ends.append(newest * (scale * (part - _FLAT) / (_FLAT * floor)) ** (1 / power))
    low, high = min(ends), max(ends)
    wide = high > _NARROW * low or high > _FARTHEST * newest
    return None if wide or high <= 1.05 * newest else (max(low, newest), high)
