"""Rows on their way out of a text: held while a redraw may repaint them, then final."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lossmon.formats.decoder import Facts, Parts, Record, Rows
from lossmon.formats.lexicon import is_eval
from lossmon.formats.text_progress import Progress
from lossmon.formats.text_redraws import Redraws
from lossmon.formats.text_shape import Shape
from lossmon.formats.text_words import is_slow

_MOST_ON_ITS_WAY = 2048  # redraws of one bar that are kept


@dataclass
class _Held:
    """A row that later lines may still repaint."""

    key: tuple[object, ...]
    record: Record
    whole: bool = False  # one row an epoch: nothing in it is left over from an earlier one
    bar: tuple[Shape, tuple[str, ...]] | None = None  # the line that drew it last

    def leave_out(self, names: Collection[str]) -> None:
        """Of these values the row is none."""
        values = {name: v for name, v in self.record.values.items() if name not in names}
        self.record = self.record._replace(values=values)


@dataclass
class Drawn:
    """The rows of a log in their order, the newest of which may stand in a bar that goes on.

    Attributes:
        facts: how many rows bars showed; what was planned by one that never ended.
    """

    facts: Facts
    _out: list[Record | Rows] = field(default_factory=list)
    _held: _Held | None = None
    _shown: tuple[object, ...] | None = None  # the bar position that was emitted last
    _bar_values: dict[str, float] = field(default_factory=dict)
    _redraws: Redraws = field(default_factory=Redraws)
    _summed: set[str] = field(default_factory=set)  # that a line tells of all batches behind them
    _pass: list[Record] | None = field(default_factory=list)  # the first, while it goes on
    _whole: int = 0  # bars of Keras that ended, of epochs that nothing names
    _ended: dict[str, float] = field(default_factory=dict)  # what the newest of them shows

    def drain(self) -> Sequence[Record]:
        """The records that became final since the last call."""
        parts, self._out = self._out, []
        return Parts(parts)

    def news(self, values: dict[str, float]) -> dict[str, float]:
        """What a line below a bar says that the bar does not show already."""
        if self._bar_values:
            values = {n: v for n, v in values.items() if self._bar_values.get(n) != v}
            self._bar_values.update(values)
        return values

    def bar_at_zero(self, record: Record) -> None:
        """A bar before its first step, which the next redraws count from."""
        self._redraws.add(0, record)

    def emit_many(self, rows: Rows) -> None:
        """Rows that no redraw changes."""
        self._out.append(rows)

    def bars(self, shape: Shape, rows: list[tuple[str, ...]], part: Rows, position: int) -> None:
        """Redraws of one bar, each a step further; the last of them is held.

        Args:
            shape: of the lines.
            rows: their groups.
            part: what they say.
            position: that of the last one, as it counts.
        """
        repeats = shape.redraws and self.between(shape, rows[0], part[0])
        self.release()
        self._out.append(part[int(repeats) : -1])
        self.facts.inexact_rows += len(part) - 1
        self._shown = ("bar", False, part[-2].epoch, part[-2].step)
        self._bar_values.update(part[-2].values)
        key = ("bar", False, part[-1].epoch, part[-1].step)
        self._held = _Held(key, part[-1], bar=(shape, rows[-1]))
        self._redraws.skip(position, part[-2], part[-1])

    def emit(self, record: Record) -> None:
        """A row that no redraw changes; of what is held, it takes the place of what it sums up."""
        held = self._held
        if held is not None and self.holds_evaluation and held.record.step == record.step:
            self._summed.update(held.record.values.keys() & record.values.keys())
            held.leave_out(record.values)
        if held is not None:
            self.release()
        self._out.append(record)

    def put_behind(self, names: tuple[str, ...]) -> None:
        """The held row was a step further: the next one of its kind says the same epoch again."""
        if self._held is not None and self._held.key[:2] == ("again", names):
            record = self._held.record
            self._held.record = record._replace(step=(record.step or 0) + 1)

    @property
    def holds(self) -> bool:
        """A row is held."""
        return self._held is not None

    @property
    def holds_evaluation(self) -> bool:
        """The newest of the batches of an evaluation is held."""
        return self._held is not None and self._held.key[0] == "eval"

    def hold(
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

    def between(self, shape: Shape, groups: tuple[str, ...], record: Record) -> bool:
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
        self.facts.inexact_rows += len(steps)
        return steps[-1].values == record.values

    def goes_on(self, shape: Shape, groups: tuple[str, ...], record: Record) -> None:
        """What a Keras bar shows on its way: no row, as its last redraw says it all.

        Where the log ends within the very first epoch these are all that it tells.
        """
        at = shape.counter(groups, "batch")
        if self._pass is None or at is None:
            return
        step = int(at)
        if self._pass and step <= (self._pass[-1].step or 0):
            self._pass.clear()
        if len(self._pass) >= _MOST_ON_ITS_WAY:
            del self._pass[::2]
        self._pass.append(record._replace(step=step))

    def end(self) -> None:
        """The log has ended: what is held is final, and a first bar that never ended is rows."""
        if self._held is not None and self.holds_evaluation:
            self._held.leave_out(self._summed)  # it was cut off before the line that sums it up
        self.release()
        if self._pass:
            self.facts.total_steps = None  # planned were epochs, and these are batches
            self._out += self._pass
        self._pass = None

    def hold_bar(self, shape: Shape, record: Record, groups: tuple[str, ...]) -> None:
        """Keep what a bar shows; of a bar whose row is out already, what is new."""
        self._pass = None
        if shape.keras and record.epoch is None:
            record = self._numbered(record)
        key = ("bar", shape.evaluation, record.epoch, record.step)
        if key == self._shown:
            fresh = {n: v for n, v in record.values.items() if n not in self._bar_values}
            record = record._replace(values=fresh)
            if not fresh:
                return
        self.hold(key, record, shape.keras, (shape, groups))

    def _numbered(self, record: Record) -> Record:
        """A bar at its end, whose epoch no header names: people paste these lines alone.

        One that shows another loss than the one before is of the next epoch; what is added to the
        same loss is its evaluation.
        """
        before, self._ended = self._ended, {**self._ended, **record.values}
        self._whole += any(_differ(before.get(n, v), v) for n, v in record.values.items())
        if not self._whole:
            return record
        return record._replace(step=self._whole, epoch=float(self._whole + 1))

    def bar_starts(self, values: dict[str, float], progress: Progress) -> None:
        """A new epoch's bar at 0 still shows what was measured after the epoch before."""
        self.release()
        fresh = {n: v for n, v in values.items() if is_eval(n) and self._bar_values.get(n) != v}
        self._bar_values.update(fresh)
        if fresh and progress.step is not None:  # else: a check before the first step
            self._out.append(Record(fresh, progress.step, progress.epoch))

    def release_above(self, epoch: float) -> None:
        """A header names another epoch than the one before: the held row is final.

        What stands above the first of them, "Epoch 64/100", is of epoch 63, and was of the first.
        """
        held = self._held
        if held is not None and held.whole and epoch > 1:
            unnamed = held.record.epoch is None or (self._whole == 1 and held.record.step == 1)
            if unnamed and (held.record.step or 0) <= 1:
                held.record = held.record._replace(step=int(epoch) - 1, epoch=epoch - 1)
        self.release()

    def release(self) -> None:
        """The held row is final."""
        held, self._held = self._held, None
        if held is None:
            return
        record = held.record
        if held.key[0] == "bar":
            self.facts.inexact_rows += 1
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


def _differ(one: float, other: float) -> bool:
    """Whether two values are not the same; NaN and NaN are."""
    return one != other and (one == one or other == other)
