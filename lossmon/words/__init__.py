"""What a person reads: sentences as templates with named values, one catalogue a language.

Whoever has something to say, says it in English, as a template with its values by name:
`said("eval rose {rise:.1%} above its best", rise=0.042)`. It reads as an English text at once, so
that JSON and logs need nothing else; a front end that speaks another language looks the template
up in the catalogue of that language and fills the same values in. What a log says (a name, a line)
is a plain `str`: it is never looked up and never a template.
`plurals` has the words that depend on a number.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

LANGUAGES = ("en", "zh")


class Said(str):
    """A text of ours, in English, that knows the template and the values it was made of."""

    __slots__ = ("template", "values")  # of 10,000 runs there are 200,000

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Said:
        """The English text of a template."""
        self = super().__new__(cls, _fill(template, values))
        self.template, self.values = template, values
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What another process makes it of: runs are read by several at once."""
        return self.template, dict(self.values)

    def __add__(self, other: str) -> Said:
        """A sentence and what follows it."""
        return Said("{first}{second}", {"first": self, "second": other})


def said(template: str, /, **values: Any) -> Said:
    """A text of ours.

    Args:
        template: English, with fields such as {rise:.1%}; {n:eval|evals} is the word that fits a
            number.
        **values: numbers, texts of a log, and other texts of ours.
    """
    return Said(template, values)


def known(text: str) -> Said:
    """A fixed text that comes as plain text, as from the agent on another box, where it is ours."""
    if isinstance(text, Said):
        return text
    return Said(text.replace("{", "{{").replace("}", "}}"), {})


def joined(separator: str, parts: Sequence[str]) -> Said:
    """Texts one after the other, which may be ours."""
    fields = {f"part{number}": part for number, part in enumerate(parts)}
    template = "{between}".join(f"{{{name}}}" for name in fields)
    return Said(template, {**fields, "between": separator})


def _fill(template: str, values: Mapping[str, Any]) -> str:
    if "|" in template:
        from lossmon.words.plurals import PLURALS  # which --help does without

        return PLURALS.vformat(template, (), values)
    return template.format_map(values)


class Words(NamedTuple):
    """One language.

    Attributes:
        lang: "en" or "zh".
        table: English template -> the same in this language; what is not in it stays English.
    """

    lang: str = "en"
    table: Mapping[str, str] = {}

    def __call__(self, template: str, /, **values: Any) -> str:
        """A text of ours in this language."""
        return self.say(Said(template, values))

    def fixed(self, text: str) -> str:
        """A text of ours without fields, braces and all: a title, the doc string of a key."""
        return self.table.get(text, text)

    def labelled(self, label: str, text: str) -> str:
        """A text behind what it is: "do: stop here"; Chinese has a colon of its own."""
        return self("{word}: {note}", word=label, note=text)

    def aside(self, text: str, more: str) -> str:
        """A text with more in parentheses, where there is more."""
        return self("{unit} ({source})", unit=text, source=more) if more else text

    def say(self, text: str) -> str:
        """A text that may be ours in this language; one of a log as it is."""
        if not self.table or not isinstance(text, Said):
            return text
        values = {
            name: self.say(value) if isinstance(value, str) else value
            for name, value in text.values.items()
        }
        return _fill(self.table.get(text.template, text.template), values)


ENGLISH = Words()


@lru_cache(maxsize=4)
def words(lang: str) -> Words:
    """The words of a language; English needs no catalogue, its templates are in the code."""
    table: dict[str, str] = {}
    if lang == "en":
        return Words(lang, table)
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    folder = os.path.join(os.path.dirname(__file__), lang)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".toml"):
            with open(os.path.join(folder, name), "rb") as file:
                for entries in tomllib.load(file).values():
                    table |= entries
    return Words(lang, table)
