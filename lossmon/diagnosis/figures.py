"""The figures of a finding that remedies name and pictures draw.

A pattern judges by some numbers; these are added to them: levels and thresholds as lines on the
curve, learning rates to try, steps to go back to, what training on may bring.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.coincidence import rise_of_rate
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.outlook import outlook
from lossmon.diagnosis.view import Curve, View

Numbers = dict[str, float]

_HIGH_RATE = 1e-2  # above it, a higher learning rate is no advice to give from a curve
_BEFORE = 0.02  # of the run before an onset: a checkpoint there is not yet touched by it


def figures(finding: Finding, view: View) -> Numbers:
    """All numbers of a finding, finite ones only; those of its pattern win."""
    numbers: Numbers = {}
    train = view.train
    if train is not None and len(train.value):
        numbers |= {"start": train.start, "end": train.end}
        own = _FIGURES.get(finding.pattern)
        if own is not None:
            numbers |= own(finding, view, train)
    numbers |= _rates(view, finding)
    return {
        name: float(value)
        for name, value in {**numbers, **finding.numbers}.items()
        if math.isfinite(value)
    }


def _rates(view: View, finding: Finding) -> Numbers:
    """Learning rates: what was used, and what to try."""
    if view.rate is None:
        return {}
    step, rate = view.rate
    peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
    if peak <= 0:
        return {}
    at = int(np.searchsorted(step, finding.since_step))
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


def _overfitting(finding: Finding, view: View, train: Curve) -> Numbers:
    best = finding.numbers.get("best_value", math.nan)
    numbers = {"threshold": best + view.limits.overfit_rise * abs(best)}
    if view.epochs and view.step:
        numbers["best_epoch"] = view.epochs * finding.since_step / view.step
    numbers["wasted_steps"] = view.step - finding.since_step
    return numbers


def _rebound(finding: Finding, view: View, train: Curve) -> Numbers:
    low = finding.numbers.get("low", train.low)
    line = low + view.limits.rebound_of_drop * (train.start - low)
    return {"threshold": line, "resume_step": _resume(finding, view)}


def _diverged(finding: Finding, view: View, train: Curve) -> Numbers:
    factor = view.limits.diverged_factor
    line = factor * train.start if train.start > 0 else math.nan
    numbers = {"threshold": line, "resume_step": _resume(finding, view)}
    if view.pair is not None:
        before = view.pair.step < finding.since_step
        if before.any():
            at = int(np.argmin(np.where(before, view.pair.value, np.inf)))
            numbers |= {
                "best_step": float(view.pair.step[at]),
                "best_value": float(view.pair.value[at]),
            }
    return numbers


def _resume(finding: Finding, view: View) -> float:
    """A step before the onset by a margin, from which a checkpoint is sound; NaN for none."""
    step = finding.since_step - max(1.0, _BEFORE * view.step)
    return float(round(step)) if step > 0 else math.nan


def _grads(finding: Finding, view: View, train: Curve) -> Numbers:
    if view.grad_norm is None:
        return {}
    step, norm = view.grad_norm
    good = np.isfinite(norm) & (step < finding.since_step)
    if not good.any():
        return {}
    if finding.pattern == "grad_explosion":
        usual = st.median(norm[good])
        return {
            "usual": usual,
            "threshold": view.limits.grad_explosion * usual,
            "clip": _round(float(np.percentile(norm[good], 90))),
            "resume_step": _resume(finding, view),
        }
    usual = st.median(norm[good][: max(3, len(norm) // 20)])
    return {"usual": usual, "threshold": view.limits.grad_vanishing * usual}


def _clip(view: View) -> Numbers:
    """A norm to clip at: the 90th percentile of what was usual."""
    if view.grad_norm is None:
        return {}
    norm = view.grad_norm[1]
    norm = norm[np.isfinite(norm)]
    return {"clip": _round(float(np.percentile(norm, 90)))} if len(norm) >= 20 else {}


def _oscillating(finding: Finding, view: View, train: Curve) -> Numbers:
    return _band(finding, view, train) | _clip(view)


def _band(finding: Finding, view: View, train: Curve) -> Numbers:
    """The 5th and 95th percentile of the last 60 %, as lines."""
    at = int(0.4 * len(train.value))
    low, high = np.percentile(train.value[at:], (5, 95))
    return {"band_low": float(low), "band_high": float(high), "band_from": train.at_step(at)}


def _flat(finding: Finding, view: View, train: Curve) -> Numbers:
    """The straight trend through block medians, at the ends of the curve."""
    blocks = st.blocks(train.value, 48)
    slope = st.theil_sen(blocks)
    middle = st.median(blocks - slope * np.arange(len(blocks)))
    return {"trend_start": middle, "trend_end": middle + slope * (len(blocks) - 1)}


def _falling(finding: Finding, view: View, train: Curve) -> Numbers:
    """What training on may still bring, where the fitted power law says it clearly."""
    found = outlook(train)
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
        numbers |= {"flat_low": _step(low), "flat_high": _step(high)}
        if view.epochs and view.step:
            per_epoch = view.step / view.epochs
            numbers["more_epochs_low"] = (low - view.step) / per_epoch
            numbers["more_epochs_high"] = (high - view.step) / per_epoch
    return numbers


def _spike(finding: Finding, view: View, train: Curve) -> Numbers:
    at = int(np.searchsorted(train.step, finding.numbers.get("spike_step", finding.since_step)))
    around = train.value[max(0, at - 10) : at + 11]
    base, sigma = st.median(around), st.mad(around)
    limit = base + max(view.limits.spike_errors * sigma, view.limits.spike_of_level * abs(base))
    return {"base": base, "threshold": limit} | _clip(view)


def _lr_zero(finding: Finding, view: View, train: Curve) -> Numbers:
    peak = finding.numbers.get("peak", 0.0)
    return {"threshold": view.limits.lr_zero * peak, "wasted_steps": view.step - finding.since_step}


def _plateau(finding: Finding, view: View, train: Curve) -> Numbers:
    numbers = {"wasted_steps": float(view.step - finding.since_step)}
    if view.pair is not None and len(view.pair.value) > 2:
        at = int(np.argmin(view.pair.smooth))
        numbers |= {
            "best_step": float(view.pair.step[at]),
            "best_value": float(view.pair.value[at]),
        }
    return numbers


def _step(value: float) -> float:
    """A step in two digits and a half: what is fitted is not known to the last digit."""
    return float(f"{value:.2g}")


def _round(value: float) -> float:
    return float(f"{value:.1g}") if value > 0 else math.nan


_FIGURES: dict[str, Callable[[Finding, View, Curve], Numbers]] = {
    "overfitting": _overfitting,
    "rebound": _rebound,
    "diverged": _diverged,
    "oscillating": _oscillating,
    "noisy": _band,
    "plateau": _plateau,
    "not_decreasing": _flat,
    "underfitting": _flat,
    "not_converged": _falling,
    "healthy": _falling,
    "spike": _spike,
    "grad_explosion": _grads,
    "grad_vanishing": _grads,
    "lr_zero": _lr_zero,
}
