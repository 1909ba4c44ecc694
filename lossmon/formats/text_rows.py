"""What becomes of a line that was read: where it belongs, what of it is new, when it is final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lossmon.formats.axis import has_ended
from lossmon.formats.clock import read_time
from lossmon.formats.decoder import Facts, Floats, Parts, Record, Rows, as_step
from lossmon.formats.lexicon import is_eval, is_train, plain
from lossmon.formats.text_bulk import SPAN, pieces, times
from lossmon.formats.text_place import Counter, Place, Spot
from lossmon.formats.text_redraws import Redraws
from lossmon.formats.text_shape import Shape
from lossmon.formats.text_table import Row
from lossmon.formats.text_words import is_slow

_RECURS = 3  # so often must lines come to be finer rows of a metric that is there already


@dataclass
class _Held:
    """A row that later lines may still repaint."""

    key: tuple[object, ...]
    record: Record
    whole: bool = False  # one row an epoch: nothing in it is left over from an earlier one
    bar: tuple[Shape, tuple[str, ...]] | None = None  # the line that drew it last


@dataclass
class _Bar:
    """A redraw of a Keras bar: where it stands, of how many, and whether val metrics are in it."""

    position: int
    span: float | None
    evaluated: bool


@dataclass
class Placer:
    """Turns the groups of matched lines into records, in the order of the log.

    Attributes:
        facts: planned length, ending, failure; a training row refutes an ending.
        place: where the training is.
        summary: the next row repeats an earlier one ("best iteration is:").
        closing: the lines below, until one says where it stands, repeat the best of all rows.
        title: the newest headline that named a part of the training ("Fold 2").
        stage: the part that rows belong to; empty in a training of one.
    """

    facts: Facts
    place: Place = field(default_factory=Place)
    summary: bool = False
    closing: bool = False
    title: str = ""
    stage: str = ""
    _stages: int = 1
    _out: list[Record | Rows] = field(default_factory=list)
    _held: _Held | None = None
    _shown: tuple[object, ...] | None = None  # the bar position that was emitted last
    _bar_values: dict[str, float] = field(default_factory=dict)
    _counters: dict[str, Counter] = field(default_factory=dict)
    _levels: dict[str, int] = field(default_factory=dict)
    _totals: tuple[object, ...] = ()
    _epochs_from_zero: bool = False
    _by: Shape | None = None  # the kind of line that gave the newest step, and what it gave
    _keras: _Bar | None = None
    _given: dict[str, float] = field(default_factory=dict)
    _redraws: Redraws = field(default_factory=Redraws)

    def drain(self) -> Sequence[Record]:
        """The records that became final since the last call."""
        parts, self._out = self._out, []
        return Parts(parts)

    def take(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """A line of a known shape."""
        shape.rows += 1
        values = shape.values(groups)
        self.closing &= shape.level == 0
        if not values or self.closing:
            return
        place = self.place
        evaluation = shape.evaluation
        if not evaluation and self._is_other_loop(shape, groups):
            values = {_as_eval(name): value for name, value in values.items()}
            evaluation = True
        evaluation |= shape.scores
        if shape.keras and self._is_evaluate(shape, groups):
            return
        if shape.bar and not shape.keras and shape.counter(groups, "batch") == 0:
            self._bar_starts(values)
            if not evaluation and shape.redraws:
                self._redraws.add(0, Record(values, 0, place.epoch, None, self.stage))
            return
        if shape.level < 2:
            values = self._demoted(values, shape.level, evaluation)
            if not values:
                return
        if shape.level == 0 and evaluation and self._bar_values:
            values = {n: v for n, v in values.items() if self._bar_values.get(n) != v}
            self._bar_values.update(values)
            if not values:
                return
        if self.summary:
            self.summary = False
            if shape.level == 2 and shape.index:
                return
        time = read_time(groups[shape.time_at]) if shape.time_at >= 0 else None
        epoch = shape.counter(groups, "epoch")
        if epoch is not None:
            place.epoch = epoch
        if evaluation:
            step = self._eval_step(shape, groups)
        else:
            step = self._train_step(shape, groups)
            if step is not None and step < 0:
                return
            values = self._fresh(shape, values, step)
            if not values:
                return
            again = shape.bar and step is not None and step == place.step
            if step is not None:
                self._enter(shape.stage or self.title, step)
                by_batch = epoch is not None and "batch" in shape.counters
                recurs = shape.rows >= _RECURS or 1 not in self._levels.values()
                place.arrive(step, shape.level == 2, by_batch, recurs)
            if not again and not self._is_last(shape, groups):
                self.facts.finished, self.facts.failure = False, None
            if shape.totals:
                self.note_totals(shape, groups)
        at = place.epoch if epoch is None else epoch
        record = Record(values, step, at, time, "" if evaluation else self.stage)
        alone = evaluation and self._loops_alone(shape, groups)
        if shape.bar:
            if evaluation or not (shape.redraws and self._between(shape, groups, record)):
                self._hold_bar(shape, record, groups)
        elif evaluation and ("batch" in shape.counters or alone):
            self._hold(("eval", shape.names, record.epoch, record.step), record)
        else:
            self._emit(record)
        if shape.rows in (1, _RECURS) and not alone:
            for name in values:  # one torn line among many rows by epoch is no kind of row
                known = self._levels.get(name)
                if known is None or shape.rows == _RECURS:
                    self._levels[name] = max(shape.level, known or 0)

    def _is_last(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A bar at the end of the last epoch, as Lightning draws it behind the words of its end."""
        epoch, epochs = shape.counter(groups, "epoch"), shape.counter(groups, "epochs")
        return shape.bar and epoch is not None and epoch == epochs and shape.is_full(groups)

    def _enter(self, named: str, step: int) -> None:
        """Another part of the training begins: it is called so, or what was planned is done."""
        if named:
            self.stage = named
        elif step < (self.place.step or 0) and has_ended(self.facts, self.place.step or 0):
            self._stages += 1
            self.stage = str(self._stages)

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
        place, last = self.place, numbers[0, group]
        counter = self._counters.get("step" if "step" in shape.counters else "batch")
        if counter is None or counter.last != last or place.step != counter.base + counter.last:
            return False  # the first one was no row after all
        if not shape.bar and self._by is not shape:
            return False
        epoch = None
        if "epoch" in shape.counters:
            epoch = numbers[1:, shape.counters["epoch"]]
            if not 0 <= epoch[0] < 2**53:
                return False
        elif place.epoch is not None:
            epoch = np.full(len(rows), place.epoch)
        time = times(rows, shape.time_at)
        steps = counter.locate_many(
            numbers[1:, group].astype(np.int64), shape.counter(rows[0], "epochs")
        )
        if time is None or steps is None:
            return False
        shape.rows += len(rows)
        values = shape.columns_of(numbers[1:])
        part = Rows(values, steps, epoch, time if len(time) else None, self.stage)
        place.step = int(steps[-1])
        if epoch is not None:
            place.epoch = float(epoch[-1])
        if shape.bar:
            repeats = shape.redraws and self._between(shape, rows[0], part[0])
            self.release()
            self._out.append(part[int(repeats) : -1])
            self._shown = ("bar", False, part[-2].epoch, part[-2].step)
            self._bar_values.update(part[-2].values)
            self._held = _Held(("bar", False, part[-1].epoch, part[-1].step), part[-1])
            self._redraws.skip(int(numbers[-1, group]), part[-2], part[-1])
        else:
            self._out.append(part)
            self._given = part[-1].values
        return True

    def _is_evaluate(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A Keras bar that starts anew without a new epoch: `evaluate` after `fit`, no point."""
        now = _Bar(
            int(shape.counter(groups, "batch") or 0),
            shape.counter(groups, "batches"),
            any(map(is_eval, shape.names)),
        )
        last = self._keras
        if last is not None and not self.place.headed and self.place.epoch is not None:
            back = now.position < last.position or now.span != last.span
            if back or (last.evaluated and not now.evaluated):
                return True
        self._keras, self.place.headed = now, False
        return False

    def _is_other_loop(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Rows of an evaluation that only their surroundings give away."""
        if shape.level == 0:
            return self.place.phase == "eval" and not any(map(is_train, shape.names))
        if shape.bar or not (shape.bare_batch or shape.bare_step):
            return False
        by_epoch = shape.bare_batch and self.place.batches_by_epoch
        return by_epoch or self._is_of_evaluation(shape, groups)

    def is_of_other_loop(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A headline that counts up to other numbers than the training: of its evaluations."""
        counter, epochs = self._counters.get("batch"), shape.counter(groups, "epochs")
        batches = shape.counter(groups, "batches")
        if counter is not None and counter.span and batches not in (None, counter.span):
            return True
        return bool(counter and epochs and self.facts.total_epochs not in (None, epochs))

    def _is_of_evaluation(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Batches counted up to another number than those of the training, where one was said."""
        what, whole = ("batch", "batches") if shape.bare_batch else ("step", "steps")
        counter = self._counters.get(what)
        if self.place.phase != "eval" or counter is None or counter.span is None:
            return False
        return shape.counter(groups, whole) not in (counter.span, None)

    def _demoted(self, values: dict[str, float], level: int, evaluation: bool) -> dict[str, float]:
        """Coarser rows of a metric that is also logged by step are other series, or repeats."""
        if evaluation:
            final = level == 0
            return {
                f"final_{name}" if final and self._levels.get(name) == 2 else name: value
                for name, value in values.items()
            }
        kept: dict[str, float] = {}
        effective = level
        if level == 0 and self.place.header_step is not None:
            effective = 2
        elif level == 0 and self.place.epoch is not None:
            effective = 1
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
        if step == self.place.step and self._by is shape and given == values:
            return {}  # printed twice, by two loggers or by each rank
        if step == self.place.step and self._by is not None and self._by is not shape:
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
        place = self.place
        epoch = None if place.epoch is None or place.epoch != place.epoch else int(place.epoch)
        epochs = shape.counter(groups, "epochs") if epoch is not None else None
        if epoch is not None and epochs and self._counts_from_zero(epochs):
            epoch, epochs = epoch + 1, epochs + 1
        position = shape.counter(groups, "step")
        if position is not None:
            span = shape.counter(groups, "steps")
            counter = self._counter("step", span)
            return counter.locate(int(position), int(span) if span else None, epoch, epochs)
        position = shape.counter(groups, "batch")
        if position is None:
            return place.by_epoch(evaluation=False)
        span = shape.counter(groups, "batches")
        if shape.keras:
            return int(place.epoch or 0) if position == span else -1
        counter = self._counter("batch", span)
        if shape.samples and span:
            position, span = counter.rescale(int(position), int(span))
        return counter.locate(int(position), int(span) if span else None, epoch, epochs)

    def _counts_from_zero(self, epochs: float) -> bool:
        """Whether "Epoch 5/5" is the sixth, as "max_epochs=6" says."""
        return self.facts.total_epochs == epochs + 1

    def _end(self) -> int:
        """The last step of the epoch, where its last row has come; else 0."""
        return max((counter.end() or 0 for counter in self._counters.values()), default=0)

    def spot(self) -> Spot:
        """Where a line stands that has to wait until it is known to be a row."""
        step, epoch, header_step, _ = self.place.spot
        return step, epoch, header_step, self._end()

    def _counter(self, what: str, span: float | None) -> Counter:
        """The axis of the steps or the batches; one that spans the whole plan starts anew never."""
        counter = self._counters.get(what)
        if counter is None:
            resets = True if what == "batch" else None
            whole = span is not None and span == self.facts.total_steps
            counter = self._counters[what] = Counter(resets=False if whole else resets)
        return counter

    def _eval_step(self, shape: Shape, groups: tuple[str, ...]) -> int | None:
        place = self.place
        position = shape.counter(groups, "step")
        if position is None:
            return self._unplaced_eval(shape, place.by_epoch(evaluation=True))
        total = shape.counter(groups, "steps")
        counter = self._counters.get("step")
        if counter is None:
            self.facts.total_steps = self.facts.total_steps or (int(total) if total else None)
            return int(position)
        return place.step if self._loops_alone(shape, groups) else counter.peek(int(position))

    def _loops_alone(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Steps of an evaluation, up to another number than those of the training.

        What an epoch's line says of all of them comes after them, and takes their place.
        """
        counter, total = self._counters.get("step"), shape.counter(groups, "steps")
        return counter is not None and total is not None and counter.span not in (None, total)

    def _unplaced_eval(self, shape: Shape, step: int | None) -> int:
        """An evaluation without a step: at the end of the epoch, where its last row has come.

        Where nothing was trained yet, evaluations are counted from 0.
        """
        if step is None:
            return shape.rows - 1
        if self.place.header_step is not None:
            return step
        return max(step, self._end() if self.place.end is None else self.place.end)

    def note_totals(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """Take the planned length from "10/500"."""
        step_counter = self._counters.get("step")
        resets = [counter.resets for counter in self._counters.values()]
        totals = (*resets, *[groups[i] for i in shape.totals])
        if totals == self._totals:
            return
        self._totals = totals
        epochs = shape.counter(groups, "epochs")
        if epochs and not self._counts_from_zero(epochs):
            self.facts.total_epochs = epochs
        span = shape.counter(groups, "steps")
        counter = step_counter
        if span is None:
            span, counter = shape.counter(groups, "batches"), self._counters.get("batch")
        total = None
        if shape.keras or (shape.level == 1 and not self.place.fine):
            total = self.facts.total_epochs
        elif span and counter is not None:
            if self.place.epoch is None or counter.resets is False:
                total = span
            elif counter.resets and self.facts.total_epochs:
                total = (counter.span or span) * self.facts.total_epochs
        said = self.facts.total_steps or 0  # before an epoch as a headline: it counts steps
        if total and not (shape.level == 1 and not shape.names and total < said):
            self.facts.total_steps = int(total)

    def _emit(self, record: Record) -> None:
        held = self._held
        if (
            held is not None
            and (held.key[0], held.record.step) == ("eval", record.step)
            and held.record.values.keys() <= record.values.keys()
        ):
            self._held = None  # the line that sums the batches up
        if self._held is not None:
            self.release()
        self._out.append(record)

    def _hold(
        self,
        key: tuple[object, ...],
        record: Record,
        whole: bool = False,
        bar: tuple[Shape, tuple[str, ...]] | None = None,
    ) -> None:
        """Keep a row that its next redraw replaces."""
        if self._held is not None and self._held.key != key:
            self.release()
        self._held = _Held(key, record, whole, bar)

    def settle(self) -> None:
        """The log is silent: a bar at its end is a row, to which a redraw adds what is new alone.

        Else the last epoch of Keras would never be seen while one watches, and of epochs that take
        an hour each would be seen an hour late.
        """
        held = self._held
        if held is not None and held.bar is not None and held.bar[0].is_full(held.bar[1]):
            self.release()
            self._bar_values.update(held.record.values)

    def _between(self, shape: Shape, groups: tuple[str, ...], record: Record) -> bool:
        """Redraws of the held row that were steps of their own take its place.

        Returns:
            Whether the row at hand repeats the last of them.
        """
        position = shape.counter(groups, "batch" if "batch" in shape.counters else "step")
        if position is None:
            return False
        steps, held = self._redraws.add(int(position), record), self._held
        if not steps or (held is not None and held.record.values != steps[-1].values):
            return False
        if held is not None:
            self._shown = held.key
            self._bar_values.update(held.record.values)
        elif steps[0].step != (record.step or 0) - int(position) + 1:
            return False  # the row that was held is out already
        self._held = None
        self._out += steps
        return steps[-1].values == record.values

    def _hold_bar(self, shape: Shape, record: Record, groups: tuple[str, ...]) -> None:
        key = ("bar", shape.evaluation, record.epoch, record.step)
        if key == self._shown:
            fresh = {n: v for n, v in record.values.items() if n not in self._bar_values}
            record = record._replace(values=fresh)
            if not fresh:
                return
        self._hold(key, record, shape.keras, (shape, groups))

    def _bar_starts(self, values: dict[str, float]) -> None:
        """A new epoch's bar at 0 still shows what was measured after the epoch before."""
        self.release()
        fresh = {n: v for n, v in values.items() if is_eval(n) and self._bar_values.get(n) != v}
        self._bar_values.update(fresh)
        if fresh and self.place.step is not None:  # else: a check before the first step
            self._out.append(Record(fresh, self.place.step, self.place.epoch))

    def release(self) -> None:
        """The held row is final."""
        held, self._held = self._held, None
        if held is None:
            return
        record = held.record
        if held.key[0] == "bar":
            self._shown = held.key
            values = {
                name: value
                for name, value in record.values.items()
                if not self._stale(name, value, held)
            }
            if not held.whole:
                self._bar_values.update(record.values)
            record = record._replace(values=values)
        if record.values:
            self._out.append(record)

    def _stale(self, name: str, value: float, held: _Held) -> bool:
        """A bar goes on showing an evaluation long after it was made."""
        return not held.whole and is_slow(name) and self._bar_values.get(name) == value

    def take_row(self, row: Row) -> None:
        """A row of a table or box."""
        step = row.step if row.step is not None else as_step(row.epoch or 0)
        if row.evaluation:
            step = (
                self.place.step if self.place.step is not None else as_step(self.place.epoch or 0)
            )
        elif row.batch is not None:
            counter = self._counters.setdefault("batch", Counter(resets=True))
            span = as_step(row.batches) if row.batches else None
            step = counter.locate(
                as_step(row.batch) or 0, span, as_step(row.epoch or 0), row.epochs
            )
        if not row.evaluation and not all(is_eval(name) for name in row.values):
            self.place.step = step
            self.facts.failure = None
        if row.epoch is not None:
            self.place.epoch = row.epoch
        self._epochs_from_zero |= row.epoch == 0
        if row.epochs and 0 < row.epochs < 2**53:
            epochs = row.epochs + self._epochs_from_zero  # "0/29" is the first of 30
            self.facts.total_epochs = epochs
            if row.step is None:
                self.facts.total_steps = int(epochs * (row.batches or 1))
        record = Record(row.values, step, row.epoch, None)
        if row.unfinished:
            self._hold(("table", step), record, whole=True)
        else:
            self._emit(record)


def _as_eval(name: str) -> str:
    return name if is_eval(name) else f"eval_{name}"
