"""The general text decoder: any log whose lines carry numbers near a metric's name.

A line's *shape* is what stays when its numbers change. The first line of a shape is taken apart
slowly (`text_learn.learn`): which number is the step, which are metrics, is it an evaluation. The
expression compiled from it then reads all further lines of that shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.folded import MARK, Folds
from lossmon.formats.labels import Labels
from lossmon.formats.lexicon import phase_of
from lossmon.formats.lexicon_places import title_of
from lossmon.formats.lines import LineSplitter, strip_prefix, text_of
from lossmon.formats.notes import note
from lossmon.formats.numbers import parse_number, without_endless
from lossmon.formats.rows import no_collection
from lossmon.formats.text_beneath import belongs, losses_placed, needed, stand_together
from lossmon.formats.text_boxes import Box, Report
from lossmon.formats.text_bulk import SPAN
from lossmon.formats.text_commas import Commas
from lossmon.formats.text_coverage import Coverage
from lossmon.formats.text_ends import end_of, is_closing, is_of_tracker
from lossmon.formats.text_expression import shape_key
from lossmon.formats.text_learn import MAX_CHARS, learn
from lossmon.formats.text_pieces import pieces
from lossmon.formats.text_rows import Placer
from lossmon.formats.text_shape import Shape, Waiting, counts_up, tell_apart
from lossmon.formats.text_table import Table
from lossmon.formats.text_unnamed import names_no_loss, rises_by_gain

MAX_SHAPES = 2048  # shapes remembered; junk lines without end must not fill the memory
_MAX_ACTIVE = 24  # shapes of rows tried on a line before it is taken apart
_MOST_KIN = 32
_NUMBER = re.compile(r"(?<![A-Za-z_@])(?<![A-Za-z]-)(?<!\w\()\d")  # "top-1", "return(100)"
_LETTER = re.compile(r"[^\W\d_]")
_ROUGH = str.maketrans("", "", "0123456789.+-, ")
# Or no number any more: "loss: nan"
_DIGIT = re.compile(
    r"(?<![A-Za-z_@])\d|\b(?:(?:epoch|step|iter(?:ation)?|batch)\d|(?:nan|inf)\b)", re.IGNORECASE
)


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
    _commas: Commas = field(default_factory=Commas)
    _labels: Labels = field(default_factory=Labels)
    _folds: Folds = field(default_factory=Folds)
    _active: list[Shape] = field(default_factory=list)
    _roughly: dict[str, Shape] = field(default_factory=dict)
    _table: Table | None = None
    _around: Table | None = None  # the one to return to below a table of scores
    _above: str = ""  # the words of the line before, where it had no number
    # Numbers of columns that words stood over, none of which was a loss.
    _other_columns: set[int] = field(default_factory=set)
    _boxes: tuple[Box, Report] = field(default_factory=lambda: (Box(), Report()))
    _rows: Placer = field(init=False)
    _coverage: Coverage = field(default_factory=Coverage)
    _last: Shape | None = None  # of the line before: the next one is likely the same
    _headline: Shape | None = None  # that said the step last
    _figures: int = 0  # lines with numbers that were none of rows

    def __post_init__(self) -> None:
        self._rows = Placer(self.facts)

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode what became complete with `data`."""
        with no_collection():
            return self._decode(self._labels.strip(self._splitter.feed(data)))

    def drop_line(self) -> None:
        """Forget the unfinished line."""
        self._splitter.drop()

    def flush(self) -> Sequence[Record]:
        """Decode the unfinished tail; a bar as it stands is a row."""
        tail = self._labels.strip(self._splitter.flush()) + self._labels.flush()
        records = [*self._decode(tail), *self._unfold()]
        for box in self._boxes:
            self._box_ends(box)
        self._rows.drawn.end()
        return [*records, *self._rows.drawn.drain()]

    @property
    def at_rest(self) -> bool:
        """It holds nothing back: if the log ended here, that would add no row."""
        held = self._splitter.is_open or self._labels.holds or self._folds.is_open
        return not (held or self._rows.drawn.holds or any(box.is_open for box in self._boxes))

    def settle(self) -> Sequence[Record]:
        """The log fell silent: what only a redraw or a fold could change is a row."""
        records = [*self._decode(self._labels.strip(self._splitter.drawn())), *self._unfold()]
        self._rows.drawn.settle()
        return [*records, *self._rows.drawn.drain()]

    def _unfold(self) -> Sequence[Record]:
        """What may have gone on does not."""
        return self._decode(self._folds.flush(), whole=True)

    def _decode(self, raw: list[bytes], whole: bool = False) -> Sequence[Record]:
        """Decode lines; those that are whole go on in no other."""
        self._splitter.tell_dropped(self.skipped)
        if not raw:
            return []
        data = b"\n".join(raw)
        if not whole and (self._folds.is_open or MARK in data):
            data = b"\n".join(self._folds.join(raw))
        text = self._commas.pointed(text_of(data))
        lines = text.split("\n")
        text += "\n"
        active, take = self._active, self._rows.take
        shape = self._last
        i = at = alone = 0  # the line, where it begins, and the line before which none go together
        while i < len(lines):
            if i >= alone and shape is not None and shape.rows and shape.run is not None:
                rows, end = shape.run.rows(text, at)
                if len(rows) >= SPAN and self._rows.take_many(shape, rows):
                    i, at = i + len(rows), end
                    continue
                alone = i + len(rows)
            line = lines[i]
            i, at = i + 1, at + len(line) + 1
            if not line:
                continue
            match = shape.match(line) if shape is not None else None
            if match is None:
                for shape in active:
                    match = shape.match(line)
                    if match is not None:
                        break
                else:
                    shape = None
                    self._slow(line)
                    continue
            assert shape is not None
            take(shape, match.groups())
        self._last = shape
        if self._coverage:
            self.skipped.unread = self._coverage.unread((s.tells, s.rows) for s in active)
        return self._rows.drawn.drain()

    def _slow(self, line: str) -> None:
        """A line of a shape not met before, or of one that carries no row."""
        if len(line) > MAX_CHARS and len(less := without_endless(line)) <= MAX_CHARS:
            self._again(less)
            return
        if len(line) > MAX_CHARS or line.isspace():
            return
        parts = pieces(line)
        if parts != [line]:
            for part in parts:
                self._again(part)
            return
        closing = is_closing(line)
        self._rows.closing |= closing
        if closing or is_of_tracker(line):
            return
        note(line, self._rows.progress.step, self.facts)
        self._rows.title = title_of(line) or self._rows.title
        for box in self._boxes:
            if box.take(line):
                return
            if box.is_open:
                self._box_ends(box)
                if box.take(line):  # the next one follows at once
                    return
        if not _DIGIT.search(line):
            self._words(line)
            return
        self._figures += 1
        above, self._above = self._above, ""
        if above and names_no_loss(above, line):
            self._other_columns.add(len(line.split()))
        if self._table is not None and self._table_row(line):
            return
        if "%" in line or "G " in line:
            table = Table.above_bar(line) or Table.without_header(line)
            if table is not None:
                self._open(table)
                if not table.spans and not table.mark:
                    self._table_row(line)
                return
        shape = self._shape_of(line, above)
        if shape.announces:
            self._rows.progress.phase = shape.phase
            return
        match = shape.match(line)
        if shape.tells and not self._rows.repeats(shape):
            self._coverage.lose(shape.tells)
        if match is None:
            return
        if shape.is_row:
            self._consider(shape, line)
        else:
            self._header(shape, match.groups())

    def _again(self, line: str) -> None:
        """A part of a line as a line of its own."""
        for shape in self._active:
            match = shape.match(line)
            if match is not None:
                self._rows.take(shape, match.groups())
                return
        self._slow(line)

    def _shape_of(self, line: str, above: str) -> Shape:
        """The shape of a line; learned where it is new, and then it may be a header."""
        rough = line.translate(_ROUGH)  # ten times cheaper than the key, and nearly as good
        shape = self._roughly.get(rough)
        if shape is not None and (shape.ignored or shape.match(line)):
            return shape
        ends = self._note_end(line)
        key = shape_key(line)
        shape = self.shapes.get(key)
        if shape is not None and shape.kin:
            shape = next((one for one in (shape, *shape.kin) if one.match(line)), shape)
        if shape is None or not (shape.ignored or shape.match(line)):
            shape = self._learn(line, key)
            if shape.ignored:
                message, _ = strip_prefix(line)
                if not _NUMBER.search(message):
                    table = Table.from_header(message, above)
                    if table is not None:
                        self._open(table)
        if not ends:  # a line that announces the end is looked at each time
            if len(self._roughly) >= 4 * MAX_SHAPES:
                self._roughly.clear()
            self._roughly[rough] = shape
        return shape

    def _learn(self, line: str, key: str) -> Shape:
        """The shape of a line that no known one reads: another one, or kin of that of its key."""
        if len(self.shapes) >= MAX_SHAPES:
            self._forget()
        shape, known = learn(line), self.shapes.get(key)
        if known is None or not shape.fixed or len(known.kin) >= _MOST_KIN:
            self.shapes[key] = shape
        else:
            known.kin.append(shape)
        return shape

    def _forget(self) -> None:
        """Too many shapes: keep those of rows."""
        self._roughly.clear()
        self.shapes = {key: shape for key, shape in self.shapes.items() if shape in self._active}

    def _words(self, line: str) -> None:
        """A line without numbers: a table's header, the start of an evaluation, the end."""
        self._note_end(line)
        above = ""
        if _LETTER.search(line):  # else a rule, below which the header may stand
            above, self._above = self._above, line
        shape = self.shapes.get(line)
        if shape is None:
            message, _ = strip_prefix(line)
            table = Table.from_header(message, above)
            if table is not None:
                self._open(table)
                return
            shape = Shape(message[:120], phase=phase_of(message) if len(message) < 80 else None)
            if len(self.shapes) >= MAX_SHAPES:
                self._forget()
            self.shapes[line] = shape
        if shape.phase is not None:
            self._rows.progress.phase = shape.phase

    def _note_end(self, line: str) -> bool:
        """Whether a line says that the training ended, in one way or another."""
        end = end_of(line)
        if end.failure is not None:
            self.facts.failure = self.facts.failure or end.failure
        self.facts.finished |= end.finished
        self._rows.summary |= end.summary
        return end.failure is not None or end.finished or end.summary

    def _header(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """A line that only says where the training is; the lines below belong there."""
        progress, loops = self._rows.progress, self._rows.loops
        for what, group in shape.plan.items():
            planned = parse_number(groups[group])
            if planned is not None and planned == planned and 0 < planned < 2**53:
                if what == "epochs":
                    self.facts.total_epochs = self.facts.total_epochs or planned
                else:
                    self.facts.total_steps = self.facts.total_steps or int(planned)
        if shape.bar and shape.bare == "batch":
            loops.bar = shape.counter(groups, "batch"), shape.counter(groups, "batches")
        placed = shape.counters and not (shape.bar or shape.guessed)
        if not (placed and shape.header) or loops.is_past(shape, groups):
            return
        self._rows.closing = False
        if shape.phase is not None:
            progress.phase = shape.phase
        if loops.is_headline_of_other(shape, groups):
            return
        epoch = shape.counter(groups, "epoch")
        if epoch is not None:
            if epoch != progress.epoch:
                self._rows.drawn.release_above(epoch)
            progress.epoch, progress.headed = epoch, True
            self._rows.note_totals(shape, groups)
            progress.phase = shape.phase
        step = shape.counter(groups, "step")
        if step is None and epoch is None and progress.epoch is None and shape.phase != "eval":
            step = shape.counter(groups, "batch")  # Composer: "[batch=1/4800]:"
            planned = shape.counter(groups, "batches")
            if planned:
                self.facts.total_steps = int(planned)
        below = shape.of_world and progress.header_step is not None and self._headline is not shape
        if step is not None and not below:
            if self._headline is shape and step > (progress.step or 0):  # an evaluation is over
                progress.phase = shape.phase
            progress.header_step, progress.headed, self._headline = int(step), True, shape
            planned = shape.counter(groups, "steps")
            if planned and shape.counter(groups, "epochs") is None:
                self.facts.total_steps = int(planned)

    # --- deciding whether a shape is one of training rows --------------------------------------

    def _consider(self, shape: Shape, line: str) -> None:
        """A row of a shape that is not accepted yet: accept it, or wait for more of its kind."""
        progress = self._rows.progress
        if shape.level == 0 and not belongs(shape, self._active, progress):
            return
        if shape.sentence and any(known.has_loss for known in self._active):
            return
        spare = shape.spare and losses_placed(self._active)
        if spare or (shape.guessed and len(line.split()) in self._other_columns):
            return
        required = needed(shape, self._active, progress)
        loops = self._rows.loops
        shape.waiting.append(Waiting(line, self._rows.spot(), loops.copied(), self._figures))
        if len(shape.waiting) < required:
            return
        if not (any(one.has_loss for one in self._active) or stand_together(shape)):
            del shape.waiting[0]
            return
        waiting, shape.waiting = shape.waiting, []
        matches = [shape.match(one.line) for one in waiting]
        if shape.guessed and required > 1 and not counts_up(shape, matches):
            return
        if shape.guessed and rises_by_gain([strip_prefix(one.line)[0] for one in waiting]):
            shape.names = ("score",)
        tell_apart(shape, self._active)
        self._active.insert(0, shape)
        del self._active[_MAX_ACTIVE:]
        here, counters = progress.spot, dict(loops.counters)
        for one in waiting:  # each where it came
            loops.counters.update(counters if one is waiting[-1] else one.counters)
            progress.spot = one.spot
            if (match := shape.match(one.line)) is not None:
                self._rows.take(shape, match.groups())
        self._coverage.lose(shape.tells, -len(waiting))
        said = progress.phase if progress.phase != waiting[-1].spot[-1] else here[-1]
        if shape.level == 0 or shape.evaluation:
            progress.spot = here
        progress.phase = said
        progress.end = None

    def _table_row(self, line: str) -> bool:
        assert self._table is not None
        row = self._table.read(strip_prefix(line)[0])
        if row is None:
            return False
        if not row.evaluation or self._rows.progress.knows:  # else results of what was trained
            self._rows.take_row(row)
        if self._table.scores:
            self._table = self._around
        return True

    def _open(self, table: Table) -> None:
        """A header came; below one of scores the table around it goes on."""
        if self._table is None or not self._table.scores:
            self._around = self._table
        again = self._table is not None and self._table.names == table.names
        table.held_out = again and self._rows.progress.phase == "eval"
        self._table = table

    def _box_ends(self, box: Box | Report) -> None:
        if (row := box.close()) is not None:
            self._rows.take_row(row)
