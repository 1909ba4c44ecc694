"""What patterns mean, why they come about and what to do: data, one TOML file a language.

names.py   by what names a pattern is known, in any language
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from lossmon.diagnosis.finding import Finding, Hint
from lossmon.diagnosis.kind import FAMILY
from lossmon.errors import ConfigError
from lossmon.words import Words, said, words

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LANGUAGES = ("en", "zh")
MOST_REMEDIES = 5
_FIELD = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_NUMBER = r"(\d{1,20}(?:\.\d{1,20})?(?:e-\d{1,3})?)"
_ENDS = re.compile(rf"(?<![\d.]){_NUMBER}(?: to | 到 ){_NUMBER}(?![\de])")


class Remedy(str):
    """What to do, and which knob it moves which way: "rate+", "steps-"; "" for none."""

    moves: str

    def __new__(cls, text: str, moves: str = "") -> Remedy:
        """A text that knows its move."""
        self = super().__new__(cls, text)
        self.moves = moves
        return self


def _remedies_of(entries: Sequence[str | Mapping[str, str]]) -> tuple[Remedy, ...]:
    """Plain texts, and tables `{ moves = "rate+", text = "..." }`."""
    return tuple(
        Remedy(one) if isinstance(one, str) else Remedy(one["text"], one["moves"])
        for one in entries
    )


@dataclass(frozen=True)
class PatternText:
    """What is said of a pattern.

    `remedies` may hold fields such as {best_step:,}; `special` are those of a kind of training
    (see `lossmon.diagnosis.kind`), said before the general ones; `kinds` are the kinds of which
    something else is said altogether.
    """

    id: str
    title: str
    meaning: str
    looks_like: str = ""
    remedies: tuple[Remedy, ...] = ()
    goes_away: str = ""
    special: Mapping[str, tuple[Remedy, ...]] = field(default_factory=dict)
    kinds: Mapping[str, PatternText] = field(default_factory=dict)


@dataclass(frozen=True)
class CauseText:
    """What is said of a cause.

    Where it is `certain`, general advice has nothing to add; where it is `seen`, it says in other
    words what the curve shows, and not how it came about.
    """

    id: str
    text: str
    remedies: tuple[Remedy, ...] = ()
    certain: bool = False
    seen: bool = False


@dataclass(frozen=True)
class Knowledge:
    """The texts of one language.

    Attributes:
        lang: "en" or "zh".
        patterns: identifier -> texts.
        causes: identifier -> texts.
        words: words of the screen.
        numbers: names of the figures that a finding shows (see `Finding.numbers`).
        fields: names of the others, for the reference.
        gaps: what could not be judged (see `Diagnosis.unjudged`).
    """

    lang: str
    patterns: Mapping[str, PatternText]
    causes: Mapping[str, CauseText]
    words: Mapping[str, str]
    numbers: Mapping[str, str]
    fields: Mapping[str, str]
    gaps: Mapping[str, str] = field(default_factory=dict)

    def pattern(self, id_: str) -> PatternText:
        """The texts of a pattern; an unknown one is named by its identifier."""
        return self.patterns.get(id_) or PatternText(id_, id_.replace("_", " "), "")

    def told(self, finding: Finding) -> PatternText:
        """The texts of a finding's pattern, as they are for what is trained."""
        text = self.pattern(finding.pattern)
        if "goal_best_step" in finding.numbers and "goal" in text.kinds:
            return text.kinds["goal"]
        kinds = FAMILY.get(finding.setting, (finding.setting,))
        return next((text.kinds[kind] for kind in kinds if kind in text.kinds), text)

    def cause(self, id_: str) -> CauseText:
        """The texts of a cause; an unknown one is named by its identifier."""
        return self.causes.get(id_) or CauseText(id_, id_.replace("_", " "))

    def not_judged(self, missing: Sequence[str]) -> str:
        """One line: "not judged: no eval: over-fitting; ..."; empty where all was."""
        told = self.tell("; ").join(self.gaps.get(one, one) for one in missing)
        return self.tell("{word}: {note}", word=self.word("unjudged"), note=told) if told else ""

    def word(self, id_: str) -> str:
        """A word of the screen in this language."""
        return self.words.get(id_, id_)

    @cached_property
    def tongue(self) -> Words:
        """All texts of ours in this language, the names of patterns with them."""
        known = words(self.lang)
        if not known.table:  # English: patterns are named by their identifiers on a chart
            return known
        titles = {id_.replace("_", " "): text.title for id_, text in self.patterns.items()}
        return Words(self.lang, {**titles, **known.table})

    def say(self, text: str) -> str:
        """A text of ours in this language; one of a log as it is (see `lossmon.words`)."""
        return self.tongue.say(text)

    def tell(self, template: str, /, **values: Any) -> str:
        """A text of ours, made here, in this language."""
        return self.tongue(template, **values)

    def since(self, finding: Finding) -> str:
        """The step from which a finding holds, behind its name."""
        return self.tell("since step {step:,}", step=finding.since_step)

    def sure(self, finding: Finding) -> str:
        """How sure it is."""
        return self.tell("{share:.0%} sure", share=finding.confidence)

    def hint(self, hint: Hint) -> str:
        """What few rows show, and what more such rows would be."""
        if not hint.pattern:
            return self.say(hint.says)
        title = self.tell("as in: {title}", title=self.pattern(hint.pattern).title)
        return self.tongue.aside(self.say(hint.says), title)

    def remedies(self, finding: Finding) -> tuple[str, ...]:
        """What to do, with the finding's own numbers; what its measured causes ask for first."""
        texts: dict[str, None] = {}
        for text in self._remedies(finding):
            if text.moves in finding.unwise:
                continue
            filled = fill(text, finding.numbers)
            if filled is not None:
                texts[filled] = None
        # What another remedy says with more words is not said twice.
        plain = [t for t in texts if not any(o != t and o.startswith(t[:-1]) for o in texts)]
        return tuple(plain)[:MOST_REMEDIES]

    def _remedies(self, finding: Finding) -> Iterator[Remedy]:
        entry = self.told(finding)
        own = entry.remedies
        yield from (text for text in own if _FIELD.search(text))
        measured = [self.cause(cause.id) for cause in finding.causes if cause.why]
        for cause in measured[:1]:  # what this log gives a reason for, before what its kind does
            yield from cause.remedies
        for kind in FAMILY.get(finding.setting, (finding.setting,)):
            yield from entry.special.get(kind, ())
        for cause in measured[1:]:
            yield from cause.remedies
        if not any(cause.certain for cause in measured):
            yield from (text for text in own if not _FIELD.search(text))


@lru_cache(maxsize=4)
def limits(lang: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Units and sources of limits in a language, by how they stand in the code.

    In a file of their own: only `explain -v` wants them.
    """
    path = Path(__file__).with_name(f"limits.{lang}.toml")
    if lang == "en" or not path.is_file():
        return {}, {}
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return table["units"], table["sources"]


@lru_cache(maxsize=4)
def load(lang: str = "en") -> Knowledge:
    """The texts of a language.

    Raises:
        ConfigError: there are none in this language.
    """
    if lang not in LANGUAGES:
        raise ConfigError(
            said(
                "no texts in {lang}; there are {names}", lang=repr(lang), names=", ".join(LANGUAGES)
            )
        )
    text = Path(__file__).with_name(f"{lang}.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Knowledge(
        lang,
        {id_: _pattern(id_, entry) for id_, entry in table["pattern"].items()},
        {
            id_: CauseText(
                id_,
                entry["text"],
                _remedies_of(entry.get("remedies", ())),
                entry.get("certain", False),
                entry.get("seen", False),
            )
            for id_, entry in table["cause"].items()
        },
        table.get("words", {}),
        table.get("numbers", {}),
        table.get("fields", {}),
        table.get("unjudged", {}),
    )


_SPECIAL = "remedies_"
_OF_KIND = "of_"


def _pattern(id_: str, entry: Mapping[str, Any]) -> PatternText:
    """The texts of one table; a table `of_KIND` in it says what differs for that kind."""
    return PatternText(
        id_,
        entry["title"],
        entry["meaning"],
        entry.get("looks_like", ""),
        _remedies_of(entry.get("remedies", ())),
        entry.get("goes_away", ""),
        {
            k.removeprefix(_SPECIAL): _remedies_of(v)
            for k, v in entry.items()
            if k.startswith(_SPECIAL)
        },
        {
            key.removeprefix(_OF_KIND): _pattern(id_, {**_general(entry), **own})
            for key, own in entry.items()
            if key.startswith(_OF_KIND)
        },
    )


def _general(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: v for key, v in entry.items() if not key.startswith((_SPECIAL, _OF_KIND))}


def fill(text: str, numbers: Mapping[str, float]) -> str | None:
    """Put numbers into {name:format} fields; None where one is not known."""
    if any(name not in numbers for name, _ in _FIELD.findall(text)):
        return None

    def one(field: re.Match[str]) -> str:
        value, form = numbers[field[1]], field[2] or ".4g"
        if form == ",":
            return format(round(value), form)
        text = format(value, form)
        return format(float(text), "g") if "e+" in text else text  # 20, not 2e+01

    return _ENDS.sub(_one_where_alike, _FIELD.sub(one, text))


def _one_where_alike(ends: re.Match[str]) -> str:
    """A range, or its one end where both read alike: "0.37 to 0.37 are left" says no more."""
    return ends[1] if ends[1] == ends[2] else ends[0]
