"""Where on one axis a row lies. Readers say what they saw; here it becomes a step.

What a row may say: a position ("step 10"), what it counts up to, its epoch or a fraction of it, the
bar that is drawn beside it. In this order it makes the step:

    a position that is whole    as it stands; where it starts anew with each epoch, behind those
                                before
    an epoch                    epoch x steps of an epoch, where the plan tells them, or a bar that
                                was drawn beside rows
    one row an epoch            the epoch as it is told, be it counted from 0: by that number a
                                person finds the row and the checkpoint
    none of them                nothing: the rows are counted
"""

from __future__ import annotations

from math import ceil

import numpy as np

from lossmon.formats.decoder import MOST_STEPS, Facts, Floats, Ints
from lossmon.formats.text_progress import Counter

_SLACK = 0.01  # of the training: a bar is drawn at most so late
_MANY = 3  # rows of a training that is no false start
_NEAR = 0.85  # of where the bar stands: a row in a bunch is not farther behind


def by_plan(epoch: float | None, facts: Facts) -> int | None:
    """The step of an epoch or a fraction of it, where the plan has both; None elsewhere."""
    total, epochs = facts.total_steps, facts.total_epochs
    if not total or not epochs or epoch is None or not 0 <= epoch < MOST_STEPS:
        return None
    return round(min(epoch / epochs, 1.0) * total)


def has_ended(facts: Facts, newest: int) -> bool:
    """Whether all that was planned is done: what comes below that step is another training."""
    return facts.finished or bool(facts.total_steps and newest >= facts.total_steps)


class Beginning:
    """Where a training began: what a console shows there again, some rows later, is another one.

    A crashed training that is resumed goes on from a checkpoint; one that starts from nothing, in
    the output of the one before, has its own curve. Rows of loggers are taken at their word: there
    a step that comes again replaces the one before.

    Attributes:
        known: it had rows enough to be told again.
    """

    def __init__(self) -> None:
        self.known = False
        self._rows = 0
        self._first = -1  # the position of its first row
        self._next = -1  # and the first one behind it

    def add(self, position: int, rows: int = 1) -> None:
        """Some rows of it, the first of them here."""
        if self._rows == 0:
            self._first = position
        elif self._next < 0 and position > self._first:
            self._next = position
        self._rows += rows
        self.known = self._rows >= _MANY and self._next >= 0

    def again(self, position: int) -> bool:
        """Whether a position that lies before the newest one is that of the first row."""
        return self.known and position < self._next


class Axis:
    """The steps of rows that say their position, their epoch or nothing, one after another.

    Attributes:
        newest: the step of the newest training row; -1 before the first.
        stage: the number of the training among those that ended and began anew; empty in the first.
    """

    def __init__(self, facts: Facts) -> None:
        self.newest = -1
        self.stage = ""
        self._facts = facts
        self._stages = 1
        self._counter = Counter()
        self._epoch: float | None = None  # of the newest training row
        self._from, self._to = -1.0, -1.0  # within these it is the same one
        self._begun = -1  # a position before its first row
        self._from_0 = 0  # 1 where epochs are counted from 0: so many more are done
        self._by_epoch = True  # no two rows were of one epoch
        self._epochs = Beginning()

    def locate(self, position: int | None, epoch: float | None) -> int | None:
        """The step of a training row; None where it says nothing."""
        if position is None:
            return self._of_epoch(epoch)
        counter, self._epoch = self._counter, epoch
        last = counter.last
        if position > last >= 0 and (epoch is None or self._from <= epoch < self._to):
            counter.interval = position - last  # nearly all rows go on: no call is made for them
            counter.last = position
            if position > counter.longest:
                counter.longest = position
            self.newest = newest = counter.base + position
            return newest
        if position < counter.last and has_ended(self._facts, self.newest):
            self._count_stage()
            self._epoch = epoch
        self.newest = self._counter.locate(position, None, _whole(epoch))
        self._note_epoch()
        return self.newest

    def _note_epoch(self) -> None:
        epoch = self._counter.epoch
        if epoch is None:
            self._from, self._to = -1.0, -1.0
        elif float(epoch) != self._from:
            self._from, self._to = float(epoch), epoch + 1.0
            self._begun = self._counter.last - self._counter.interval

    def locate_many(self, positions: Ints, epochs: Floats | None) -> Ints | None:
        """`locate` of many training rows; None where they have to be asked one by one.

        Args:
            positions: shape (n,), n > 0.
            epochs: shape (n,), or None where rows tell none.
        """
        counter, last = self._counter, int(positions[-1])
        grows = positions[0] > counter.last and (positions[1:] > positions[:-1]).all()
        if counter.base or counter.resets or not grows or last >= MOST_STEPS:
            return None
        if epochs is not None:
            if not (np.abs(epochs) < MOST_STEPS).all():
                return None
            whole = epochs.astype(np.int64)
            before = whole[0] if counter.epoch is None else counter.epoch
            if np.diff(whole, prepend=before).any():
                counter.resets = False  # positions go on from one epoch to the next
            counter.epoch, self._epoch = int(whole[-1]), float(epochs[-1])
            self._note_epoch()
        counter.from_zero |= positions[0] == 0
        counter.interval = last - (int(positions[-2]) if len(positions) > 1 else counter.last)
        self.newest = counter.last = counter.longest = last
        return positions

    def evaluation(self, position: int | None, epoch: float | None = None) -> int | None:
        """The step of an evaluation; its position may be an epoch, a count of its own, or missing.

        MMSegmentation counts the batches of an evaluation: fewer than there were before its epoch.
        MMDetection the pictures: further than the next row of the epoch would be.
        """
        if self.newest < 0:
            alone = position is None and self._by_epoch and epoch == _whole(epoch)
            return _whole(epoch) if alone else position  # an epoch that logs no loss of its own
        last, base = self._counter.last, self._counter.base
        if position is None or (position < last and self._is_epoch(position)):
            return self.newest
        if epoch is not None and self._from <= epoch < self._to:
            ahead = position > last + self._counter.interval > last
            if ahead or position < self._begun:
                return self.newest
        return self.newest if base and position < self.newest else position

    def begin(self) -> None:
        """Another part of the training, whose rows say so, begins."""
        self._counter = Counter()
        self._epoch, self._by_epoch, self._epochs = None, True, Beginning()

    def _count_stage(self) -> None:
        """The training ended, and this is another one."""
        self._stages += 1
        self.stage = str(self._stages)
        self._facts.finished = False
        self.begin()

    def _is_epoch(self, position: int) -> bool:
        return self._epoch is not None and abs(position - self._epoch) <= 1

    def _of_epoch(self, epoch: float | None) -> int | None:
        """Rows that name only their epoch stand there, where each has one of its own.

        A table to which each training adds its epochs has no step that could come again: where the
        first epoch does, another one begins. Three in one file were one curve that rebounds.
        """
        if epoch is not None and not abs(epoch) < MOST_STEPS:
            epoch = None  # -inf lies before the first one, too
        if epoch is not None and self._epoch is not None and epoch < self._epoch:
            epochs = self._facts.total_epochs
            over = self._facts.finished or (epochs and self._epoch + self._from_0 >= epochs)
            if over or (self._by_epoch and self._epochs.again(int(epoch))):
                self._count_stage()
        before = -1.0 if self._epoch is None else self._epoch
        if epoch is None or not (before < epoch < MOST_STEPS and epoch == int(epoch)):
            self._by_epoch = False
        if epoch is None or not self._by_epoch:
            return None
        if self._epoch is None:
            self._from_0 = 1 - min(int(epoch), 1)
        self._epoch = epoch
        self._epochs.add(int(epoch))
        return int(epoch)


def _whole(epoch: float | None) -> int | None:
    return int(epoch) if epoch is not None and abs(epoch) < MOST_STEPS else None


class BarAxis:
    """The steps of rows that say their epoch, from bars drawn behind them.

    A terminal draws the bar again right behind a row: from two equal distances the logging interval
    is learned, and rows are placed at once. Where rows come in bunches, long after their bars (what
    is printed to a file comes a block at a time), their epochs place them: the bar says how far the
    training was when the last of them was printed.
    """

    def __init__(self, facts: Facts) -> None:
        self.stage = ""
        self._facts = facts
        self._stages = 1
        self._total: int | None = None  # of the training's own bar; evaluation has others
        self._described = False  # it has a description
        self._bars = False  # it was seen since the trainer told its plan
        self._bar_at = 0
        self._before = 0  # where the bar stood when rows began to wait
        self._row_at = 0  # step of the newest train row
        self._epoch: float | None = None  # and its epoch
        self._interval: int | None = None
        self._distances: list[int] = []
        self._per_epoch: float | None = None  # steps of an epoch, where rows came in bunches

    @property
    def newest(self) -> int | None:
        """The newest step that a row or the training's bar told; None before the first."""
        return max(self._row_at, self._bar_at) or None

    def plan(self, what: str, n: int) -> None:
        """What the trainer says before it begins; with it an epoch tells the step, bar or not."""
        if what == "epochs":
            self._facts.total_epochs = float(n)
        else:
            self._facts.total_steps = self._total = n
        self._bars = False

    def bar(self, position: int, total: int, described: bool) -> int | None:
        """A bar was drawn; its position where it is the training's.

        Of bars with a description ("Loading weights: 100%") none is, where others have none.
        """
        done = not self._row_at or self._bar_at == self._total
        planned = self._total is not None
        if (
            self._total is None
            or (self._described and not described)
            or (position == 0 and total > self._total and done)
        ):
            self._total, self._bar_at, self._described = total, 0, described
            self._facts.total_steps = total
        if total != self._total or described != self._described:
            return None
        if position < self._bar_at:  # a resumed training draws a new bar
            self._interval, self._distances, self._row_at = None, [], min(self._row_at, position)
            if self._bar_at == total:  # or another one
                self._stages += 1
                self.stage, self._per_epoch = str(self._stages), None
        if not self._bars and self._row_at and not planned:  # rows came before the first bar
            self._learn(self._epoch, position)
        self._bar_at = position
        self._bars = True
        return position

    def locate(self, epoch: float | None) -> int | None:
        """The step of the train row at hand; None where the next bar, or the end, must tell it."""
        step = self._of_epoch(epoch)
        self._epoch = epoch
        if step is None and self._bars and self._interval is None:
            self._before = self._bar_at
            return None
        return self._arrive(step)

    def settle(self, rows: list[tuple[float | None, bool]], position: int | None) -> list[int]:
        """The steps of rows that waited, the first of them of the training.

        Args:
            rows: the epoch of each, and whether it is one of the training.
            position: of the bar that is drawn behind them; None where none is.
        """
        trained = [epoch for epoch, train in rows if train]
        if len(trained) == 1 and position is not None and position > self._row_at:
            self._distances = [*self._distances[-1:], position - self._row_at]
            if len(self._distances) == 2 and self._distances[0] == self._distances[1]:
                self._interval = self._distances[0]
            self._row_at = position
            return [position] * len(rows)
        if trained:
            self._learn(trained[-1], self._before)
        return [
            self._arrive(self._of_epoch(epoch)) if train else self._of_epoch(epoch) or self._row_at
            for epoch, train in rows
        ]

    def evaluation(self, epoch: float | None) -> int | None:
        """An evaluation comes after the newest train row; at the bar's place where it is ahead."""
        if self._per_epoch is not None and (step := self._of_epoch(epoch)) is not None:
            return step
        ahead = self._bar_at if self._bar_at != self._total else 0
        return max(self._row_at, ahead, self._of_epoch(epoch) or 0) or None

    def _arrive(self, step: int | None) -> int:
        """A train row at this step, behind the one before; None: an interval behind it."""
        self._row_at = max(step or 0, self._row_at + (1 if step else self._interval or 1))
        return self._row_at

    def _learn(self, epoch: float | None, here: int) -> None:
        """How many steps an epoch has, from a row that was printed when the bar stood here.

        Or shortly before. So the training has as few epochs as keep that row from being ahead of
        the bar, unless that puts it far behind: not every training ends with an epoch.
        """
        total = self._total
        if epoch is None or not 0 < epoch < MOST_STEPS or not total or not here:
            return
        most = (here + max(1.0, _SLACK * total)) / epoch
        whole = total / ceil(total / most)
        self._per_epoch = whole if whole * epoch > _NEAR * here else here / epoch

    def _of_epoch(self, epoch: float | None) -> int | None:
        if self._per_epoch is not None and epoch is not None and 0 <= epoch < MOST_STEPS:
            return round(epoch * self._per_epoch)
        return None if self._bars else by_plan(epoch, self._facts)
