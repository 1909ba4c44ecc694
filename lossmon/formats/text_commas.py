"""Which mark a log's decimals have: "loss 1,9608", as programs write it in much of the world.

Without this the row was a loss of 1 and, below it, of 0: a collapse that was none.
"""

from __future__ import annotations

import re

from lossmon.formats.lexicon import MEASURED, role
from lossmon.formats.lexicon_places import counter_of

_UNDECIDED = 1 << 20  # characters in which no metric has decimals: then it has points
_NAME_BEFORE = 40  # characters before a number in which its name is looked for
_DECIMAL = re.compile(  # "12:00:01,250" is a clock, "1,234,567" and "1,234.5" are grouped
    r"(?=[-+\d])(?<![\w.,/-])(?<!\d:)[-+]?(\d{1,9})([.,])(\d{1,17})(?:[eE][-+]?\d{1,3})?(?!\w|[.,]\d)"
)
_COMMA = re.compile(r"(?<![\w.,])(?<!\d:)(\d{1,9}),(?=(\d{1,17})(?!\d|[.,]\d))")
_BETWEEN = " \t:=\"'"  # a name and its number
_NO_WORD = re.compile(r"\W")


class Commas:
    """Writes a log's numbers with points where the log itself has commas.

    The first metric with decimals decides for all lines from its own on. A comma before three
    digits may part thousands ("loss: 1,234"), so that it decides nothing behind a whole number
    other than 0; nor is it taken for a decimal mark behind a counter ("step 1,234").
    """

    __slots__ = ("_decided", "_looked_at", "_written")

    def __init__(self) -> None:
        self._decided = self._written = False
        self._looked_at = 0

    def pointed(self, text: str) -> str:
        """Whole lines, with points as decimal marks."""
        begins = 0 if self._decided else self._first(text)
        return text[:begins] + _COMMA.sub(_point, text[begins:]) if self._written else text

    def _first(self, text: str) -> int:
        """Where the line begins that decides; the end where none does."""
        for found in _DECIMAL.finditer(text):
            whole, mark, part = found.groups()
            if mark == "," and len(part) == 3 and whole.strip("0"):
                continue
            if role(_name_before(text, found.start())) in MEASURED:
                self._decided, self._written = True, mark == ","
                return text.rfind("\n", 0, found.start()) + 1
        self._looked_at += len(text)
        self._decided = self._looked_at > _UNDECIDED
        return len(text)


def _name_before(text: str, at: int) -> str:
    """The word that a number follows: "loss" of `"val loss": 0.5`; nothing where none does."""
    head = text[max(0, at - _NAME_BEFORE) : at].rstrip(_BETWEEN)
    return _NO_WORD.split(head)[-1]


def _point(found: re.Match[str]) -> str:
    whole, part = found.groups()
    grouped = len(part) == 3 and whole.strip("0") != ""
    if grouped and counter_of(_name_before(found.string, found.start()) or "_") is not None:
        return found[0]
    return f"{whole}."
