"""The expression that reads lines of one shape, built so that no two ways lead through one text.

A log chooses the text, and with it the expression: one that can read a text in two ways takes twice
as long with every number in a line, and while `re` searches nothing else of the program runs.
Hence each part that varies (a number, blanks, a bar) must be told from what follows it by the next
character, or by that and the one behind it. Where a part as wide as we would like it can't be told,
a narrower one stands in its place: blanks that must be there, a number without an exponent, and at
last the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lossmon.formats.text_paths import ENDS, hidden, is_of_sample, like, paths
from lossmon.formats.text_tokens import BAR, FILLER, TOKEN, squash

_BLANK = re.compile(rf"[\s{FILLER}]+")
_LOOSE_DIGITS = re.compile(r"(?<![A-Za-z_@#\d])\d+")  # not those that belong to a name: loss_0
_DIGITS = re.compile(r"\d+")


def shape_key(line: str) -> str:
    """What two lines have in common that differ only in their numbers."""
    line = hidden(squash(line), ";", ";;")
    key = TOKEN.sub(lambda token: "#" if token["number"] else "~", line)
    return _LOOSE_DIGITS.sub("#", _BLANK.sub("", key))


def readable(message: str) -> str:
    """The same for people: "step # loss #"."""
    return " ".join(TOKEN.sub("#", _BLANK.sub(" ", hidden(message, "*"))).split())[:120]


# What may come next: a kind of character -> the kinds that may follow it there.
_Next = Mapping[str, frozenset[str]]
_WORD = frozenset("0ad")  # a digit, a letter, the letter d (of "days")
_ANY = _WORD | frozenset(" .,-+/:=#>?")
_BAR_SIGNS = frozenset("=#>.-")


def _kind(char: str) -> str:
    """What a character counts as here; one that no part may hold stands for itself."""
    if char == "d":
        return char
    if char.isdecimal():
        return "0"
    if char.isalnum() or char == "_":
        return "a"
    return " " if _BLANK.match(char) else char


@dataclass(frozen=True)
class Text:
    """Characters as they stand."""

    text: str

    def first(self, following: _Next) -> _Next:
        """What it begins with."""
        behind = frozenset((_kind(self.text[1]),)) if len(self.text) > 1 else frozenset(following)
        return {_kind(self.text[0]): behind}


@dataclass(frozen=True)
class Digits:
    """Digits that vary but are no number: of a version, a date."""

    text: str


@dataclass(frozen=True)
class Blanks:
    """Blanks and boxes of any length; `seen` where the line has some here, and which."""

    seen: bool
    text: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar of ASCII or other characters, with the blanks in it and beside it."""


@dataclass(frozen=True)
class Group:
    """Where a captured part begins or ends."""

    sign: str


@dataclass(frozen=True)
class Number:
    """A number, or a word in its place ("None")."""

    text: str
    captured: bool


@dataclass(frozen=True)
class Clock:
    """A time of day, a duration, a number with a unit; never captured."""

    text: str


@dataclass(frozen=True)
class Path:
    """The path of a sample, which may be another one in the next line."""

    text: str


Part = Text | Digits | Blanks | Bar | Group | Number | Clock | Path

_ANYTHING: _Next = dict.fromkeys("0ad.-+?", _ANY)
_OF_PATH: _Next = dict.fromkeys("0ad.-+?/\\~@%=:#", _ANY | frozenset("\\~@%"))


def fixed(text: str, digits: re.Pattern[str] = _LOOSE_DIGITS) -> Iterator[Part]:
    """Text without blanks as it stands, but for digits that are no number and no part of a name."""
    at = 0
    for run in digits.finditer(text):
        if run.start() > at:
            yield Text(text[at : run.start()])
        yield Digits(run.group())
        at = run.end()
    if at < len(text):
        yield Text(text[at:])


def prefix(text: str) -> Iterator[Part]:
    """A piece of a logger's prefix: its blanks and all its digits vary."""
    at = 0
    for run in _BLANK.finditer(text):
        yield from fixed(text[at : run.start()], _DIGITS)
        yield Blanks(True, run.group())
        at = run.end()
    yield from fixed(text[at:], _DIGITS)


def between(text: str, ascii_bar: bool) -> Iterator[Part]:
    """A piece between numbers, and the paths in it."""
    at = 0
    for start, end in paths(text):
        if is_of_sample(text[start:end]):
            yield from _between(text[at:start], ascii_bar)
            yield Path(text[start:end])
            at = end
    yield from _between(text[at:], ascii_bar)


def _between(text: str, ascii_bar: bool) -> Iterator[Part]:
    """The same without paths: blanks and bars of any length, also beside the numbers.

    A bar that was drawn with ASCII characters stands behind a bracket or a line.
    """
    at = 0
    if text and not _BLANK.match(text):
        yield Blanks(seen=False)
    for run in _BLANK.finditer(text):
        yield from fixed(text[at : run.start()])
        drawn = ascii_bar and run.group()[0] == BAR and text[: run.start()].endswith(("|", "["))
        yield Bar() if drawn else Blanks(True, run.group())
        at = run.end()
    yield from fixed(text[at:])
    if at < len(text):
        yield Blanks(seen=False)


def expression(parts: Iterable[Part]) -> str:
    """One expression for all parts in a row; see the module for what it promises."""
    row = merged(parts)
    written: list[str] = []
    following: _Next = {}
    for i in range(len(row) - 1, -1, -1):
        part = row[i]
        if isinstance(part, Text):
            written.append(re.escape(part.text))
            following = part.first(following)
        elif isinstance(part, Group):
            written.append(part.sign)
        elif isinstance(part, Blanks):
            clash = _clashes(row[:i], following, part.seen)
            if clash and not part.seen:
                continue
            written.append(rf"[\s{FILLER}]{'+' if clash else '*'}")
            behind = {" ": frozenset((" ", *following))}
            following = behind if clash else {**following, **behind}
        elif isinstance(part, Bar):
            written.append(_bar(following))
            following = {**following, **dict.fromkeys(_BAR_SIGNS | {" "}, _ANY)}
        else:
            form = _form(part, following)
            if form is None:
                written.append(re.escape(part.text))
                following = Text(part.text).first(following)
            else:
                written.append(form)
                following = _ANYTHING
                if isinstance(part, Digits | Path):
                    following = {"0": _ANY} if isinstance(part, Digits) else _OF_PATH
            if isinstance(part, Number) and part.captured:
                written[-1] = f"({written[-1]})"
    return "".join(reversed(written))


def merged(parts: Iterable[Part]) -> list[Part]:
    """The parts, with blanks beside blanks as one."""
    row: list[Part] = []
    for part in parts:
        if isinstance(part, Blanks) and row and isinstance(row[-1], Blanks):
            row[-1] = Blanks(row[-1].seen or part.seen, row[-1].text + part.text)
        else:
            row.append(part)
    return row


def _clashes(row: list[Part], following: _Next, seen: bool) -> bool:
    """Whether the last part of a row could go on with what follows, were there no blank between."""
    before = [part for part in row if not isinstance(part, Group | Blanks)][-2:]
    if not before:
        return False
    part = before[-1]
    if isinstance(part, Digits):
        return "0" in following
    if isinstance(part, Path):
        return not following.keys() <= ENDS
    if isinstance(part, Number):
        return "." in following or _number(part, following) != _number(part, {})
    if isinstance(part, Clock):
        return "." in following or _clock(part, following) != _clock(part, {})
    if seen and isinstance(part, Text) and part.text in (",", "-", "+", ".") and len(before) > 1:
        number = before[0]  # "1,234, 5", "1e-05- 5", "0.955. Std"
        closed = part.first({" ": frozenset(" ")})
        return isinstance(number, Number) and (
            _form(number, part.first(following)) != _form(number, closed)
        )
    return False


def _form(part: Digits | Number | Clock | Path, following: _Next) -> str | None:
    """The widest form that can be told from what follows; None where only the text itself can."""
    if isinstance(part, Digits):
        return None if "0" in following else r"\d+"
    if isinstance(part, Path):
        return like(part.text) if following.keys() <= ENDS else None
    form = _number(part, following) if isinstance(part, Number) else _clock(part, following)
    return form if form is not None and re.fullmatch(form, part.text) else None


def _bar(following: _Next) -> str:
    if following.keys() & _BAR_SIGNS:
        return rf"[{FILLER}=#>.\-]*\s[\s{FILLER}]*"
    return rf"[\s{FILLER}=#>.\-]*"


def _number(part: Number, following: _Next) -> str | None:
    r"""`[-+]?[\w.]+`, an exponent's sign, thousands: as much of it as what follows allows."""
    if "0" in following:
        return None
    point = following.get(".")
    ends = _ends(point)
    exponent = ""
    if following.keys() & _WORD:  # "3epoch"
        body = r"\d+(?:\.\d+)?" if ends else r"\d+"
    else:
        body = r"[\w.]+" if ends else r"\w+"
        exponent = _unless("0", r"(?<=[eED])[-+]\d+", following, "-+")
    thousands = _unless("0", r"(?:,\d{3})+(?:\.\d+)?", following, ",") if ends else ""
    tail = "|".join(filter(None, (exponent, thousands)))
    return rf"[-+]?{body}(?:{tail})?" if tail else rf"[-+]?{body}"


def _clock(part: Clock, following: _Next) -> str | None:
    """A clock, a "?" or a number with a unit: as much of it as what follows allows."""
    if following.keys() & _WORD or not _ends(following.get(".")):
        return None
    if part.text[-1] in "mM" and ":" in part.text:  # "10:27 PM"
        return r"\d+(?::\d\d)+(?:\.\d+)? ?[AaPp][Mm]"
    exponent = _unless("0ad", r"(?:(?<=[eE])[-+]\w+)?", following, "-+")
    unit = _unless("ad", r"(?:/[A-Za-z]\w*)?", following, "/")
    time = _unless("0-", r"[-\d]+(?::[-\d]{2})+(?:\.\d+)?|", following, ":")
    days = _unless("d", r"(?:\d+ days?, ?)?", following, " ")
    if not days and "day" in part.text:
        days = r"\d+ days?, ?"
    return rf"{days}(?:{time}\?(?:it/s)?|[-+]?[\w.µμ]+{exponent}{unit})"


def _ends(point: frozenset[str] | None) -> bool:
    """Whether a full stop that follows a number can be told from one within it."""
    return point is None or not point & (_WORD | frozenset(".,-+/:"))


def _unless(kinds: str, form: str, following: _Next, signs: str) -> str:
    """The form, unless one of the signs follows with one of the kinds behind it."""
    clash = any(following.get(sign, frozenset()) & frozenset(kinds) for sign in signs)
    return "" if clash else form
