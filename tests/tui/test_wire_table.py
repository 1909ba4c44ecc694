"""What is sent to a terminal for one picture after another, as approved."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from lossmon.tui.wire import Wire

Row = list[tuple[str, str]]
WIDTH = 12


def sent(
    *pictures: Row, colors: ColorSystem | None = ColorSystem.EIGHT_BIT, plain: bool = False
) -> list[str]:
    """What goes out for each of some pictures of one row, its escapes as carets."""
    wire, out = Wire(), []
    for row in pictures:
        strip = Strip([Segment(text, Style.parse(style)) for text, style in row])
        update = LayoutUpdate([[strip.adjust_cell_length(WIDTH)]], Region(0, 0, WIDTH, 1))
        out.append(wire.encode(update, WIDTH, 1, colors, plain=plain).replace("\x1b", "^"))
    return out


@pytest.mark.parametrize(
    ("before", "after", "sends"),
    [
        ("abcdef", "abcdef", ""),
        ("abcdef", "abcXef", "X"),
        ("abcdef", "Xbcdef", "X"),
        ("ab图表", "ab图标", "标"),
        ("ab图表", "abcd表", "cd"),
        ("ab", "ab图", "图"),
        ("e", "e\u0301", "e\u0301"),
        ("abcdef", "abcde\u0301f", "e\u0301"),
        ("abcdefghijkl", "abcdefghijkX", "X"),
    ],
)
def test_only_what_differs_is_sent(before: str, after: str, sends: str) -> None:
    first, second = sent([(before, "")], [(after, "")])
    assert before in first
    assert [text for text in second.split("H")[-1:] if text] == ([sends] if sends else [])
    assert ("^" in second) == bool(sends)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("abc", "abc"), ("é 图", "é 图"), ("─│", "-|"), ("●", "*"), ("→", ">"), ("⣿", "#"),
        ("…", "~"), ("😀", "  "), ("█▁", "#-"), ("\u2bff", "#"), ("\u2c00", "\u2c00"),
    ],
)  # fmt: skip
def test_signs_are_ascii_where_nothing_else_can_be_shown(text: str, plain: str) -> None:
    (told,) = sent([(text, "")], plain=True)
    (as_it_is,) = sent([(text, "")])
    assert text in as_it_is
    shown = told.split("H")[-1]
    assert shown.startswith(plain.rstrip()), shown


def test_without_colours_a_style_is_its_attributes() -> None:
    row = [("ab", "bold red on blue"), ("cd", "underline"), ("ef", "reverse")]
    (told,) = sent(row, colors=None)
    assert "31" not in told
    assert "44" not in told
    (coloured,) = sent(row)
    assert "31" in coloured
    assert "44" in coloured


def test_what_only_moves_a_cursor_is_not_drawn() -> None:
    wire = Wire()
    strip = Strip([Segment("ab"), Segment("\x07", None, [(ControlType.BELL,)]), Segment("cd")], 4)
    update = LayoutUpdate([[strip]], Region(0, 0, 4, 1))
    told = wire.encode(update, 4, 1, ColorSystem.EIGHT_BIT)
    assert "abcd" in told
    assert "\x07" not in told


def test_what_stands_beyond_the_terminal_is_left_out() -> None:
    wire = Wire()
    strips = [[Strip([Segment(text)])] for text in ("abcdef", "second", "third")]
    told = wire.encode(LayoutUpdate(strips, Region(0, 0, 6, 3)), 4, 2, ColorSystem.EIGHT_BIT)
    assert "abcd" in told
    assert "seco" in told
    assert "e" not in told.replace("seco", "")
    assert "th" not in told


def test_once_the_screen_is_not_known_all_is_sent_again() -> None:
    wire = Wire()
    update = LayoutUpdate([[Strip([Segment("abcd")])]], Region(0, 0, 4, 1))
    told = [wire.encode(update, 4, 1, None) for _ in range(2)]
    wire.forget()
    assert [*told, wire.encode(update, 4, 1, None)] == [told[0], "", told[0]]
    assert wire.encode(update, 5, 1, None), "of another size nothing is known"
