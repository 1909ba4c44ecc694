"""`lossmon explain`: the table of patterns, or one of them in full."""

from __future__ import annotations

import difflib

from lossmon.diagnosis.finding import OTHER_PATTERNS, PAIR_PATTERNS, TRAIN_PATTERNS
from lossmon.diagnosis.knowledge import Knowledge, PatternText, load
from lossmon.errors import ConfigError
from lossmon.text import cell_width, pad, wrap

_ROOM = 36  # columns that a meaning needs beside its pattern's name
_FIELDS_OUT = ("{", "}")


def explain(pattern: str | None, lang: str, width: int) -> str:
    """The whole table, or one pattern's meaning, causes and remedies.

    Args:
        pattern: its identifier; None for the table.
        lang: "en" or "zh".
        width: columns.

    Raises:
        ConfigError: there is no such pattern.
    """
    knowledge = load(lang)
    if pattern is None:
        return _table(knowledge, width)
    known = (*TRAIN_PATTERNS, *PAIR_PATTERNS, *OTHER_PATTERNS)
    wanted = pattern.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted not in known:
        close = difflib.get_close_matches(wanted, known, 1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ConfigError(f"no pattern {pattern!r}; {hint}there are {', '.join(known)}")
    return _one(knowledge.pattern(wanted), knowledge, width)


def _table(knowledge: Knowledge, width: int) -> str:
    groups = (
        ("one_curve", TRAIN_PATTERNS),
        ("two_curves", PAIR_PATTERNS),
        ("beyond", OTHER_PATTERNS),
    )
    names = [name for _, group in groups for name in group]
    left = max(map(len, names)) + 2
    middle = max(cell_width(knowledge.pattern(name).title) for name in names) + 2
    lines = []
    for title, group in groups:
        lines += [knowledge.word(title), ""]
        for name in group:
            text = knowledge.pattern(name)
            head = "  " + pad(name, left) + pad(text.title, middle)
            if width - cell_width(head) >= _ROOM:
                lines += _item(head, text.meaning, width)
            else:  # a narrow terminal: the meaning goes below
                lines += [head.rstrip(), *_item("    ", text.meaning, width)]
        lines.append("")
    return "\n".join(lines).rstrip()


def _one(text: PatternText, knowledge: Knowledge, width: int) -> str:
    lines = [f"{text.title}  ({text.id})", "", *wrap(text.meaning, width)]
    if text.looks_like:
        lines += ["", *_item(f"{knowledge.word('looks_like')}: ", text.looks_like, width)]
    if text.causes:
        lines += ["", knowledge.word("likely")]
        for number, id_ in enumerate(text.causes, 1):
            lines += _item(f"  {number} ", knowledge.cause(id_).text, width)
    if text.remedies:
        lines += ["", knowledge.word("do")]
        for remedy in text.remedies:
            if not any(mark in remedy for mark in _FIELDS_OUT):
                lines += _item("  - ", remedy, width)
    if text.goes_away:
        lines += ["", *_item(f"{knowledge.word('goes_away')}: ", text.goes_away, width)]
    return "\n".join(lines)


def _item(head: str, text: str, width: int) -> list[str]:
    """A text behind a head, its further lines indented under its first."""
    indent = cell_width(head)
    first, *rest = wrap(text, max(20, width - indent))
    return [head + first, *(" " * indent + line for line in rest)]
