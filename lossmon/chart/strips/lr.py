"""The learning rate, as it is logged."""

from __future__ import annotations

from lossmon.chart.strips import Strip

STRIP = Strip(lambda update, _: update.series.get(update.learning_rate or ""))
