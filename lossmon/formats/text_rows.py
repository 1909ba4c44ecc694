"""What becomes of a line that was read: where it belongs, what of it is new, when it is final."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lossmon.formats.axis import Beginning, has_ended
from lossmon.formats.clock import read_time
from lossmon.formats.decoder import Facts, Floats, Record, Rows, as_step
from lossmon.formats.lexicon import is_eval, plain
from lossmon.formats.text_bulk import SPAN, pieces, times
from lossmon.formats.text_drawn import Drawn
from lossmon.formats.text_loops import Loops
from lossmon.formats.text_progress import Counter, Progress, Spot
from lossmon.formats.text_shape import Shape
from lossmon.formats.text_table import Row
from lossmon.formats.text_words import as_eval, is_slow

_RECURS = 3  # so often must lines come to be finer rows of a metric that is there already


@dataclass
class Placer:
    """Turns the groups of matched lines into records, in the order of the log.

    Attributes:
        facts: planned length, ending, failure; a training row refutes an ending.
        progress: where the training is.
        summary: the next row repeats an earlier one ("best iteration is:").
        closing: the lines below, until one says where it stands, repeat the best of all rows.
        title: the newest headline that named a part of the training ("Fold 2").
        stage: the part that rows belong to; empty in a training of one.
        drawn: the rows, as far as they are final.
        loops: to which loop a row belongs.
    """

    facts: Facts
    progress: Progress = field(default_factory=Progress)
    summary: bool = False
    closing: bool = False
    title: str = ""
    stage: str = ""
    _stages: int = 1
    _named: str = ""  # as the log calls the part at hand
    _begun: Beginning = field(default_factory=Beginning)
    drawn: Drawn = field(init=False)
    loops: Loops = field(init=False)
    _levels: dict[str, int] = field(default_factory=dict)
    _totals: tuple[object, ...] = ()
    _epochs_from_zero: bool = False
    _by: Shape | None = None  # the kind of line that gave the newest step, and what it gave
    _given: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.drawn, self.loops = Drawn(self.facts), Loops(self.facts, self.progress)
        self._counters = self.loops.counters

    def take(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """A line of a known shape."""
        shape.rows += 1
        values = shape.values(groups)
        self.closing &= shape.level == 0
        if not values or self.closing or self.loops.is_past(shape, groups):
            return
        progress = self.progress
        shape.settle_totals(groups)
        evaluation = shape.evaluation
        again = shape.scores and any(map(self._levels.get, values))  # rows tell them, too
        if not evaluation and (again or self.loops.is_other(shape, groups)):
            values, evaluation = {as_eval(name): one for name, one in values.items()}, True
        evaluation |= shape.scores
        if shape.keras and self.loops.is_evaluate(shape, groups):
            return
        if shape.bar and not shape.keras and shape.counter(groups, "batch") == 0:
            self.drawn.bar_starts(values, progress)
            if not evaluation and shape.redraws:
                self.drawn.bar_at_zero(Record(values, 0, progress.epoch, None, self.stage))
            return
        if shape.level < 2:
            values = self._demoted(values, shape.level, evaluation)
            if not values:
                return
        if shape.level == 0 and evaluation:
            values = self.drawn.news(values)
            if not values:
                return
        summed, self.summary = self.summary, False
        if summed and shape.level == 2 and shape.index:
            return
        nowhere = shape.nowhere(groups)
        if nowhere is not None:
            self.drawn.emit(Record(values, as_step(nowhere)))  # is skipped: see `sound`
            return
        time = read_time(groups[shape.time_at]) if shape.time_at >= 0 else None
        epoch = shape.counter(groups, "epoch")
        if epoch is not None:
            progress.epoch = epoch
        if evaluation:
            self.loops.evaluates(shape, groups)
            step = self._eval_step(shape, groups)
        else:
            step = self._train_step(shape, groups)
            if step is not None and step < 0:
                self.drawn.goes_on(shape, groups, Record(values, None, progress.epoch, time))
                return
            values = self._fresh(shape, values, step)
            if not values:
                return
            self._arrive(shape, groups, step, epoch)
        at = progress.epoch if epoch is None else epoch
        record = Record(values, step, at, time, "" if evaluation else self.stage)
        alone = evaluation and self.loops.is_alone(shape, groups)
        self._hand_on(shape, groups, record, evaluation, alone)
        if shape.rows in (1, _RECURS) and not alone:
            self._note_levels(shape, values)

    def _arrive(
        self, shape: Shape, groups: tuple[str, ...], step: int | None, epoch: float | None
    ) -> None:
        """The training is at a step, and goes on."""
        again = shape.bar and step is not None and step == self.progress.step
        if step is not None:
            self.loops.arrived = shape
            self._enter(shape.stage or self.title, step)
            by_batch = epoch is not None and "batch" in shape.counters
            recurs = shape.rows >= _RECURS or 1 not in self._levels.values()
            self.progress.arrive(step, shape.level == 2, by_batch, recurs)
        if not again and not (shape.bar and self.loops.is_last(shape, groups)):
            self.facts.finished, self.facts.failure = False, None
        if shape.totals:
            self.note_totals(shape, groups)

    def _hand_on(
        self, shape: Shape, groups: tuple[str, ...], record: Record, evaluation: bool, alone: bool
    ) -> None:
        """A row at once, or held back where later lines may say more of it."""
        if shape.bar:
            if evaluation or not (shape.redraws and self.drawn.between(shape, groups, record)):
                self.drawn.hold_bar(shape, record, groups)
        elif evaluation and ("batch" in shape.counters or alone):
            self.progress.phase = "eval"  # what comes below, and says no place, sums it up
            self.drawn.hold(("eval", shape.names, record.epoch, record.step), record)
        elif shape.rows == 2 and shape.again == 1:
            self.drawn.hold(("again", shape.names, record.step), record)
        else:
            self.drawn.emit(record)

    def _note_levels(self, shape: Shape, values: dict[str, float]) -> None:
        """How finely metrics are logged: one torn line among many rows by epoch tells nothing."""
        for name in values:
            known = self._levels.get(name)
            if known is None or shape.rows == _RECURS:
                self._levels[name] = max(shape.level, known or 0)

    def _enter(self, named: str, step: int) -> None:
        """Another part of the training begins: it is called so, or all starts over."""
        newest = self.progress.step or 0
        over = step < newest and (has_ended(self.facts, newest) or self._begun.again(step))
        if named != self._named or over:
            self._stages = 1 if named != self._named else self._stages + 1
            self._named, self._begun = named, Beginning()
            again = str(self._stages) if self._stages > 1 else ""
            self.stage = f"{named} {again}".strip()
        if not self._begun.known:
            self._begun.add(step)

    def take_many(self, shape: Shape, rows: list[tuple[str, ...]]) -> bool:
        """Many lines of a known shape; False, and nothing done, where a number of theirs is odd.

        What is plain of them is taken by column: rows that place themselves by steps or batches
        which grow within one epoch. All else goes line by line.
        """
        numbers = shape.run.numbers(rows) if shape.run is not None else None
        if numbers is None:
            return False
        counter = shape.counters.get("step", shape.counters.get("batch"))
        if counter is None or not shape.plain or any(map(is_slow, shape.names)):
            for groups in rows:
                self.take(shape, groups)
            return True
        constant = [shape.counters[what] for what in ("epoch",) if what in shape.counters]
        for start, stop in pieces(numbers, counter, [*constant, *shape.totals]):
            self.take(shape, rows[start])
            start += 1
            if stop - start < SPAN or not self._take_plain(
                shape, rows[start:stop], numbers[start - 1 : stop], counter
            ):
                for groups in rows[start:stop]:
                    self.take(shape, groups)
        return True

    def _take_plain(
        self, shape: Shape, rows: list[tuple[str, ...]], numbers: Floats, group: int
    ) -> bool:
        """Rows that differ from one that was just taken in nothing but steps, values and time.

        False, and nothing done, where they have to be taken one by one.

        Args:
            shape: of the lines.
            rows: their groups, without those of the first one.
            numbers: the same as numbers, from the first one on.
            group: the one that counts steps or batches.
        """
        progress, last = self.progress, numbers[0, group]
        counter = self._counters.get("step" if "step" in shape.counters else "batch")
        if counter is None or counter.last != last or progress.step != counter.base + counter.last:
            return False  # the first one was no row after all
        if not shape.bar and self._by is not shape:
            return False
        epoch = None
        if "epoch" in shape.counters:
            epoch = numbers[1:, shape.counters["epoch"]]
            if not 0 <= epoch[0] < 2**53:
                return False
        elif progress.epoch is not None:
            epoch = np.full(len(rows), progress.epoch)
        time = times(rows, shape.time_at)
        steps = counter.locate_many(
            numbers[1:, group].astype(np.int64), shape.counter(rows[0], "epochs")
        )
        if time is None or steps is None:
            return False
        shape.rows += len(rows)
        self._begun.add(int(steps[0]), len(rows))
        columns, clock = shape.columns_of(numbers[1:]), time if len(time) else None
        part = Rows(columns, steps, epoch, clock, self.stage)
        progress.step = int(steps[-1])
        if epoch is not None:
            progress.epoch = float(epoch[-1])
        if shape.bar:
            self.drawn.bars(shape, rows, part, int(numbers[-1, group]))
        else:
            self.drawn.emit_many(part)
            self._given = part[-1].values
        return True

    def _demoted(self, values: dict[str, float], level: int, evaluation: bool) -> dict[str, float]:
        """Coarser rows of a metric that is also logged by step are other series, or repeats."""
        if evaluation:
            final = level == 0 and not self.drawn.holds_evaluation
            return {
                f"final_{name}" if final and self._levels.get(name, 0) else name: value
                for name, value in values.items()
            }
        kept: dict[str, float] = {}
        at = self.progress
        effective = level or (2 if at.header_step is not None else int(at.epoch is not None))
        for name, value in values.items():
            if self._levels.get(name, 0) <= effective:
                kept[name] = value
            elif level == 1:
                kept[f"epoch_{name}"] = value
        return kept

    def _fresh(self, shape: Shape, values: dict[str, float], step: int | None) -> dict[str, float]:
        """A second kind of line at one step repeats the first, or sums up the epoch (fairseq)."""
        if shape.level < 2 or shape.bar or step is None:
            return values
        given = self._given
        if step == self.progress.step and self._by is shape and given == values:
            return {}  # printed twice, by two loggers or by each rank
        if step == self.progress.step and self._by is not None and self._by is not shape:
            return {
                f"epoch_{name}" if name in given else name: value
                for name, value in values.items()
                if given.get(name) != value
            }
        self._by, self._given = shape, values
        return values

    def repeats(self, shape: Shape) -> bool:
        """Whether a line without a place tells what the newest row told, as Caffe does."""
        return shape.level == 0 and plain(shape.tells) in map(plain, self._given)

    def _train_step(self, shape: Shape, groups: tuple[str, ...]) -> int | None:
        progress = self.progress
        at = progress.epoch
        epoch = None if at is None or at != at else int(at)
        epochs = shape.counter(groups, "epochs") if epoch is not None else None
        if epoch is not None and epochs and self.loops.count_from_zero(epochs):
            epoch, epochs = epoch + 1, epochs + 1
        position = shape.counter(groups, "step")
        if position is not None:
            span = shape.counter(groups, "steps")
            counter = self._counter("step", span)
            return counter.locate(int(position), int(span) if span else None, epoch, epochs)
        position = shape.counter(groups, "batch")
        if position is None:
            if (by_rows := self.loops.is_by_rows(shape)) and shape.rows == _RECURS:
                self.drawn.put_behind(shape.names)
            return progress.by_epoch(evaluation=False, by_rows=by_rows)
        span = shape.counter(groups, "batches") or self.loops.span_at(position)
        if shape.keras:
            return int(progress.epoch or 0) if position == span else -1
        counter = self._counter("batch", span)
        if shape.samples and span:
            position, span = counter.rescale(int(position), int(span))
        return counter.locate(int(position), int(span) if span else None, epoch, epochs)

    def spot(self) -> Spot:
        """Where a line stands that has to wait until it is known to be a row."""
        step, epoch, header_step, _, phase = self.progress.spot
        return step, epoch, header_step, self.loops.end(), phase

    def _counter(self, what: str, span: float | None) -> Counter:
        """The axis of the steps or the batches; one that spans the whole plan starts anew never."""
        counter = self._counters.get(what)
        if counter is None:
            resets = True if what == "batch" else None
            whole = span is not None and span == self.facts.total_steps
            counter = self._counters[what] = Counter(resets=False if whole else resets)
        return counter

    def _eval_step(self, shape: Shape, groups: tuple[str, ...]) -> int | None:
        progress = self.progress
        position = shape.counter(groups, "step")
        if position is None:
            return self._unplaced_eval(shape, progress.by_epoch(evaluation=True))
        total = shape.counter(groups, "steps")
        counter = self._counters.get("step")
        if counter is None:
            self.facts.total_steps = self.facts.total_steps or (int(total) if total else None)
            return int(position)
        epoch = shape.counter(groups, "epoch")
        own = counter.is_before(int(position), epoch) or not (shape.evaluation or epoch is None)
        if own or self.loops.is_alone(shape, groups):
            return progress.step
        return counter.peek(int(position))

    def _unplaced_eval(self, shape: Shape, step: int | None) -> int:
        """An evaluation without a step: at the end of the epoch, where its last row has come.

        Where nothing was trained yet, evaluations are counted from 0.
        """
        if step is None:
            return shape.rows - 1
        if self.progress.header_step is not None:
            return step
        return max(step, self.loops.end() if self.progress.end is None else self.progress.end)

    def note_totals(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """Take the planned length from "10/500"."""
        counter = self._counters.get("step")
        axes = [(axis.resets, axis.last == axis.span) for axis in self._counters.values()]
        totals = (*axes, *[groups[i] for i in shape.totals])
        if totals == self._totals:
            return
        self._totals = totals
        epochs = shape.counter(groups, "epochs")
        if epochs and not self.loops.count_from_zero(epochs):
            self.facts.total_epochs = epochs
        span = shape.counter(groups, "steps")
        if span is None:
            span = shape.counter(groups, "batches")
            counter = self._counters.get("batch", counter)  # a bar's, beside a step of its own
        total = None
        if shape.keras or (shape.level == 1 and not self.progress.fine):
            total = self.facts.total_epochs
        elif span and counter is not None:
            if self.progress.epoch is None or counter.resets is False:
                total = span
            elif counter.resets and self.facts.total_epochs:
                total = (counter.length or span) * self.facts.total_epochs
        said = self.facts.total_steps or 0  # before an epoch as a headline: it counts steps
        if total and not (shape.level == 1 and not shape.names and total < said):
            self.facts.total_steps = int(total)

    def take_row(self, row: Row) -> None:
        """A row of a table or box."""
        step = row.step if row.step is not None else as_step(row.epoch or 0)
        if row.evaluation:
            newest = self.progress.step
            step = newest if newest is not None else as_step(self.progress.epoch or 0)
        elif row.batch is not None:
            counter = self._counters.setdefault("batch", Counter(resets=True))
            span = as_step(row.batches) if row.batches else None
            epoch = as_step(row.epoch or 0)
            step = counter.locate(as_step(row.batch) or 0, span, epoch, row.epochs)
        elif row.step is None and any(self._levels.get(n, 0) > 1 for n in row.values):
            step, row.values = self.progress.step or 0, self._demoted(row.values, 1, row.evaluation)
        if not row.evaluation and not all(is_eval(name) for name in row.values):
            self.progress.step = step
            self.facts.failure = None
        if row.epoch is not None:
            self.progress.epoch = row.epoch
        self._epochs_from_zero |= row.epoch == 0
        if row.epochs and 0 < row.epochs < 2**53:
            epochs = row.epochs + self._epochs_from_zero  # "0/29" is the first of 30
            self.facts.total_epochs = epochs
            if row.step is None:
                self.facts.total_steps = int(epochs * (row.batches or 1))
        self._levels = dict.fromkeys(row.values, 1 + (row.batch is not None)) | self._levels
        record = Record(row.values, step, row.epoch, None)
        if row.unfinished:
            self.drawn.hold(("table", step), record, whole=True)
        else:
            self.drawn.emit(record)
