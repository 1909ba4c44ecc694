"""Text on its way to a person: nothing that a terminal obeys gets there raw, and data stays data."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.text import (
    cell_width,
    cells_of,
    char_width,
    clip,
    clip_middle,
    common_folder,
    distinct,
    escaped,
    in_words,
    json_line,
    labels_of,
    pad,
    printable,
    wrap,
    writable,
)

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


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\u2028b\u2029c", "abc"), ("a\tb\nc", "a bc"), ("损\u200b失\x1b", "损失"), ("a\x7f", "a")],
)
def test_what_is_no_sign_of_a_line_is_left_out(text: str, line: str) -> None:
    assert printable(text) == line


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("abcde", 2, ["ab", "cd", "e"]),
        ("abc", 1, ["abc"]),  # nothing fits in so little
        ("ab cd", 2, ["ab", "cd"]),
        ("a abcdef", 4, ["a", "abcd", "ef"]),
        ("损失", 2, ["损", "失"]),
        ("abcd", 4, ["abcd"]),
    ],
)
def test_a_text_is_cut_into_lines(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


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


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("abcdef", 1, "…"),
        ("abcdef", 0, ""),
        ("abcdef", -1, ""),
        ("损失很大", 8, "损失很大"),
        ("损失很大", 7, "损失很…"),
        ("损失很大", 6, "损失…"),  # a wide sign is not halved
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_a_text_is_cut_at_its_end_by_cells(text: str, width: int, cut: str) -> None:
    assert clip(text, width) == cut
    assert clip(text, width, ascii=True) == cut.replace("…", "~")
    assert pad(cut, width).startswith(cut)
    assert cell_width(pad(cut, width)) == max(width, cell_width(cut))


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("experiment_seed_17", 18, "experiment_seed_17"),
        ("experiment_seed_17", 12, "exp…_seed_17"),
        ("experiment_seed_17", 4, "…_17"),
        ("experiment_seed_17", 3, "ex…"),  # too little for two ends
        ("损失曲线的名字", 9, "损… 名字".replace(" ", "的")),
    ],
)
def test_a_name_is_cut_in_its_middle(text: str, width: int, cut: str) -> None:
    assert clip_middle(text, width) == cut
    assert cell_width(cut) <= width or width < 4


@pytest.mark.parametrize(
    ("text", "room", "cells"),
    [
        ("a损b", None, ["a", "损", "", "b"]),
        ("a损b", 3, ["a", "损", ""]),
        ("a损b", 2, ["a", "b"]),  # what does not fit leaves its place to what does
        ("e\u0301x", None, ["e", "x"]),
        ("", 4, []),
    ],
)
def test_cells_of_a_text(text: str, room: int | None, cells: list[str]) -> None:
    assert cells_of(text, room) == cells


@pytest.mark.parametrize(
    ("char", "width"),
    [("a", 1), ("\u02ff", 1), ("\u0300", 0), ("损", 2), ("Ａ", 2), ("ｱ", 1), ("é", 1), ("✓", 1)],
)
def test_width_of_a_sign(char: str, width: int) -> None:
    assert char_width(char) == width
    assert cell_width(char * 3) == 3 * width


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("a longerword b", 4, ["a", "long", "erwo", "rd b"]),
        ("损失，曲线", 6, ["损失，", "曲线"]),  # a comma begins no line
        ("损失，曲线", 5, ["损", "失，曲", "线"][:0] or ["损", "失，", "曲线"]),
        ("曲线（甲）", 6, ["曲线", "（甲）"]),  # nor does what opens end one
        ("", 5, [""]),
        ("ab", 1, ["ab"]),  # nothing is cut into single signs
    ],
)
def test_lines_are_broken_at_blanks_and_between_wide_signs(
    text: str, width: int, lines: list[str]
) -> None:
    assert wrap(text, width) == lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "<1 s"), (0.99, "<1 s"), (1, "1 s"), (2.54, "2.5 s"), (9.9, "9.9 s"), (10, "10 s"),
        (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (36 * 3600 - 1, "36.0 h"),
        (36 * 3600, "2 d"), (96 * 3600, "4 d"),
        # A second more in the unit would be told otherwise.
        (89.4999 * 60, "89 min"), (89.5001 * 60, "90 min"), (35.0501 * 3600, "35.1 h"),
        (100.50001 * 86400, "101 d"), (9.9501, "10 s"), (1.9499, "1.9 s"),
    ],
)  # fmt: skip
def test_a_duration_is_in_the_coarsest_unit_that_tells(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("names", "folder"),
    [
        ([], ""),
        (["a"], ""),
        (["runs/a1"], "runs"),
        (["runs/a1", "runs/a2"], "runs"),
        (["runs/x/a", "runs/y/a", "runs/x/b"], "runs"),
        (["runs/a", "runsx/a"], ""),
        (["/a/b/c", "/a/b/d/e"], "/a/b"),
    ],
)
def test_the_folder_that_all_names_share(names: list[str], folder: str) -> None:
    assert common_folder(names) == folder


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["runs/a"], ["runs/a"]),
        (["runs/a", "runs/b"], ["a", "b"]),
        (["runs/a/log", "runs/b/log"], ["a", "b"]),
        (["runs/version_0", "runs/version_1"], ["version_0", "version_1"]),
        (["runs/0", "runs/1"], ["0", "1"]),  # a folder is no word of the number
        (["lr1e-05", "lr1e-04"], ["lr1e-05", "lr1e-04"]),
        (["m-lr0.1-s", "m-lr0.2-s"], ["lr0.1", "lr0.2"]),
        (["a", "a/b"], ["a", "a/b"]),  # nothing would be left of the first
        (["x-a", "x-b", "y-a"], ["x-a", "x-b", "y-a"]),
    ],
)
def test_a_name_beside_others_is_what_differs(names: list[str], labels: list[str]) -> None:
    assert list(distinct(names).values()) == labels
    short = [clip_middle(label, 6) for label in labels]
    assert list(labels_of(names, 6).values()) == short


def test_a_name_that_no_file_can_hold_is_written_with_its_byte_s_number() -> None:
    assert writable("a\udcffb") == r"a\udcffb"
    assert writable("损失") == "损失"
    assert printable("a\tb") == "a b"


def test_a_line_of_json_is_strict_and_keeps_every_script() -> None:
    assert json_line({"a": "训 \x1b", "b": [1, None]}) == '{"a": "训 \\u001b", "b": [1, null]}'
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            json_line({"a": number})
