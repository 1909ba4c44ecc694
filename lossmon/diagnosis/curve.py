"""The loss curve as patterns see it: levels, falls and noise, each measured once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats
from lossmon.history.summary import Sketch
from lossmon.words import said


@dataclass(frozen=True, eq=False)
class LossCurve:
    """The train loss as patterns see it: bucket means in step order.

    Or what takes its place (see `lossmon.diagnosis.kind`): of a reward the negative, so that less
    is better of any curve; words are about `shown` values.

    Attributes:
        name: the metric.
        sketch: its summary.
        rises: more of the metric is better: the sketch holds its negative.
    """

    name: str
    sketch: Sketch
    rises: bool = False

    def shown(self, value: float) -> float:
        """A value as it was logged."""
        return -value if self.rises else value

    @property
    def fell(self) -> str:
        """What the logged values do where the curve gets better."""
        return said("rose") if self.rises else said("fell")

    @property
    def rose(self) -> str:
        """What they do where it gets worse."""
        return said("fell") if self.rises else said("rose")

    @property
    def noun(self) -> str:
        """What the curve is, in a sentence."""
        return self.name if self.rises else said("the loss")

    @property
    def n(self) -> int:
        """Points as logged."""
        return self.sketch.n

    @property
    def value(self) -> Floats:
        """Bucket means, shape (k,)."""
        return self.sketch.mean

    @property
    def step(self) -> Floats:
        """Bucket centres, shape (k,)."""
        return self.sketch.step

    @cached_property
    def sigma(self) -> float:
        """Noise of one bucket mean; the largest of three views, as smoothed logs fool each."""
        return max(self._jitter, st.mad(self._rest[int(0.3 * len(self.value)) :]))

    @cached_property
    def _jitter(self) -> float:
        """Noise between neighbours."""
        tail = self.value[int(0.3 * len(self.value)) :]
        return max(st.noise(tail), st.curve_noise(tail))

    @cached_property
    def _rest(self) -> Floats:
        """The curve without its trend."""
        return st.detrend(self.value, max(4, min(24, len(self.value) // 16)))

    @cached_property
    def memory(self) -> float:
        """Buckets of noise that count as one (see `statistics.memory`)."""
        return st.memory(self._rest[int(0.2 * len(self._rest)) :])

    def error_of(self, buckets: float) -> float:
        """Standard error of a median over so many buckets."""
        return float(1.25 * self.sigma * min(1.0, self.memory / max(1.0, buckets)) ** 0.5)

    @cached_property
    def blocks(self) -> Floats:
        """At most 32 block medians of at least three buckets each (one where there are few)."""
        return st.blocks(self.value, 32 if len(self.value) >= 96 else max(4, len(self.value) // 3))

    @cached_property
    def block_error(self) -> float:
        """Standard error of a block median, from the blocks and from the noise within."""
        size = max(1.0, len(self.value) / len(self.blocks))
        return max(st.curve_noise(self.blocks), self.error_of(size))

    @cached_property
    def least_error(self) -> float:
        """The same where the noise has no memory: a step in a short run looks like one."""
        size = max(1.0, len(self.value) / len(self.blocks))
        return max(st.curve_noise(self.blocks), float(1.25 * self._jitter / size**0.5))

    @cached_property
    def start(self) -> float:
        """Head level: the median of the first points that are numbers."""
        head = self.sketch.head[np.isfinite(self.sketch.head)]
        if not len(head):
            head = self.value[:3]
        return st.median(head[: max(3, min(len(head), self.n // 100))]) if len(head) else 0.0

    @cached_property
    def end(self) -> float:
        """End level: the median of the last tenth."""
        return st.end_level(self.value)

    @cached_property
    def trend(self) -> float:
        """Mann-Kendall z of the block medians."""
        return st.mann_kendall(self.blocks)

    @cached_property
    def smooth(self) -> Floats:
        """Running median of three, shape (k,)."""
        return st.median3(self.value)

    @cached_property
    def low(self) -> float:
        """The lowest level that was held for a while."""
        return st.low_level(self.value)

    @cached_property
    def low_at(self) -> int:
        """Bucket at which the lowest level was held."""
        smooth = self.smooth
        window = max(1, len(smooth) // 40)
        if window > 1:
            kernel = np.ones(window) / window
            smooth = np.convolve(smooth, kernel, "valid")
        return int(smooth.argmin()) + window // 2

    @property
    def drop(self) -> float:
        """Start level less end level."""
        return self.start - self.end

    @cached_property
    def drop_error(self) -> float:
        """Standard error of the drop."""
        head = min(3, self.n) if self.n < 300 else self.n // 100
        tail = max(3, len(self.value) // 10)
        width = self.sketch.width  # sigma is of bucket means, the head is of points
        first = 1.25 * self.sigma * (width * min(1.0, self.memory / head)) ** 0.5
        return float(np.hypot(first, self.error_of(tail)))

    @property
    def falls(self) -> bool:
        """It has fallen by more than noise and rounding explain."""
        return self.drop > 0.02 * self.scale and self.drop > 5 * self.drop_error

    @cached_property
    def scale(self) -> float:
        """What drops are compared with: the start level, or the span where losses go below 0."""
        low = float(self.value.min())
        return max(abs(self.start) if low > 0 else float(self.value.max()) - low, 1e-300)

    def level(self, share: float) -> float:
        """Median around a share of the run."""
        at, window = int(share * len(self.value)), max(1, len(self.value) // 40)
        return st.median(self.value[max(0, at - window) : at + window + 1])

    def left(self, share: float) -> float:
        """The part of the drop made after a share of the run; NaN where there is no drop."""
        return (self.level(share) - self.end) / self.drop if self.drop > 0 else float("nan")

    @cached_property
    def room(self) -> float:
        """How far it may have fallen beneath its noise, by two standard errors."""
        return self.room_of(2.0)

    def room_of(self, errors: float, since: float = 0.0) -> float:
        """How far it may have fallen beneath its noise, over the start level.

        It is the upper end, by so many standard errors, of the fall of a straight line through all
        that follows a share of the run.
        """
        values = self.value[int(since * len(self.value)) :]
        place, spread = st.places(len(values))
        fall = -float(place @ values) / max(spread, 1e-300)
        error = math.sqrt(st.variance_of(values)) * (12 * self.memory / len(values)) ** 0.5
        return float((fall + errors * error) / self.scale)

    @cached_property
    def swing(self) -> tuple[float, float]:
        """P95 - P5 of the detrended last 60 %, and the noise sigma there."""
        tail = self.value[int(0.4 * len(self.value)) :]
        if len(tail) < 8:
            return 0.0, 0.0
        trend = np.interp(
            np.arange(len(tail)), np.linspace(0, len(tail) - 1, 7), st.blocks(tail, 7)
        )
        rest = tail - trend
        p5, p15, p85, p95 = st.quantiles(rest, (0.05, 0.15, 0.85, 0.95))
        p95 = min(p95, p5 + (p85 - p15) / 0.25)  # single spikes in a short run are no swing
        # What a bucket of several points hides; the median, as a spike is no swing.
        inner = st.median(self.sketch.deviation[-len(tail) :])
        sigma = float(np.hypot(st.mad(st.steps(tail)) / 2**0.5, inner))
        return float(np.hypot(p95 - p5, 3.29 * inner)), sigma

    def at_step(self, bucket: int) -> int:
        """The step of a bucket."""
        return int(self.step[min(max(bucket, 0), len(self.step) - 1)])
