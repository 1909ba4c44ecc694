"""How hot the hottest GPU of a run is."""

from __future__ import annotations

from lossmon.chart.strips import Strip
from lossmon.words import said

STRIP = Strip(lambda update, _: update.vitals.get("GPU temperature"), label=said("GPU, °C"))
