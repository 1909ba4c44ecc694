"""`lossmon explain`: the table of patterns, or one of them in full, with a sketch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lossmon.diagnosis.knowledge import Knowledge, limits, load
from lossmon.diagnosis.knowledge.names import called
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.patterns import PATTERNS, of_slot
from lossmon.report.sketch import sketch
from lossmon.text import cell_width, pad, wrap

_ROOM = 36  # columns that a meaning needs beside its pattern's name
_SKETCH = (56, 9)  # cells of a sketch
_FIELD = re.compile(r"\{(\w+)(?::[^{}]*)?\}")


def explain(
    pattern: str | None, lang: str, width: int, *, ascii: bool = False, verbose: bool = False
) -> str:
    """The whole table, or one pattern's meaning, causes and remedies.

    Args:
        pattern: its name in any language; None for the table.
        lang: "en" or "zh".
        width: columns.
        ascii: draw with ASCII signs only.
        verbose: with the limits that it is judged by, and where they come from.

    Raises:
        ConfigError: there is no such pattern.
    """
    knowledge = load(lang)
    if pattern is None:
        return _table(knowledge, width)
    found = PATTERNS[called(pattern)]
    lines = _one(found, knowledge, width, ascii)
    return "\n".join([*lines, *_limits(found, knowledge, width)] if verbose else lines)


def _table(knowledge: Knowledge, width: int) -> str:
    groups = (
        ("one_curve", of_slot("train")),
        ("two_curves", of_slot("pair")),
        ("beyond", (*of_slot("beside"), *of_slot("untold"))),
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


def _one(pattern: Pattern, knowledge: Knowledge, width: int, ascii: bool) -> list[str]:
    text = knowledge.pattern(pattern.id)
    lines = [f"{text.title}  ({text.id})", "", *wrap(text.meaning, width)]
    across, down = min(width - 2, _SKETCH[0]), _SKETCH[1]
    picture = sketch(pattern.id, across, down, ascii=ascii, words=knowledge.tongue)
    lines += ["", *(f"  {line}" for line in picture.splitlines())] if picture else []
    if text.looks_like:
        lines += ["", *_item(_label("looks_like", knowledge), text.looks_like, width)]
    severity = knowledge.word(pattern.severity)
    lines += [] if text.looks_like else [""]
    lines += _item(_label("severity", knowledge), severity, width)
    if pattern.typical:
        lines += ["", knowledge.word("often")]
        for number, id_ in enumerate(pattern.typical, 1):
            lines += _item(f"  {number} ", knowledge.cause(id_).text, width)
    lines += _listed("do", _plain(text.remedies, knowledge), knowledge, width)
    for setting, remedies in text.special.items():
        lines += _listed(f"do_{setting}", _plain(remedies, knowledge), knowledge, width)
    if text.goes_away:
        lines += ["", *_item(_label("goes_away", knowledge), text.goes_away, width)]
    return lines


def _label(word: str, knowledge: Knowledge) -> str:
    return knowledge.tongue.labelled(knowledge.word(word), "")


def _limits(pattern: Pattern, knowledge: Knowledge, width: int) -> list[str]:
    """The numbers it is judged by, each with its unit and its source."""
    named = pattern.limits.named()
    if not named:
        return []
    units, sources = limits(knowledge.lang)
    left = max(map(len, named)) + 2
    lines = ["", knowledge.word("limits")]
    for name, limit in named.items():
        unit, source = units.get(limit.unit, limit.unit), sources.get(limit.source, limit.source)
        words = knowledge.tongue.aside(unit, source)
        lines += _item(f"  {name:<{left}}{limit:<8.4g}", words, width)
    return lines


def _listed(word: str, texts: list[str], knowledge: Knowledge, width: int) -> list[str]:
    if not texts:
        return []
    lines = ["", knowledge.word(word)]
    for text in texts:
        lines += _item("  - ", text, width)
    return lines


def _plain(remedies: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Remedies as a reference: what a number will be stands in its place, <best at step>."""
    names = {**knowledge.fields, **knowledge.numbers}
    texts = [
        _FIELD.sub(lambda field: f"<{names.get(field[1], field[1])}>", text) for text in remedies
    ]
    return [t for t in texts if not any(o != t and o.startswith(t[:-1]) for o in texts)]


def _item(head: str, text: str, width: int) -> list[str]:
    """A text behind a head, its further lines indented under its first."""
    indent = cell_width(head)
    first, *rest = wrap(text, max(20, width - indent))
    return [head + first, *(" " * indent + line for line in rest)]
