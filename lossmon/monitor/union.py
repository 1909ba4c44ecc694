"""The rows of one metric that several logs of a training hold, each told once.

A metric had one source, the log that holds most of it. A JSON log whose writer died at step 2,000
has more rows than the text that went on to 4,000, where the loss was NaN; a state with each tenth
step that reaches one row further stood for all that was printed in between; rows that one log lost
stayed a hole which another had filled. So what proves two logs to be of one training also says
which row of the one is which of the other, and what only one has is taken from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Ints, SeriesView, among, joined, part_of
from lossmon.monitor.agreement import Curve, compare
from lossmon.monitor.curves import is_inexact
from lossmon.monitor.kinship import PRINTED
from lossmon.monitor.log import Log
from lossmon.monitor.one_axis import OneAxis
from lossmon.monitor.proofs import Proofs
from lossmon.monitor.resumed import Source, series_of

_SAME = 0.95  # share of the rows at one step that hold one value
_ODD = 8  # rows of which one may be garbled
_TELLING = 3  # rows beyond those that are shared
_MOST = 8  # logs that hold rows of one metric
_ASKED = 16  # logs that are asked for them
_LATE = 0.125  # share of the rows that are late when all are handed out anew
_NEAR = 0.99  # usual distances of rows: a row that is nearer to another tells of the same steps
_BEHIND = 0.1  # of its steps, which a log that is written in blocks may lag while it grows
_LEFT_S = 60.0  # seconds: what was not written for so long while another was, lags no more


@dataclass(frozen=True)
class Member:
    """A log's rows of a metric.

    Attributes:
        source: the log and its name for the metric.
        sure: each row lies at the step that the log says. A bar shows the value of any step since
            the one before, and where rows or epochs are counted they lie about where they belong:
            such rows count where no other is near.
    """

    source: Source
    sure: bool = True

    def view(self, axis: OneAxis, start: int = 0) -> SeriesView:
        """Its rows where they lie, from one of them on; steps ascend."""
        kept = series_of(self.source).kept()
        return axis.placed(part_of(kept, start, len(kept)), self.source[0])


@dataclass
class Union:
    """The rows of a metric out of several logs, as far as they were handed out.

    Attributes:
        members: whose row counts where several have one, first.
        late: rows that came when those of later steps had been handed out.
    """

    members: tuple[Member, ...]
    late: int = 0
    _seen: list[tuple[int, int, int]] = field(default_factory=list)
    _last: int | None = None
    _rows: int = 0

    def more(self, axis: OneAxis, taken: Ints, over: bool) -> SeriesView:
        """The rows behind those that were handed out; late ones are counted.

        Args:
            axis: where the logs lie.
            taken: the steps that were handed out, ascending.
            over: no more is to come.
        """
        before, self._seen = self._seen, list(self._state())
        if self._last is None:
            found = self._whole(axis, over)
        else:
            found = self._behind(self._last, [rows for _, _, rows in before], axis, taken, over)
        if len(found):
            self._last = int(found.step[-1])
            self._rows += len(found)
        return found

    def _behind(
        self, last: int, starts: list[int], axis: OneAxis, taken: Ints, over: bool
    ) -> SeriesView:
        """The rows of steps behind the last one that was handed out."""
        parts = []
        for member, start in zip(self.members, starts, strict=True):
            part = member.view(axis, start if member.sure else 0)
            cut = int(part.step.searchsorted(last, side="right"))
            if member.sure:
                sick = part.step[:cut][~np.isfinite(part.value[:cut])]
                late = np.unique(part.step[:cut])
                self.late += int(np.count_nonzero(~among(late, taken) | among(late, sick)))
                parts.append(part_of(part, cut, len(part)))
            elif cut < len(part) and (over or not self._lags(member, axis)):
                parts.append(_far_from(self._sure(axis), part_of(part, cut, len(part))))
        return united(parts)

    def _whole(self, axis: OneAxis, over: bool) -> SeriesView:
        """All rows; of a training that was resumed in log order, those it logged again included."""
        sure = [one for one in self.members if one.sure]
        restarts = [len(series_of(one.source).restarts) for one in sure]
        first = sure[restarts.index(max(restarts))]
        base = united([first.view(axis), *(one.view(axis) for one in sure if one is not first)])
        known = base.step
        for member in self.members:
            if not member.sure:
                view = member.view(axis)
                if not over and self._lags(member, axis):
                    view = part_of(view, 0, int(view.step.searchsorted(known[-1])))
                base = united([base, _far_from(known, view)])
        if not any(restarts):
            return base
        own = first.view(axis).step
        rows = axis.placed(series_of(first.source).rows(), first.source[0])
        return _within(rows, _some(base, ~among(base.step, own)))

    def _sure(self, axis: OneAxis) -> Ints:
        """The steps of rows that lie where they belong, ascending."""
        steps = [one.view(axis).step for one in self.members if one.sure]
        return steps[0] if len(steps) == 1 else np.unique(np.concatenate(steps))

    def _lags(self, member: Member, axis: OneAxis) -> bool:
        """Whether all others are merely a few rows behind one that shows what they will say.

        Logs are written in blocks; one whose writer died is behind for good.
        """
        others = [one for one in self.members if one.sure]
        first = min(int(one.view(axis).step[0]) for one in others)
        last = max(axis.last_step(one.source) for one in others)
        written = max(one.source[0].mtime for one in others)
        if member.source[0].mtime - written > _LEFT_S:
            return False
        return axis.last_step(member.source) - last <= _BEHIND * (last - first)

    @property
    def began_anew(self) -> bool:
        """Whether any log has other rows than it had: a training was resumed."""
        return any(
            now[:2] != before[:2] or now[2] < before[2]
            for now, before in zip(self._state(), self._seen, strict=False)
        )

    def lies_otherwise(self, before: OneAxis, axis: OneAxis) -> bool:
        """Whether any row that was handed out lies elsewhere by now."""
        return any(
            axis.moves_otherwise(before, member.source, rows)
            for member, (_, _, rows) in zip(self.members, self._seen, strict=False)
        )

    @property
    def is_due(self) -> bool:
        """Whether so many rows are late that all are to be handed out anew; O(1) a row in sum."""
        return self.late > _LATE * self._rows

    def _state(self) -> Iterator[tuple[int, int, int]]:
        for member in self.members:
            series = series_of(member.source)
            yield member.source[0].generation, len(series.restarts), len(series.kept())


def united(views: Sequence[SeriesView]) -> SeriesView:
    """All rows, each step's from the first of the views that has it; steps ascend."""
    return reduce(_with, views[1:], views[0])


@np.errstate(invalid="ignore")
def _with(one: SeriesView, other: SeriesView) -> SeriesView:
    """The rows of one, and those of the other at steps which it has not.

    A row that one writer put some steps later than the other is one row: Lightning's table has an
    evaluation at step 169 that its event file has at 174.

    What is no number stands wherever any of them says so: a writer may leave it out, or write what
    came before it, and then the run looked well.
    """
    one = _sick_as(other, one)
    fresh = ~among(other.step, one.step)
    if not fresh.any():
        return one
    if not len(one):
        return other
    alone = ~among(one.step, other.step)
    moves = 2 * np.count_nonzero(np.diff(one.value)) > len(one)  # a rate may be the same each time
    if moves and alone.any():
        after = one.step.searchsorted(other.step)
        slack = Curve.of(one).slack(other.value) + Curve.of(other).slack(other.value)
        for at in (np.maximum(after - 1, 0), np.minimum(after, len(one) - 1)):
            fresh &= ~(alone[at] & (np.abs(one.value[at] - other.value) <= 1.01 * slack))
    both = joined([one, _some(other, fresh)])
    return _taken(both, np.argsort(both.step, kind="stable"))


def _sick_as(other: SeriesView, one: SeriesView) -> SeriesView:
    """The rows of one, with what is no number where the other has it at their steps."""
    sick = np.flatnonzero(~np.isfinite(other.value) & among(other.step, one.step))
    if not len(sick):
        return one
    at = one.step.searchsorted(other.step[sick])
    well = np.isfinite(one.value[at])
    if not well.any():
        return one
    value = one.value.copy()
    value[at[well]] = other.value[sick[well]]
    return replace(one, value=value, source=None)


def _within(rows: SeriesView, more: SeriesView) -> SeriesView:
    """Rows in log order, and others among those of them that were not logged again later."""
    if not len(more):
        return rows
    lowest = np.append(np.minimum.accumulate(rows.step[:0:-1])[::-1], np.iinfo(np.int64).max)
    kept = np.flatnonzero(rows.step <= lowest)  # they ascend
    at = np.append(kept, len(rows))[rows.step[kept].searchsorted(more.step, side="right")]
    order = np.argsort(np.concatenate((np.arange(len(rows)), at - 0.5)), kind="stable")
    return _taken(joined([rows, more]), order)


def _far_from(steps: Ints, view: SeriesView) -> SeriesView:
    """The rows that lie a usual distance from all steps that are known, and those not finite."""
    near = max(_distance(steps), _distance(view.step)) * _NEAR
    at = steps.searchsorted(view.step)
    before, after = steps[np.maximum(at - 1, 0)], steps[np.minimum(at, len(steps) - 1)]
    away = np.minimum(np.abs(view.step - before), np.abs(after - view.step))
    return _some(view, (away >= near) | ((away > 0) & ~np.isfinite(view.value)))


def _some(view: SeriesView, rows: NDArray[np.bool_]) -> SeriesView:
    return view if rows.all() else _taken(view, np.flatnonzero(rows))


def _taken(view: SeriesView, at: Ints) -> SeriesView:
    """The points at some places, in that order."""
    epoch, time = (None if one is None else one[at] for one in (view.epoch, view.time))
    return replace(
        view, step=view.step[at], value=view.value[at], epoch=epoch, time=time, source=None
    )


def members_of(
    source: Source, others: Iterable[Source], axis: OneAxis, proofs: Proofs
) -> tuple[Member, ...]:
    """Which logs hold rows of a metric: what was written first, which has all digits.

    Args:
        source: where most of its points come from.
        others: metrics of other logs that play the same role.
        axis: where logs lie.
        proofs: what is known of pairs of logs.
    """
    found = [source]
    waiting = [one for one in others if one[0] is not source[0]][:_ASKED]
    for member in found:
        for other in list(waiting):
            met = len(found) < _MOST and _is_met(member, other, axis, proofs)
            if met and all(_agreement(one, other, axis, proofs) >= 0 for one in found):
                found.append(other)
                waiting.remove(other)
    sure = [one for one in found if _is_sure(one[0], axis)] or [source]
    members = [Member(one, one in sure) for one in found]
    if len(members) > 1:
        members.sort(key=lambda one: one.source[0].format in PRINTED)
    return tuple(members)


def _is_sure(log: Log, axis: OneAxis) -> bool:
    return not (is_inexact(log) or axis.converts(log))


def _is_met(one: Source, two: Source, axis: OneAxis, proofs: Proofs) -> bool:
    """Whether rows of one step are known to be the same row in both."""
    if any(log.history.stages or not len(log.history.series[name]) for log, name in (one, two)):
        return False
    places = [axis.places[log] for log, _ in (one, two) if axis.moves(log)]
    if any(place.line is None for place in places):
        return False
    if not places and proofs.shift(one[0], two[0]) != 0:
        return False
    return _agreement(one, two, axis, proofs) > 0


def _agreement(one: Source, two: Source, axis: OneAxis, proofs: Proofs) -> int:
    """Whether rows of one step hold one value (1) or others (-1); 0 where there is none."""
    restarts = (len(series_of(source).restarts) for source in (one, two))
    found = proofs.of(
        ("agreement", one[1], two[1], *restarts),
        one[0],
        two[0],
        lambda: _agree(Member(one).view(axis), Member(two).view(axis)),
    )
    return found or 0


@np.errstate(invalid="ignore")
def _agree(one: SeriesView, two: SeriesView) -> int:
    at = np.flatnonzero(among(one.step, two.step))
    if not len(at):
        return int(one.step[-1] < two.step[0] or two.step[-1] < one.step[0])
    shared = one.step[at]
    if _lost_rows(one, two, shared):
        return -1
    first, second = one.value[at], two.value[two.step.searchsorted(shared)]
    slack = 1.01 * (Curve.of(one).slack(first) + Curve.of(two).slack(first))
    equal = (np.abs(first - second) <= slack) | (~np.isfinite(first) & ~np.isfinite(second))
    odd = int(np.count_nonzero(~equal))
    same = equal[-1] and odd <= (1 - _SAME) * len(at) + (len(at) >= _ODD)
    return 1 if same else -1


def _lost_rows(one: SeriesView, two: SeriesView, shared: Ints) -> bool:
    """Whether rows that two logs hold beyond those they share are the same, some steps off.

    Of a printed log in which rows were lost all that follow are. Where each has rows that the other
    lacks, and one fills a hole of the other in part, they are others.
    """
    for behind in (True, False):
        rests = [
            _some(view, view.step > shared[-1] if behind else view.step < shared[0])
            for view in (one, two)
        ]
        few = min(map(len, rests))
        if few >= _TELLING and 2 * compare(*map(Curve.of, rests)).agreed >= few:
            return True
    return False


def _distance(steps: Ints) -> float:
    return float(steps[-1] - steps[0]) / max(1, len(steps) - 1)
