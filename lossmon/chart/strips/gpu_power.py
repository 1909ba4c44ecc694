"""What the GPUs of a run take, their mean."""

from __future__ import annotations

from lossmon.chart.strips import Strip
from lossmon.words import said

STRIP = Strip(lambda update, _: update.vitals.get("GPU power"), label=said("GPU, W"))
