"""Text on its way to a terminal: nothing from a log gets there raw."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from lossmon.words import Said, said

# Controls (C0, C1), marks of direction and other characters that are not seen, halves of pairs.
_OBEYED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
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


def writable(text: str) -> str:
    r"""Text that any UTF-8 file can hold, JSON too: a byte of a name that is none is \\udcff."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def escaped(text: str) -> str:
    """Text with escapes in place of all that a terminal obeys or that turns its direction.

    Nothing is lost, unlike in `printable`: this is for data that a person looks at. The escapes are
    those of JSON, in which such characters stand in strings alone: JSON stays the same JSON.
    """
    return text if text.isprintable() else _OBEYED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def json_line(values: Mapping[str, Any]) -> str:
    """An object as a line of strict JSON that does no harm where a person reads it."""
    import json  # which --help does without

    return escaped(json.dumps(values, allow_nan=False, ensure_ascii=False))


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


def cells_of(text: str, room: int | None = None) -> list[str]:
    """What stands in each cell of a text, at most `room` of them.

    A wide character is followed by an empty cell, a combining one is left out.
    """
    cells: list[str] = []
    for char in text:
        width = char_width(char)
        if width and (room is None or len(cells) + width <= room):
            cells += [char] if width == 1 else [char, ""]
    return cells


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


def clip_middle(text: str, width: int, *, ascii: bool = False) -> str:
    """Cut to at most `width` cells in the middle: of names the end tells most (a seed, a job)."""
    if cell_width(text) <= width or width < 4:
        return clip(text, width, ascii=ascii)
    head = clip(text, width // 3, ascii=ascii)
    room, kept = width - cell_width(head), ""
    for char in reversed(text):
        room -= char_width(char)
        if room < 0:
            break
        kept = char + kept
    return head + kept


def pad(text: str, width: int) -> str:
    """Fill with blanks up to `width` cells."""
    return text + " " * max(0, width - cell_width(text))


_NO_START = "，。；：、）？！”』」》,.;:)?!%"  # what closes stays with what it follows
_NO_END = "（“『「《("  # and what opens with what follows it


# Of ASCII alone: words begin at blanks, but for what closes and what follows what opens.
_PIECES = re.compile(r"[^ ](?:[^ ]|(?<=\() )*| (?:[^ ]|(?<=\() )*", re.DOTALL)


def wrap(text: str, width: int) -> list[str]:
    """Cut into lines of at most `width` cells: at blanks, and between wide characters."""
    lines, line, size = [], "", 0
    for word in _words(text):
        w = cell_width(word)
        if size + w > width and line.strip():
            lines.append(line.rstrip())
            line, size = "", 0
            word = word.lstrip()
            w = cell_width(word)
        while w > width > 1:  # a path or a number that is longer than the line
            head = clip(word, width + 1)[:-1]
            lines.append(line + head)
            line, size, word = "", 0, word[len(head) :]
            w = cell_width(word)
        line, size = line + word, size + w
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Pieces between which a line may be broken."""
    if text.isascii():
        return _PIECES.findall(text)
    words: list[str] = []
    for char in text:
        wide = char_width(char) == 2
        if words and (char in _NO_START or words[-1][-1] in _NO_END):
            words[-1] += char
        elif not words or char == " " or wide or (char_width(words[-1][-1]) == 2):
            words.append(char)
        else:
            words[-1] += char
    return words


def short_exponent(number: str) -> str:
    """A number as `format` wrote it, with the shortest exponent: 1e-07 is 1e-7, 1e+04 is 1e4."""
    return number.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def in_words(seconds: float) -> Said:
    """A duration in the coarsest unit that tells: "12 s", "3 min", "2.5 h", "4 d"."""
    if seconds < 1:
        return said("<1 s")
    if seconds < 10:
        return said("{n:.2g} s", n=seconds)
    if seconds < 90:
        return said("{n:.0f} s", n=seconds)
    if seconds < 90 * 60:
        return said("{n:.0f} min", n=seconds / 60)
    if seconds < 36 * 3600:
        return said("{n:.1f} h", n=seconds / 3600)
    return said("{n:.0f} d", n=seconds / 86400)


def common_folder(names: Iterable[str]) -> str:
    """The folders that all names begin with: "runs" of runs/a1 and runs/a2."""
    folders = [name.split("/")[:-1] for name in names]
    if not folders:
        return ""
    first, last = min(folders), max(folders)  # what these two share, all between them do
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "/".join(part for part, _ in pairs)


_SIGNS = "/-_.,: "
# Pieces of a name: an exponent and a decimal point belong to their number, a setting to its name.
_PIECE = re.compile(r"(?:(?<=\d[eE])[-+](?=\d)|(?<=\d)\.(?=\d)|[^/\-_.,:\s])+|[/\-_.,:\s]")


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Names without what all of them begin and end with; what differs stays whole.

    A number is not left alone: of runs/version_0 and runs/version_1, version_0 stays.
    """
    pieces = {name: _PIECE.findall(name) for name in names}
    if len(pieces) < 2:
        return {name: name for name in pieces}
    # What the first and the last of all share, all between them do; one piece is left of each.
    room = min(map(len, pieces.values())) - 1
    first, last = min(pieces.values()), max(pieces.values())
    start = min(_shared(first, last), room)
    while start and first[start - 1] not in _SIGNS:
        start -= 1
    backwards = [parts[::-1] for parts in pieces.values()]
    final = min(backwards)
    end = min(_shared(final, max(backwards)), room - start)
    while end and final[end - 1] not in _SIGNS:
        end -= 1  # a word that all end with may belong to a number before it
    kept = {name: "".join(parts[start : len(parts) - end]) for name, parts in pieces.items()}
    if any(not part.strip(_SIGNS) for part in kept.values()):
        return {name: name for name in pieces}
    if all(part[0].isdigit() for part in kept.values()) and first[start - 1] != "/":
        words = [at for at in range(start) if first[at] not in _SIGNS]
        start = words[-1] if words else start
    return {name: "".join(parts[start : len(parts) - end]) for name, parts in pieces.items()}


def _shared(one: Sequence[str], two: Sequence[str]) -> int:
    """How many pieces two names begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))


def labels_of(names: Sequence[str], width: int) -> dict[str, str]:
    """A short label for each name: what tells it apart; an ellipsis where even that is too long."""
    return {name: clip_middle(label, width) for name, label in distinct(names).items()}
