"""How fast it goes: what the log says, else steps a second by the times of its rows."""

from __future__ import annotations

import numpy as np

from lossmon.chart.growing import thinned
from lossmon.chart.strips import Strip
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate
from lossmon.words import known


def _throughput(update: RunUpdate, _: float) -> SeriesView | None:
    """A metric of throughput; else steps a second by the times of the rows."""
    for view in update.series.values():
        if view.role == "throughput" and len(view) > 1:
            return view
    train = update.series.get(update.train or "")
    if train is None or train.time is None or len(train) < 3:
        return None
    train = thinned(train)
    assert train.time is not None
    seconds = np.diff(train.time)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(seconds > 0, np.diff(train.step) / seconds, np.nan)
    usable = np.isfinite(rate)
    if not usable.any():
        return None
    after = np.flatnonzero(usable) + 1
    epoch = None if train.epoch is None else train.epoch[after]
    return SeriesView(known("steps/s"), "other", train.step[after], rate[usable], epoch,
                      train.time[after])  # fmt: skip


STRIP = Strip(_throughput)
