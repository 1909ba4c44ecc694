"""Several logs of one training: the most complete source of each metric, no point doubled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

import numpy as np

from lossmon.formats.decoder import Record, Rows, batches
from lossmon.formats.lexicon import role
from lossmon.formats.names import choose
from lossmon.history.columns import Ints, SeriesView
from lossmon.history.run import History
from lossmon.monitor.ahead import put
from lossmon.monitor.kinship import PRINTED
from lossmon.monitor.log import Log
from lossmon.monitor.one_axis import OneAxis
from lossmon.monitor.resumed import Source, continued, in_parts, pieces_of, series_of
from lossmon.monitor.union import Member, Union, members_of

MAIN_ROLES = ("train_loss", "eval_loss", "learning_rate", "grad_norm")
_REACH = 0.98  # of the newest step: a source that ends before it misses points
_UNITED = 256  # metrics that are put together out of several logs: those that play a role first
_HABIT_REACH = 0.9  # the source in use may lag so far, since every change replays the run


@dataclass
class Merge:
    """The history of one training out of several logs.

    Attributes:
        history: the merged rows.
        chosen: role -> metric name.
        sources: metric name -> where its points come from, the newest part of it.
    """

    history: History = field(default_factory=lambda: History(role))
    chosen: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    _begun: dict[str, list[tuple[Source, int]]] = field(default_factory=dict)
    _cursor: dict[str, int] = field(default_factory=dict)
    _generations: tuple[tuple[str, int], ...] = ()
    _axis: OneAxis = field(default_factory=OneAxis)
    _unions: dict[str, Union] = field(default_factory=dict)
    _over: bool = False

    def choose(self, logs: Sequence[Log], settled: bool, over: bool = False) -> bool:
        """Choose the source of each metric; True when the history has to be replayed.

        Args:
            logs: the logs of the training.
            settled: all bytes at hand were read: choose by completeness alone, not by habit.
            over: no more is to come.
        """
        generations = tuple((log.path, log.generation) for log in logs)
        void = generations != self._generations
        self._generations = generations
        habit = {} if settled or void else self.sources
        axis = self._axis.of(logs)
        shifted = any(
            axis.moves_otherwise(self._axis, source, self._cursor.get(name, 0))
            for name, source in self.sources.items()
        ) or any(one.lies_otherwise(self._axis, axis) for one in self._unions.values())
        self._axis, self._over = axis, over
        for log in logs:
            log.origins.moved = axis.places.get(log)
        played = _played(logs)
        sources, chosen = _best_sources(logs, played, habit, axis)
        parts = in_parts(sources, logs)
        sources = {name: some[-1] for name, some in parts.items()}
        begun = {
            name: [(part, len(series_of(part))) for part in some[:-1]]
            for name, some in parts.items()
            if len(some) > 1
        }
        members = self._members(sources, chosen, set(begun), logs, played)
        moved = (
            chosen != self.chosen
            or begun != self._begun
            or members != {name: one.members for name, one in self._unions.items()}
            or any(sources.get(name) != source for name, source in self.sources.items())
            or any(one.began_anew or one.is_due for one in self._unions.values())
            or (over and self.is_late)
        )
        self.sources, self.chosen, self._begun = sources, chosen, begun
        if not (void or moved or shifted):
            return False  # at most a metric that nothing is judged by has come
        self.history, self._cursor = History(role), {}
        self._unions = {name: Union(some) for name, some in members.items()}
        return True

    @property
    def is_late(self) -> bool:
        """Whether any log brought rows when those of later steps had been handed out."""
        return any(one.late for one in self._unions.values())

    def _members(
        self,
        sources: Mapping[str, Source],
        chosen: Mapping[str, str],
        whole: set[str],
        logs: Sequence[Log],
        played: dict[int, Mapping[str, str]],
    ) -> dict[str, tuple[Member, ...]]:
        """The logs that hold rows of each metric, where several do."""
        found: dict[str, tuple[Member, ...]] = {}
        if len(logs) < 2:
            return found
        roles = {name: role for role, name in chosen.items()}
        for name, source in islice(sources.items(), _UNITED):
            if name in whole:
                continue
            others = [
                (log, there)
                for log in logs
                if (there := played[id(log)].get(roles.get(name, ""), name)) in log.history.series
            ]
            members = members_of(source, others, self._axis, self._axis.proofs)
            if len(members) > 1:
                found[name] = members
        return found

    def parts(self) -> Iterator[Record | Rows]:
        """The points that are new since the last call, as rows in the order they were logged.

        That is by step; where the run was resumed, piece by piece. Where several metrics were
        logged at a step, those that share all their steps are one row.
        """
        tables = self._tables()
        if not tables:
            return
        table_of = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        piece_of = np.concatenate(pieces_of([table.step for table in tables]))
        order = np.lexsort((np.concatenate([table.step for table in tables]), piece_of))
        table_of, piece_of = table_of[order], piece_of[order]
        # where rows of another table come, or steps go back
        turns = np.flatnonzero((np.diff(table_of) != 0) | (np.diff(piece_of) != 0)) + 1
        done = [0] * len(tables)
        for start, stop in pairwise((0, *turns.tolist(), len(table_of))):
            which = int(table_of[start])
            at = done[which]
            done[which] += stop - start
            some = tables[which][at : done[which]]
            yield from (some,) if len(tables) == 1 else batches(some)

    def _tables(self) -> list[Rows]:
        """The new points of all metrics; those of the same steps together."""
        tables: list[Rows] = []
        for name, source in self.sources.items():
            done = self._cursor.get(name, 0)
            if name in self._unions:
                known = self.history.series.get(name)
                taken = np.zeros(0, np.int64) if known is None else known.kept().step
                view, done = self._unions[name].more(self._axis, taken, self._over), 0
                if not len(view):
                    continue
            else:
                series = series_of(source)
                if len(series) == done:
                    continue
                view = series.rows() if done == 0 else series.view()
                if done == 0 and name in self._begun:
                    view = continued([*(part for part, _ in self._begun[name]), source])
                self._cursor[name] = len(series)
                view = self._axis.placed(view, source[0])
            step, value = self._placed(view, source)[done:], view.value[done:]
            if not (self.history.stages or name in self._unions or self._axis.moves(source[0])):
                step = source[0].history.as_said(step)  # the rows of the others begin again
            epoch = None if view.epoch is None else view.epoch[done:]
            time = None if view.time is None else view.time[done:]
            for i, table in enumerate(tables):
                if np.array_equal(table.step, step):
                    epoch = epoch if table.epoch is None else table.epoch
                    time = time if table.time is None else table.time
                    tables[i] = Rows({**table.values, name: value}, step, epoch, time)
                    break
            else:
                tables.append(Rows({name: value}, step, epoch, time))
        return tables

    def _placed(self, view: SeriesView, source: Source) -> Ints:
        """The steps of a source; where it counts epochs beside rows by step, the last step of each.

        flair prints a line a batch, and writes a table with a row an epoch.
        """
        main = self.sources.get(self.chosen.get("train_loss", ""), source)
        if main[0] is source[0] or self._axis.moves(source[0]):
            return view.step
        train = self._axis.placed(series_of(main).kept(), main[0])
        if view.epoch is None or train.epoch is None or not len(train):
            return view.step
        by_epoch = np.array_equal(view.step, view.epoch) and view.step[0] == train.epoch[0]
        if not by_epoch or train.step[-1] == train.epoch[-1]:
            return view.step
        last = np.searchsorted(train.epoch, view.step, side="right") - 1
        return train.step[last] if np.array_equal(train.epoch[last], view.step) else view.step

    def add(self, part: Record | Rows) -> None:
        """Put rows into the merged history, which stands where it was where they come late."""
        history = self.history
        step, epoch = history.step, history.epoch
        put(history, part)
        if step is not None and history.step is not None and history.step < step:
            newest = max(one.last_step for one in history.series.values())
            if newest >= step:
                history.step, history.epoch = step, epoch

    def moves(self, log: Log) -> bool:
        """Whether the rows of a log lie elsewhere than at the steps that it says."""
        return self._axis.moves(log)

    def note_plan(self, logs: Sequence[Log]) -> None:
        """Take the plan from whichever log knows it."""
        plan = self.history.plan
        for log in logs:
            known = log.history.plan
            if not self._axis.converts(log):
                plan.total_steps = plan.total_steps or known.total_steps
            plan.total_epochs = plan.total_epochs or known.total_epochs
            plan.finished = plan.finished or known.finished
            plan.failure = known.failure or plan.failure
            plan.settings = {**plan.settings, **known.settings}
            if sum(known.counts.values()) > sum(plan.counts.values()):
                plan.events, plan.counts = known.events, known.counts
        self._note_stages()

    def _note_stages(self) -> None:
        """The stages are those of the log that the rows are of: another may count its own steps.

        Text in which a training begins anew goes on counting, and JSON lines begin again at 0: a
        second training was cut in two at the step where the text says that it begins.
        """
        main = next((self.chosen[one] for one in MAIN_ROLES if one in self.chosen), None)
        source = self.sources.get(main or next(iter(self.sources), ""))
        if source is None:
            return
        self.history.stages = source[0].history.stages
        if self.history.stages:
            for one in self.history.series.values():
                one.begins = self.history.stages[-1].step


def _best_sources(
    logs: Sequence[Log],
    played: dict[int, Mapping[str, str]],
    habit: dict[str, Source],
    axis: OneAxis,
) -> tuple[dict[str, Source], dict[str, str]]:
    """For each main role the most complete source, then every other metric by its name."""
    sources: dict[str, Source] = {}
    chosen: dict[str, str] = {}
    train_log: Log | None = None
    for main in MAIN_ROLES:
        candidates = [(log, played[id(log)][main]) for log in logs if main in played[id(log)]]
        if not candidates:
            continue
        whole = (
            max(axis.last_step(source) for source in candidates),
            max(len(series_of(source)) for source in candidates),
        )
        best = max(candidates, key=lambda source: _weight(source, habit, train_log, whole, axis))
        name = best[1]
        sources[name] = best
        chosen[main] = name
        if main == "train_loss":
            train_log = best[0]
    taken = {id(log): set(played[id(log)].values()) for log in logs}
    for log in sorted(logs, key=lambda log: -log.records):
        for name in log.history.series:
            if name not in taken[id(log)] and name not in sources:
                sources[name] = (log, name)
    return sources, chosen


def _played(logs: Sequence[Log]) -> dict[int, Mapping[str, str]]:
    """By the id of each log what its metrics play.

    Of files that hold a metric each no one knows the others: `loss_cls` alone was the train loss,
    and of two that took the same role one was left out of the run.
    """
    files: dict[str, list[Log]] = {}
    for log in logs:
        if len(log.history.series) == 1 and log.format not in PRINTED:
            files.setdefault(log.format, []).append(log)
    played: dict[int, Mapping[str, str]] = {id(log): log.chosen for log in logs}
    for some in files.values():
        if len(some) == 1:
            continue  # its own choice
        sizes = {name: one for log in some for name, one in log.history.series.items()}
        roles = choose(sizes)
        for log in some:
            played[id(log)] = {r: name for r, name in roles.items() if name in log.history.series}
    return played


def _weight(
    source: Source,
    habit: dict[str, Source],
    train_log: Log | None,
    whole: tuple[int, int],
    axis: OneAxis,
) -> tuple[bool, bool, bool, float]:
    """What lacks nothing, then what carries all digits and its steps, then what has most points.

    `whole` is the newest step and the most points of any source. A printed log's steps may be
    wrong, so a source with as many points lacks nothing either.
    """
    log, name = source
    series = series_of(source)
    n = float(len(series))
    if log is train_log:
        n *= 1.1  # one log's train and eval rows share one step axis
    reach = _HABIT_REACH if habit.get(name) == source else _REACH
    # A row an epoch reaches as far as a row a batch, once it lies where its epochs end.
    reaches = not axis.converts(log) and axis.last_step(source) >= reach * whole[0]
    lacks_nothing = reaches or len(series) >= whole[1]
    return lacks_nothing, log.format not in PRINTED, not axis.converts(log), n
