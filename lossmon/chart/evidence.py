"""The picture of a finding: the curve that shows it, and what it was judged by drawn on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lossmon.chart.growing import course_of, thinned
from lossmon.chart.of_run import curves_of
from lossmon.chart.picture import Curve, Mark
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.pattern import Level, Picture, Trend
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.history.columns import Floats, SeriesView, part_of
from lossmon.history.rates import step_rates
from lossmon.monitor.update import RunUpdate
from lossmon.words import Said, known, said

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
    picture = PATTERNS[finding.pattern].picture
    shown = _metric(update, picture, finding)
    speed = picture.curve == "speed"
    data = _speed(update) if speed else curves_of(update, (shown,) if shown else ())
    if picture.near:
        data = _around(data, finding.numbers.get(picture.near, finding.since_step))
    first, last = _span(data, finding.since_step)
    guides = tuple(_guides(finding, first, last)) if data else ()
    marks = tuple(mark for mark in _marks(update, finding, picture) if mark.step > first)
    decades = picture.log_far and _spans_decades(finding, data)
    return Evidence(shown or "loss", guides + data, marks, decades, bool(picture.near))


def _spans_decades(finding: Finding, data: tuple[Curve, ...]) -> bool:
    """A loss that shot up hides everything before on a linear axis."""
    start = finding.numbers.get("start", 0.0)
    if start <= 0:
        return False
    highest = [course_of(curve.view, "value").greatest for curve in data]
    return max(highest, default=0.0) > _DECADES * start


def _metric(update: RunUpdate, picture: Picture, finding: Finding) -> str | None:
    """The metric to draw; None for the loss, train and eval on one chart."""
    losses = (update.train, update.eval, update.learning_rate)
    if picture.curve == "loss" and finding.metric in update.series.keys() - {*losses}:
        return finding.metric  # a reward, a loss scale, memory
    if picture.curve == "grad_norm":
        return update.grad_norm
    if picture.curve == "learning_rate":
        return update.learning_rate
    return "steps/s" if picture.curve == "speed" else None


def _marks(update: RunUpdate, finding: Finding, picture: Picture) -> Iterator[Mark]:
    style = _STYLE[finding.severity]
    numbers = {"since_step": finding.since_step, **finding.numbers}
    if picture.every == "restart":
        yield from (Mark(step, style, said("resumed")) for step in update.restarts[-_MOST_MARKS:])
    elif picture.every == "epoch":
        for i, step in enumerate(_epoch_starts(update)):
            yield Mark(int(step), style, said("epoch") if i == 0 else "")
    for mark in picture.marks:
        if mark.step in numbers:
            label = Said(mark.label, numbers)
            yield Mark(int(numbers[mark.step]), "mark_info" if mark.calm else style, label)


def _epoch_starts(update: RunUpdate) -> list[float]:
    """The first step of each epoch after the first, the newest where there are many."""
    view = update.series.get(update.train or "")
    if view is None or view.epoch is None or len(view) < 2:
        return []
    whole = np.floor(view.epoch)
    starts = np.flatnonzero(np.diff(whole) >= 1) + 1
    return [float(step) for step in view.step[starts][-_MOST_MARKS:]]


# -- lines over the curve --------------------------------------------------------------------------


def _guides(finding: Finding, first: float, last: float) -> Iterator[Curve]:
    """The lines that the pattern declares; those whose numbers are not known are left out."""
    numbers = {**finding.numbers, "first": first, "last": last, "since_step": finding.since_step}
    for line in PATTERNS[finding.pattern].picture.lines:
        if isinstance(line, Level):
            since, until = numbers.get(line.since, first), numbers.get(line.until, last)
            yield from _level(line.label, numbers.get(line.value), since, until)
        elif isinstance(line, Trend):
            if line.start in numbers and line.end in numbers:
                ends = np.array([numbers[line.start], numbers[line.end]])
                yield _curve(line.label, np.array([first, last]), ends)
        elif "fit_power" in numbers:
            step = np.linspace(max(first, 0.05 * last, 1.0), 1.25 * last, _FIT_POINTS)
            yield _curve(line.label, step, power_law_at(numbers, step))


def _level(label: str, value: float | None, start: float, end: float) -> Iterator[Curve]:
    """A level line from one step to another."""
    if value is None or not np.isfinite(value) or end <= start:
        return
    yield _curve(label, np.array([start, end]), np.array([value, value]))


def power_law_at(numbers: Mapping[str, float], step: Floats) -> Floats:
    """The value floor + scale (step / fit_step)^-power, shape (n,), by the numbers of a finding."""
    part: Floats = (step / numbers["fit_step"]) ** -numbers["fit_power"]
    return numbers["fit_floor"] + numbers["fit_scale"] * part


# -- data ------------------------------------------------------------------------------------------


def _curve(label: str, step: Floats, value: Floats) -> Curve:
    view = SeriesView(label, "other", np.round(step).astype(np.int64), value, None, None)
    return Curve(known(label), "guide", view, guide=True)


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
        after, rate = step_rates(step, time)
        if len(rate) >= 2:
            speed = SeriesView("steps/s", "throughput", step[after], rate, None, None)
            return (Curve("steps/s", "other", speed),)
    logged = [v for v in update.series.values() if v.role == "throughput" and len(v) > 1]
    return (Curve(logged[0].name, "other", logged[0]),) if logged else ()
