"""JSON objects that are printed over several lines, one after the other, put back into a line each.

Chainer's `log` is a list of them; what people copy of it, and what appends by hand, has no bracket
around it and a comma behind each:

    {
        "main/loss": 2.5,
        "iteration": 100
    },
"""

from __future__ import annotations

_OPENING = (b"{", b"{\r")
_CLOSING = (b"}", b"},", b"}\r", b"},\r")
_MOST_LINES = 1 << 12  # of one object
_MOST_BYTES = 1 << 20


class FoldedObjects:
    """Joins the lines of an object; those of one that is not closed yet are held back."""

    def __init__(self) -> None:
        self._block: list[bytes] = []
        self._bytes = 0

    def join(self, lines: list[bytes]) -> list[bytes]:
        """The lines, each object that begins and ends in lines of its own as one."""
        if not self._block and not any(opening in lines for opening in _OPENING):
            return lines
        given: list[bytes] = []
        for line in lines:
            if not self._block:
                if line in _OPENING:
                    self._block, self._bytes = [b"{"], 1
                else:
                    given.append(line)
                continue
            closes = line in _CLOSING
            self._block.append(b"}" if closes else line)
            self._bytes += len(line)
            if closes:
                given.append(b" ".join(self._block))
                self._block = []
            elif len(self._block) >= _MOST_LINES or self._bytes >= _MOST_BYTES:
                given += self.give_up()
        return given

    def give_up(self) -> list[bytes]:
        """The lines that are held back, as they are: no object closes behind them."""
        given, self._block = self._block, []
        return given
