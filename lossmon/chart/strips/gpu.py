"""How busy the GPUs of a run are."""

from __future__ import annotations

from dataclasses import replace

from lossmon.chart.strips import Strip
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate

_LOAD = ("util", "busy", "percent")


def _gpu(update: RunUpdate, _: float) -> SeriesView | None:
    """What the machine said while we watched; else what the training logged."""
    if update.gpu_use is not None and len(update.gpu_use) > 1:
        return replace(update.gpu_use, name="GPU %")
    return next((view for name, view in update.series.items() if _is_gpu_load(name)), None)


def _is_gpu_load(name: str) -> bool:
    """How busy a GPU is: "gpu_util", "utilization.gpu", "system.gpu.0.gpu"."""
    low = name.lower()
    return "gpu" in low and (
        any(word in low for word in _LOAD) or (low.endswith(".gpu") and low.count("gpu") > 1)
    )


STRIP = Strip(_gpu)
