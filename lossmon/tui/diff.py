"""Which cells of a line changed: over a slow link a line is not sent again for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from textual.geometry import Region
from textual.strip import Strip

from lossmon.text import char_width

Piece = tuple[str, object]  # a text and its style


def changed(before: Strip | None, after: Strip, y: int) -> Region | None:
    """The part of line `y` to draw again; None where nothing changed."""
    if before == after:
        return None
    if before is None or before.cell_length != after.cell_length:
        return Region(0, y, after.cell_length, 1)
    return changed_cells(_pieces(before), _pieces(after), y)


def changed_cells(before: Iterable[Piece], after: Iterable[Piece], y: int) -> Region | None:
    """The same for pieces of text with their styles; a line that became shorter ends in blanks.

    One region from the first to the last change: Textual sends a line anew for each region of it.
    """
    pairs = zip_longest(_cells(before), _cells(after), fillvalue=(" ", None))
    places = [x for x, (old, new) in enumerate(pairs) if old != new]
    return Region(places[0], y, places[-1] + 1 - places[0], 1) if places else None


def _pieces(strip: Strip) -> list[Piece]:
    return [(segment.text, segment.style) for segment in strip]


def _cells(pieces: Iterable[Piece]) -> Iterator[tuple[str, object]]:
    """Each cell: what stands in it, and its style; a wide sign stands in two."""
    for text, style in pieces:
        for char in text:
            for _ in range(char_width(char)):
                yield char, style
