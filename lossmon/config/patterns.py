"""[patterns]: which findings to silence, and how severe others are."""

from __future__ import annotations

from collections.abc import Mapping

from lossmon.config.faults import Faults, nearest, no_value
from lossmon.config.section import Section, shown
from lossmon.diagnosis.finding import PATTERN_IDS, SEVERITIES
from lossmon.errors import ConfigError
from lossmon.words import Words, said

_TREATMENTS = ("off", *SEVERITIES)


def _read(table: object, name: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(said('{name}: a table: [{name}], then plateau = "off"', name=name))
    faults = Faults()
    for pattern, treatment in table.items():
        with faults:
            if pattern not in PATTERN_IDS:
                close = nearest(pattern, PATTERN_IDS)
                hint = said("; did you mean {close}?", close=close) if close else ""
                raise ConfigError(
                    said(
                        "{name}: no pattern {pattern}{hint} (`lossmon explain` lists them)",
                        name=name,
                        pattern=pattern,
                        hint=hint,
                    )
                )
            if treatment not in _TREATMENTS:
                raise no_value(f"{name}.{pattern}", shown(treatment), treatment, _TREATMENTS)
    faults.tell()
    return dict(table)


def _example(name: str, tell: Words) -> str:
    words = tell(
        "Pattern -> how to take it, where you know better. One of\n# {names}.",
        names=", ".join(_TREATMENTS),
    )
    return f'[{name}]\n# {words}\n# noisy = "off"\n# plateau = "warning"\n'


_NONE: Mapping[str, str] = {}
PATTERNS: Section[Mapping[str, str]] = Section(_NONE, _read, _example)
