"""One axis for the logs of a training, of which some count steps and others rows or epochs.

`history.json` of Keras is lists with a value an epoch, and beside it a text log prints step 375,
750, ...: its `val_loss` stood at 0, 1, 2, ..., all of it before the second point of the train loss.
Logs are of one training because their values agree in order, and so each row that agrees says where
a row without a step lies among the steps of the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from lossmon.formats.decoder import MOST_STEPS
from lossmon.history.columns import Floats, Ints, SeriesView, counts_epochs, or_nan
from lossmon.monitor.agreement import Agreement
from lossmon.monitor.curves import Curves, has_curve
from lossmon.monitor.kinship import PRINTED, evidence
from lossmon.monitor.log import Log
from lossmon.monitor.proofs import Proofs
from lossmon.monitor.resumed import Source, series_of

Counts = Literal["steps", "ones", "rows"]

_EXACT = 0.95  # share of the rows that agree which a line has to meet
_DIGITS = 9  # of an epoch that is reckoned
_NO_ROWS = SeriesView("", "", np.zeros(0, np.int64), np.zeros(0), None, None)
_MOST = 16  # logs of each kind that are held against each other


@dataclass(frozen=True, eq=False)
class _Line:
    """What steps of one axis are on another: a number of its steps each, and a first one."""

    slope: float
    first: float
    digits: int = 0

    @staticmethod
    def through(own: Ints, there: Ints | Floats, digits: int = 0) -> _Line | None:
        """The line that meets all points but one or two; None where there is none."""
        slope = float(np.median(np.diff(there) / np.diff(own)))
        line = _Line(slope, float(np.median(there - slope * own)), digits)
        missed = int(np.count_nonzero(line.at(own) != np.round(there, digits)))
        return line if missed <= (1 - _EXACT) * len(own) + (len(own) >= 8) else None

    def at(self, own: Ints) -> Floats:
        """Where steps lie."""
        return np.round(self.first + self.slope * own, self.digits)


@dataclass(frozen=True, eq=False)
class _Place:
    """Where the rows of a log lie on the axis of another, which counts finer or from 1, not 0.

    Attributes:
        own, there: the steps of the rows that both hold, in the one and in the other.
        line: what all of them say, where they do.
        rows: where the log that counts steps has rows, and their epochs and times.
        epochs: what the epochs beside `own` say, where they do.
    """

    own: Ints
    there: Ints
    line: _Line | None
    rows: SeriesView
    epochs: _Line | None

    @staticmethod
    @np.errstate(over="ignore", invalid="ignore")
    def by(own: Ints, there: Ints, rows: SeriesView, behind: bool = False) -> _Place | None:
        """From rows that agree, where they say that the other counts finer; else None.

        Args:
            own: steps of the rows, shape (n,).
            there: theirs in the other log.
            rows: of the other log.
            behind: where they say that each lies one behind, instead.
        """
        own, at = np.unique(own, return_index=True)
        there = there[at]
        if len(own) < 2:
            return None
        longer = (there[-1] - there[0]) - (own[-1] - own[0])
        if longer < (0 if behind else 1):
            return None
        line, epochs = _Line.through(own, there), None
        if behind and (line is None or (line.slope, line.first) != (1, 1)):
            return None
        if not behind and line is not None and line.slope <= 1:
            return None
        place = _Place(own, there, line, rows, None)
        if (known := place.beside(rows.epoch, there)) is not None:
            told = np.isfinite(known)
            epochs = _Line.through(own[told], known[told], _DIGITS) if told.sum() > 1 else None
        return replace(place, epochs=epochs).at_ends()

    @staticmethod
    def behind(rows: SeriesView, shift: int) -> _Place:
        """Where a log lies that counts as the other does, from another first step on."""
        return _Place(rows.step - shift, rows.step, _Line(1.0, float(shift)), rows, None)

    @property
    def counts_alike(self) -> bool:
        """Whether its steps are those of the other log, but for the first one."""
        return self.line is not None and self.line.slope == 1

    def is_as(self, other: _Place) -> bool:
        """Whether two places are a first step alone, and the same one."""
        if not (self.counts_alike and other.counts_alike) or len(self.rows) or len(other.rows):
            return False
        return self.lies(0) == other.lies(0)

    def at_ends(self) -> _Place:
        """The same with each row where its epoch ends, where the other log tells its epochs.

        What an epoch came to may be the loss of a batch within it, too, as Flair prints both.
        """
        ends = self._ends_of_epochs(self.own)
        later = ends - self.there
        if not (ends >= 0).any() or (later[ends >= 0] < 0).any():
            return self
        newest = int(np.median(later[ends >= 0]))  # of an epoch that may go on
        there = np.where(ends >= 0, ends, self.there + newest)
        return replace(self, there=there, line=_Line.through(self.own, there))

    @np.errstate(over="ignore", invalid="ignore")
    def steps_of(self, own: Ints) -> Ints:
        """The steps of rows on the axis of the other log."""
        found: Floats
        if self.line is not None:
            found = self.line.at(own)
        else:
            # Beyond the last row that both hold each goes on as far as rows did on average.
            first, last, low, high = self.own[0], self.own[-1], self.there[0], self.there[-1]
            slope = (high - low) / (last - first)
            found = np.interp(own, self.own, self.there)
            found = np.where(own < first, low + slope * (own - first), found)
            found = np.where(own > last, high + slope * (own - last), found).round()
            ends = self._ends_of_epochs(own)
            met = np.isin(own, self.own) | (ends < 0)
            found = np.where(met, found, ends)
        return np.clip(
            np.nan_to_num(found), -float(MOST_STEPS // 2), float(MOST_STEPS // 2)
        ).astype(np.int64)

    def lies(self, own: int) -> int:
        """The step of the run that the log calls so."""
        return int(self.steps_of(np.array([own]))[0])

    def told(self, step: int) -> int:
        """What the log calls a step of the run; of one that it has not, the row before."""
        return max(0, bisect_right(range(MOST_STEPS // 2), step, key=self.lies) - 1)

    def _ends_of_epochs(self, own: Ints) -> Ints:
        """The last steps of the epochs that rows are of; -1 where the other log has no such."""
        none, epoch = np.full(len(own), -1, np.int64), self.rows.epoch
        if self.epochs is None or epoch is None or not np.isfinite(epoch).all():
            return none
        wanted = self.epochs.at(own)
        last = np.searchsorted(epoch, wanted, side="right") - 1
        over = (last >= 0) & (last < len(epoch) - 1)  # the newest epoch may go on
        last = np.where(over, last, 0)
        return np.where(over & (epoch[last] == wanted), self.rows.step[last], none)

    def epochs_of(self, own: Ints, steps: Ints) -> Floats | None:
        """The epochs of rows: as the other log has them, or reckoned from those."""
        found = self.beside(self.rows.epoch, steps)
        if self.epochs is None:
            return found
        reckoned = self.epochs.at(own)
        return reckoned if found is None else np.where(np.isfinite(found), found, reckoned)

    def times_of(self, steps: Ints) -> Floats | None:
        """The times of rows that the other log has, too."""
        return self.beside(self.rows.time, steps)

    def beside(self, column: Floats | None, steps: Ints) -> Floats | None:
        """What stands in the other log at steps; NaN where it has none of them."""
        if column is None:
            return None
        step = self.rows.step
        at = np.minimum(np.searchsorted(step, steps), len(step) - 1)
        found: Floats = np.where(step[at] == steps, column[at], np.nan)
        return found if np.isfinite(found).any() else None


@dataclass(frozen=True, eq=False)
class OneAxis:
    """Where the logs of a training lie on the axis of those that count steps.

    Attributes:
        places: log -> where it lies, of those that lie elsewhere than they say.
        proofs: what is known of pairs of logs.
    """

    places: dict[Log, _Place] = field(default_factory=dict)
    proofs: Proofs = field(default_factory=Proofs)
    _known: tuple[tuple[Log, int, int], ...] = ()

    def of(self, logs: Sequence[Log]) -> OneAxis:
        """The same for logs as they are now."""
        known = tuple((log, log.generation, log.records) for log in logs)
        if known == self._known:
            return self
        places = _places(logs)
        return OneAxis(_shifted(logs, places, self.proofs), self.proofs, known)

    def moves(self, log: Log) -> bool:
        """Whether the rows of a log lie elsewhere than at steps of its own."""
        return log in self.places

    def converts(self, log: Log) -> bool:
        """Whether a log counts something else than the others: its rows or its epochs."""
        return log in self.places and not self.places[log].counts_alike

    def placed(self, view: SeriesView, log: Log) -> SeriesView:
        """Points of a log where they lie, with the epochs and times of the rows that lie there."""
        place = self.places.get(log)
        if place is None or not len(view):
            return view
        step = place.steps_of(view.step)
        epoch = view.epoch if view.epoch is not None else place.epochs_of(view.step, step)
        time = view.time if view.time is not None else place.times_of(step)
        return replace(view, step=step, epoch=epoch, time=time, source=None)

    def last_step(self, source: Source) -> int:
        """Where the newest point of a metric lies."""
        log, name = source
        last = log.history.series[name].view().step[-1:]
        return int(self.places[log].steps_of(last)[0] if log in self.places else last[0])

    def moves_otherwise(self, before: OneAxis, source: Source, rows: int) -> bool:
        """Whether any of the first rows of a metric lies elsewhere than it did."""
        log = source[0]
        old_place, place = before.places.get(log), self.places.get(log)
        if rows == 0 or old_place is place or (old_place and place and place.is_as(old_place)):
            return False
        view = series_of(source).view()
        old, new = before.placed(view, log), self.placed(view, log)
        return not all(
            _same(one, two, rows)
            for one, two in ((old.step, new.step), (old.epoch, new.epoch), (old.time, new.time))
        )


def _same(one: Ints | Floats | None, two: Ints | Floats | None, rows: int) -> bool:
    if one is None or two is None:
        return one is two
    return np.array_equal(one[:rows], two[:rows], equal_nan=one.dtype.kind == "f")


def _places(logs: Sequence[Log]) -> dict[Log, _Place]:
    """For each log whose rows lie elsewhere, where."""
    counts = {log: what for log in logs if (what := _counts(log)) is not None}
    if "rows" not in counts.values() and len(set(counts.values())) < 2:
        return {}
    found: dict[Log, _Place] = {}
    longest = sorted((log for log in counts if has_curve(log)), key=lambda log: -log.records)
    waiting = [log for log in longest if counts[log] != "steps"][:_MOST]
    beside = [log for log in longest if counts[log] == "steps"][:_MOST]
    curves = {log: Curves(log) for log in (*waiting, *beside)}
    for _ in range(2):
        while beside and waiting:
            fresh: dict[Log, _Place] = {}
            for log in waiting:
                others = [curves[one] for one in beside]
                place = _place(curves[log], others, found, counts[log])
                if place is not None:
                    fresh[log] = place
            found |= fresh
            waiting = [log for log in waiting if log not in fresh]
            beside = list(fresh)  # what lies by a log that was placed lies where that does
        beside = [log for log in waiting if counts[log] == "ones"]  # they count steps
        waiting = [log for log in waiting if counts[log] == "rows"]
    firsts = {log: _first_epoch(log) for log in waiting}
    from_1 = [curves[log] for log, first in firsts.items() if first == 1]
    for log, first in firsts.items():
        if from_1 and first == 0 and (place := _behind(curves[log], from_1)) is not None:
            found[log] = place
    return found


def _shifted(logs: Sequence[Log], places: dict[Log, _Place], proofs: Proofs) -> dict[Log, _Place]:
    """Where logs lie whose steps are all as many behind those of another: one counts from 0.

    What was written says which step is meant, since a bar counts those that are done; an epoch is
    called as its console does.

    Of the text from step 100 to 600 and a table from 0 to 499 the first 99 rows were lost.
    """
    own = [log for log in logs if log not in places and has_curve(log) and not log.history.stages]
    own.sort(key=lambda log: ((log.format in PRINTED) == (_first_epoch(log) is None), -log.records))
    behind = {log: shift for log in own[1:_MOST] if (shift := proofs.shift(log, own[0]))}
    return places | {log: _Place.behind(_NO_ROWS, shift) for log, shift in behind.items()}


def _behind(log: Curves, others: Sequence[Curves]) -> _Place | None:
    """Where epochs from 0 lie beside those from 1: Keras prints "Epoch 1/60", its CSV has epoch 0.

    Rows that agree say so; of a loss that is NaN from the first row on none does.
    """
    place = _place(log, others, {}, "rows", behind=True)
    if place is not None or any(evidence(log, other) is not None for other in others):
        return place
    assert isinstance(others[0].log, Log)
    return _Place.behind(_rows(others[0].log), 1)


def _first_epoch(log: Log) -> int | None:
    """The first step of a log whose steps are its epochs; None of another."""
    view = max(log.history.series.values(), key=len).view()
    return int(view.step[0]) if counts_epochs(view.step, view.epoch) else None


def _counts(log: Log) -> Counts | None:
    """What the steps of a log count; None of one without a row.

    "ones": each row one more than the last, from the first, which may be steps, epochs or rows.
    """
    longest = max(log.history.series.values(), key=len, default=None)
    if longest is None or not len(longest):
        return None
    view = longest.view()
    if 2 * log.history.counted >= len(view):
        return "rows"
    if view.epoch is not None and len(view) > 1:
        ahead = view.step - view.epoch
        if ahead[0] in (0, 1) and (ahead == ahead[0]).all():
            return "rows"
    first, last = int(view.step[0]), int(view.step[-1])
    return "ones" if first in (0, 1) and last - first + 1 == len(view) > 1 else "steps"


def _place(
    log: Curves,
    others: Sequence[Curves],
    found: dict[Log, _Place],
    counts: Counts,
    *,
    behind: bool = False,
) -> _Place | None:
    """Where a log lies by that of the others with which it shares most rows."""
    if counts == "ones":  # what one writer wrote has one axis
        others = [one for one in others if one.log.format != log.log.format]
    shared = [(one, other) for other in others if (one := evidence(log, other)) is not None]
    if counts == "ones":  # if these are steps, the other log has some of them alone
        shared = [(one, other) for one, other in shared if _has_each(one)]
    shared.sort(key=lambda pair: (-pair[0].agreed, -pair[0].bits, pair[1].log.path))
    for one, other in shared:
        assert isinstance(other.log, Log)
        by, there = found.get(other.log), one.second
        if by is not None:
            there = by.steps_of(there)
            rows = by.rows
        else:
            rows = _rows(other.log)
        place = _Place.by(one.first, there, rows, behind)
        if place is not None:
            return place
    return None


def _has_each(one: Agreement) -> bool:
    """Whether the other log has a row for each row of the one, as far as both go."""
    few = min(len(one.first), 64)
    return few > 1 and bool(np.median(np.diff(one.first[-few:])) == 1)


def _rows(log: Log) -> SeriesView:
    """Where a log has rows of its longest metric and of those that play a role, with epochs."""
    several = log.history.series
    longest = max(several, key=lambda name: len(several[name]))
    views = [several[name].kept() for name in dict.fromkeys((longest, *log.chosen.values()))]
    step, at = np.unique(np.concatenate([view.step for view in views]), return_index=True)
    epoch = np.concatenate([or_nan(view.epoch, len(view)) for view in views])[at]
    time = np.concatenate([or_nan(view.time, len(view)) for view in views])[at]
    return SeriesView("", "", step, np.zeros(len(step)), epoch, time)
