"""How long a poll takes in rows, so that a screen gets its turn while a backlog is read."""

from __future__ import annotations

_USUAL_S = 0.15  # of processor that a poll takes in rows for; the rest has its turn at the next
_MOST_S = 1.0  # where what follows takes longer (300 runs judged), as long as that, up to this
FIRST_S = 0.01  # of the first poll, so that something is shown soon; then doubled


def slice_after(slice_s: float, judged_s: float) -> float:
    """Seconds that the next poll takes in rows, where this one left some.

    A fixed slice beside a judgement without a bound lost the race where the processor was short:
    of 300 runs a poll judged for half a second after reading for 0.15, and the backlog only grew.
    """
    return min(2 * slice_s, max(_USUAL_S, min(judged_s, _MOST_S)))
