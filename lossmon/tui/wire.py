"""What goes over the wire to the terminal: cells that differ from what stands there, no more.

Textual sends a region again when a part of it may have changed, each piece of text with its whole
style. Over a slow link most of that is waste. Here every update is laid into a copy of the screen,
and only cells that differ are sent, with what changes in style from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from textual.strip import Strip

from lossmon.text import char_width
from lossmon.tui.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate


class Pen(NamedTuple):
    """A style as SGR parameters: attributes, foreground, background; "" is the default."""

    attributes: str = ""
    fore: str = ""
    back: str = ""


Cell = tuple[str, Pen]  # the sign that begins here ("" in the second cell of a wide one)

PLAIN = Pen()
_UNKNOWN: Cell = ("\0", PLAIN)
_SEEN_ON_BLANKS = {"4", "7", "9", "21", "53"}  # underline, reverse, strike, double, overline
_SIGNS = {
    **dict.fromkeys("─━═╌╴╶‐‑‒–—―▁▂", "-"),
    **dict.fromkeys("│┃║┊▎▏▌▐", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
    **dict.fromkeys("…⋯", "~"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("•·▪■●", "*"),
    **dict.fromkeys("←◀◂", "<"),
    **dict.fromkeys("→▶▸", ">"),
    **dict.fromkeys("↑▲▴", "^"),
    **dict.fromkeys("↓▼▾", "v"),
}
_SHORT = 4  # bytes of a short move: so many unchanged bytes are as cheap to send again
_FEW = 12  # blanks that are as cheap to send as to erase, which leaves the cursor before them


class Sent(CompositorUpdate):
    """An update that is already written out."""

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Nothing: an app without a terminal of its own never gets here."""
        yield from ()

    def render_segments(self, console: Console) -> str:  # noqa: ARG002 - Textual's signature
        """The escape sequences and texts."""
        return self.sequence


class Wire:
    """The screen as the terminal has it, and what must be sent to change it."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """What stands on the terminal is not known any more (it was suspended or cleared)."""
        self._size = (0, 0)

    def encode(
        self,
        update: LayoutUpdate | ChopsUpdate,
        width: int,
        height: int,
        colors: ColorSystem | None,
        *,
        plain: bool = False,
        erases: bool = False,
    ) -> str:
        """The sequence that brings the terminal up to date; "" where nothing changed.

        Args:
            update: strips and where they go.
            width: columns of the terminal.
            height: its rows.
            colors: what the terminal can show; None for no colours at all (NO_COLOR).
            plain: signs become ASCII, also those that the library draws; letters stay.
            erases: what the terminal erases takes the background in use.
        """
        if self._size != (width, height):
            self._size = (width, height)
            self._rows = [[_UNKNOWN] * width for _ in range(height)]
        touched: dict[int, list[Cell]] = {}
        for y, x, strip in _pieces(update):
            if 0 <= y < height:
                row = touched.setdefault(y, self._rows[y].copy())
                _lay(row, x, strip, colors, plain)
        writer = _Writer(width, erases)
        for y in sorted(touched):
            writer.row(y, self._rows[y], touched[y])
            self._rows[y] = touched[y]
        return writer.finish()


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Each strip of an update as (row, column, strip)."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x <= x2 and end > x1:
                yield y, x, piece if end <= x2 else piece.crop(0, min(end, x2) - x)


def _lay(row: list[Cell], x: int, strip: Strip, colors: ColorSystem | None, plain: bool) -> None:
    """Put a strip into a row of cells."""
    width = len(row)
    for text, style, control in strip:
        if control:
            continue
        pen = _pen(style, colors) if style is not None else PLAIN
        blank = _on_blanks(pen)
        for char in _plain_signs(text) if plain else text:
            size = char_width(char)
            if size == 0:
                if 0 < x <= width and row[x - 1][0] not in ("", " "):
                    row[x - 1] = (row[x - 1][0] + char, pen)
                continue
            if x >= width:
                return
            row[x] = (char, blank if char == " " else pen)
            if size == 2 and x + 1 < width:
                row[x + 1] = ("", pen)
            x += size


def _plain_signs(text: str) -> str:
    """Signs (arrows, lines, blocks, bullets) as ASCII ones of the same width."""
    if text.isascii():
        return text
    return "".join(_plain_sign(char) for char in text)


def _plain_sign(char: str) -> str:
    if "\u2000" <= char < "\u2c00":
        return _SIGNS.get(char, "#").ljust(char_width(char))
    return " " * char_width(char) if char >= "\U0001f000" else char


@lru_cache(maxsize=4096)
def _pen(style: Style, colors: ColorSystem | None) -> Pen:
    if colors is None:
        return Pen(";".join(_attributes(style)))
    fore = style.color.downgrade(colors).get_ansi_codes() if style.color else ()
    back = style.bgcolor.downgrade(colors).get_ansi_codes(False) if style.bgcolor else ()
    return Pen(";".join(_attributes(style)), ";".join(fore), ";".join(back))


def _attributes(style: Style) -> Iterable[str]:
    plain = style.without_color.render("x", color_system=ColorSystem.TRUECOLOR)
    return plain[2 : plain.index("m")].split(";") if plain.startswith("\x1b[") else ()


@lru_cache(maxsize=4096)
def _on_blanks(pen: Pen) -> Pen:
    """Of a blank cell nothing is seen but its background."""
    seen = _SEEN_ON_BLANKS.intersection(pen.attributes.split(";"))
    return pen if seen else Pen(back=pen.back)


class _Writer:
    """Writes changed cells, and keeps track of the terminal's cursor and style meanwhile."""

    def __init__(self, width: int, erases: bool) -> None:
        self._out: list[str] = []
        self._width = width
        self._erases = erases
        self._pen = PLAIN
        self._at: tuple[int, int] | None = None  # row, column of the cursor

    def row(self, y: int, old: list[Cell], new: list[Cell]) -> None:
        """Send the cells of a row that differ."""
        if old == new:
            return
        x = 0
        while x < self._width:
            if old[x] == new[x]:
                x += 1
                continue
            if not new[x][0] and x:  # the second half of a wide sign: it begins one cell before
                x -= 1
            self._go(y, x, new)
            while x < self._width and (old[x] != new[x] or not new[x][0]):
                count = self._blanks(x, new)
                if count:
                    self._erase(count, x, new[x])
                    x += count
                    break
                self._put(y, x, new[x])
                x += 1

    def _blanks(self, x: int, row: list[Cell]) -> int:
        """How many blank cells begin here, where they are cheaper to erase than to send."""
        first = row[x]
        if first[0] != " " or first[1].attributes or not (self._erases or not first[1].back):
            return 0
        end = x + 1
        while end < self._width and row[end] == first:
            end += 1
        return end - x if end - x >= (_SHORT if end == self._width else _FEW) else 0

    def _erase(self, count: int, x: int, cell: Cell) -> None:
        """Blank some cells from the cursor on, which stays where it is."""
        self._take(cell)
        self._out.append("\x1b[K" if x + count == self._width else f"\x1b[{count}X")

    def _draws(self, cell: Cell) -> bool:
        """Whether the pen in hand draws a cell: on a blank one its colour is not seen."""
        text, pen = cell
        if text == " " and not pen.attributes and _on_blanks(self._pen) == pen:
            return True
        return pen == self._pen

    def _take(self, cell: Cell) -> None:
        """Take the pen that a cell needs; on a blank one the colour may stay."""
        if self._draws(cell):
            return
        text, pen = cell
        if text == " " and not pen.attributes and _on_blanks(self._pen) == Pen(back=self._pen.back):
            pen = self._pen._replace(back=pen.back)
        self._out.append(_turn(self._pen, pen))
        self._pen = pen

    def finish(self) -> str:
        """All of it, with the style set back."""
        if self._pen != PLAIN:
            self._out.append("\x1b[m")
        return "".join(self._out)

    def _go(self, y: int, x: int, row: list[Cell]) -> None:
        """Bring the cursor to a cell in as few bytes as possible."""
        if self._at == (y, x):
            return
        if self._at is not None and self._at[0] == y and self._at[1] < x:
            between = row[self._at[1] : x]
            text = "".join(char for char, _ in between)
            same = all(self._draws(cell) and _sure(cell[0]) for cell in between)
            if same and len(text.encode()) <= _SHORT:
                self._out.append(text)
            else:
                steps = x - self._at[1]
                self._out.append(f"\x1b[{steps}C" if steps > 1 else "\x1b[C")
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._at = (y, x)

    def _put(self, y: int, x: int, cell: Cell) -> None:
        text = cell[0]
        if not text:
            return  # it came with its first half
        if self._at is None:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._take(cell)
        self._out.append(text)
        after = x + (1 if text.isascii() else char_width(text[0]))
        self._at = (y, after) if _sure(text) and after < self._width else None


def _sure(char: str) -> bool:
    """Whether every terminal gives a sign the same width: not so for joined signs and emoji."""
    return len(char) <= 1 and char < "\U0001f000"


@lru_cache(maxsize=4096)
def _turn(old: Pen, new: Pen) -> str:
    """The SGR sequence from one style to another."""
    codes = []
    if old.attributes and old.attributes != new.attributes:
        codes.append("0")
        old = PLAIN
    if new.attributes != old.attributes:
        codes.append(new.attributes)
    if new.fore != old.fore:
        codes.append(new.fore or "39")
    if new.back != old.back:
        codes.append(new.back or "49")
    short = ";".join(codes)
    anew = ";".join(["0", *(part for part in new if part)])
    return f"\x1b[{short if len(short) <= len(anew) else anew}m"
