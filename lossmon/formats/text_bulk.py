"""Lines of one known shape, many at once: one strict expression, numbers by column.

A log of a million rows holds few kinds of lines, and most rows follow upon a row of their own kind.
`Run` matches a whole span of them in one go. What it does not match, or whose numbers do not parse,
is read line by line with the same answer (`tests/formats/test_bulk.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import orjson

from lossmon.formats.clock import read_time
from lossmon.formats.decoder import Floats
from lossmon.formats.text_expression import (
    Bar,
    Blanks,
    Clock,
    Digits,
    Group,
    Number,
    Part,
    Path,
    Text,
    merged,
)
from lossmon.formats.text_paths import ENDS, like
from lossmon.formats.text_tokens import FILLER

SPAN = 8  # lines from which on a span costs less than its lines
_WHOLE = 2.0**53  # beyond it a float does not tell whole numbers apart
_NUMBER = "[-+.0-9eE]+"  # what of it is no number is found when it is parsed
_IGNORED = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_CLOCK = r"(?:[-0-9]+(?::[-0-9]{2})+(?:\.[0-9]+)?|\?(?:it/s)?|[0-9.]+[a-zµμ]*(?:/[a-z]+)?)"
_GOES_ON = {Number: re.compile(r"[\w.+-]"), Clock: re.compile(r"[\w.+:/-]")}


@dataclass
class Run:
    """The strict expressions of lines of one shape.

    Attributes:
        span: matches as many such lines as follow upon each other, their ends included.
        line: one of them, with the groups that the shape's own expression has.
        dated: the first group is a date.
        whole: the newest span went on to the end of the text.
    """

    span: re.Pattern[str]
    line: re.Pattern[str]
    dated: bool
    whole: bool = False

    def rows(self, text: str, start: int) -> tuple[list[tuple[str, ...]], int]:
        """The groups of each line of the span that begins here, and where the span ends."""
        if self.whole:  # likely again: then there is no need to find the end first
            found = self.line.findall(text, start)
            if len(found) == text.count("\n", start):
                return self._tuples(found), len(text)
        span = self.span.match(text, start)
        self.whole = span is not None and span.end() == len(text)
        if span is None:
            return [], start
        return self._tuples(self.line.findall(text, start, span.end())), span.end()

    def _tuples(self, found: list[Any]) -> list[tuple[str, ...]]:
        return found if self.line.groups > 1 else [(group,) for group in found]

    def numbers(self, rows: list[tuple[str, ...]]) -> Floats | None:
        """The groups as numbers, shape (lines, groups), a date as 0; None where one is none."""
        flat = list(chain.from_iterable(rows))
        width = len(rows[0])
        if self.dated:
            flat[::width] = ["0"] * len(rows)
        text = ",".join(flat)
        try:  # as fast again as float() on each
            parsed = np.fromiter(orjson.loads(f"[{text}]"), float, len(flat))
            if not parsed.all() and "-0" in text:
                raise ValueError  # it gives 0 for -0
        except ValueError:
            try:
                parsed = np.fromiter(map(float, flat), float, len(flat))
            except ValueError:
                return None
        return parsed.reshape(-1, width)


def pieces(numbers: Floats, grows: int, constant: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where neighbouring rows differ in nothing that tells where they are but in a step that grows.

    Args:
        numbers: shape (lines, groups).
        grows: the group that counts; below 0 it is no count.
        constant: groups that stay the same, less what an epoch has behind the point.
    """
    with np.errstate(invalid="ignore"):
        counted = numbers[:, grows]
        same = (np.diff(np.floor(counted)) > 0) & (counted[:-1] >= 0) & (counted[1:] < _WHOLE)
        for group in constant:
            same &= np.diff(np.floor(numbers[:, group])) == 0
    edges = [0, *(np.flatnonzero(~same) + 1).tolist(), len(numbers)]
    return pairwise(edges)


def times(rows: list[tuple[str, ...]], group: int) -> Floats | None:
    """Seconds since the Unix epoch, shape (n,); empty where no row tells it; None where some do."""
    told = np.array([read_time(groups[group]) for groups in rows] if group >= 0 else [], float)
    unread = np.isnan(told)
    if unread.all():
        return told[:0]
    return None if unread.any() else told


def run_of(parts: Sequence[Part]) -> Run | None:
    """The strict expressions of lines of these parts (see `text_expression`).

    They match no line that the shape's own expression does not match, and with the same groups.
    None where that is not sure: where a number could go on with what follows it.
    """
    row = [part for part in merged(parts) if not isinstance(part, Blanks) or part.seen]
    written: list[str] = [" *"]
    for i, part in enumerate(row):
        behind = next((p for p in row[i + 1 :] if not isinstance(p, Group)), None)
        if isinstance(part, Group):
            written += [part.sign]
        elif isinstance(part, Blanks):
            written += [_blanks(part.text, row[i - 1] if i else None, behind)]
        elif isinstance(part, Text):
            written += [re.escape(part.text)]
        elif isinstance(part, Bar):
            written += [rf"[ \t{FILLER}=#>.\-]*"]
        elif isinstance(part, Digits):
            written += ["[0-9]+"]
        elif isinstance(part, Path):
            if isinstance(behind, Text) and behind.text[0] not in ENDS:
                return None
            written += [like(part.text)]
        else:
            kept = isinstance(part, Number) and part.captured
            form = _CLOCK if isinstance(part, Clock) else _NUMBER if kept else _IGNORED
            goes_on = isinstance(behind, Text) and _GOES_ON[type(part)].match(behind.text)
            if goes_on or not re.fullmatch(form, part.text):
                return None
            written += ["(", form, ")"] if kept else [form]
    written += ["\n"]
    alone = ["(?:" if piece == "(" else piece for piece in written]
    dated = any(isinstance(part, Group) for part in row)
    return Run(
        re.compile(f"(?:{''.join(alone)})+"), re.compile("^" + "".join(written), re.M), dated
    )


def _blanks(text: str, before: Part | None, behind: Part | None) -> str:
    """Blanks in the strict expression: of any length beside numbers, as columns have them.

    But there is always one where blanks alone end a number.
    """
    varying = (Number, Clock, Digits)
    after = isinstance(before, (*varying, Path))
    if text == " ":
        return " +" if after else " *" if isinstance(behind, varying) else " "
    return rf"[ \t{FILLER}]" + ("+" if after else "*")
