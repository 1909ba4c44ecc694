"""JSON objects that are printed over several lines, one after the other, put back into a line each.

Chainer's `log` is a list of them; what people copy of it, and what appends by hand, has no bracket
around it and a comma behind each:

    {
        "main/loss": 2.5,
        "iteration": 100
    },
"""

from __future__ import annotations

_OPENING = b"{"
_CLOSING = (b"}", b"},")
_MOST_LINES = 1 << 12  # of one object
_MOST_BYTES = 1 << 20


class FoldedObjects:
    """Joins the lines of an object; those of one that is not closed yet are held back."""

    def __init__(self) -> None:
        self._block: list[bytes] = []
        self._bytes = 0

    def join(self, lines: list[bytes]) -> list[bytes]:
        """The lines, each object that begins and ends in lines of its own as one.

        One that was torn, as the next object shows, is given back as it is.
        """
        if not self._block and _OPENING not in lines:
            return lines
        given: list[bytes] = []
        for line in lines:
            if line.startswith(_OPENING):
                given += self.end()
            if line == _OPENING:
                self._block, self._bytes = [line], 1
            elif not self._block:
                given.append(line)
            else:
                closes = line in _CLOSING
                self._block.append(b"}" if closes else line)
                self._bytes += len(line)
                if closes:
                    given.append(b" ".join(self.end()))
                elif len(self._block) >= _MOST_LINES or self._bytes >= _MOST_BYTES:
                    given += self.end()
        return given

    def end(self) -> list[bytes]:
        """The lines that are held back, as they are; nothing closes them any more."""
        given, self._block = self._block, []
        return given
