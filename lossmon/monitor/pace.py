"""How often rows come and how fast steps go, learned from the run itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

_NEWEST = 64  # arrivals and row times that the pace is learned from


@dataclass
class Pace:
    """The rhythm of a run.

    Attributes:
        seen_live: rows arrived while we watched, so silence means something.
    """

    seen_live: bool = False
    _gaps: deque[float] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    _points: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    _last_time: float | None = None

    def note(self, time: float, step: int | None, live: bool) -> None:
        """A row of `step` was there at `time` (its own time, or when it was seen)."""
        if self._last_time is not None:
            if time > self._last_time:
                self._gaps.append(time - self._last_time)
                self.seen_live = self.seen_live or live
            elif time < self._last_time:
                return
        self._last_time = time
        if step is not None:
            if self._points and step < self._points[-1][1]:
                self._points.clear()  # resumed from an earlier step
            self._points.append((time, step))

    @property
    def usual_gap_s(self) -> float | None:
        """Median seconds between rows; None before three gaps were seen."""
        return median(self._gaps) if len(self._gaps) >= 3 else None

    @property
    def steps_per_s(self) -> float | None:
        """Speed over the newest rows; None where no two times are known."""
        if len(self._points) < 2:
            return None
        (t0, s0), (t1, s1) = self._points[0], self._points[-1]
        return (s1 - s0) / (t1 - t0) if t1 > t0 and s1 > s0 else None
