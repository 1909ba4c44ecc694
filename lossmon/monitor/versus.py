"""Is a run behind another one? A difference counts where the noise of both does not explain it.

`Baseline` says on the screen, at each redraw, how far a run is from another; here the question is
asked once and decides whether a job fails, so that the difference has to be measured with its
error: values of both at the same places are subtracted, which cancels what both curves do there,
and the scatter of these differences holds the noise of both runs as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.kind import kind_of
from lossmon.diagnosis.measures import Names, judged
from lossmon.history.columns import Floats, SeriesView
from lossmon.monitor.update import RunUpdate

Axis = Literal["step", "time"]
Standing = Literal["behind", "ahead", "level"]

_SHARE = 0.1  # of what both have: the newest part, in which they are compared
_WANTED, _LEAST = 8, 5  # points there: of fewer than 5 no scatter can be told
_HALF = 2  # of the shared points at most: what came before says nothing of now
_SURE = 3.0902  # standard errors for a chance of 1 in 1,000 on one side, of many points


@dataclass(frozen=True)
class Versus:
    """How a run stands against another.

    Attributes:
        base: the name of the other.
        metric: what is compared, by the name that it has in the run.
        at: whether at the same step, or as many seconds after each run's first row.
        place: the newest step, or second, that both have.
        level, base_level: means over the places that are compared.
        error: standard error of their difference.
        limit: how many of these the difference has to be, by Student's t for so few points.
        rises: more is better, as of a reward.
    """

    base: str
    metric: str
    at: Axis
    place: float
    level: float
    base_level: float
    error: float
    limit: float
    rises: bool = False

    @property
    def share(self) -> float:
        """The difference as a part of the other's level; positive is more, infinite of nothing."""
        apart = self.level - self.base_level
        return apart / abs(self.base_level) if self.base_level else math.copysign(math.inf, apart)

    @property
    def errors(self) -> float:
        """The difference in standard errors."""
        apart = abs(self.level - self.base_level)
        return apart / self.error if self.error else math.inf if apart else 0.0

    def standing(self, margin: float) -> Standing:
        """Behind or ahead where chance does not explain it and the margin does not forgive it.

        Args:
            margin: differences that do not count, as a share of the other's level.
        """
        if not math.isfinite(self.level):
            return "behind"
        if self.errors <= self.limit or abs(self.share) <= margin:
            return "level"
        return "ahead" if (self.share > 0) == self.rises else "behind"


def versus(run: RunUpdate, base: RunUpdate, at: Axis = "step") -> Versus | None:
    """How a run stands against another; None where they have too little in common.

    Held-out data decides where both have enough of it: a run that regularises more is behind on
    what it trains on, and is meant to be.
    """
    mine, theirs = dict(_curves(run)), dict(_curves(base))
    for role in ("eval_loss", "train_loss"):
        if role in mine and role in theirs and mine[role][1] == theirs[role][1]:
            view, rises = mine[role]
            points = _points(run, view, at), _points(base, theirs[role][0], at)
            found = _compared(*points)
            if found is not None:
                return Versus(base.run, view.name, at, *found, rises=rises)
    return None


def closest(found: Sequence[Versus], margin: float) -> tuple[Standing, Versus]:
    """How a run stands against several that should be alike, as runs of other seeds are.

    It is behind where it is behind all of them, so that what seeds do is not taken for its own.
    """
    standings = {one.standing(margin) for one in found}
    nearest = min(found, key=lambda one: abs(one.share) if math.isfinite(one.share) else math.inf)
    return (standings.pop() if len(standings) == 1 else "level"), nearest


def _curves(run: RunUpdate) -> Iterator[tuple[str, tuple[SeriesView, bool]]]:
    """Role -> curve and whether more of it is better, as the doctor judges the run."""
    chosen = {"train_loss": run.train, "eval_loss": run.eval}
    by = judged(
        kind_of(run.series), Names(run.series), run.series,
        {role: name for role, name in chosen.items() if name},
    )  # fmt: skip
    for role in chosen:
        view = run.series.get(by.roles.get(role, ""))
        if view is not None and len(view):
            yield role, (view, by.rises and role == "train_loss")


def _points(run: RunUpdate, view: SeriesView, at: Axis) -> tuple[Floats, Floats]:
    """Places and values, shape (n,) each, places ascending; empty where the log has no times."""
    if at == "step":
        return view.step.astype(np.float64), view.value
    if view.time is None:
        return np.empty(0), np.empty(0)
    first = min(
        float(np.nanmin(one.time))
        for one in run.series.values()
        if one.time is not None and np.isfinite(one.time).any()
    )
    place = np.fmax.accumulate(view.time - first)  # a clock that is set back stands still
    known = np.isfinite(place)
    return place[known], view.value[known]


def _compared(
    mine: tuple[Floats, Floats], theirs: tuple[Floats, Floats]
) -> tuple[float, float, float, float, float] | None:
    """(place, level, level of the other, standard error, limit); None of too few points."""
    if not len(mine[0]) or not len(theirs[0]):
        return None
    place, level = mine
    first, last = max(place[0], theirs[0][0]), min(place[-1], theirs[0][-1])
    newest = level[place <= last][-_LEAST:]
    if len(newest) and not np.isfinite(newest).any():
        return last, math.nan, _finite_mean(theirs, last), 0.0, 0.0
    mine, theirs = (_finite(*one) for one in (mine, theirs))
    shared = [place[(place >= first) & (place <= last)] for place, _ in (mine, theirs)]
    places = min(shared, key=len)  # of the one that logs more rarely: nothing is made up between
    recent = int(np.count_nonzero(places >= last - _SHARE * (last - first)))
    count = max(recent, min(_WANTED, max(_LEAST, len(places) // _HALF)))
    places = places[-count:]
    if len(places) < _LEAST:
        return None
    here, there = (np.interp(places, *one) for one in (mine, theirs))
    apart = here - there
    error, freedom = _without_drift(apart) or _error_of_mean(apart)
    return last, float(here.mean()), float(there.mean()), error, _student(max(2.0, freedom))


def _error_of_mean(apart: Floats, taken: int = 1) -> tuple[float, float]:
    """Standard error of the mean of a series with memory, and how many degrees of freedom it has.

    Args:
        apart: shape (n,).
        taken: what was fitted to it.
    """
    telling = len(apart) / st.memory(apart - st.median(apart))
    spread = math.sqrt(float(np.var(apart)) * len(apart) / (len(apart) - taken))
    return spread / math.sqrt(telling), telling - taken


def _without_drift(apart: Floats) -> tuple[float, float] | None:
    """The same where a run draws away from the other: how it does so is no noise.

    One that rose from 0.5 to 3.5 beside a baseline at 0.5 was level with it: its way up was taken
    for scatter. Of two with nothing but noise this adds at most 0.07 to the chance of a false
    answer, and that where their noise has a memory as long as all that is compared.
    """
    place = np.arange(len(apart)) - (len(apart) - 1) / 2
    slope = float(place @ apart) / float(place @ place)
    level = float(apart.mean())
    if slope * level <= 0 or not (apart * level > 0).all():
        return None
    return _error_of_mean(apart - slope * place, taken=2)


def _finite(place: Floats, value: Floats) -> tuple[Floats, Floats]:
    keep = np.isfinite(value)
    return place[keep], value[keep]


def _finite_mean(points: tuple[Floats, Floats], last: float) -> float:
    place, value = _finite(*points)
    newest = value[place <= last][-_LEAST:]
    return float(newest.mean()) if len(newest) else math.nan


def _student(freedom: float) -> float:
    """The quantile of Student's t that a normal variable passes once in 1,000 times.

    Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), within 6 % from 4 degrees on.
    """
    z = _SURE
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))
