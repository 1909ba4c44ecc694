"""Likely causes: what was measured to coincide, with its number; then what is typical."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lossmon.diagnosis.finding import Cause, Finding
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats

TYPICAL: dict[str, tuple[str, ...]] = {
    "not_decreasing": ("lr_too_low", "noisy_data", "bad_labels", "frozen_gradients"),
    "not_converged": ("few_epochs", "lr_too_low"),
    "oscillating": ("lr_too_high", "small_batch"),
    "plateau": ("lr_decayed", "local_optimum", "overfit_suspected"),
    "rebound": ("lr_jump", "bad_batch", "high_capacity"),
    "healthy": ("learning_well",),
    "diverged": ("lr_too_high", "numeric_overflow", "exploding_gradients"),
    "overfitting": ("memorising", "small_data", "high_capacity"),
    "underfitting": ("lr_too_low", "low_capacity", "poor_data"),
    "train_high_eval_low": ("split_mismatch", "noisy_data", "regularised_train"),
    "eval_faster": ("easy_eval", "hard_train", "regularised_train"),
    "healthy_pair": ("learning_well",),
    "spike": ("bad_batch", "lr_too_high"),
    "grad_explosion": ("lr_too_high", "bad_batch"),
    "grad_vanishing": ("frozen_gradients", "lr_too_high"),
    "lr_zero": ("lr_decayed",),
    "noisy": ("small_batch", "noisy_data"),
}

_RISE = 1.5  # x: a rise of the rate that can explain a rise of the loss (words)
_DEAD_RATE = 0.03  # of its peak (words)
_DEAD_SHARE = 0.3  # of the run (words)
_TINY_RATE = 1e-7  # words
_TINY_GRAD = 1e-6
_EDGE = 2.5  # von Neumann ratio: alternation at the edge of stability (words)


def causes(finding: Finding, view: View) -> tuple[Cause, ...]:
    """The causes of a finding, most likely first; each named once."""
    measured = _MEASURED.get(finding.pattern)
    found = list(measured(finding, view)) if measured else []
    known = {cause.id for cause in found}
    found += [Cause(id_) for id_ in TYPICAL.get(finding.pattern, ()) if id_ not in known]
    return tuple(found[:4])


def _rate_rose(finding: Finding, view: View) -> Iterator[Cause]:
    """The learning rate rose shortly before the finding began."""
    if view.rate is None or view.train is None:
        return
    step, rate = view.rate
    reach = max(2 * (view.step / 32), 3 * _spacing(step))
    near = (step >= finding.since_step - reach) & (step <= finding.since_step + _spacing(step))
    places = np.flatnonzero(near)
    if len(places) < 2:
        return
    window = rate[places]
    low = int(np.nanargmin(window))
    high = low + int(np.nanargmax(window[low:]))
    if window[low] <= 0 or window[high] / window[low] < _RISE:
        return
    with np.errstate(over="ignore"):
        ratios = window[1:] / np.maximum(window[:-1], 1e-300)
    at = int(step[places[0] + 1 + int(np.nanargmax(ratios))])
    before = max(0, round((finding.since_step - at) / _spacing(step)))
    when = f", {before} points before" if before else ""
    yield Cause(
        "lr_jump", f"learning rate rose {window[high] / window[low]:.3g} x at step {at:,}{when}"
    )


def _gradients_burst(finding: Finding, view: View) -> Iterator[Cause]:
    if view.grad_norm is None:
        return
    step, norm = view.grad_norm
    usual = float(np.nanmedian(norm))
    near = norm[np.abs(step - finding.since_step) <= max(view.step / 32, 2 * _spacing(step))]
    if usual > 0 and len(near) and np.nanmax(near) > 4 * usual:
        peak = float(np.nanmax(near))
        yield Cause(
            "exploding_gradients", f"grad norm reached {peak:.3g}, {peak / usual:.3g} x usual"
        )


def _oscillating(finding: Finding, view: View) -> Iterator[Cause]:
    ratio = finding.numbers.get("von_neumann", 2.0)
    if ratio > _EDGE:
        yield Cause(
            "edge_of_stability",
            f"the loss alternates from point to point (von Neumann ratio {ratio:.1f})",
        )
    if view.grad_norm is not None:
        p50, p99 = np.nanpercentile(view.grad_norm[1], (50, 99))
        if p50 > 0 and p99 > 5 * p50:
            yield Cause("lr_too_high", f"grad norm comes in bursts of {p99 / p50:.3g} x its median")


def _plateau(finding: Finding, view: View) -> Iterator[Cause]:
    if view.rate is None:
        return
    step, rate = view.rate
    peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
    low = rate < _DEAD_RATE * peak
    if peak > 0 and np.mean(low) >= _DEAD_SHARE and low[-1]:
        since = int(step[int(np.flatnonzero(~low)[-1]) + 1])
        yield Cause(
            "lr_decayed",
            f"learning rate has been under {_DEAD_RATE:.0%} of its peak {peak:.2g} "
            f"since step {since:,}",
        )


def _flat(finding: Finding, view: View) -> Iterator[Cause]:
    if view.rate is not None:
        step, rate = view.rate
        newest, peak = float(rate[-1]), float(np.nanmax(rate))
        if peak < _TINY_RATE:
            words = f"at most {peak:.2g}" if peak > 0 else "0 in the log"
            yield Cause("lr_too_low", f"learning rate is {words}")
        elif newest == peak and rate[0] < 0.5 * newest:
            yield Cause(
                "lr_warmup",
                f"learning rate is still rising: {newest:.2g} at step {int(step[-1]):,}",
            )
    if view.grad_norm is not None:
        norm = float(np.nanmedian(view.grad_norm[1]))
        if norm < _TINY_GRAD:
            yield Cause(
                "frozen_gradients", f"grad norm is {norm:.2g}: no gradient reaches the weights"
            )


def _overfitting(finding: Finding, view: View) -> Iterator[Cause]:
    if view.epochs is not None and view.step:
        best = view.epochs * finding.since_step / view.step
        if view.epochs >= 2:
            yield Cause(
                "memorising",
                f"{view.epochs:.3g} passes over the same data, the best after {best:.2g}",
            )


def _not_converged(finding: Finding, view: View) -> Iterator[Cause]:
    if view.rate is not None:
        rate = view.rate[1]
        peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
        if peak > 0 and rate[-1] > 0.3 * peak:
            yield Cause(
                "few_epochs", f"learning rate is still at {rate[-1] / peak:.0%} of its peak"
            )


def _rising(finding: Finding, view: View) -> Iterator[Cause]:
    yield from _rate_rose(finding, view)
    yield from _gradients_burst(finding, view)


def _diverged(finding: Finding, view: View) -> Iterator[Cause]:
    yield from _rising(finding, view)
    if view.rate is not None and np.nanmax(view.rate[1]) >= 0.1:
        yield Cause("lr_too_high", f"learning rate is {float(np.nanmax(view.rate[1])):.3g}")


_MEASURED: dict[str, Callable[[Finding, View], Iterator[Cause]]] = {
    "rebound": _rising,
    "diverged": _diverged,
    "spike": _gradients_burst,
    "grad_explosion": _rate_rose,
    "oscillating": _oscillating,
    "plateau": _plateau,
    "not_decreasing": _flat,
    "underfitting": _flat,
    "overfitting": _overfitting,
    "not_converged": _not_converged,
}


def _spacing(step: Floats) -> float:
    return (float(np.median(np.diff(step))) if len(step) > 1 else 1.0) or 1.0
