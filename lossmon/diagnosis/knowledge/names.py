"""By what names patterns are known: their identifiers, and their titles in every language.

A screen in Chinese shows 过拟合 and nowhere `overfitting`: what is read there is typed there.
Titles of another language are loaded where they are asked for alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from lossmon.diagnosis.finding import PATTERN_IDS, Finding, PatternId
from lossmon.diagnosis.knowledge import LANGUAGES, load
from lossmon.errors import ConfigError
from lossmon.words import said


def names_of(finding: Finding, *, foreign: bool) -> Iterator[str]:
    """All that a finding is called, in lower case.

    Args:
        finding: a finding.
        foreign: with its titles, which take reading.
    """
    yield finding.pattern
    yield finding.pattern.replace("_", " ")
    if foreign:
        for knowledge in map(load, LANGUAGES):
            yield knowledge.told(finding).title.lower()
            yield knowledge.pattern(finding.pattern).title.lower()


def called(text: str) -> PatternId:
    """The pattern of a name.

    Raises:
        ConfigError: there is none; the nearest is named.
    """
    wanted = text.strip().lower()
    identifier = wanted.replace("-", "_").replace(" ", "_")
    for id_ in PATTERN_IDS:
        if id_ == identifier:
            return id_
    titles = _titles()
    if wanted in titles:
        return titles[wanted]
    close = difflib.get_close_matches(identifier, PATTERN_IDS, 1)
    close = close or [title for title in titles if wanted and wanted in title][:1]
    close = close or difflib.get_close_matches(wanted, titles, 1)
    hint = said("did you mean {close}? ", close=close[0]) if close else ""
    raise ConfigError(
        said(
            "no pattern {pattern}; {hint}`lossmon explain` lists them",
            pattern=repr(text),
            hint=hint,
        )
    )


def _titles() -> dict[str, PatternId]:
    return {
        load(lang).pattern(id_).title.lower(): id_
        for lang in reversed(LANGUAGES)
        for id_ in reversed(PATTERN_IDS)
    }
