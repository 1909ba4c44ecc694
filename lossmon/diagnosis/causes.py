"""Likely causes: what was measured to coincide, with its number; then what is typical."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import pairs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.coincidence import Reason
from lossmon.diagnosis.finding import Cause, Finding
from lossmon.diagnosis.view import View

MOST = 4  # causes of a finding

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
    "chance_level": ("bad_labels", "lr_too_low", "frozen_gradients"),
    "staircase": ("memorising", "small_data"),
    "restart": ("resume_mismatch",),
    "slowdown": ("shared_gpu", "slow_data", "longer_samples"),
}

_DEAD_RATE = 0.03  # of its peak (words)
_DEAD_SHARE = 0.3  # of the run (words)
_TINY_RATE = 1e-7  # words
_TINY_GRAD = 1e-6
_EDGE = 2.5  # von Neumann ratio: alternation at the edge of stability (words)
_PERIODIC = 0.5  # autocorrelation at the length of an epoch
_SMALL_BATCH = 4
_GUESSED = (2, 3, 4, 5, 10, 20, 100, 1000)  # numbers of classes that are common
_GUESS_WITHIN = 0.01  # of ln C
_FEW_TRAINED = 0.002  # of the weights


def causes(finding: Finding, view: View) -> tuple[Cause, ...]:
    """The causes of a finding, most likely first; each named once."""
    measured = _MEASURED.get(finding.pattern)
    reasons = sorted(measured(finding, view) if measured else (), key=lambda r: -r.weight)
    found = list(_once(reasons))
    known = {cause.id for cause in found}
    if any(reason.rules_out for reason in reasons):
        known |= {id_ for reason in reasons for id_ in reason.rules_out}
    found += [Cause(id_) for id_ in TYPICAL.get(finding.pattern, ()) if id_ not in known]
    return tuple(found[:MOST])


def _once(reasons: Iterable[Reason]) -> Iterator[Cause]:
    """Each cause once, with the reason that weighs most."""
    known = set()
    for reason in reasons:
        if reason.id not in known:
            known.add(reason.id)
            yield Cause(reason.id, reason.why)


# -- by pattern ------------------------------------------------------------------------------------


def _sudden(finding: Finding, view: View) -> Iterator[Reason]:
    reasons = list(co.at_onset(view, finding.since_step))
    yield from reasons
    if not any(reason.id in ("lr_jump", "lr_too_high") for reason in reasons):
        yield from co.rate_stayed(view, finding.since_step)


def _diverged(finding: Finding, view: View) -> Iterator[Reason]:
    at = finding.since_step
    yield from (r for r in co.at_onset(view, at) if r.id != "data_changed")  # NaN is fast
    yield from co.rise_before(view, at)
    if view.rate is not None:
        highest = float(np.nanmax(view.rate[1]))
        if highest >= 0.1:
            yield Reason("lr_too_high", f"learning rate is {highest:.3g}", 1.0)
    first = None if view.train is None else view.train.sketch.head[:1]
    if first is not None and len(first) and not np.isfinite(first[0]):
        yield Reason("numeric_overflow", "it holds from the very first row on", 1.5)


def _spike(finding: Finding, view: View) -> Iterator[Reason]:
    at = int(finding.numbers.get("spike_step", finding.since_step))
    yield from (r for r in co.at_onset(view, at) if r.id != "data_changed")


def _oscillating(finding: Finding, view: View) -> Iterator[Reason]:
    ratio = finding.numbers.get("von_neumann", 2.0)
    if ratio > _EDGE:
        yield Reason(
            "edge_of_stability",
            f"the loss alternates from point to point (von Neumann ratio {ratio:.1f})",
            2.5,
        )
    if view.grad_norm is not None and np.isfinite(view.grad_norm[1]).any():
        p50, p99 = np.nanpercentile(view.grad_norm[1], (50, 99))
        if p50 > 0 and p99 > 5 * p50:
            yield Reason(
                "lr_too_high",
                f"grad norm comes in bursts of {p99 / p50:.3g} x its median {p50:.3g}",
                2.0,
            )
    yield from _constant_rate(view)
    yield from _small_batch(view)
    yield from _periodic(view)
    yield from co.log_told(view)


def _constant_rate(view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    rate = view.rate[1]
    peak = float(np.nanmax(rate))
    tail = rate[int(0.4 * len(rate)) :]
    if peak > 0 and np.nanmin(tail) >= 0.95 * peak:
        yield Reason("lr_too_high", f"learning rate stays at its peak {peak:.2g} throughout", 1.0)


def _small_batch(view: View) -> Iterator[Reason]:
    size = view.around.settings.get("batch", math.nan)
    if view.around.batch is not None:
        size = float(np.median(view.around.batch[1]))
    if size <= _SMALL_BATCH:
        yield Reason("small_batch", f"batch size is {size:,.0f}", 1.8)


def _periodic(view: View) -> Iterator[Reason]:
    """The ups and downs come again with each epoch."""
    train, starts = view.train, view.around.epoch_starts
    if train is None or len(starts) < 3:
        return
    length = float(np.median(np.diff(starts)))
    lag = round(length / co.spacing_of(train.step))
    tail = train.value[int(0.3 * len(train.value)) :]
    if lag < 4 or len(tail) < 3 * lag:
        return
    trend = np.interp(np.arange(len(tail)), np.linspace(0, len(tail) - 1, 5), st.blocks(tail, 5))
    rest = tail - trend
    power = float(np.sum(rest**2))
    again = float(np.sum(rest[lag:] * rest[:-lag])) / power if power > 0 else 0.0
    if again > _PERIODIC:
        yield Reason(
            "data_order",
            f"the same ups and downs come every {length:,.0f} steps, the length of an epoch "
            f"(correlation {again:.2f})",
            2.2,
        )


def _plateau(finding: Finding, view: View) -> Iterator[Reason]:
    yield from co.rate_fell(view, finding.since_step)
    if view.rate is not None:
        step, rate = view.rate
        peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
        low = rate < _DEAD_RATE * peak
        if peak > 0 and np.mean(low) >= _DEAD_SHARE and low[-1]:
            since = int(step[int(np.flatnonzero(~low)[-1]) + 1])
            yield Reason(
                "lr_decayed",
                f"learning rate has been under {_DEAD_RATE:.0%} of its peak {peak:.2g} "
                f"since step {since:,}",
                3.0,
            )
    yield from pairs.eval_rises(view)
    if view.grad_norm is not None and np.isfinite(view.grad_norm[1]).all():
        norm = view.grad_norm[1]
        early = float(np.median(norm[: max(3, len(norm) // 20)]))
        late = float(np.median(norm[-max(3, len(norm) // 10) :]))
        if early > 0 and late < 0.05 * early:
            yield Reason(
                "local_optimum",
                f"grad norm fell to {late:.2g}, {late / early:.1%} of its start",
                1.2,
            )


def _flat(finding: Finding, view: View) -> Iterator[Reason]:
    of_rate = list(_rate_of_flat(view))
    yield from of_rate
    # Gradients that flow speak against the data only where the rate is no reason.
    yield from (r for r in _gradient_of_flat(view) if not (of_rate and r.id == "bad_labels"))
    yield from _guessing(view)
    yield from co.log_told(view)
    share = view.around.trained_share
    if share is not None and share < _FEW_TRAINED:
        trained = view.around.settings["trainable"]
        yield Reason(
            "low_capacity", f"only {trained:,.0f} weights are trained, {share:.2%} of all", 1.2
        )


def _rate_of_flat(view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    step, rate = view.rate
    newest, peak = float(rate[-1]), float(np.nanmax(rate))
    if peak < _TINY_RATE:
        words = f"at most {peak:.2g}" if peak > 0 else "0 in the log"
        yield Reason("lr_too_low", f"learning rate is {words}", 3.0)
    elif newest == peak and rate[0] < 0.5 * newest:
        yield Reason(
            "lr_warmup",
            f"learning rate is still rising: {newest:.2g} at step {int(step[-1]):,}",
            2.5,
        )


def _gradient_of_flat(view: View) -> Iterator[Reason]:
    if view.grad_norm is None or not np.isfinite(view.grad_norm[1]).any():
        return
    norm = float(np.nanmedian(view.grad_norm[1]))
    if norm < _TINY_GRAD:
        yield Reason(
            "frozen_gradients", f"grad norm is {norm:.2g}: no gradient reaches the weights", 3.0
        )
    else:
        yield Reason("bad_labels", f"grad norm is {norm:.2g}: gradients do reach the weights", 0.8)


def _guessing(view: View) -> Iterator[Reason]:
    """The level is that of guessing among a common number of classes."""
    train = view.train
    known = view.around.settings.get("classes")
    if train is None or train.end <= 0:
        return
    for classes in (int(known),) if known and known >= 2 else _GUESSED:
        chance = math.log(classes)
        if abs(train.end / chance - 1) <= _GUESS_WITHIN:
            yield Reason(
                "guessing",
                f"the loss stands at {train.end:.4g}; guessing among {classes:,} classes gives "
                f"ln {classes:,} = {chance:.4g}",
                2.0 if known else 1.5,
            )
            return


def _not_converged(finding: Finding, view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    rate = view.rate[1]
    peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
    if peak > 0 and rate[-1] > 0.3 * peak:
        at = f", in epoch {view.epochs:.2g}" if view.epochs else ""
        yield Reason(
            "few_epochs", f"learning rate is still at {rate[-1] / peak:.0%} of its peak{at}", 2.0
        )


def _lr_zero(finding: Finding, view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    yield from co.rate_fell(view, finding.since_step)
    total, at = view.around.total_steps, finding.since_step
    if np.nanmax(view.rate[1]) == 0:
        yield Reason("lr_too_low", "learning rate is 0 in every row", 3.0)
    elif total and at < 0.95 * total:
        yield Reason(
            "schedule_short",
            f"the schedule ended at step {at:,} of {total:,} planned ({at / total:.0%})",
            3.0,
        )


def _grad_vanishing(finding: Finding, view: View) -> Iterator[Reason]:
    yield from co.rate_rose(view, finding.since_step)
    yield from co.log_told(view, finding.since_step)


def _noisy(finding: Finding, view: View) -> Iterator[Reason]:
    yield from _small_batch(view)


def _staircase(finding: Finding, view: View) -> Iterator[Reason]:
    examples = view.around.settings.get("examples")
    if examples and examples < 20000:
        yield Reason("small_data", f"{examples:,.0f} training examples", 1.5)
    yield from pairs.eval_rises(view)


def _restart(finding: Finding, view: View) -> Iterator[Reason]:
    before, after = finding.numbers.get("resume_before"), finding.numbers.get("resume_after")
    if before and after and after > (1 + view.limits.restart_rise) * before:
        yield Reason(
            "resume_mismatch",
            f"the loss came back {after / before - 1:.0%} higher than it left",
            3.0,
        )


def _slowdown(finding: Finding, view: View) -> Iterator[Reason]:
    for reason in (
        *co.batch_changed(view, finding.since_step),
        *co.resumed(view, finding.since_step),
    ):
        yield reason._replace(
            id="batch_changed" if reason.id == "batch_changed" else "other_machine"
        )
    for reason in co.epoch_began(view, finding.since_step):
        yield reason._replace(id="longer_samples")
    yield from (r for r in co.log_told(view, finding.since_step) if r.id == "out_of_memory")


_MEASURED: dict[str, Callable[[Finding, View], Iterator[Reason]]] = {
    "rebound": _sudden,
    "diverged": _diverged,
    "spike": _spike,
    "grad_explosion": _sudden,
    "grad_vanishing": _grad_vanishing,
    "oscillating": _oscillating,
    "plateau": _plateau,
    "not_decreasing": _flat,
    "chance_level": _flat,
    "underfitting": _flat,
    "overfitting": pairs.overfitting,
    "train_high_eval_low": pairs.ahead,
    "eval_faster": pairs.ahead,
    "not_converged": _not_converged,
    "lr_zero": _lr_zero,
    "noisy": _noisy,
    "staircase": _staircase,
    "restart": _restart,
    "slowdown": _slowdown,
}
