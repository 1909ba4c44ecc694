"""Redraws of one bar that are steps of their own.

tqdm draws its count anew every tenth of a second, but `set_postfix` draws the loss in every step:

     9%|9  | 10/110 [00:00<00:01, loss=0.68]
     9%|9  | 10/110 [00:00<00:01, loss=0.67]   three losses, and then the count jumps by three:
     9%|9  | 10/110 [00:00<00:01, loss=0.66]   they are those of steps 10, 11 and 12
    12%|## | 13/110 [00:00<00:01, loss=0.65]

Some draw the old loss once more with a new count; then the first new one is that of step 11. So do
bars that draw each step twice. In the middle they look alike, whichever comes first; how the bar
begins tells them apart. Where its first count shows two losses, or 0 shows one, the count follows
the loss (Ignite, a loop over a bar); where it shows one, and the next shows that again, a loss
follows its count (Lightning), and the newest one of a count is its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lossmon.formats.decoder import Record

_MOST = 4096  # redraws at one count; more tell nothing


@dataclass
class Redraws:
    """The redraws since the count moved.

    Attributes:
        position: the count that they show; -1 before the first.
        again: the first of them showed what was shown before.
        records: each with something new, in order.
        behind: a loss is drawn after its count; None until two counts told.
    """

    position: int = -1
    again: bool = False
    records: list[Record] = field(default_factory=list)
    behind: bool | None = None
    _newest: dict[str, float] = field(default_factory=dict)

    def add(self, position: int, record: Record) -> list[Record]:
        """A redraw; the steps that those before it were, where the count jumped by as many."""
        again = record.values == self._newest
        self._newest = record.values
        if position == self.position:
            if not again and len(self.records) < _MOST:
                self.records.append(record)
            return []
        if self.behind is None and self.records:
            first = self.position > 0 and len(self.records) == 1
            self.behind = (True if again else None) if first else False
        steps = [] if self.behind else self._steps(position, again, record.step or 0)
        self.position, self.again = position, again
        self.records = [] if again else [record]
        return steps

    def skip(self, position: int, before: Record, newest: Record) -> None:
        """Redraws of counts that moved each time came between, the last two of them these."""
        self.position, self.again = position, before.values == newest.values
        self.records, self._newest = [] if self.again else [newest], newest.values

    def _steps(self, position: int, again: bool, step: int) -> list[Record]:
        first = self.position + (self.again or self.position == 0)
        last = position if again else position - 1
        told = len(self.records) > 1 or (self.records and self.again and again)
        if not told or first + len(self.records) - 1 != last:
            return []
        return [
            record._replace(step=step - position + at)
            for at, record in enumerate(self.records, first)
        ]
