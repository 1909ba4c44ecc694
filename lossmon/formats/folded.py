"""Bars of rich whose metrics were folded into a column, put back into one line.

Where its output is no terminal, rich draws 80 columns, and what does not fit goes on below itself:

    Epoch 3/9 ━━━━━━━━━━━━━━ 25/25 0:00:05 • 0:00:00 5.00it/s train_loss_step:
                                                             217.772
                                                             val_accuracy: 0.31

Lightning and all that is built on it (kraken, NeMo) leave such a block in the file for each bar.
"""

from __future__ import annotations

MARK = "━".encode()
_LEAST_INDENT = b" " * 20  # of a line that goes on: bars leave less room than that for metrics
_MOST_LINES = 64  # of one block
_WIDTH = 80


class Folds:
    """Joins the lines of a block; one that may go on is held back until the next line comes."""

    def __init__(self) -> None:
        self._block: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """The next line may belong to the one before."""
        return bool(self._block)

    def join(self, lines: list[bytes]) -> list[bytes]:
        """The lines, each block of them as one."""
        given: list[bytes] = []
        for line in lines:
            if self._block and line.startswith(_LEAST_INDENT) and MARK not in line:
                self._block.append(line.strip())
                if len(self._block) >= _MOST_LINES:
                    given += self.flush()
                continue
            given += self.flush()
            if MARK in line and _may_go_on(line):
                self._block = [line.rstrip()]
            else:
                given.append(line)
        return given

    def flush(self) -> list[bytes]:
        """What is held back; nothing goes on any more."""
        block, self._block = self._block, []
        return [b" ".join(block)] if block else []


def _may_go_on(line: bytes) -> bool:
    """A line as wide as the screen: padded with blanks, or with a name whose value is missing."""
    return line[-1:] in b" :" or len(line.decode("utf-8", "replace")) == _WIDTH
