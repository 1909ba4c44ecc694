"""Text on its way to a terminal: nothing from a log gets there raw."""

from __future__ import annotations

import unicodedata

_TAB = str.maketrans({"\t": " "})


def printable(text: str) -> str:
    """One line without control characters, escapes and invisible direction marks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        for char in text.translate(_TAB)
        if unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029"
    )


def char_width(char: str) -> int:
    """Cells that a character takes: 0, 1 or 2."""
    if char < "\u0300":
        return 1
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cell_width(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def clip(text: str, width: int, *, ascii: bool = False) -> str:
    """Cut to at most `width` cells, and say so with an ellipsis."""
    if cell_width(text) <= width:
        return text
    mark = "~" if ascii else "…"
    room, kept = width - 1, []
    for char in text:
        room -= char_width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + mark if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Fill with blanks up to `width` cells."""
    return text + " " * max(0, width - cell_width(text))
