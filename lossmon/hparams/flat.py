"""Nested values as one table of dotted names, without secrets, in bounded size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lossmon.redaction import is_secret
from lossmon.text import printable

Value = str | int | float | bool | None

MOST = 400  # settings of a run
_DEEPEST = 8
_LONGEST_NAME, _LONGEST_VALUE = 120, 200  # characters
_LISTED = 16  # elements of a list that is one value

_PARTS = re.compile(r"\W")
_WORDS: dict[str, Value] = {
    "true": True, "false": False, "none": None, "null": None, "~": None, "": None,
}  # fmt: skip
_WRAPPING = {"value", "desc", "sort", "description", "name", "section", "type"}
_NOTED = ("_wandb", "wandb_version", "_Username", "_Created", "_Group")  # the last are trackio's
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def flat(nested: Any) -> dict[str, Value]:
    """Dotted name -> value; a list of few plain elements is one value.

    W&B, SwanLab and ClearML wrap each value as {"desc": ..., "value": ...}; what they note of
    themselves is no setting of the training.
    """
    found: dict[str, Value] = {}
    for name, value in _leaves(nested, "", 0):
        if len(found) >= MOST:
            break
        if name and not is_secret(_PARTS.split(name)[-1], value):
            found.setdefault(name, value)
    return found


def scalar(text: str) -> Value:
    """A value as it was printed: a number, a truth value, nothing, or a word without quotes."""
    text = text.strip().rstrip(",").strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return _shown(text[1:-1])
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        return _number(text)
    return _shown(text)


def _number(text: str) -> Value:
    if text.lstrip("+-").isdigit():
        return int(text) if len(text) < 19 else _shown(text)
    value = float(text)
    return value if math.isfinite(value) else _shown(text)


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping) and depth < _DEEPEST:
        if "value" in value and set(value) <= _WRAPPING:
            yield from _leaves(value["value"], name, depth + 1)
            return
        for key, below in value.items():
            part = printable(str(key))[:_LONGEST_NAME]
            if not part.startswith(_NOTED):
                yield from _leaves(below, f"{name}.{part}" if name else part, depth + 1)
    elif isinstance(value, str):
        yield name, _shown(value)
    elif value is None or isinstance(value, bool | int):
        yield name, value if not isinstance(value, int) or abs(value) < 2**63 else str(value)[:40]
    elif isinstance(value, float):
        yield name, value if math.isfinite(value) else str(value)
    elif isinstance(value, Sequence) and len(value) <= _LISTED:
        plain = all(one is None or isinstance(one, str | bool | int | float) for one in value)
        if plain:
            yield name, _shown("[" + ", ".join(str(one) for one in value) + "]")


def _shown(text: str) -> str:
    text = printable(text[: 4 * _LONGEST_VALUE])
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
