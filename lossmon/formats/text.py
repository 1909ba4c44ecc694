"""The general text decoder: any log whose lines carry numbers near a metric's name.

A line's *shape* is what stays when its numbers change. The first line of a shape is taken apart
slowly (`text_shape.learn`): which number is the step, which are metrics, is it an evaluation. The
expression compiled from it then reads all further lines of that shape.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from dataclasses import dataclass, field

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter, clean_text, failure, read_time, strip_prefix
from lossmon.formats.numbers import parse_number
from lossmon.formats.text_place import Counter, Place
from lossmon.formats.text_shape import MAX_CHARS, Shape, learn, shape_key
from lossmon.formats.text_table import Box, Row, Table
from lossmon.formats.text_words import is_eval, is_loss, is_train, phase_of

MAX_SHAPES = 4096  # shapes remembered; junk lines without end must not fill the memory
_MAX_ACTIVE = 24  # shapes of rows tried on a line before it is taken apart
_RECURS = 3  # a line that neither says where it stands nor names a loss plainly must come this often
_UNCLEAN = re.compile("[^\t\n -~\u00a0-\u167f\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufefe\uff00-\ufffd]")
_DIGIT = re.compile(r"\d")
_FINISHED = re.compile(
    r"(?i)(?:^|[\s`'\"*])(?:(?:training|engine run|finetuning|fine-tuning|optimization)"
    r"(?: (?:is|has|was|run))?[\s:]*(?:finished|complete[d]?|done|ended|successful)"
    r"|(?:finished|completed|done) training|end of training"
    r"|early stopping[,.]? best|stopped: `?max_(?:epochs|steps)|stopped by overfitting detector)"
)
_SUMMARY = re.compile(r"(?i)best (?:iteration|epoch|step)|early stopping|loaded best")


@dataclass
class _Held:
    """A row that later lines may still repaint."""

    key: tuple[object, ...]
    record: Record
    whole: bool = False  # one row an epoch: nothing in it is left over from an earlier one


@dataclass
class TextDecoder:
    """Decode lines of text of any recurring shape.

    Attributes:
        format: "text".
        skipped: lines that were too long.
        facts: planned length, ending, failure.
        shapes: shape of a line -> what it means; the read-only view for `looks_like_training`.
    """

    format: str = "text"
    skipped: Skipped = field(default_factory=Skipped)
    facts: Facts = field(default_factory=Facts)
    shapes: dict[str, Shape] = field(default_factory=dict)
    _splitter: LineSplitter = field(default_factory=LineSplitter)
    _active: list[Shape] = field(default_factory=list)
    _out: list[Record] = field(default_factory=list)
    _held: _Held | None = None
    _shown: tuple[object, ...] | None = None  # the bar position that was emitted last
    _bar_values: dict[str, float] = field(default_factory=dict)
    _place: Place = field(default_factory=Place)
    _counters: dict[str, Counter] = field(default_factory=dict)
    _levels: dict[str, int] = field(default_factory=dict)
    _waiting: dict[int, list[tuple[str, int | None, float | None]]] = field(default_factory=dict)
    _totals: tuple[str, ...] = ()
    _table: Table | None = None
    _table_rows: int = 0
    _box: Box = field(default_factory=Box)
    _summary: bool = False  # the next row repeats an earlier one

    def feed(self, data: bytes) -> list[Record]:
        """Decode what became complete with `data`."""
        return self._decode(self._splitter.feed(data))

    def flush(self) -> list[Record]:
        """Decode the unfinished tail; a bar as it stands is a row."""
        records = self._decode(self._splitter.flush())
        self._box_ends()
        self._release()
        records += self._take_out()
        return records

    def _decode(self, raw: list[bytes]) -> list[Record]:
        if self._splitter.oversized > self.skipped.count:
            for _ in range(self._splitter.oversized - self.skipped.count):
                self.skipped.add("line too long", "")
        if not raw:
            return []
        text = b"\n".join(raw).decode("utf-8", "replace")
        lines = text.split("\n")
        if _UNCLEAN.search(text):
            lines = [clean_text(line) for line in lines]
        active = self._active
        shape: Shape | None = active[0] if active else None
        for line in lines:
            if not line:
                continue
            match = shape.match(line) if shape is not None else None
            if match is None:
                for i, shape in enumerate(active):  # noqa: B007 - the one that matched goes on
                    match = shape.match(line)
                    if match is not None:
                        if i > 2:
                            active.insert(0, active.pop(i))
                        break
                else:
                    self._slow(line)
                    shape = active[0] if active else None
                    continue
            assert shape is not None
            self._row(shape, match.groups())
        return self._take_out()

    def _take_out(self) -> list[Record]:
        records, self._out = self._out, []
        return records

    # --- lines that no expression read -------------------------------------------------------

    def _slow(self, line: str) -> None:
        """A line of a shape not met before, or of one that carries no row."""
        if len(line) > MAX_CHARS or line.isspace():
            return
        if self._box.take(line):
            return
        if self._box.is_open:
            self._box_ends()
        if not _DIGIT.search(line):
            self._words(line)
            return
        if self._table is not None and self._table_row(line):
            return
        key = shape_key(line)
        shape = self.shapes.get(key)
        if shape is None:
            self._note_end(line)
            shape = learn(line)
            if len(self.shapes) >= MAX_SHAPES:
                self._forget()
            self.shapes[key] = shape
        elif not shape.counters and not shape.is_row:
            self._note_end(line)
            shape.seen += 1
            return
        shape.seen += 1
        match = shape.match(line)
        if match is None:
            return
        if shape.is_row:
            self._consider(shape, match.groups(), line)
        else:
            self._header(shape, match.groups())

    def _forget(self) -> None:
        """Too many shapes: keep those of rows."""
        self.shapes = {key: shape for key, shape in self.shapes.items() if shape in self._active}

    def _words(self, line: str) -> None:
        """A line without numbers: a table's header, the start of an evaluation, the end."""
        self._note_end(line)
        shape = self.shapes.get(line)
        if shape is None:
            message, _ = strip_prefix(line)
            table = Table.from_header(message)
            if table is not None:
                self._table, self._table_rows = table, 0
                return
            shape = Shape(message[:120], phase=phase_of(message) if len(message) < 80 else None)
            if len(self.shapes) >= MAX_SHAPES:
                self._forget()
            self.shapes[line] = shape
        shape.seen += 1
        if shape.phase is not None:
            self._place.phase = shape.phase

    def _note_end(self, line: str) -> None:
        dead = failure(line)
        if dead is not None:
            self.facts.failure = self.facts.failure or dead
        elif _FINISHED.search(line):
            self.facts.finished = True
        if _SUMMARY.search(line):
            self._summary = True

    def _header(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """A line that only says where the training is; the lines below belong there."""
        for what, group in shape.plan.items():
            planned = parse_number(groups[group])
            if planned is not None and planned == planned and 0 < planned < 2**53:
                if what == "epochs":
                    self.facts.total_epochs = self.facts.total_epochs or planned
                else:
                    self.facts.total_steps = self.facts.total_steps or int(planned)
        if not shape.counters or shape.bar:
            return
        if shape.phase is not None:
            self._place.phase = shape.phase
        epoch = self._number(shape, groups, "epoch")
        if epoch is not None:
            if self._held is not None and epoch != self._place.epoch:
                self._release()
            self._place.epoch = epoch
            self._note_totals(shape, groups)
            if shape.phase is None:
                self._place.phase = None
        step = self._number(shape, groups, "step")
        if step is not None:
            self._place.header_step = int(step)

    @staticmethod
    def _number(shape: Shape, groups: tuple[str, ...], what: str) -> float | None:
        group = shape.counters.get(what)
        number = None if group is None else parse_number(groups[group])
        return number if number is not None and 0 <= number < 2**53 else None

    # --- deciding whether a shape is one of training rows --------------------------------------

    def _consider(self, shape: Shape, groups: tuple[str, ...], line: str) -> None:
        """A row of a shape that is not accepted yet: accept it, or wait for more of its kind."""
        needed = self._needed(shape)
        waiting = self._waiting.setdefault(id(shape), [])
        waiting.append((line, self._place.step, self._place.epoch))
        if len(waiting) < needed:
            if len(self._waiting) > MAX_SHAPES:
                self._waiting.clear()
            return
        del self._waiting[id(shape)]
        if shape.guessed and not _increasing([shape.match(old) for old, _, _ in waiting], shape):
            return
        self._active.insert(0, shape)
        del self._active[_MAX_ACTIVE:]
        place, here = self._place, (self._place.step, self._place.epoch)
        for old, place.step, place.epoch in waiting:  # as it was when the line came
            match = shape.match(old)
            if match is not None:
                self._row(shape, match.groups())
        if shape.level == 0 or shape.evaluation:
            place.step, place.epoch = here

    def _needed(self, shape: Shape) -> int:
        losses = any(is_loss(name) for name in shape.names)
        if shape.guessed or not losses:
            return _RECURS
        if shape.level:
            return 1
        placed = self._place.epoch is not None or self._place.step is not None
        return 1 if placed else _RECURS

    # --- rows --------------------------------------------------------------------------------

    def _row(self, shape: Shape, groups: tuple[str, ...]) -> None:
        shape.rows += 1
        values = shape.values(groups)
        if not values:
            return
        place = self._place
        evaluation = shape.evaluation
        if not evaluation and self._is_other_loop(shape):
            values = {_as_eval(name): value for name, value in values.items()}
            evaluation = True
        if shape.level < 2:
            values = self._demoted(values, shape.level, evaluation)
            if not values:
                return
        if shape.level == 0 and evaluation and self._bar_values:
            values = {n: v for n, v in values.items() if self._bar_values.get(n) != v}
            self._bar_values.update(values)
            if not values:
                return
        if self._summary:
            self._summary = False
            if shape.level == 2 and shape.index:
                return
        time = read_time(groups[shape.time_at]) if shape.time_at >= 0 else None
        epoch = self._number(shape, groups, "epoch")
        if epoch is not None:
            place.epoch = epoch
        if evaluation:
            step = self._eval_step(shape, groups)
        else:
            step = self._train_step(shape, groups)
            if step is not None and step < 0:
                return
            if step is not None:
                place.step = step
                if shape.level == 2:
                    place.batches_by_epoch |= "batch" in shape.counters and epoch is not None
                    place.fine = True
                    place.header_step = None
                    place.phase = None
            self.facts.finished = False
            if self.facts.failure is not None:
                self.facts.failure = None
            self._note_totals(shape, groups)
        record = Record(values, step, place.epoch if epoch is None else epoch, time)
        if shape.bar:
            self._hold_bar(shape, record)
        elif evaluation and "batch" in shape.counters:
            self._hold(("eval", shape.names), record)
        else:
            self._emit(record)
        if shape.rows == 1:
            for name in values:
                self._levels[name] = max(shape.level, self._levels.get(name, 0))

    def _is_other_loop(self, shape: Shape) -> bool:
        """Rows of an evaluation that only their surroundings give away."""
        if shape.level == 0:
            return self._place.phase == "eval" and not any(map(is_train, shape.names))
        counters = shape.counters
        bare_batch = "batch" in counters and "epoch" not in counters and "step" not in counters
        return bare_batch and not shape.bar and self._place.batches_by_epoch

    def _demoted(
        self, values: dict[str, float], level: int, evaluation: bool
    ) -> dict[str, float]:
        """Coarser rows of a metric that is also logged by step are other series, or repeats."""
        if evaluation:
            final = level == 0
            return {
                f"final_{name}" if final and self._levels.get(name) == 2 else name: value
                for name, value in values.items()
            }
        kept: dict[str, float] = {}
        effective = level
        if level == 0 and self._place.header_step is not None:
            effective = 2
        elif level == 0 and self._place.epoch is not None:
            effective = 1
        for name, value in values.items():
            if self._levels.get(name, 0) <= effective:
                kept[name] = value
            elif level == 1:
                kept[f"epoch_{name}"] = value
        return kept

    def _train_step(self, shape: Shape, groups: tuple[str, ...]) -> int | None:
        place = self._place
        epoch = None if place.epoch is None or place.epoch != place.epoch else int(place.epoch)
        position = self._number(shape, groups, "step")
        if position is not None:
            counter = self._counters.setdefault("step", Counter())
            span = self._number(shape, groups, "steps")
            return counter.locate(int(position), int(span) if span else None, epoch)
        position = self._number(shape, groups, "batch")
        if position is None:
            return place.by_epoch(evaluation=False)
        span = self._number(shape, groups, "batches")
        if shape.keras:
            return int(place.epoch or 0) if position == span else -1
        if shape.bar and position == 0:
            return -1
        counter = self._counters.setdefault("batch", Counter(resets=True))
        if shape.samples and span:
            position, span = counter.rescale(int(position), int(span))
        return counter.locate(int(position), int(span) if span else None, epoch)

    def _eval_step(self, shape: Shape, groups: tuple[str, ...]) -> int | None:
        place = self._place
        position = self._number(shape, groups, "step")
        if position is None:
            step = place.by_epoch(evaluation=True)
            return 0 if step is None else step
        total = self._number(shape, groups, "steps")
        counter = self._counters.get("step")
        if counter is None:
            return int(position)
        if total is not None and counter.span is not None and total != counter.span:
            return place.step
        return counter.peek(int(position))

    def _note_totals(self, shape: Shape, groups: tuple[str, ...]) -> None:
        counters = shape.counters
        totals = tuple(
            groups[counters[what]] for what in ("steps", "epochs", "batches") if what in counters
        )
        if not totals or totals == self._totals:
            return
        self._totals = totals
        epochs = self._number(shape, groups, "epochs")
        if epochs:
            self.facts.total_epochs = epochs
        span = self._number(shape, groups, "steps")
        counter = self._counters.get("step")
        if span is None:
            span, counter = self._number(shape, groups, "batches"), self._counters.get("batch")
        total = None
        if shape.keras or (shape.level == 1 and not self._place.fine):
            total = self.facts.total_epochs
        elif span and counter is not None:
            if self._place.epoch is None or counter.resets is False:
                total = span
            elif counter.resets and self.facts.total_epochs:
                total = (counter.span or span) * self.facts.total_epochs
        if total:
            self.facts.total_steps = int(total)

    # --- holding and emitting ------------------------------------------------------------------

    def _emit(self, record: Record) -> None:
        if self._held is not None:
            self._release()
        self._out.append(record)

    def _hold(self, key: tuple[object, ...], record: Record, whole: bool = False) -> None:
        """Keep a row that its next redraw replaces."""
        if self._held is not None and self._held.key != key:
            self._release()
        self._held = _Held(key, record, whole)

    def _hold_bar(self, shape: Shape, record: Record) -> None:
        key = ("bar", shape.evaluation, record.epoch, record.step)
        if key == self._shown:
            fresh = {n: v for n, v in record.values.items() if n not in self._bar_values}
            record = record._replace(values=fresh)
            if not fresh:
                return
        self._hold(key, record, shape.keras)

    def _release(self) -> None:
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
        return not held.whole and _slow_moving(name) and self._bar_values.get(name) == value

    def _table_row(self, line: str) -> bool:
        assert self._table is not None
        row = self._table.read(strip_prefix(line)[0])
        if row is None:
            return False
        self._table_rows += 1
        self._emit_row(row)
        return True

    def _box_ends(self) -> None:
        row = self._box.close()
        if row is not None:
            self._emit_row(row)

    def _emit_row(self, row: Row) -> None:
        step = row.step if row.step is not None else int(row.epoch or 0)
        if not all(is_eval(name) for name in row.values):
            self._place.step = step
            self.facts.failure = None
        if row.epoch is not None:
            self._place.epoch = row.epoch
        self._emit(Record(row.values, step, row.epoch, None))


def _as_eval(name: str) -> str:
    return name if is_eval(name) else f"eval_{name}"


def _slow_moving(name: str) -> bool:
    """A value that a bar goes on showing long after it was measured."""
    return is_eval(name) or name.endswith("_epoch")


def _increasing(matches: list[re.Match[str] | None], shape: Shape) -> bool:
    group = shape.counters.get("step", -1)
    steps = [parse_number(match.groups()[group]) for match in matches if match and group >= 0]
    return all(a is not None and b is not None and a < b for a, b in zip(steps, steps[1:], strict=False))


def looks_like_training(head: bytes) -> str | None:
    """Whether the first bytes of a file hold lines of a training log.

    Returns:
        The reason, such as "12 of 14 lines have the shape 'step # loss #'", or None.
    """
    decoder = TextDecoder()
    records = decoder.feed(head) + decoder.flush()
    drawn = [record for record in records if any(is_loss(name) or "rew" in name for name in record.values)]
    if len(drawn) < 2:
        return None
    lines = len(head.splitlines())
    tally: Tally[str] = Tally()
    for shape in decoder.shapes.values():
        if shape.is_row and shape.rows:
            tally[shape.text] += shape.rows
    if not tally:
        return f"{len(drawn)} of {lines} lines are rows of a table with a loss"
    text, count = tally.most_common(1)[0]
    return f"{count} of {lines} lines have the shape '{text}'"
