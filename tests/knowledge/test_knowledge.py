"""The texts: complete, the same in both languages, and filled with the finding's own numbers."""

from __future__ import annotations

import re

import pytest

from lossmon.diagnosis.finding import Cause, Finding
from lossmon.diagnosis.knowledge import LANGUAGES, load
from lossmon.diagnosis.patterns import PATTERNS as DECLARED
from lossmon.errors import ConfigError
from lossmon.report.explain import explain
from lossmon.report.sketch import sketch
from lossmon.text import cell_width
from tests import approved
from tests.diagnosis.curves import CURVES, N, judged

PATTERNS = tuple(DECLARED)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_usual_causes_are_those_that_have_texts(lang: str) -> None:
    assert {id_ for one in DECLARED.values() for id_ in one.typical} <= set(load(lang).causes)


def test_both_languages_say_the_same_with_the_same_numbers() -> None:
    en, zh = load("en"), load("zh")
    assert set(en.causes) == set(zh.causes)
    assert set(en.words) == set(zh.words)
    assert set(en.numbers) == set(zh.numbers)
    fields = re.compile(r"\{[^{}]*\}")
    for name in PATTERNS:
        one, two = en.pattern(name), zh.pattern(name)
        assert len(one.remedies) == len(two.remedies)
        assert [sorted(fields.findall(t)) for t in one.remedies] == [
            sorted(fields.findall(t)) for t in two.remedies
        ]
        assert {k: len(v) for k, v in one.special.items()} == {
            k: len(v) for k, v in two.special.items()
        }


def overfitting(**numbers: float) -> Finding:
    cause = Cause("memorising", "9 passes over the same data")
    return Finding("overfitting", "warning", 0.9, 60, "eval_loss", "rose", (cause,), numbers)


def test_remedies_name_the_numbers() -> None:
    remedies = load("en").remedies(overfitting(best_step=1800.0, best_value=1.742))
    assert remedies[0] == "Stop here, and take the checkpoint of step 1,800 (eval 1.742)."
    assert any(remedy.startswith("Use fewer epochs") for remedy in remedies)


def test_a_remedy_without_its_number_is_left_out() -> None:
    assert not any("{" in text for text in load("en").remedies(overfitting()))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_that_remedies_name_has_a_name(lang: str) -> None:
    knowledge = load(lang)
    named = {**knowledge.numbers, **knowledge.fields}
    texts = [
        remedy
        for entry in (*knowledge.patterns.values(), *knowledge.causes.values())
        for remedy in (
            *entry.remedies,
            *(t for ts in getattr(entry, "special", {}).values() for t in ts),
        )
    ]
    used = {name for text in texts for name in re.findall(r"\{(\w+)", text)}
    assert used <= set(named), used - set(named)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.slow
def test_a_pattern_is_explained_whole(lang: str) -> None:
    for name in PATTERNS:
        text, entry = explain(name, lang, 90), load(lang).pattern(name)
        flat = re.sub(r"\s", "", text)
        assert entry.title in text
        assert "{" not in text
        assert load(lang).word(DECLARED[name].severity) in text
        for part in (
            entry.meaning,
            entry.goes_away,
            *(load(lang).cause(c).text for c in DECLARED[name].typical),
        ):
            assert re.sub(r"\s", "", part) in flat
        assert len(text.splitlines()) > 8


@pytest.mark.snapshot
@pytest.mark.parametrize("name", PATTERNS)
def test_the_limits_of_a_pattern_are_as_approved(name: str) -> None:
    """Each with its unit and source, as `explain -v` adds them."""
    brief = explain(name, "en", 100).split("\n")
    more = [
        line for line in explain(name, "en", 100, verbose=True).split("\n") if line not in brief
    ]
    approved.hold("limits", name, "\n".join(more))


def test_a_sketch_shows_the_shape_in_either_set_of_signs() -> None:
    rows = sketch("rebound", 40, 9).splitlines()
    assert len(rows) == 7
    assert max(map(cell_width, rows)) <= 40
    assert sketch("rebound", 40, 9, ascii=True).isascii()
    assert sketch("finished", 40, 9) == ""


def test_every_severity_is_that_of_the_finding() -> None:
    for name in CURVES:
        (finding,) = [f for f in judged(CURVES[name](), total=N).findings if f.pattern == name]
        assert finding.severity == DECLARED[name].severity


def test_unknown_names_are_shown_as_words() -> None:
    assert load("en").pattern("brand_new").title == "brand new"
    assert load("en").cause("brand_new").text == "brand new"
    with pytest.raises(ConfigError, match="en, zh"):
        load("fr")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_fits_the_terminal(lang: str) -> None:
    tables = {width: explain(None, lang, width) for width in (60, 100)}
    for table in tables.values():
        assert all(name in table for name in PATTERNS)
    pages = [(60, explain(name, lang, 60)) for name in PATTERNS]
    for width, text in (*tables.items(), *pages):
        assert max(map(cell_width, text.splitlines())) <= width


def test_a_misspelled_pattern_names_the_closest() -> None:
    with pytest.raises(ConfigError, match="did you mean overfitting"):
        explain("overfiting", "en", 80)
    assert explain("Over-Fitting".replace("-F", "f"), "en", 80)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_training_with_advice_has_a_name(lang: str) -> None:
    knowledge = load(lang)
    kinds = {kind for text in knowledge.patterns.values() for kind in text.special}
    assert {f"do_{kind}" for kind in kinds} <= set(knowledge.words)
