"""What training on may still bring: a power law fitted to a falling curve, with an interval.

Loss curves of deep networks follow floor + scale t^-power closely (Hestness et al. 2017; Kaplan et
al. 2020). Exponents that fit about as well span the interval, and where they disagree too much
nothing is said: an extrapolation without its error is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.view import Curve
from lossmon.history.columns import Floats

_POWERS = np.geomspace(0.05, 4.0, 28)
_SKIP = 0.05  # of the run: what warm-up and first steps do is no power law
_BLOCKS = 48
_FITS = 1.5  # x the least squared error: fits about as well
_MORE = 0.25  # of the steps made
_WIDE = 0.5  # half interval over the gain: wider says nothing
_FLAT = 0.01  # of the level: a quarter more steps that gain less is flat
_FARTHEST = 8.0  # x the steps made: beyond it a power law says nothing
_NARROW = 3.0  # latest over earliest step at which it is flat


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


def outlook(train: Curve) -> Outlook | None:
    """Fit a power law to the train loss; None where it does not fall like one."""
    step, value = train.step, train.value
    keep = step > _SKIP * step[-1]
    step, value = step[keep], value[keep]
    if len(value) < 16 or step[-1] <= 0:
        return None
    at, level = st.blocks(step, _BLOCKS), st.blocks(value, _BLOCKS)
    newest = float(step[-1])
    fits = _fits(at / newest, level)
    if not fits:
        return None
    best = min(fits, key=lambda fit: fit[0])
    good = [fit for fit in fits if fit[0] <= _FITS * best[0] + 1e-300]
    gains = [scale * (1 - (1 + _MORE) ** -power) for _, _, scale, power in good]
    _, floor, scale, power = best
    gain = scale * (1 - (1 + _MORE) ** -power)
    noise = st.curve_noise(level) / len(level) ** 0.5
    error = float(np.hypot((max(gains) - min(gains)) / 2, noise))
    scales = [scale for _, _, scale, _ in good]  # at the newest step, the distance to the floor
    left = (min(scales), max(scales)) if max(scales) <= _NARROW * min(scales) else None
    return Outlook(newest, floor, scale, power, gain, error, left, _flat(good, newest))


def _fits(t: Floats, level: Floats) -> list[tuple[float, float, float, float]]:
    """(squared error, floor, scale, power) for each power with a falling fit; least squares."""
    basis = t[None, :] ** -_POWERS[:, None]
    away = basis - basis.mean(axis=1, keepdims=True)
    scale = away @ (level - level.mean()) / np.maximum((away**2).sum(axis=1), 1e-300)
    floor = level.mean() - scale * basis.mean(axis=1)
    error = ((floor[:, None] + scale[:, None] * basis - level) ** 2).sum(axis=1)
    rows = np.stack((error, floor, scale, _POWERS), axis=1)[scale > 0]
    return [(row[0], row[1], row[2], row[3]) for row in rows.tolist()]


def _flat(
    fits: list[tuple[float, float, float, float]], newest: float
) -> tuple[float, float] | None:
    ends = []
    for _, floor, scale, power in fits:
        part = 1 - (1 + _MORE) ** -power
        if floor <= 0 or part <= _FLAT:
            return None  # by this fit it never gets flat
        ends.append(newest * (scale * (part - _FLAT) / (_FLAT * floor)) ** (1 / power))
    low, high = min(ends), max(ends)
    wide = high > _NARROW * low or high > _FARTHEST * newest
    return None if wide or high <= 1.05 * newest else (max(low, newest), high)
