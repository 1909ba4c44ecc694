"""How much memory the fullest GPU of a run holds."""

from __future__ import annotations

from lossmon.chart.strips import Strip
from lossmon.words import said

STRIP = Strip(lambda update, _: update.vitals.get("GPU memory"), label=said("GPU memory, GB"))
