"""[patterns]: which findings to silence, and how severe others are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from lossmon.config.section import Section
from lossmon.diagnosis.finding import OTHER_PATTERNS, PAIR_PATTERNS, SEVERITIES, TRAIN_PATTERNS
from lossmon.errors import ConfigError

_KNOWN = (*TRAIN_PATTERNS, *PAIR_PATTERNS, *OTHER_PATTERNS)
_TREATMENTS = ("off", *SEVERITIES)


def _read(table: object, name: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(f'{name}: a table: [{name}], then plateau = "off"')
    for pattern, treatment in table.items():
        if pattern not in _KNOWN:
            close = difflib.get_close_matches(pattern, _KNOWN, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"{name}: no pattern {pattern}{hint} (`lossmon explain` lists them)")
        if treatment not in _TREATMENTS:
            words = ", ".join(_TREATMENTS)
            raise ConfigError(f"{name}.{pattern}: no {treatment!r}; one of {words}")
    return dict(table)


def _example(name: str) -> str:
    return (
        f"[{name}]\n# Pattern -> how to take it, where you know better. One of\n"
        f"# {', '.join(_TREATMENTS)}.\n"
        '# noisy = "off"\n# plateau = "warning"\n'
    )


_NONE: Mapping[str, str] = {}
PATTERNS: Section[Mapping[str, str]] = Section(_NONE, _read, _example)
