"""Texts of ours: templates with named values, the same in every language."""

from __future__ import annotations

import ast
import pickle
import re
from functools import cache

import pytest

from lossmon import config
from lossmon.demo import patterns
from lossmon.words import LANGUAGES, Said, Words, joined, known, said, words
from tests.sources import PACKAGE, demand, files, named, nodes

OTHERS = [lang for lang in LANGUAGES if lang != "en"]
_SAYS = {"said", "Said", "tell", "tell_of"}  # calls whose first argument is a template
_FILES = {
    "diagnosis": "evidence.toml",
    "tui": "screen.toml",
    "chart": "screen.toml",
    "monitor": "screen.toml",
    "report": "report.toml",
    "presentation": "report.toml",
}
_CALLS = re.compile(rf"\b(?:{'|'.join(_SAYS)})\(")
_FIELD = re.compile(r"\{(\w*)(?::([^{}]*))?\}")


@cache
def templates() -> dict[str, str]:
    """Every template in the code -> where it stands."""
    found: dict[str, str] = {}
    for path in files():
        if not _CALLS.search(path.read_text(encoding="utf-8")):
            continue
        for node in nodes(path):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if name in _SAYS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found[first.value] = f"{named(path)}:{node.lineno}"
    return found


def fields(template: str) -> set[tuple[str, str]]:
    """Names and formats; a word that depends on a number is a matter of the language."""
    return {(name, form) for name, form in _FIELD.findall(template) if "|" not in form}


def file_of(place: str) -> str:
    """The file that has the texts of a module; any of them would do."""
    return _FILES.get(place.split("/")[0], "errors.toml")


def test_code_has_templates() -> None:
    assert len(templates()) > 150


@pytest.mark.parametrize("lang", OTHERS)
def test_every_template_has_its_text_in_each_language(lang: str) -> None:
    table = words(lang).table
    demand(
        f"{place}: add {template!r} to lossmon/words/{lang}/{file_of(place)}"
        for template, place in templates().items()
        if template not in table and re.search(r"[A-Za-z]{2}", _FIELD.sub("", template))
    )  # but numbers and signs alone


@pytest.mark.parametrize("lang", OTHERS)
def test_a_text_names_the_same_numbers_in_each_language(lang: str) -> None:
    for template, text in words(lang).table.items():
        assert fields(text) <= fields(template), template
        missing = {name for name, _ in fields(template)} - {name for name, _ in fields(text)}
        assert not missing, f"{template}: {missing} is not said"


@cache
def reasons() -> dict[str, str]:
    """What formats say of a line that is no row, as a plain text -> where it stands."""
    found: dict[str, str] = {}
    for path in files(PACKAGE / "formats"):
        for node in nodes(path):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            call = ast.unparse(node.func)
            at = {"super().__init__": 1, "self.skipped.add": 0}.get(call, -1)
            said_ = node.args[at] if 0 <= at < len(node.args) else None
            if isinstance(said_, ast.Constant) and isinstance(said_.value, str):
                found[said_.value] = f"{named(path)}:{node.lineno}"
    return found


@pytest.mark.parametrize("lang", OTHERS)
def test_why_a_line_was_skipped_is_said_in_each_language(lang: str) -> None:
    assert len(reasons()) > 10
    demand(
        f"{place}: add {reason!r} to lossmon/words/{lang}/errors.toml"
        for reason, place in reasons().items()
        if reason not in words(lang).table
    )


def test_a_text_of_ours_reads_as_english_and_is_said_in_another_language() -> None:
    text = said("{n:,} {n:point|points} from {name}", n=1200, name=said("the loss"))
    table = {"{n:,} {n:point|points} from {name}": "{name}的 {n:,} 个点", "the loss": "损失"}
    assert text == "1,200 points from the loss"
    assert Words("zh", table).say(text) == "损失的 1,200 个点"
    assert said("{n:,} {n:point|points}", n=1) == "1 point"


def test_what_a_log_says_is_neither_looked_up_nor_a_template() -> None:
    table = {"loss": "损失", "{name} fell": "{name} 下降"}
    zh = Words("zh", table)
    assert zh.say("loss") == "loss"
    assert zh.say(said("{name} fell", name="loss")) == "loss 下降"
    assert zh.say(said("{name} fell", name="{x:9999999999}{0.__class__}")) == (
        "{x:9999999999}{0.__class__} 下降"
    )


def test_what_no_catalogue_has_stays_english() -> None:
    assert Words("zh", {"a": "甲"}).say(said("b {n}", n=2)) == "b 2"


def test_texts_can_be_put_together() -> None:
    zh = Words("zh", {"one": "一", "two": "二", ", ": "，"})
    assert zh.say(said("one") + said("two")) == "一二"
    assert zh.say(joined(said(", "), [said("one"), said("two"), "raw {x}"])) == "一，二，raw {x}"
    assert zh.say(known("one")) == "一"
    assert known("{odd") == "{odd"


def test_another_process_gets_the_same_text() -> None:
    text = said("{n} of {what}", n=2, what=said("the loss"))
    again = pickle.loads(pickle.dumps(text))
    assert isinstance(again, Said)
    assert (again, again.template, again.values) == (text, text.template, text.values)


@pytest.mark.parametrize("lang", OTHERS)
def test_settings_and_demos_are_told_in_each_language(lang: str) -> None:
    told = config.default_text(words(lang)).splitlines()
    assert len(told) == len(config.default_text().splitlines())
    left = [
        line
        for line in told
        if line.startswith("# ") and " = " not in line and re.search(r"[a-z]{2,} [a-z]{2,} ", line)
    ]
    assert not left
    assert config.parse(config.default_text(words(lang)).encode()) == config.Config()
    missing = {cause for _, cause in patterns()} - words(lang).table.keys()
    assert not missing, f"add to lossmon/words/{lang}/settings.toml"
