"""How often rows come, in bursts or not, and how fast steps go: learned from the run itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_NEWEST = 64  # arrivals and row times that the pace is learned from
_PAUSE_GAPS = 5.0  # a gap of so many usual ones is a pause: an evaluation, a checkpoint
_PAUSES = 8  # newest pauses kept
_BURST_ROWS = 3.0  # rows that come together, of different steps, in a writer that buffers
_BURST_S = 4.0  # between them; what comes closer is told apart by no poll of ours

STALL_S = 300.0  # words: no new line for max(5 min, 10 x the usual gap) is a stall
STALL_GAPS = 10.0
STALL_BURSTS = 3.0  # a full buffer comes round regularly
STALL_PAUSES = 2.0  # and so does a pause that was seen twice
QUIET_S = 60.0  # silence up to which nothing is said of it
QUIET_GAPS = 3.0
LATE_S = 15.0  # silence up to which even of rows a second nothing is taken back
LATE_PAUSES = 1.25  # a pause that comes round is as usual as a gap, and no two are of one length


@dataclass(frozen=True)
class Rhythm:
    """How a run logs, as far as it was seen.

    Attributes:
        usual_gap_s: median seconds between rows; None before three gaps were seen.
        pause_s: a longer pause that came more than once; None where none did.
        burst_s: median seconds between bursts of a writer that buffers; None where none does.
        patience_s: silence before a run that goes on is taken as stalled.
    """

    usual_gap_s: float | None = None
    pause_s: float | None = None
    burst_s: float | None = None
    patience_s: float = STALL_S

    @property
    def quiet_s(self) -> float:
        """Silence after which it is called quiet, no longer running."""
        return min(max(QUIET_S, QUIET_GAPS * self._longest_s), self.patience_s)

    @property
    def late_s(self) -> float:
        """Silence after which speed and time left are not known, and what was said is old.

        Before it is called quiet: a run of a row a second stood there green, with a time left, for
        a minute after its last. A word would come and go with each evaluation; colours may.
        """
        if self.usual_gap_s is None:
            return self.quiet_s
        usual = max(QUIET_GAPS * self._longest_s, LATE_PAUSES * (self.pause_s or 0.0))
        return min(max(LATE_S, usual), self.quiet_s)

    @property
    def _longest_s(self) -> float:
        return max(self.usual_gap_s or 0.0, self.burst_s or 0.0)


def _median(values: Iterable[float]) -> float:
    """As in `statistics`, which brings fractions and decimals: 6 ms before the first curve."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


UNKNOWN = Rhythm()  # nothing was seen yet


class _Newest:
    """What the newest rows are learned by: gaps, longer ones, (time, step), (gap, rows)."""

    __slots__ = ("bursts", "gaps", "pauses", "points")

    def __init__(self, most: int = _NEWEST) -> None:
        self.gaps: deque[float] = deque(maxlen=most)
        self.pauses: deque[float] = deque(maxlen=min(most, _PAUSES))
        self.points: deque[tuple[float, int]] = deque(maxlen=most)
        self.bursts: deque[tuple[float, int]] = deque(maxlen=most)


_NONE = _Newest(0)  # of rows without times: four windows for each took a tenth of the memory


@dataclass
class Pace:
    """The rhythm of a run, as it is learned.

    Attributes:
        seen_live: rows arrived while we watched, so silence means something.
    """

    seen_live: bool = False
    _seen: _Newest = field(default_factory=lambda: _NONE)  # made with the first time
    _last_time: float | None = None
    _begun: bool = False
    _last_arrival: float | None = None
    _usual: float | None = None  # the median when it was last needed
    _rhythm: Rhythm | None = UNKNOWN

    def note(self, time: float | None, step: int | None, live: bool) -> None:
        """A row of `step` was there at `time`: its own, or when it came while we watched.

        None where neither is known: a log of 3,000 rows without times was read in two parts, and
        had 2,000 steps a second.
        """
        begun, self._begun = self._begun, True
        if time is None:
            return
        self._rhythm = None
        seen = self._begin()
        if self._last_time is None:
            self.seen_live = self.seen_live or (live and begun)
        else:
            if time > self._last_time:
                gap = time - self._last_time
                seen.gaps.append(gap)
                if self._usual is not None and gap > _PAUSE_GAPS * self._usual:
                    seen.pauses.append(gap)
                self.seen_live = self.seen_live or live
            elif time < self._last_time:
                return
        self._last_time = time
        if step is not None:
            if seen.points and step < seen.points[-1][1]:
                seen.points.clear()  # resumed from an earlier step
            seen.points.append((time, step))

    def _begin(self) -> _Newest:
        if self._seen is _NONE:
            self._seen = _Newest()
        return self._seen

    def arrived(self, now: float, steps: int) -> None:
        """While we watched, rows of so many different steps came at once."""
        if self._last_arrival is not None:
            self._begin().bursts.append((now - self._last_arrival, steps))
            self._rhythm = None
        self._last_arrival = now

    @property
    def rhythm(self) -> Rhythm:
        """What was learned so far."""
        if self._rhythm is None:
            self._rhythm = self._learn()
        return self._rhythm

    @property
    def usual_gap_s(self) -> float | None:
        """Median seconds between rows; None before three gaps were seen."""
        return self.rhythm.usual_gap_s

    @property
    def steps_per_s(self) -> float | None:
        """Speed over the newest rows; None where no two times are known."""
        points = self._seen.points
        if len(points) < 2:
            return None
        (t0, s0), (t1, s1) = points[0], points[-1]
        return (s1 - s0) / (t1 - t0) if t1 > t0 and s1 > s0 else None

    def _learn(self) -> Rhythm:
        seen = self._seen
        usual = _median(seen.gaps) if len(seen.gaps) >= 3 else None
        self._usual = usual
        pauses = sorted(seen.pauses)
        pause = pauses[-2] if len(pauses) >= 2 else None  # once may have been a stall
        burst = None
        if len(seen.bursts) >= 3:
            apart = _median(gap for gap, _ in seen.bursts)
            together = _median(steps for _, steps in seen.bursts)
            burst = apart if apart >= _BURST_S and together >= _BURST_ROWS else None
        patience = max(
            STALL_S,
            STALL_GAPS * (usual or 0.0),
            STALL_BURSTS * (burst or 0.0),
            STALL_PAUSES * (pause or 0.0),
        )
        return Rhythm(usual, pause, burst, patience)
