"""Rows of a table whose quoted cells hold line ends, as samples of text that a training logs do."""

from __future__ import annotations

from collections.abc import Callable

_MOST_LINES, _MOST_CHARACTERS = 200, 1 << 16  # of one row


class Quoted:
    """Puts the lines of a row together, until its quotes are closed.

    A quotation mark that means nothing (a size of 5") costs no row: lines that are rows by
    themselves end the waiting, and so does a row of too many lines; all come singly then.

    Args:
        is_row: whether a line is a row by itself.
    """

    def __init__(self, is_row: Callable[[str], bool]) -> None:
        self._is_row = is_row
        self._held: list[str] = []
        self._characters = 0

    def take(self, line: str, mark: str) -> list[str]:
        """The rows that a line completes.

        Args:
            line: without its end.
            mark: what parts cells.
        """
        if not self._held and not _opens(line, mark):
            return [line]
        self._held.append(line)
        self._characters += len(line)
        if sum(one.count('"') for one in self._held) % 2 == 0:
            row = "\n".join(self._held)
            self.end()
            return [row]
        many = len(self._held) > _MOST_LINES or self._characters > _MOST_CHARACTERS
        alone = '"' not in line and self._is_row(line)
        return self.end() if many or alone else []

    @property
    def waits(self) -> bool:
        """A row is not complete."""
        return bool(self._held)

    def end(self) -> list[str]:
        """The lines that were waited with, as they are."""
        held, self._held, self._characters = self._held, [], 0
        return held


def _opens(line: str, mark: str) -> bool:
    """Whether a cell begins with a quotation mark that its line does not close.

    Within such a cell two of them stand for one; within any other they mean nothing.
    """
    if line.count('"') % 2 == 0:
        return False
    opened = closed = False  # a cell; by the mark just before
    for i, piece in enumerate(line.split('"')[:-1]):
        before = piece.rstrip(" ")
        begins = before.endswith(mark) or (not before and (i == 0 or closed))
        opened, closed = not opened and begins, opened
    return opened
