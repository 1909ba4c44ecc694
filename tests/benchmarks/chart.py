"""What a picture costs, beside plotext given the same points, and beside plotext given all of them.

    python -m tests.benchmarks.chart

Processor milliseconds, median of five, the three in turn; of a picture those after the first, as
for each row of a run that grows. plotext has no window and no reduction of its own: with all points
it is what a chart costs without ours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import plotext

from lossmon.chart.picture import ChartSpec, Curve, Window, draw
from lossmon.chart.reduce import reduce
from lossmon.history.columns import SeriesView, Source

SIZES = ((40, 10), (80, 24), (160, 45))
POINTS = (1_000, 100_000, 1_000_000, 10_000_000)
_MOST = 100_000  # points that plotext is given whole: a million take it a minute


def loss(n: int) -> SeriesView:
    """A noisy loss that falls."""
    step = np.arange(1, n + 1)
    noise = np.random.default_rng(0).normal(0, 0.05, n)
    value = 2 * step**-0.2 + noise
    return SeriesView("loss", "train_loss", step, value, None, step * 1.0, Source())


def with_plotext(x: np.ndarray, y: np.ndarray, width: int, height: int) -> None:
    """The curve as plotext draws it."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.plot(x.tolist(), y.tolist(), marker="braille")
    plotext.build()


def cost(work: Callable[[], object]) -> float:
    """Processor milliseconds of a call."""
    work()
    spent = []
    for _ in range(5):
        begin = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - begin))
    return statistics.median(spent)


def main() -> None:
    """Print the table."""
    print(
        f"{'points':>10} {'size':>7} {'picture':>8} {'zoomed':>8} {'plotext':>8} {'plotext, all':>13}"
    )
    for n in POINTS:
        view = loss(n)
        x, y = view.step.astype(float), view.value
        curves = (Curve("train", "train", view),)
        for width, height in SIZES:
            whole = ChartSpec(curves, width, height, smoothing=0.6)
            part = ChartSpec(curves, width, height, smoothing=0.6, window=Window(0.4 * n, 0.5 * n))
            few = reduce(x, y, (x[0], x[-1]), width)
            figures = [cost(partial(draw, spec)) for spec in (whole, part)]
            figures.append(cost(partial(with_plotext, *few, width, height)))
            every = "-"
            if n <= _MOST:
                every = f"{cost(partial(with_plotext, x, y, width, height)):.0f}"
            cells = " ".join(f"{figure:8.0f}" for figure in figures)
            print(f"{n:10,} {width:>4}x{height} {cells} {every:>13}", flush=True)


if __name__ == "__main__":
    main()
