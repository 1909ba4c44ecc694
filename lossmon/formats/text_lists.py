"""Numbers whose names stand elsewhere than right before them.

(epoch, loss) = (3, 0.5 (tracked))            names in a list, and as many numbers in another
epoch   3   0.44 loss   0.28 acc              each name behind its number, in columns
"""

from __future__ import annotations

import re

from lossmon.formats.lexicon import is_loss, is_score
from lossmon.formats.lexicon_places import counter_of
from lossmon.formats.text_kinds import Kind, Token

_NAME = r":?[A-Za-z_][\w/.@-]{0,40}(?: [A-Za-z_][\w/.@-]{0,40}){0,2}"
_LISTS = re.compile(
    rf"[\[(] ?(?P<names>{_NAME}(?: ?, ?{_NAME}){{1,9}}) ?[\])] ?(?::|=>?|->) ?(?=[\[(])"
)
_COLUMN = re.compile(r"(?<=\s\s)[-+]?\d[\d.]*(?:[eE][-+]?\d+)? (?P<name>[A-Za-z][\w/.@-]{0,40})")
_WIDE = re.compile(r"\s\s|\s*$")
_PARTED = re.compile(r"[\[(\s]*|(?:\s?\([a-z]{1,20}\))?\s?,\s?")


def take_lists(text: str, tokens: list[Token]) -> None:
    """Let numbers in a list have the names in the list before it."""
    lists = _LISTS.search(text) if ")" in text or "]" in text else None
    if lists is None:
        return
    names = [name.strip(" :") for name in lists["names"].split(",")]
    if not any(is_loss(name) or is_score(name) for name in names):
        return
    first = next((i for i, one in enumerate(tokens) if one.start >= lists.end()), len(tokens))
    numbers, at = tokens[first : first + len(names)], lists.end()
    for number in numbers:
        if not _PARTED.fullmatch(text, at, number.start):
            return
        at = number.end
    if len(numbers) < len(names):
        return
    for name, number in zip(names, numbers, strict=True):
        number.kind, number.key, number.explicit = Kind.VALUE, name, True
        number.key_start = lists.start()


def take_columns(text: str, tokens: list[Token]) -> None:
    """Let numbers in columns have the names behind them, where the line ends with such a name."""
    found = list(_COLUMN.finditer(text))
    if len(found) < 2 or not all(_WIDE.match(text, one.end()) for one in found):
        return
    if text[found[-1].end() :].strip() or not any(is_loss(one["name"]) for one in found):
        return
    begins = {one.start(): one for one in found if not counter_of(one["name"])}
    for token in tokens:
        if token.start in begins:
            token.kind, token.key, token.behind = Kind.VALUE, begins[token.start]["name"], True
            token.key_start = token.start
