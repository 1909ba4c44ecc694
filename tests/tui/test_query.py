"""The filter grammar of the run list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.monitor import RunUpdate
from lossmon.tui.query import Query, parse
from tests.tui.synthetic import update_of

STALLED = ("gpu1:runs/sft-7b", "gpu1", "stalled", ("overfitting",))
RUNNING = ("runs/sft-13b", "", "running", ("healthy",))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    folder: Path = tmp_path_factory.mktemp("query")
    return update_of(folder / "log.jsonl")


def made(base: RunUpdate, run: str, host: str, word: str, patterns: tuple[str, ...]) -> RunUpdate:
    findings = tuple(Finding(name, "warning", 0.9, 1, "loss", "") for name in patterns)
    return replace(base, run=run, host=host, state=word, diagnosis=Diagnosis(findings))


@pytest.mark.parametrize(
    ("text", "stalled", "running"),
    [
        ("", True, True),
        ("sft", True, True),
        ("SFT 7b", True, False),
        ("13B", False, True),
        ("host:gpu1", True, False),
        ("host:here", False, True),
        ("state:stalled overfitting", True, False),
        ("state:stalled,running", True, True),
        ("state:running", False, True),
        ("state:live", False, True),  # as it was called
        ("pattern:over", True, False),
        ("healthy", False, True),
        ("-healthy", True, False),
        ("-state:stalled", False, True),
        ("!host:gpu1 sft", False, True),
        ("gpu1:runs", True, False),
        ("name:gpu1:runs", True, False),
        ("状态:停滞", True, False),
        ("状态：已结束，训练中", False, True),  # as an input method types colon and comma
        ("诊断:过拟合", True, False),
        ("-过拟合", False, True),
        ("主机:gpu1 state:停滞", True, False),
        ("停滞 无此名称", False, False),
        ("state:", True, True),
        ("state:,", True, True),
        ('"sft-7', True, False),
        ("nothing-like-it", False, False),
        ("-", True, True),  # not turned round yet: a part of the name, as any text is
        ("--", False, False),
    ],
)
def test_words_and_fields_must_all_fit(base, text: str, stalled: bool, running: bool) -> None:
    query = parse(text)
    assert query.fits(made(base, *STALLED), lambda _: "stalled") is stalled
    assert query.fits(made(base, *RUNNING), lambda _: "running") is running


def test_quotes_keep_blanks_together(base) -> None:
    lost = made(base, *STALLED)
    assert parse('state:"link lost"').fits(lost, lambda _: "link lost")
    assert not parse('"lost link"').fits(lost, lambda _: "link lost")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_filter(text: str) -> None:
    assert isinstance(parse(text), Query)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("-", [("-", False)]),  # nothing to turn round yet
        ("!", [("!", False)]),
        ("-a", [("a", True)]),
        ("--", [("-", True)]),
        ("a -", [("a", False), ("-", False)]),
    ],
)
def test_a_sign_turns_round_what_follows_it(text: str, terms: list[tuple[str, bool]]) -> None:
    assert [(term.values[0], term.negated) for term in parse(text).terms] == terms
