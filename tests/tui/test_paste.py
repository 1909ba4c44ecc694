"""What is pasted reaches a box whole; a paste that never ends leaves the keys alone."""

from __future__ import annotations

import random

import pytest
from textual.events import Key, Paste

from lossmon.tui.paste import BEGIN, END, MOST, QUIET_S, Pastes
from lossmon.tui.textual_private import XTermParser


class Keyboard:
    """The parser of the driver, with a clock that is told."""

    def __init__(self) -> None:
        self.pastes, self.parser, self.now = Pastes(), XTermParser(), 0.0
        self.came: list[str] = []

    def type(self, text: str, after_s: float = 0.0) -> None:
        self.now += after_s
        given = self.pastes.take(text, self.now)
        for event in self.parser.feed(given) if given else ():
            if isinstance(event, Key):
                self.came.append(event.key)
            elif isinstance(event, Paste):
                self.came.append(f"<{event.text}>")


def test_keys_and_pastes_come_as_they_were_sent() -> None:
    keys = Keyboard()
    keys.type(f"j{BEGIN}some text{END}q")
    assert keys.came == ["j", "<some text>", "q"]


@pytest.mark.parametrize(
    "text", ["", "step 1\nloss 2", "\x1b[31mred\x1b[0m", "\x1b[20x", "qqq\x1b"]
)
def test_cut_anywhere_a_paste_is_the_same(text: str) -> None:
    sent = f"j{BEGIN}{text}{END}k{BEGIN}b{END}"
    clean = text.replace("\x1b", "")
    dice = random.Random(5)
    for _ in range(50):
        keys, at = Keyboard(), 0
        while at < len(sent):
            count = dice.randint(1, 7)
            keys.type(sent[at : at + count])
            at += count
        assert keys.came == ["j", f"<{clean}>", "k", "<b>"]


def test_a_paste_that_never_ends_is_ended_and_keys_work_again() -> None:
    keys = Keyboard()
    keys.type(f"{BEGIN}half of")
    keys.type("", QUIET_S / 2)
    assert keys.came == []
    keys.type(" it", QUIET_S / 2)
    keys.type("", QUIET_S)
    keys.type("q")
    assert keys.came == ["<half of it>", "q"]


def test_of_a_paste_without_end_so_much_is_kept_and_the_rest_types_nothing() -> None:
    keys = Keyboard()
    keys.type(BEGIN)
    for _ in range(40):
        keys.type("q" * 4000)
    keys.type(f"q{END}j")
    assert keys.came == [f"<{'q' * MOST}>", "j"]


def test_a_mark_that_the_parser_alone_has_heard_of_is_ended_too() -> None:
    keys = Keyboard()
    keys.type("\x1b[200")
    keys.type("", 0.1)
    keys.type("~j")
    keys.type("", QUIET_S)
    keys.type("", QUIET_S)
    keys.type("q")
    assert keys.came == ["<j>", "q"]
