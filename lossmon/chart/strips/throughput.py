"""How fast it goes: what the log says, else steps a second by the times of its rows."""

from __future__ import annotations

from lossmon.chart.growing import thinned
from lossmon.chart.strips import Strip
from lossmon.history.columns import SeriesView
from lossmon.history.rates import step_rates
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
    after, rate = step_rates(train.step, train.time)
    if not len(rate):
        return None
    epoch = None if train.epoch is None else train.epoch[after]
    return SeriesView(known("steps/s"), "other", train.step[after], rate, epoch,
                      train.time[after])  # fmt: skip


STRIP = Strip(_throughput)
