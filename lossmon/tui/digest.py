"""A finding in as many lines as there are: what, why, and what to do first.

In a terminal of 80x24 the panel has six lines. The whole text filled them with evidence and causes,
and what to do began below them, where nobody looked.
"""

from __future__ import annotations

from dataclasses import dataclass

from lossmon.diagnosis.finding import Finding
from lossmon.monitor import RunUpdate
from lossmon.text import cell_width, clip, printable
from lossmon.tui.wording import Row, Wording, how_sure, in_order

_MOST = 12  # lines of a panel that is called short; a longer one tells the whole at once


@dataclass(frozen=True)
class _Block:
    """Lines that belong together, and how early they get room.

    Attributes:
        lines: of which the first ones are shown.
        first: its turn to show its first line; the lower, the sooner.
        rest: its turn to show the others.
    """

    lines: list[Row]
    first: int
    rest: int


def begins_with(wording: Wording, update: RunUpdate, finding: Finding, room: int) -> list[Row]:
    """What a panel of so many lines shows before one scrolls; nothing where all has room.

    Args:
        wording: how to say it.
        update: the run.
        finding: the one that is told.
        room: lines there are.
    """
    if not 0 < room <= _MOST or sum(1 for _ in wording.body(update, finding)) <= room:
        return []
    rows = digest(wording, update, finding, room)
    return rows + [[]] * (room - len(rows))


def digest(wording: Wording, update: RunUpdate, finding: Finding, room: int) -> list[Row]:
    """Evidence, first cause and first remedy, then more of each as long as there is room.

    Args:
        wording: how to say it.
        update: the run.
        finding: the one that is told.
        room: lines there are.
    """
    blocks = [block for block in _blocks(wording, update, finding) if block.lines]
    turns = [(block.first, 0, place) for place, block in enumerate(blocks)]
    for place, block in enumerate(blocks):
        turns += [(block.rest, line, place) for line in range(1, len(block.lines))]
    shown = [0] * len(blocks)
    for _, _, place in sorted(turns)[: max(0, room)]:
        shown[place] += 1
    rows: list[Row] = []
    for count, block in zip(shown, blocks, strict=True):
        rows += block.lines[:count]
        if 0 < count < len(block.lines):
            rows[-1] = _cut(rows[-1], wording.width, wording.ascii)
    return rows


def _blocks(wording: Wording, update: RunUpdate, finding: Finding) -> list[_Block]:
    """In the order in which they stand."""
    word, say = wording.knowledge.word, wording.knowledge.say
    names = [word(how_sure(finding)), word("do")]
    left = max(map(cell_width, names)) + 2
    remedies = wording.knowledge.remedies(finding)
    blocks = [
        _Block(list(wording.hushed(update, finding)), 4, 4),
        _Block(list(wording.evidence(finding)), 4 if finding.hints else 1, 6),
    ]
    shown = list(wording.hints(finding))[2:]  # without its heading
    blocks.append(_Block(shown, 1, 5))
    if finding.causes:
        cause = finding.causes[0]
        text = printable(wording.knowledge.cause(cause.id).text)
        blocks.append(_Block(list(wording.labelled(names[0], left, text)), 2, 7))
        if cause.why and not finding.hints:
            why = list(wording.hang([(" " * left, "")], printable(say(cause.why)), "$text-warning"))
            blocks.append(_Block(why, 8, 8))
    bullet = "- " if wording.ascii else "• "
    for number, remedy in enumerate(remedies):
        name = names[1] if number == 0 else ""
        first, rest = (0, 3) if number == 0 else (10, 10)
        lines = list(wording.labelled(name, left, printable(remedy), bullet))
        blocks.append(_Block(lines, first, rest))
    notes = [row for row in wording.notes(update) if row]
    blocks.append(_Block(notes, 5, 11))
    others = [one for one in in_order(update) if one is not finding]
    return blocks + [_Block(list(wording.head(update, one, False)), 9, 9) for one in others]


def _cut(row: Row, width: int, ascii: bool) -> Row:
    """A line that says that it goes on."""
    *before, (text, style) = row
    room = width - sum(cell_width(part) for part, _ in before)
    mark = "~" if ascii else "…"
    return [*before, (clip(text + mark, room, ascii=ascii), style)]
