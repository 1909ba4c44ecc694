"""The filter of the run list: words, and fields such as `state:stalled`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lossmon.diagnosis.knowledge.names import names_of
from lossmon.hparams.compare import find, same
from lossmon.monitor import RunUpdate
from lossmon.words import LANGUAGES, words

HINT = "name · host: state: pattern: config:lr=1e-4 · -not · state:stalled,failed overfitting"
_NO_QUOTES = str.maketrans("", "", "\"'\\")
FIELDS = ("host", "state", "pattern", "name", "config")
_WIDE = str.maketrans("：，", ":,")  # as an input method for Chinese types them


@dataclass(frozen=True)
class Term:
    """One condition.

    Attributes:
        field: one of FIELDS; "" for a word that may stand anywhere.
        values: any of them, lower case.
        negated: the run must not fit.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """Conditions that must all hold.

    A value fits where it is a part of the run's. `state:` takes the words of the list (running,
    quiet, buffered, stalled, finished, failed, silent, exited, gone, "link lost"); quiet, buffered
    and exited ones are running, too; `pattern:` those of what holds now; `config:` a setting, or
    one with its value (`lr=1e-4`). Fields, states and patterns have their names in every language.
    A comma separates values of which one must fit, a `-` in front turns a condition round, quotes
    keep blanks together. A field that is not known is a plain word: names have colons.
    """

    terms: tuple[Term, ...] = ()

    def fits(self, update: RunUpdate, word: Callable[[RunUpdate], str]) -> bool:
        """Whether a run is shown.

        Args:
            update: the run.
            word: gives the state of a run in a word; asked only where a condition needs it.
        """
        return all(_holds(term, update, word) != term.negated for term in self.terms)


def parse(text: str) -> Query:
    """Read a filter; every text is one, also while it is being typed."""
    text = text.lower().translate(_WIDE)
    try:
        parts = shlex.split(text)
    except ValueError:  # a quote that is not closed yet
        parts = text.translate(_NO_QUOTES).split()
    return Query(tuple(_terms(parts)))


def _field(name: str) -> str:
    """The field of a name in any language; "" where there is none."""
    if name.isascii():
        return name if name in FIELDS else ""
    tables = [words(lang) for lang in LANGUAGES]
    return next((one for one in FIELDS for t in tables if t.fixed(f"{one}:") == f"{name}:"), "")


def _terms(parts: list[str]) -> Iterator[Term]:
    for whole in parts:
        negated = len(whole) > 1 and whole[0] in "-!"
        word = whole[1:] if negated else whole
        name, colon, rest = word.partition(":")
        field = _field(name) if colon else ""
        if not field:
            rest = word
        values = tuple(value for value in rest.split(",") if value) if field else (rest,)
        if values and values != ("",):  # "state:" alone: nothing was said yet
            yield Term(field, values, negated)


def _holds(term: Term, update: RunUpdate, word: Callable[[RunUpdate], str]) -> bool:
    if term.field == "config":
        return any(_configured(update, value) for value in term.values)
    foreign = not all(value.isascii() for value in term.values)
    texts = list(_texts(term.field, update, word, foreign))
    return any(value in text for value in term.values for text in texts)


def _configured(update: RunUpdate, wanted: str) -> bool:
    """Whether a run has a setting, or has it at a value: `lr`, `lr=1e-4`."""
    name, equals, value = wanted.partition("=")
    values = update.hparams.values
    found = find(values, name)
    return found is not None and (not equals or same(values[found], value))


def _texts(
    field: str, update: RunUpdate, word: Callable[[RunUpdate], str], foreign: bool
) -> Iterator[str]:
    if field in ("", "name"):
        yield update.run.lower()
    if field in ("", "host"):
        yield update.host.lower() or ("here" if field else "")
    if field in ("", "pattern"):
        for finding in update.diagnosis.findings:
            yield from names_of(finding, foreign=foreign)
    if field in ("", "state"):
        states = [word(update), update.state]
        states += ["live"] if update.state == "running" else []  # as it was called
        for lang in LANGUAGES if foreign else ("en",):
            yield from map(words(lang).fixed, states)
