"""[patterns]: which findings to silence, and how severe others are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from lossmon.config.section import Section
from lossmon.diagnosis.finding import PATTERN_IDS, SEVERITIES
from lossmon.errors import ConfigError

_TREATMENTS = ("off", *SEVERITIES)


def _read(table: object, name: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(f'{name}: a table: [{name}], then plateau = "off"')
    for pattern, treatment in table.items():
        if pattern not in PATTERN_IDS:
            close = difflib.get_close_matches(pattern, PATTERN_IDS, 1)
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
