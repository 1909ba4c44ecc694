"""Where a training is while its log is read: the epoch, the step, and what comes without either."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from lossmon.formats.decoder import Ints

_NEARLY = 0.9  # a bar that starts anew after this share of its length began another epoch


# step, epoch, step of a header, end of the epoch
Spot = tuple["int | None", "float | None", "int | None", "int | None", "str | None"]


@dataclass
class Counter:
    """A position that may start anew with every epoch, made one axis that does not.

    Attributes:
        resets: it does start anew; None until the first change of epoch has shown it.
        proven: a change of epoch has shown it.
        base: steps before the current epoch.
        span: steps in an epoch, where the log says.
        interval: positions between the newest two rows of an epoch.
        begun: the position of the first row of the current epoch.
        from_zero: positions count from 0.
        passed: a bar of an evaluation came to its end since the newest row.
        by_epoch: it counts epochs, in a bar over all of them; None until a row has told.
    """

    resets: bool | None = None
    proven: bool = False
    base: int = 0
    span: int | None = None
    last: int = -1
    epoch: int | None = None
    longest: int = 0
    interval: int = 0
    begun: int = -1
    from_zero: bool = False
    passed: bool = False
    by_epoch: bool | None = None
    unit: int = 0  # the batch size, where positions are samples

    def locate(
        self, position: int, span: int | None, epoch: int | None, epochs: float | None = None
    ) -> int:
        """The step on the axis of the whole training.

        Args:
            position: as logged.
            span: what it counts up to, where the log says.
            epoch: of the same line or of the last header, where there is one.
            epochs: how many there will be, where the line says.
        """
        if span:
            self.span = span
        if self.by_epoch is not False and epoch is not None:
            self._compare(position, epoch, epochs)
        if self.resets is None and self._is_of_one(position, epoch, epochs):
            self.resets = True
        if epoch is None:
            self._without_epoch(position)
        elif epoch != self.epoch:
            self._next_epoch(position, epoch, epochs)
            self.begun = position
        self.from_zero |= position == 0
        if position > self.last >= 0:
            self.interval = position - self.last
        self.last, self.passed = position, False
        self.longest = max(self.longest, position)
        return self.base + position

    def _compare(self, position: int, epoch: int, epochs: float | None) -> None:
        """Whether it goes with the epoch, as that of "Epoch 3/20:  15%|#  | 3/20" does.

        Where an epoch has as many batches as there are epochs, the second batch of one shows that
        it does not.
        """
        goes_along = self.span is not None and self.span == epochs and 0 <= epoch - position <= 1
        if self.by_epoch and not goes_along:
            self.resets, self.base = True, (epoch - 1) * (self.span or 0)
        elif goes_along and self.by_epoch is None:
            self.resets = False
        self.by_epoch = goes_along

    def locate_many(self, positions: Ints, epochs: float | None) -> Ints | None:
        """`locate` for rows behind the newest one; None where they have to be asked singly.

        Args:
            positions: shape (n,), growing, of the same epoch and with the same span.
            epochs: as for `locate`.
        """
        last = int(positions[-1])
        if self.resets is None and self._is_of_one(last, self.epoch, epochs):
            return None
        self.interval = last - (int(positions[-2]) if len(positions) > 1 else self.last)
        self.last = last
        self.longest = max(self.longest, last)
        return self.base + positions

    @property
    def length(self) -> int | None:
        """Steps of an epoch, where the log says; one that counts from 0 to N has one more."""
        inclusive = self.from_zero and self.span is not None and self.longest >= self.span
        return self.span + 1 if self.span and inclusive else self.span

    def peek(self, position: int) -> int:
        """The step of an evaluation that names its position."""
        return self.base + position if self.resets else position

    def end(self) -> int | None:
        """The last step that the log counts up to, where no more rows can come before it."""
        if not (self.span and 0 <= self.span - self.last < self.interval):
            return None
        return self.base + self.span

    def _next_epoch(self, position: int, epoch: int, epochs: float | None) -> None:
        length = self.length or self.longest + (self.interval if self.from_zero else 0)
        goes_on = position > self.last >= 0
        if self.epoch is None:
            if self._is_of_all(position, epoch, epochs):
                self.resets = False
            elif self.resets and epoch > 1 and not goes_on:
                self.base = (epoch - 1) * length  # the log begins in the middle
        elif goes_on and epoch > self.epoch and not self.proven:
            self.resets = False  # a bar over the whole training
        elif self.resets or (self.resets is None and position <= self.last):
            self.resets = self.proven = True
            self.base = max(0, self.base + (epoch - self.epoch) * length)
        self.epoch = epoch

    def _is_of_all(self, position: int, epoch: int, epochs: float | None) -> bool:
        """Whether the log begins in the middle, as far into all epochs as the position is."""
        if not self.span or not epochs or epoch < 2 or position == self.span:
            return False  # at its very end it is as far as any bar
        return epoch - 1 <= position / self.span * epochs <= epoch

    def _is_of_one(self, position: int, epoch: int | None, epochs: float | None) -> bool:
        """Whether a position is further into its span than the epoch is into all of them."""
        if not self.span or not epochs or epoch is None:
            return False
        return position / self.span * epochs > epoch + 1

    def _without_epoch(self, position: int) -> None:
        """A count that starts anew tells of an epoch that nothing names: "loss: 0.5  [0/600]"."""
        if self.last < 0:
            self.begun = position
        if self.resets and self.passed and position == self.last == self.span:
            self.base += self.length or 0  # once more at its end, behind the bar of an evaluation
        if not self.resets or position >= self.last:
            return
        if self.span and self.last >= _NEARLY * self.span:
            self.base += self.length or 0
        elif position <= self.begun < self.last:
            self.base += self.span or self.longest + self.interval

    def is_before(self, position: int, epoch: float | None) -> bool:
        """Whether a position of an epoch lies before its rows: an evaluation's own count."""
        return epoch is not None and epoch == self.epoch and position <= self.begun < self.last

    def rescale(self, position: int, total: int) -> tuple[int, int]:
        """Samples as batches: the batch size is what all positions are multiples of."""
        self.unit = gcd(self.unit, position)
        unit = self.unit or 1
        return position // unit, max(total // unit, self.longest, 1)


@dataclass
class Progress:
    """What is known of the position between rows.

    Attributes:
        epoch: of the newest header or row.
        step: of the newest train row.
        header_step: of a header line that its following lines belong to.
        headed: a header came after the newest row that placed itself.
        phase: "eval" between a line that announces an evaluation and the next train row.
        fine: train rows place themselves by step or batch, not by epoch alone.
        batches_by_epoch: train rows name their epoch and their batch.
        fractions: rows say no more than a fraction of their epoch: they are counted.
        end: of the epoch, while a line is read that waited; otherwise the counters tell it.
    """

    epoch: float | None = None
    step: int | None = None
    header_step: int | None = None
    headed: bool = False
    phase: str | None = None
    fine: bool = False
    batches_by_epoch: bool = False
    fractions: bool = False
    end: int | None = None

    @property
    def knows(self) -> bool:
        """Something has said how far the training is."""
        return not (self.step is None and self.epoch is None and self.header_step is None)

    @property
    def spot(self) -> Spot:
        """Where a line stands that does not say it."""
        return self.step, self.epoch, self.header_step, self.end, self.phase

    @spot.setter
    def spot(self, spot: Spot) -> None:
        self.step, self.epoch, self.header_step, self.end, self.phase = spot

    def arrive(self, step: int, placed: bool, by_batch: bool, recurs: bool) -> None:
        """A train row at this step; one that said so by itself ends what was announced.

        Args:
            step: on the axis.
            placed: the row said so.
            by_batch: it said its epoch and its batch.
            recurs: such rows come again and again, or were the first; else it may be a torn line.
        """
        self.step = step
        if placed:
            self.batches_by_epoch |= by_batch
            self.fine |= recurs
            self.header_step, self.phase, self.headed = None, None, False

    def by_epoch(self, evaluation: bool, by_rows: bool = False) -> int | None:
        """The step of a row that names at most its epoch.

        Args:
            evaluation: it is of held-out data.
            by_rows: rows of its kind name one epoch several times: each is a step.
        """
        if self.header_step is not None:
            return self.header_step
        if by_rows and self.step is not None:
            return self.step + 1
        if self.step is not None and (evaluation or self.fine):
            return self.step
        if self.epoch is None or evaluation:
            return None if self.epoch is None else int(self.epoch)
        self.fractions |= self.epoch != int(self.epoch)
        if self.fractions and self.step is not None:
            return self.step + 1  # "epoch 0.01" comes again and again
        return int(self.epoch)
