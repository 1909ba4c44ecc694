"""Eval less train: how far what is learned fails to carry over."""

from __future__ import annotations

import numpy as np

from lossmon.chart.growing import known_of, thinned
from lossmon.chart.smoothing import smooth
from lossmon.chart.strips import Strip
from lossmon.diagnosis import statistics as st
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.words import said


def _gap(update: RunUpdate, smoothing: float) -> SeriesView | None:
    """Eval less train as drawn: the smoothed train loss at the steps of the evaluations."""
    train, evals = update.series.get(update.train or ""), update.series.get(update.eval or "")
    if train is None or evals is None or not len(train) or len(evals) < 2:
        return None
    evals = thinned(evals)
    known = known_of(train)
    if known is None:
        step, level = train.step, smooth(train.value, smoothing)
        finite = np.isfinite(level)
        step, level = step[finite], level[finite]
    else:  # only the train points on either side of an evaluation are looked at
        after = np.searchsorted(train.step, evals.step)
        around = st.distinct(np.clip(np.concatenate((after - 1, after)), 0, len(train) - 1))
        step, level = train.step[around], known.smoothed(train, smoothing, log=False).value[around]
        step, level = step[np.isfinite(level)], level[np.isfinite(level)]
    if not len(level):
        return None
    gap = evals.value - np.interp(evals.step, step, level)
    return SeriesView("gap", "other", evals.step, gap, evals.epoch, evals.time)


STRIP = Strip(_gap, label=said("eval - train"))
