"""How the chart is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lossmon.chart.window import Window

SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)


def next_smoothing(weight: float) -> float:
    """The next stronger smoothing, after the strongest none; a weight of config.toml may be any."""
    return next((one for one in SMOOTHINGS if one > weight), SMOOTHINGS[0])


@dataclass(frozen=True)
class ChartOptions:
    """How the chart is looked at.

    Attributes:
        smoothing: weight of the past, in [0, 1).
        log_y: a logarithmic y axis; None for one where a linear one would flatten the curves.
        log_x: a logarithmic x axis.
        x_axis: one of `lossmon.chart.axis.X_AXES`.
        metrics: what is charted; empty for train and eval loss.
        window: the part of the x axis that is shown; None for the whole run.
        whole_y: the y range holds every value, also spikes.
        strip: which strip is below, one of `lossmon.chart.strips.NAMES`, or "off".
    """

    smoothing: float = 0.6
    log_y: bool | None = None
    x_axis: str = "step"
    metrics: tuple[str, ...] = ()
    log_x: bool = False
    window: Window | None = None
    whole_y: bool = False
    strip: str = "gap"

    def of_another_run(self) -> ChartOptions:
        """The same look at the whole of another run."""
        return replace(self, metrics=(), window=None)
