"""What a log lacks of its training at either end, and another log of it holds.

A JSON log whose writer died at step 2,000 has more rows than the text that went on to 4,000: by it
alone the run was healthy, and the text ended in NaN. The state of a checkpoint ends where the job
that was resumed from it goes on printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lossmon.history.columns import Floats, SeriesView, part_of
from lossmon.monitor.curves import Curves
from lossmon.monitor.kinship import evidence
from lossmon.monitor.one_axis import OneAxis
from lossmon.monitor.resumed import Source, series_of

_GAP = 0.99  # usual distances of rows: a source that lacks less is written at other steps
_BEHIND = 0.1  # of its steps, which a log that is written in blocks may lag while it grows
_LEFT_S = 60.0  # seconds: what was not written for so long while the other was, lags no more
_KNOWN = 64  # comparisons that are remembered
_SAME = 0.95  # share of the rows that agree which stand at the same step in both


@dataclass(frozen=True)
class Ends:
    """The sources that have a metric where its own has not.

    Attributes:
        before: of the rows before its first; None where it lacks none.
        after: of those behind its last.
    """

    before: Source | None = None
    after: Source | None = None

    def of(self, source: Source, axis: OneAxis) -> SeriesView:
        """All points of a metric; steps ascend."""
        own = _kept(source, axis)
        views = [own]
        if self.before is not None:
            other = _kept(self.before, axis)
            views.insert(0, part_of(other, 0, int(other.step.searchsorted(own.step[0]))))
        if self.after is not None:
            other = _kept(self.after, axis)
            start = int(other.step.searchsorted(own.step[-1], side="right"))
            views.append(part_of(other, start, len(other)))
        return SeriesView(
            own.name,
            own.role,
            np.concatenate([view.step for view in views]),
            np.concatenate([view.value for view in views]),
            _column([view.epoch for view in views], views),
            _column([view.time for view in views], views),
        )


NONE = Ends()


@dataclass
class Completion:
    """Finds for each metric what completes it; a comparison of two logs is made once."""

    _met: dict[tuple[int, ...], tuple[int, int] | None] = field(default_factory=dict)

    def of(
        self, source: Source, others: Sequence[Source], axis: OneAxis, known: Ends, over: bool
    ) -> Ends:
        """What completes a metric.

        Args:
            source: where most of its points come from.
            others: metrics of other logs that play the same role.
            axis: where logs lie.
            known: what completed it before.
            over: no more is to come.
        """
        if source[0].history.stages or len(series_of(source)) < 2:
            return NONE
        first, last, distance = _span(source, axis)
        found, most = NONE, (first, last)
        for other in others:
            if other[0] is source[0] or other[0].history.stages or len(series_of(other)) < 2:
                continue
            start, stop, apart = _span(other, axis)
            late = other[0].mtime - source[0].mtime > _LEFT_S
            lags = not (over or late or other == known.after)
            lags = lags and stop - last <= _BEHIND * (last - first)
            near = _GAP * max(distance, apart)
            begins = start < min(most[0], first - near)
            goes_on = stop > max(most[1], last + near) and not lags
            met = self._meet(source, other, axis) if begins or goes_on else None
            begins = begins and met is not None and met[0] <= first + near
            goes_on = goes_on and met is not None and met[1] >= last - near
            if begins or goes_on:
                found = Ends(other if begins else found.before, other if goes_on else found.after)
                most = (min(most[0], start), stop if goes_on else most[1])
        return found

    def _meet(self, source: Source, other: Source, axis: OneAxis) -> tuple[int, int] | None:
        """The first and the last step at which both have one row; None where steps differ.

        A printed log in which rows were lost is some steps off from there on.
        """
        one, two = source[0], other[0]
        places = [axis.places[log] for log in (one, two) if axis.moves(log)]
        if places:
            first, last, _ = _span(source, axis)
            return (first, last) if all(place.line is not None for place in places) else None
        key = id(one), one.generation, len(series_of(source)), id(two), two.generation
        if key not in self._met:
            proof = evidence(Curves(one), Curves(two))
            same = np.zeros(1, bool) if proof is None else proof.first == proof.second
            met = proof is not None and bool(same[0] and same[-1] and np.mean(same) >= _SAME)
            ends = (int(proof.first[0]), int(proof.first[-1])) if proof is not None else (0, 0)
            if len(self._met) >= _KNOWN:
                self._met.clear()
            self._met[key] = ends if met else None
        return self._met[key]


def _kept(source: Source, axis: OneAxis) -> SeriesView:
    return axis.placed(series_of(source).kept(), source[0])


def _span(source: Source, axis: OneAxis) -> tuple[int, int, float]:
    """The first and the last step of a metric, and how far its rows are apart on average."""
    log, name = source
    series = log.history.series[name]
    first, last = int(series.view().step[:1][0]), axis.last_step(source)
    if axis.moves(log):
        first = axis.places[log].lies(first)
    return first, last, (last - first) / (len(series) - 1)


def _column(columns: Sequence[Floats | None], views: Sequence[SeriesView]) -> Floats | None:
    if all(column is None for column in columns):
        return None
    return np.concatenate(
        [
            np.full(len(view), np.nan) if column is None else column
            for column, view in zip(columns, views, strict=True)
        ]
    )
