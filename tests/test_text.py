"""Text on its way to a person: nothing that a terminal obeys gets there raw, and data stays data."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.text import escaped, json_line, printable

OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of Unicode


@given(text=st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_is_left_and_json_says_the_same(text: str) -> None:
    line = json_line({"metric": text})
    assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert json.loads(line)["metric"].encode("utf-16", "surrogatepass") == text.encode(
        "utf-16", "surrogatepass"
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("loss", "loss"),
        ("损失 ✓", "损失 ✓"),
        ("a\x1b]52;c;eA==\x07b", r"a\u001b]52;c;eA==\u0007b"),
        ("\x9b31m", r"\u009b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066x\u2069\u200b\ufeff", r"\u2066x\u2069\u200b\ufeff"),
        ("\udcff\U000e0041", r"\udcff\udb40\udc41"),
    ],
)
def test_what_is_obeyed_is_shown(raw: str, shown: str) -> None:
    assert escaped(raw) == shown


@given(text=st.text())
def test_a_line_for_people_is_one_line_without_any_of_it(text: str) -> None:
    assert not [char for char in printable(text) if unicodedata.category(char) in OBEYED]


def test_every_way_to_the_terminal_is_named() -> None:
    """Who writes JSON for people writes it through `json_line`, which does no harm there."""
    package = Path(__file__).resolve().parents[1] / "lossmon"
    raw = [
        path.name
        for folder in ("report", "cli")
        for path in (package / folder).rglob("*.py")
        if "ensure_ascii=False" in path.read_text(encoding="utf-8")
    ]
    assert not raw
