"""The figures of a finding that remedies name and pictures draw.

A pattern judges by some numbers; these are added to them: levels and thresholds as lines on the
curve, learning rates to try, steps to go back to, what training on may bring.
"""

from __future__ import annotations

import math

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.outlook import outlook
from lossmon.diagnosis.rates import rise_of_rate
from lossmon.diagnosis.view import View

Numbers = dict[str, float]

_HIGH_RATE = 1e-2  # above it, a higher learning rate is no advice to give from a curve
_BEFORE = 0.02  # of the run before an onset: a checkpoint there is not yet touched by it


def levels(view: View) -> Numbers:
    """Where the curve begins and ends."""
    train = view.train
    return {"start": train.start, "end": train.end} if train and len(train.value) else {}


def rates(view: View, finding: Finding) -> Numbers:
    """Learning rates: what was used, and what to try."""
    if view.rate is None:
        return {}
    step, rate = view.rate
    peak = float(np.fmax.reduce(rate)) if np.isfinite(rate).any() else 0.0
    if peak <= 0:
        return {}
    at = int(step.searchsorted(finding.since_step))
    then = float(rate[min(at, len(rate) - 1)])
    numbers = {"rate_peak": peak, "rate_now": float(rate[-1])}
    numbers |= {"rate_third": peak / 3, "rate_tenth": peak / 10}
    rise = rise_of_rate(view, finding.since_step)
    if rise is not None and rise.sudden:  # then the rate before it is the one to go back to
        numbers |= {"rate_before": rise.low, "rate_then": rise.high}
    elif then > 0:
        numbers |= {"rate_then": then, "rate_then_third": then / 3, "rate_then_tenth": then / 10}
    if peak < _HIGH_RATE:
        numbers |= {"rate_up": 3 * peak, "rate_up_more": 10 * peak}
    return numbers


def checkpoint_step(view: View, before: float) -> Numbers:
    """The newest checkpoint that the log says was saved before a step."""
    steps = [s for kind, s, _ in view.around.events if kind == "saved" and s is not None]
    sound = [s for s in steps if s <= before]
    return {"checkpoint_step": float(max(sound))} if sound else {}


def resume_step(finding: Finding, view: View) -> float:
    """A step before the onset by a margin, from which a checkpoint is sound; NaN for none.

    The margin is a share of what was trained until then: by the rows that came after it a loss that
    was NaN since 241 was told to go back to 236, 235, 232 and 230, minute by minute.
    """
    if view.train is not None and not np.isfinite(view.train.sketch.head[:1]).all():
        return math.nan  # it was never sound
    first = float(view.train.step[0]) if view.tail and view.train is not None else 0.0
    step = finding.since_step - max(1.0, _BEFORE * (finding.since_step - first))
    return float(round(step)) if step > 0 else math.nan


def best_eval(view: View, before: float = math.inf) -> Numbers:
    """The best evaluation before a step, as it was logged."""
    best = None if view.lows is None else view.lows.before(before)
    return {} if best is None else {"best_step": float(best.step), "best_value": best.value}


def clip(view: View) -> Numbers:
    """A norm to clip at: the 90th percentile of what was usual."""
    if view.grad_norm is None:
        return {}
    norm = view.grad_norm[1]
    norm = norm[np.isfinite(norm)]
    return {"clip": rounded(float(np.percentile(norm, 90)))} if len(norm) >= 20 else {}


def band(finding: Finding, view: View) -> Numbers:
    """The 5th and 95th percentile of the last 60 %, as lines."""
    train = view.train
    if train is None or not len(train.value):
        return {}
    at = int(0.4 * len(train.value))
    low, high = np.percentile(train.value[at:], (5, 95))
    return {"band_low": float(low), "band_high": float(high), "band_from": train.at_step(at)}


def falling(finding: Finding, view: View) -> Numbers:
    """What training on may still bring, where the fitted power law says it clearly."""
    found = None if view.train is None else outlook(view.train)
    if found is None:
        return {}
    numbers: Numbers = {}
    if found.sure:
        numbers = {
            "fit_step": found.step,
            "fit_floor": found.floor,
            "fit_scale": found.scale,
            "fit_power": found.power,
            "gain_low": max(0.0, found.gain - found.gain_error),
            "gain_high": found.gain + found.gain_error,
        }
        if found.left is not None:
            numbers["left_low"], numbers["left_high"] = found.left
    if found.flat is not None:
        low, high = found.flat
        numbers |= {"flat_low": rounded_step(low), "flat_high": rounded_step(high)}
        if view.epochs and view.step:
            per_epoch = view.step / view.epochs
            numbers["more_epochs_low"] = (low - view.step) / per_epoch
            numbers["more_epochs_high"] = (high - view.step) / per_epoch
    return numbers


def rounded_step(value: float) -> float:
    """A step in two digits and a half: what is fitted is not known to the last digit."""
    return float(f"{value:.2g}")


def rounded(value: float) -> float:
    """A norm to set by hand, in one digit; NaN where there is none."""
    return float(f"{value:.1g}") if value > 0 else math.nan
