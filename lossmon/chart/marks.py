"""What is marked on the curves: findings, the best eval, restarts, learning rate, epochs."""

from __future__ import annotations

import math

import numpy as np

from lossmon.chart.growing import course_of
from lossmon.chart.spec import Mark
from lossmon.history.columns import Floats, SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.text import printable
from lossmon.words import known, said

_SEVERITY_STYLE = {"critical": "mark_critical", "warning": "mark_warning", "info": "mark_info"}
_MARKED_INFO = ("spike", "not_converged")  # of the mild findings, those with a place on the curve
_FEWEST_EVALS = 4  # of which one can be called the best
_JUMP = 1.5  # times up or down: a learning rate that jumps
_ABRUPT = 4.0  # times the usual change beside it, so that no smooth schedule counts
_MOST_JUMPS = 6
_LONGEST = 20  # characters of a stage's name
_MOST_EPOCHS = 40
_SAMPLES = 20_000  # of a long learning rate that are looked at


def marks_of(update: RunUpdate) -> tuple[Mark, ...]:
    """The marks of a run, the most important first."""
    return (
        *onsets_of(update),
        *_best_eval(update),
        *(Mark(step, "mark_info", said("resumed")) for step in update.restarts[-3:]),
        *(
            Mark(stage.step, "mark_info", printable(stage.name[:_LONGEST]))
            for stage in update.stages[1:]
        ),
        *_rate_changes(update.series.get(update.learning_rate or "")),
        *_epochs(update.series.get(update.train or "")),
    )


def onsets_of(update: RunUpdate) -> tuple[Mark, ...]:
    """Where each finding with a place on the curve began, worst first."""
    marks = []
    for finding in update.diagnosis.findings:
        if finding.severity != "info" or finding.pattern in _MARKED_INFO:
            step = int(finding.numbers.get("spike_step", finding.since_step))
            label = known(finding.pattern.replace("_", " "))
            marks.append(Mark(step, _SEVERITY_STYLE[finding.severity], label))
    return tuple(marks)


def _best_eval(update: RunUpdate) -> tuple[Mark, ...]:
    """The best evaluation, where it is not the newest."""
    best = update.best
    view = None if best is None else update.series.get(best.metric)
    if best is None or view is None or len(view) < _FEWEST_EVALS or best.step == view.step[-1]:
        return ()
    return (Mark(best.step, "mark_best", said("best eval {value:.4g}", value=best.value)),)


def _rate_changes(view: SeriesView | None) -> tuple[Mark, ...]:
    """Where the learning rate jumped; a smooth schedule has no such place."""
    if view is None or len(view) < 3:
        return ()
    stride = max(1, len(view) // _SAMPLES)
    rate, step = view.value[::stride], view.step[::stride]
    usable = np.isfinite(rate) & (rate > 0)
    rate, step = rate[usable], step[usable]
    change = np.diff(np.log(rate))
    size, absolute = np.abs(change), np.abs(np.diff(rate))
    candidates = np.flatnonzero(size > math.log(_JUMP))
    if len(candidates) > len(size) // 4 + 1:
        return ()  # it changes by as much all the time
    # Abrupt as a ratio and as a difference: a line that falls to 0 is only the former.
    found = [at for at in candidates.tolist()[:200] if _abrupt(size, at) and _abrupt(absolute, at)]
    found.sort(key=lambda at: -size[at])
    return tuple(
        Mark(int(step[at + 1]), "mark_info", _times(float(np.exp(change[at]))))
        for at in sorted(found[:_MOST_JUMPS])
    )


def _abrupt(size: Floats, at: int) -> bool:
    """Whether a change is far larger than those beside it."""
    beside = np.concatenate((size[max(0, at - 5) : at], size[at + 1 : at + 6]))
    return len(beside) > 0 and bool(size[at] > _ABRUPT * float(np.median(beside)))


def _times(ratio: float) -> str:
    most = max(ratio, 1 / ratio)
    figure = f"{most:.2g}" if most < 1e4 else f"{most:.0e}".replace("e+0", "e").replace("e+", "e")
    return said("lr x{figure}", figure=figure) if ratio > 1 else said("lr /{figure}", figure=figure)


def _epochs(view: SeriesView | None) -> tuple[Mark, ...]:
    """Where epochs begin; none where there are too many to tell apart."""
    if view is None or view.epoch is None:
        return ()
    epoch, step = view.epoch, view.step
    if not course_of(view, "epoch").tidy:
        finite = np.isfinite(epoch)
        epoch, step = epoch[finite], step[finite]
        if np.any(np.diff(epoch) < 0):
            return ()
    if len(epoch) < 2:
        return ()
    first, last = math.floor(epoch[0]) + 1, math.floor(epoch[-1])
    if not 0 <= last - first < _MOST_EPOCHS:
        return ()
    starts = np.searchsorted(epoch, np.arange(first, last + 1), side="left")
    return tuple(Mark(int(step[at]), "mark_epoch") for at in starts.tolist())
