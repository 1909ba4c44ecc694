"""What is sent changes a terminal to exactly what Textual would have drawn, in fewer bytes."""

from __future__ import annotations

import io

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from lossmon.tui.wire import Wire

WIDTH, HEIGHT = 20, 3
COLORS = ColorSystem.EIGHT_BIT
CONSOLE = Console(file=io.StringIO(), color_system="256", force_terminal=True)

STYLES = st.sampled_from(
    [
        Style.parse(words)
        for words in ("", "red", "bold red on blue", "on blue", "dim", "underline", "reverse green")
    ]
)
SIGNS = st.sampled_from(list("ab ⣿│ 图表é"))
TEXTS = st.lists(SIGNS, max_size=6).map("".join) | st.integers(3, 14).map(" ".__mul__)
PIECES = st.lists(st.tuples(TEXTS, STYLES), max_size=5)
SCREENS = st.lists(PIECES, min_size=HEIGHT, max_size=HEIGHT)


def strip(pieces: list[tuple[str, Style]], width: int = WIDTH) -> Strip:
    return Strip([Segment(text, style) for text, style in pieces]).adjust_cell_length(width)


def whole(rows: list[list[tuple[str, Style]]]) -> LayoutUpdate:
    return LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))


class Screen:
    """A terminal, and what is seen on it: of a blank cell nothing but its background."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)
        self.screen.set_mode(pyte.modes.LNM)

    def seen(self) -> list[list[object]]:
        return [[look(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def look(cell: pyte.screens.Char) -> object:
    if cell.data == " " and not (cell.underscore or cell.reverse):
        return (" ", cell.bg)
    return cell


@given(st.lists(SCREENS, min_size=1, max_size=5), st.booleans())
def test_the_terminal_shows_what_textual_would_draw(screens, erases):
    """Whatever stood there before, also wide signs that are cut in half."""
    wire, ours, textuals = Wire(), Screen(), Screen()
    for rows in screens:
        ours.stream.feed(wire.encode(whole(rows), WIDTH, HEIGHT, COLORS, erases=erases))
        textuals.stream.feed(whole(rows).render_segments(CONSOLE))
        assert ours.seen() == textuals.seen()


@given(SCREENS, PIECES, st.integers(0, WIDTH - 4), st.integers(0, HEIGHT - 1), st.booleans())
def test_a_part_of_a_line(rows, pieces, x, y, erases):
    """Textual updates parts of lines; the rest of the line stays as it is."""
    rows = [
        [(text.replace("图", "x").replace("表", "y"), style) for text, style in r] for r in rows
    ]
    wire, ours, textuals = Wire(), Screen(), Screen()
    chops = [{0: None, x: None} for _ in range(HEIGHT)] if x else [{0: None} for _ in range(HEIGHT)]
    chops[y][x] = strip(pieces, 4)
    ends = [[*list(line)[1:], WIDTH] for line in chops]
    ends[y][-1] = x + 4
    update = ChopsUpdate(chops, [(y, x, x + 4)], ends)
    for one in (whole(rows), update):
        ours.stream.feed(wire.encode(one, WIDTH, HEIGHT, COLORS, erases=erases))
        textuals.stream.feed(one.render_segments(CONSOLE))
    assert ours.seen() == textuals.seen()


@given(SCREENS)
def test_what_stands_there_is_not_sent_again(rows):
    """Unless it was forgotten, or the terminal has another size now."""
    wire = Wire()
    assert wire.encode(whole(rows), WIDTH, HEIGHT, COLORS)
    assert wire.encode(whole(rows), WIDTH, HEIGHT, COLORS) == ""
    wire.forget()
    assert wire.encode(whole(rows), WIDTH, HEIGHT, COLORS)
    assert wire.encode(whole(rows), WIDTH, HEIGHT + 1, COLORS)


def test_one_number_that_changes_costs_its_digits():
    """The cursor goes there, the style is set once."""
    style = Style.parse("bold red on blue")
    wire = Wire()
    before = [[("step 1,230", style)], [], []]
    after = [[("step 1,231", style)], [], []]
    wire.encode(whole(before), WIDTH, HEIGHT, COLORS)
    assert wire.encode(whole(after), WIDTH, HEIGHT, COLORS) == "\x1b[1;10H\x1b[1;31;44m1\x1b[m"


def test_an_emoji_is_followed_by_a_move():
    """Terminals disagree on its width; what comes after it stands right all the same."""
    wire = Wire()
    sent = wire.encode(whole([[("🔥ab", Style())], [], []]), WIDTH, HEIGHT, COLORS)
    assert "🔥\x1b[1;3Hab" in sent


def test_blank_cells_are_erased_where_that_takes_the_background():
    """Most of an empty screen is blank. The default background is taken by every terminal."""
    update = whole([[("a" + 14 * " " + "bc   ", Style.parse("on blue"))], [], []])
    sent = [Wire().encode(update, WIDTH, HEIGHT, COLORS, erases=erases) for erases in (True, False)]
    rest = "\x1b[2;1H\x1b[0m\x1b[K\x1b[3;1H\x1b[K"
    assert sent[0] == "\x1b[1;1H\x1b[44ma\x1b[14X\x1b[14Cbc   " + rest
    assert sent[1] == "\x1b[1;1H\x1b[44ma" + 14 * " " + "bc   " + rest
