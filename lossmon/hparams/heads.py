"""Settings that a log itself says: what programs print of their arguments before the first row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lossmon.hparams.flat import Value, flat, scalar

_HEAD = 1 << 16  # characters that are looked at
_MOST_GONE_THROUGH = 1 << 17  # behind all words that open arguments: some are never closed
_LEAST = 3  # lines of `name: value` in a row that are a dump
_NAME = r"[A-Za-z_][\w.\-/]{0,59}"
_NAMESPACE = re.compile(r"\b(?:Namespace|\w{0,40}(?:Args|Arguments|Config|Params))\s?\(")
_PAIR = re.compile(rf"({_NAME})=")
_BAR = re.compile(r"[|│┃]")
_WHOLE_NAME = re.compile(_NAME)
_LONGEST = 200  # characters of a value in a table
_LINE = re.compile(
    rf"[\s\-*]{{0,12}}['\"]?({_NAME})['\"]?\s{{0,40}}(?::|=|\.{{4,80}})\s{{0,40}}(\S[^\n]{{0,200}}?|)\s*,?"
)
_PREFIX = re.compile(
    r"^(?:(?:\[[^\]\n]{0,80}\]|\d{4}-\d\d-\d\d[ T][\d:.,]{8,15}|INFO\b|[\w.]{1,40} - )"
    r"[\s:|-]{0,4}){1,4}"
)
_ROW = re.compile(
    r"(?i)\b(?:loss|step|epoch|iter)\w{0,12}\s{0,2}[:=\[]\s{0,2}[\d(\[]|\bloss\b.{0,20}\d\.\d"
)
_NO_SETTING = frozenset({"http", "https", "warning", "error", "info", "note", "file", "line"})


def of_text(head: bytes) -> dict[str, Value]:
    """The settings that the head of a text log holds, before its first row of losses."""
    text = head[:_HEAD].decode("utf-8", "replace")
    found: dict[str, Value] = {}
    left = _MOST_GONE_THROUGH
    for start in _NAMESPACE.finditer(text):
        arguments, end = _arguments(text, start.end())
        found |= flat(arguments)
        left -= end - start.end()
        if len(found) > _LEAST or left < 0:
            break
    return found if len(found) > _LEAST else {**flat(dict(_dumped(text))), **found}


def _arguments(text: str, at: int) -> tuple[dict[str, Value], int]:
    """`name=value` up to the bracket that closes, and where that is; values may hold brackets."""
    found: dict[str, Value] = {}
    while at < len(text) and text[at] != ")":
        named = _PAIR.match(text, at)
        if named is None:
            at += 1
            continue
        start = at = named.end()
        depth, quote = 0, ""
        while at < len(text) and (depth or quote or text[at] not in ",)\n"):
            sign = text[at]
            if quote:
                at += sign == "\\"
                quote = "" if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            elif sign in "([{<":
                depth += 1
            elif sign in ")]}>":
                depth -= 1
            at += 1
        found[named[1]] = scalar(text[start:at])
    return found, at


def _dumped(text: str) -> Iterator[tuple[str, Value]]:
    """Tables and blocks of `name: value`, several lines in a row; a dict on one line."""
    block: list[tuple[str, Value]] = []
    for line in text.splitlines():
        line = _PREFIX.sub("", line[:4000].strip("\r"))
        if line.lstrip().startswith("{") and line.rstrip().endswith("}") and "loss" not in line:
            yield from _literal(line.strip())
            continue
        cells = list(_cells(line)) if _BAR.match(line.lstrip()) else []
        if cells:
            block += [(name, scalar(value)) for name, value in cells if value]
            continue
        if _ROW.search(line):
            break
        pair = _LINE.fullmatch(line)
        if pair is not None and pair[1].lower() not in _NO_SETTING and len(pair[2]) <= 120:
            block.append((pair[1], scalar(pair[2])))
            continue
        if line.strip(" +-=─━┏┓┗┛┡┩│┃|{}(),"):
            if len(block) >= _LEAST:
                yield from block
            block = []
    if len(block) >= _LEAST:
        yield from block


def _cells(line: str) -> Iterator[tuple[str, str]]:
    """Names and values that stand side by side in a row of a table.

    It is taken apart at its bars: one expression for a pair went three ways through blanks, and a
    line of 4,000 held everything up for hours.
    """
    cells = [cell.strip() for cell in _BAR.split(line + "|")]
    at = 1
    while at + 2 < len(cells):  # a bar closes the value
        name, value = cells[at : at + 2]
        if _WHOLE_NAME.fullmatch(name) and len(value) <= _LONGEST:
            yield name, value
            at += 3
        else:
            at += 1


def _literal(line: str) -> Iterator[tuple[str, Value]]:
    """A dict as Python or JSON prints it."""
    try:
        value = ast.literal_eval(line) if len(line) < 4000 else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return
    if isinstance(value, dict) and len(value) >= _LEAST:
        yield from flat(value).items()
