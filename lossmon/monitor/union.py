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

from lossmon.history.columns import Floats, Ints, SeriesView, part_of
from lossmon.monitor.agreement import Curve
from lossmon.monitor.kinship import PRINTED
from lossmon.monitor.one_axis import OneAxis
from lossmon.monitor.proofs import Proofs
from lossmon.monitor.resumed import Source, series_of

_SAME = 0.95  # share of the rows at one step that hold one value
_ODD = 8  # rows of which one may be garbled
_APART = 2.0  # usual distances of rows, within which two logs that both go on share one
_MOST = 8  # logs that hold rows of one metric
_LATE = 0.125  # share of the rows that are late when all are handed out anew
_REPEATED = 0.9  # share of rows that repeat the one before, of a bar that shows a value on and on


@dataclass(frozen=True)
class Member:
    """A log's rows of a metric.

    Attributes:
        source: the log and its name for the metric.
        repeats: a bar shows what was logged each tenth step until the next: only rows that tell
            another value than the one before count.
    """

    source: Source
    repeats: bool = False

    def view(self, axis: OneAxis, start: int = 0) -> SeriesView:
        """Its rows where they lie, from one of them on; steps ascend."""
        kept = series_of(self.source).kept()
        view = axis.placed(part_of(kept, start, len(kept)), self.source[0])
        if not self.repeats:
            return view
        before = kept.value[max(start - 1, 0) : len(kept) - 1] if start else kept.value[:-1]
        news = np.ones(len(view), bool)
        news[len(view) - len(before) :] = view.value[len(view) - len(before) :] != before
        return _some(view, news)


@dataclass
class Union:
    """The rows of a metric out of several logs, as far as they were handed out.

    Attributes:
        members: whose row counts where several have one, first.
        late: rows that came behind what was handed out of later steps.
    """

    members: tuple[Member, ...]
    late: int = 0
    _seen: list[tuple[int, int, int]] = field(default_factory=list)
    _last: int | None = None
    _rows: int = 0

    def more(self, axis: OneAxis, taken: Ints) -> SeriesView:
        """The rows behind those that were handed out; late ones are counted.

        Args:
            axis: where the logs lie.
            taken: the steps that were handed out, ascending.
        """
        starts = [rows for _, _, rows in self._seen] or [0] * len(self.members)
        self._seen = list(self._state())
        if self._last is None:
            found = self._whole(axis)
        else:
            parts = [one.view(axis, start) for one, start in zip(self.members, starts, strict=True)]
            cuts = [int(part.step.searchsorted(self._last, side="right")) for part in parts]
            late = np.unique(
                np.concatenate([p.step[:cut] for p, cut in zip(parts, cuts, strict=True)])
            )
            self.late += int(np.count_nonzero(~_among(late, taken)))
            found = united(
                [part_of(part, cut, len(part)) for part, cut in zip(parts, cuts, strict=True)]
            )
        if len(found):
            self._last = int(found.step[-1])
            self._rows += len(found)
        return found

    def _whole(self, axis: OneAxis) -> SeriesView:
        """All rows; of a training that was resumed in log order, those it logged again included."""
        restarts = [len(series_of(one.source).restarts) for one in self.members]
        if not any(restarts):
            return united([one.view(axis) for one in self.members])
        first = self.members[restarts.index(max(restarts))]
        log = first.source[0]
        rows = axis.placed(series_of(first.source).rows(), log)
        others = [one.view(axis) for one in self.members if one is not first]
        known = first.view(axis).step
        more = united([_some(one, ~_among(one.step, known)) for one in others])
        return _within(rows, more)

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
    return reduce(_with, (view for view in views[1:] if len(view)), views[0])


def _with(one: SeriesView, other: SeriesView) -> SeriesView:
    """The rows of one, and those of the other at steps which it has not."""
    fresh = ~_among(other.step, one.step)
    if not fresh.any():
        return one
    more = _some(other, fresh)
    return _joined(one, more, np.argsort(np.concatenate((one.step, more.step)), kind="stable"))


def _joined(one: SeriesView, more: SeriesView, order: Ints) -> SeriesView:
    return replace(
        one,
        step=np.concatenate((one.step, more.step))[order],
        value=np.concatenate((one.value, more.value))[order],
        epoch=_column((one, one.epoch), (more, more.epoch), order),
        time=_column((one, one.time), (more, more.time), order),
        source=None,
    )


def _within(rows: SeriesView, more: SeriesView) -> SeriesView:
    """Rows in log order, and others among those of them that were not logged again later."""
    if not len(more):
        return rows
    lowest = np.append(np.minimum.accumulate(rows.step[:0:-1])[::-1], np.iinfo(np.int64).max)
    kept = np.flatnonzero(rows.step <= lowest)  # they ascend
    at = np.append(kept, len(rows))[rows.step[kept].searchsorted(more.step, side="right")]
    order = np.argsort(np.concatenate((np.arange(len(rows)), at - 0.5)), kind="stable")
    return _joined(rows, more, order)


def _some(view: SeriesView, rows: NDArray[np.bool_]) -> SeriesView:
    if rows.all():
        return view
    epoch, time = (None if one is None else one[rows] for one in (view.epoch, view.time))
    return replace(
        view, step=view.step[rows], value=view.value[rows], epoch=epoch, time=time, source=None
    )


def _column(
    one: tuple[SeriesView, Floats | None], two: tuple[SeriesView, Floats | None], order: Ints
) -> Floats | None:
    if one[1] is None and two[1] is None:
        return None
    filled = [np.full(len(of), np.nan) if col is None else col for of, col in (one, two)]
    return np.concatenate(filled)[order]


def _among(steps: Ints, known: Ints) -> NDArray[np.bool_]:
    """Which steps are among those known, which ascend."""
    if not len(known):
        return np.zeros(len(steps), bool)
    found: NDArray[np.bool_] = known[np.minimum(known.searchsorted(steps), len(known) - 1)] == steps
    return found


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
    members, waiting = [Member(source)], [one for one in others if one[0] is not source[0]]
    for member in members:
        for other in list(waiting):
            if len(members) < _MOST and _is_met(member.source, other, axis, proofs):
                members.append(Member(other, _repeats(member.source, other, axis, proofs)))
                waiting.remove(other)
    if len(members) > 1:
        members.sort(key=lambda one: one.source[0].format in PRINTED)
    return tuple(members)


def _is_met(one: Source, two: Source, axis: OneAxis, proofs: Proofs) -> bool:
    """Whether rows of one step are known to be the same row in both."""
    if any(log.history.stages or not len(log.history.series[name]) for log, name in (one, two)):
        return False
    places = [axis.places[log] for log, _ in (one, two) if axis.moves(log)]
    if any(place.line is None for place in places):
        return False
    if not places and proofs.shift(one[0], two[0]) != 0:
        return False
    return bool(
        proofs.of(
            (
                "same",
                *(part for one in (one, two) for part in (one[1], len(series_of(one).restarts))),
            ),
            one[0],
            two[0],
            lambda: _hold_the_same(Member(one).view(axis), Member(two).view(axis)),
        )
    )


@np.errstate(invalid="ignore")
def _hold_the_same(one: SeriesView, two: SeriesView) -> bool:
    """Whether rows of one step hold one value, as far as both logs go."""
    at = np.flatnonzero(_among(one.step, two.step))
    if not len(at):
        return bool(one.step[-1] < two.step[0] or two.step[-1] < one.step[0])
    shared = one.step[at]
    usual = max(_distance(shared), _distance(one.step), _distance(two.step))
    begins = shared[0] - max(one.step[0], two.step[0])
    goes_on = min(one.step[-1], two.step[-1]) - shared[-1]
    if max(begins, goes_on) > _APART * usual:
        return False  # rows were lost, or each is a training of its own from there on
    first, second = one.value[at], two.value[two.step.searchsorted(shared)]
    slack = 1.01 * (Curve.of(one).slack(first) + Curve.of(two).slack(first))
    equal = (np.abs(first - second) <= slack) | (~np.isfinite(first) & ~np.isfinite(second))
    odd = int(np.count_nonzero(~equal))
    return bool(equal[-1]) and odd <= (1 - _SAME) * len(at) + (len(at) >= _ODD)


def _distance(steps: Ints) -> float:
    return float(steps[-1] - steps[0]) / max(1, len(steps) - 1)


def _repeats(one: Source, two: Source, axis: OneAxis, proofs: Proofs) -> bool:
    """Whether the rows that the second log has between those of the first say nothing new."""

    def asked() -> bool:
        own, view = Member(one).view(axis), Member(two).view(axis)
        fresh = ~_among(view.step, own.step)
        fresh &= (view.step > own.step[0]) & (view.step < own.step[-1])
        fresh[0] = False
        again = view.value[np.flatnonzero(fresh) - 1] == view.value[fresh]
        moves = np.diff(own.value) != 0  # else it is the same at each step, as a rate may be
        return len(again) > 0 and np.mean(again) >= _REPEATED and 2 * np.sum(moves) > len(moves)

    return bool(proofs.of(("repeats", one[1], two[1]), one[0], two[0], asked))
