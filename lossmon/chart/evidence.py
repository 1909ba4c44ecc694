"""The picture of a finding: the curve that shows it, and what it was judged by drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lossmon.chart.growing import course_of, thinned
from lossmon.chart.of_run import curves_of
from lossmon.chart.picture import Curve, Mark
from lossmon.diagnosis.finding import Finding
from lossmon.history.columns import Floats, SeriesView, part_of
from lossmon.monitor.update import RunUpdate

_FIT_POINTS = 160
_NEAR = 0.06  # of the run, on either side of a spike
_MOST_MARKS = 12
_STYLE = {"critical": "mark_critical", "warning": "mark_warning", "info": "mark_info"}
_SPEED_WINDOWS = 200
_DECADES = 30.0  # x its start: from there on the axis is logarithmic


@dataclass(frozen=True)
class Evidence:
    """What to draw.

    Attributes:
        metric: the metric that shows the finding, as a title.
        curves: guides first, so that data is drawn over them.
        marks: steps that matter.
        log_y: it is seen better on a logarithmic axis.
        raw: it is seen on single points: smoothing would hide it.
    """

    metric: str
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    log_y: bool = False
    raw: bool = False


def evidence_of(update: RunUpdate, finding: Finding) -> Evidence:
    """The curves, lines and marks by which a finding can be checked by eye."""
    shown = _metric(update, finding)
    data = (
        _speed(update)
        if finding.pattern == "slowdown"
        else curves_of(update, (shown,) if shown else ())
    )
    if finding.pattern == "spike":
        data = _around(data, finding.numbers.get("spike_step", finding.since_step))
    first, last = _span(data, finding.since_step)
    draw = _GUIDES.get(finding.pattern)
    guides = tuple(draw(finding, first, last)) if draw is not None and data else ()
    marks = tuple(mark for mark in _marks(update, finding) if mark.step > first)
    return Evidence(
        shown or "loss",
        guides + data,
        marks,
        _spans_decades(finding, data),
        finding.pattern == "spike",
    )


def _spans_decades(finding: Finding, data: tuple[Curve, ...]) -> bool:
    """A loss that shot up hides everything before on a linear axis."""
    start = finding.numbers.get("start", 0.0)
    if finding.pattern != "diverged" or start <= 0:
        return False
    highest = [course_of(curve.view, "value").greatest for curve in data]
    return max(highest, default=0.0) > _DECADES * start


def _metric(update: RunUpdate, finding: Finding) -> str | None:
    """The metric to draw; None for the loss, train and eval on one chart."""
    if finding.pattern in ("grad_explosion", "grad_vanishing"):
        return update.grad_norm
    if finding.pattern == "lr_zero":
        return update.learning_rate
    return "steps/s" if finding.pattern == "slowdown" else None


def _marks(update: RunUpdate, finding: Finding) -> Iterator[Mark]:
    style, numbers = _STYLE[finding.severity], finding.numbers
    if finding.pattern == "overfitting" and "best_step" in numbers:
        yield Mark(int(numbers["best_step"]), style, f"best eval {numbers['best_value']:.4g}")
    elif finding.pattern == "spike":
        yield Mark(int(numbers.get("spike_step", finding.since_step)), style, "spike")
    elif finding.pattern == "restart":
        yield from (Mark(step, style, "resumed") for step in update.restarts[-_MOST_MARKS:])
    elif finding.pattern == "staircase":
        yield from (
            Mark(int(step), style, "epoch" if i == 0 else "")
            for i, step in enumerate(_epoch_starts(update))
        )
    elif finding.severity != "info" or finding.pattern in ("plateau", "slowdown"):
        yield Mark(finding.since_step, style, "since")
    if finding.pattern == "rebound" and "low_step" in numbers:
        yield Mark(int(numbers["low_step"]), "mark_info", "lowest")


def _epoch_starts(update: RunUpdate) -> list[float]:
    """The first step of each epoch after the first, the newest where there are many."""
    view = update.series.get(update.train or "")
    if view is None or view.epoch is None or len(view) < 2:
        return []
    whole = np.floor(view.epoch)
    starts = np.flatnonzero(np.diff(whole) >= 1) + 1
    return [float(step) for step in view.step[starts][-_MOST_MARKS:]]


# -- lines over the curve --------------------------------------------------------------------------


def _level(label: str, value: float | None, start: float, end: float) -> Iterator[Curve]:
    """A level line from one step to another."""
    if value is None or not np.isfinite(value) or end <= start:
        return
    yield _curve(label, np.array([start, end]), np.array([value, value]))


def _overfitting(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    numbers, since = finding.numbers, finding.since_step
    yield from _level("limit", numbers.get("threshold"), since, last)
    yield from _level("best", numbers.get("best_value"), since, last)


def _rebound(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    numbers = finding.numbers
    low_step = numbers.get("low_step", first)
    yield from _level("limit", numbers.get("threshold"), low_step, last)
    yield from _level("lowest", numbers.get("low"), low_step, last)
    yield from _level("now", numbers.get("level"), finding.since_step, last)


def _start_and_limit(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("limit", finding.numbers.get("threshold"), first, last)
    yield from _level("start", finding.numbers.get("start"), first, last)


def _band(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    numbers = finding.numbers
    since = numbers.get("band_from", first)
    yield from _level("P95", numbers.get("band_high"), since, last)
    yield from _level("P5", numbers.get("band_low"), since, last)


def _plateau(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("level", finding.numbers.get("level"), finding.since_step, last)


def _flat(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    numbers = finding.numbers
    yield from _level("start", numbers.get("start"), first, last)
    if "trend_start" in numbers:
        ends = np.array([numbers["trend_start"], numbers["trend_end"]])
        yield _curve("trend", np.array([first, last]), ends)


def _fit(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    """The fitted power law, a quarter of the run further than the data."""
    numbers = finding.numbers
    if "fit_power" not in numbers:
        return
    step = np.linspace(max(first, 0.05 * last, 1.0), 1.25 * last, _FIT_POINTS)
    value = power_law_at(numbers, step)
    yield _curve("fit", step, value)


def power_law_at(numbers: Mapping[str, float], step: Floats) -> Floats:
    """The value floor + scale (step / fit_step)^-power, shape (n,), by the numbers of a finding."""
    part: Floats = (step / numbers["fit_step"]) ** -numbers["fit_power"]
    return numbers["fit_floor"] + numbers["fit_scale"] * part


def _spike(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("limit", finding.numbers.get("threshold"), first, last)
    yield from _level("usual", finding.numbers.get("base"), first, last)


def _usual(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("limit", finding.numbers.get("threshold"), first, last)
    yield from _level("usual", finding.numbers.get("usual"), first, last)


def _chance(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("ln C", finding.numbers.get("chance"), first, last)


def _slowdown(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    yield from _level("before", finding.numbers.get("before"), first, finding.since_step)
    yield from _level("after", finding.numbers.get("after"), finding.since_step, last)


_GUIDES: dict[str, Callable[[Finding, float, float], Iterator[Curve]]] = {
    "overfitting": _overfitting,
    "rebound": _rebound,
    "diverged": _start_and_limit,
    "oscillating": _band,
    "noisy": _band,
    "plateau": _plateau,
    "not_decreasing": _flat,
    "underfitting": _flat,
    "not_converged": _fit,
    "healthy": _fit,
    "spike": _spike,
    "grad_explosion": _usual,
    "grad_vanishing": _usual,
    "lr_zero": _usual,
    "chance_level": _chance,
    "slowdown": _slowdown,
}


# -- data ------------------------------------------------------------------------------------------


def _curve(label: str, step: Floats, value: Floats) -> Curve:
    view = SeriesView(label, "other", np.round(step).astype(np.int64), value, None, None)
    return Curve(label, "guide", view, guide=True)


def _span(curves: tuple[Curve, ...], otherwise: float) -> tuple[float, float]:
    ends = [float(end) for c in curves if len(c.view) for end in (c.view.step[0], c.view.step[-1])]
    return (min(ends), max(ends)) if ends else (otherwise, otherwise)


def _around(curves: tuple[Curve, ...], step: float) -> tuple[Curve, ...]:
    """The part of the curves near a step."""
    first, last = _span(curves, step)
    reach = max(_NEAR * (last - first), 1.0)
    near = []
    for curve in curves:
        view = curve.view
        a, b = np.searchsorted(view.step, (step - reach, step + reach))
        if b - a > 1:
            near.append(replace(curve, view=part_of(view, int(a), int(b))))
    return tuple(near) or curves


def _speed(update: RunUpdate) -> tuple[Curve, ...]:
    """Steps a second between rows of the train loss, from their times; else what was logged."""
    view = update.series.get(update.train or "")
    view = thinned(view) if view is not None else None
    if view is not None and view.time is not None:
        keep = np.isfinite(view.time)
        step, time = view.step[keep], view.time[keep]
        thin = max(1, len(step) // _SPEED_WINDOWS)
        step, time = step[::thin], time[::thin]
        took, made = np.diff(time), np.diff(step)
        good = (took > 0) & (made > 0)
        if good.sum() >= 2:
            speed = SeriesView(
                "steps/s",
                "throughput",
                step[1:][good],
                (made / np.where(took > 0, took, 1))[good],
                None,
                None,
            )
            return (Curve("steps/s", "other", speed),)
    logged = [v for v in update.series.values() if v.role == "throughput" and len(v) > 1]
    return (Curve(logged[0].name, "other", logged[0]),) if logged else ()
