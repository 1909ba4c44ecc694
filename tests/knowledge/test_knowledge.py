"""The texts: complete, the same in both languages, and filled with the finding's own numbers."""

from __future__ import annotations

import re

import pytest

from lossmon.diagnosis.causes import TYPICAL
from lossmon.diagnosis.finding import (
    OTHER_PATTERNS,
    PAIR_PATTERNS,
    TRAIN_PATTERNS,
    Cause,
    Finding,
)
from lossmon.diagnosis.knowledge import LANGUAGES, load
from lossmon.errors import ConfigError
from lossmon.report.explain import explain
from lossmon.text import cell_width

PATTERNS = (*TRAIN_PATTERNS, *PAIR_PATTERNS, *OTHER_PATTERNS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_pattern_and_cause_has_its_texts(lang: str) -> None:
    knowledge = load(lang)
    assert set(knowledge.patterns) == set(PATTERNS)
    for text in knowledge.patterns.values():
        assert text.title
        assert text.meaning
        assert text.remedies
        assert set(text.causes) <= set(knowledge.causes)
    assert {cause for causes in TYPICAL.values() for cause in causes} <= set(knowledge.causes)


def test_both_languages_say_the_same_with_the_same_numbers() -> None:
    en, zh = load("en"), load("zh")
    assert set(en.causes) == set(zh.causes)
    assert set(en.words) == set(zh.words)
    assert set(en.numbers) == set(zh.numbers)
    fields = re.compile(r"\{[^{}]*\}")
    for name in PATTERNS:
        one, two = en.pattern(name), zh.pattern(name)
        assert one.causes == two.causes
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


def test_unknown_names_are_shown_as_words() -> None:
    assert load("en").pattern("brand_new").title == "brand new"
    assert load("en").cause("brand_new").text == "brand new"
    with pytest.raises(ConfigError, match="en, zh"):
        load("fr")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [60, 100])
def test_the_table_fits_the_terminal(lang: str, width: int) -> None:
    for text in (explain(None, lang, width), *(explain(name, lang, width) for name in PATTERNS)):
        assert max(map(cell_width, text.splitlines())) <= width
    assert all(name in explain(None, lang, width) for name in PATTERNS)


def test_a_misspelled_pattern_names_the_closest() -> None:
    with pytest.raises(ConfigError, match="did you mean overfitting"):
        explain("overfiting", "en", 80)
    assert explain("Over-Fitting".replace("-F", "f"), "en", 80)
