"""Lines that hold a metric's name next to a number, and how many of them gave a row.

The guard against logs that nobody has met: where lines look like rows and were not read, the reader
says so instead of showing half a curve in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lossmon.formats.decoder import Unread
from lossmon.formats.lexicon import is_loss, is_noise, is_score
from lossmon.formats.text_kinds import Kind, Token

_LEAST = 10  # lines of a metric below which nothing is said
_ENOUGH = 0.9  # of the lines
_MOST_NAMES = 64


def metric_in(tokens: Sequence[Token], plain: bool) -> str:
    """The metric that a line shows next to a number; empty where it shows none.

    Whole numbers are no values of losses and scores: they count ("3 errors").

    Args:
        tokens: of the line.
        plain: it is short; in a sentence only what stands behind a colon is a value.
    """
    for token in tokens:
        told = token.kind is Kind.VALUE and (token.explicit or plain) and not token.text.isdigit()
        if told and not is_noise(token.key) and (is_loss(token.key) or is_score(token.key)):
            return token.key
    return ""


class Coverage:
    """Counts by metric; in bounded memory, and O(1) a line."""

    def __init__(self) -> None:
        self._lost: dict[str, int] = {}

    def lose(self, metric: str, lines: int = 1) -> None:
        """A line that showed this metric gave no row; or lines that were thought so did."""
        if metric in self._lost or len(self._lost) < _MOST_NAMES:
            self._lost[metric] = max(0, self._lost.get(metric, 0) + lines)

    def __bool__(self) -> bool:
        return bool(self._lost)

    def unread(self, counted: Iterable[tuple[str, int]]) -> list[Unread]:
        """The metrics of which too few lines were read, the worst first.

        Args:
            counted: metric and how many lines of it gave rows, of each kind of line.
        """
        read: dict[str, int] = {}
        for metric, rows in counted:
            read[metric] = read.get(metric, 0) + rows
        found = [Unread(m, n + read.get(m, 0), read.get(m, 0)) for m, n in self._lost.items()]
        found = [one for one in found if one.lines >= _LEAST and one.rows < _ENOUGH * one.lines]
        return sorted(found, key=lambda one: one.rows - one.lines)
