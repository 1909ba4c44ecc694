"""The lines of a log: a window of the file, whatever its size, that follows its end."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from lossmon.formats.lines import clean
from lossmon.monitor.made_of import Made, Reader
from lossmon.monitor.raw import Line, Text, lines_after, lines_before
from lossmon.text import cell_width, clip, pad, printable

_SIDEWAYS = 20  # cells
_READ_AFTER_S = 0.15  # a window that stands so long is decoded again, to say what was made of it


class LogLines(Widget, can_focus=True):
    """Shows a window of a text, with one line chosen.

    Attributes:
        chosen: the chosen line.
        following: the newest line is chosen and stays so.
    """

    DEFAULT_CSS = """
    LogLines { height: 1fr; width: 1fr; }
    LogLines > .log--chosen { background: $boost; text-style: bold; }
    LogLines > .log--read { color: $text-success; }
    LogLines > .log--other { color: $text-muted; }
    LogLines > .log--found { color: $text-warning; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--chosen", "log--read", "log--other", "log--found",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "line(1)", "line down", show=False),
        Binding("up,k", "line(-1)", "line up", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False),
        Binding("home,g", "first", "first line", show=False),
        Binding("end,G,f", "follow", "follow the newest line", show=False),
        Binding("right,l", "sideways(1)", "to the right", show=False),
        Binding("left,h", "sideways(-1)", "to the left", show=False),
    ]

    class Moved(Message):
        """Another line was chosen, or what was made of it became known."""

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._text: Text | None = None
        self._reader: Reader | None = None
        self._lines: list[Line] = []
        self._made: dict[int, Made] = {}
        self._end = -1  # of the text when it was looked at last
        self._aside = 0  # cells to the left of the window
        self.chosen: Line | None = None
        self.following = True
        self.words = ""  # that are searched

    @property
    def made(self) -> Made | None:
        """What was made of the chosen line; None while that is not known."""
        return self._made.get(self.chosen.at) if self.chosen is not None else None

    @property
    def trouble(self) -> str:
        """Why nothing can be said of the lines."""
        return self._reader.trouble if self._reader is not None else ""

    def open(self, text: Text | None, path: str) -> None:
        """Show a text from its end."""
        self._text = text
        self._reader = Reader(text, path) if text is not None else None
        self._lines, self._made, self._end, self._aside = [], {}, -1, 0
        self.chosen, self.following = None, True
        self.refresh()
        self.look()

    def look(self) -> None:
        """Take what has come; where nothing has, nothing is done."""
        if self._text is None:
            return
        start, end = self._text.span()
        if end == self._end or not self.size.height:
            return
        shrunk, self._end = end < self._end, end
        if self.following or shrunk or (self._lines and self._lines[0].at < start):
            self.action_follow()
        elif len(self._lines) < self.size.height:
            self._show_from(self._lines[0].at)

    def go_to(self, line: Line) -> None:
        """Choose a line, in the middle of the window."""
        self.following = False
        self._choose_among(self._around(line), line)

    def action_line(self, by: int) -> None:
        """The line below or above."""
        self._move(by)

    def action_page(self, by: int) -> None:
        """A window further."""
        self._move(by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """The first line at hand."""
        if self._text is not None:
            lines = lines_after(self._text, self._text.span()[0], max(1, self.size.height))
            if lines:
                self.following = False
                self._choose_among(lines, lines[0])

    def action_follow(self) -> None:
        """The newest line, and each that comes."""
        if self._text is not None:
            self.following = True
            self._end = self._text.span()[1]
            lines = lines_before(self._text, self._end, max(1, self.size.height))
            self._choose_among(lines, lines[-1] if lines else None)

    def action_sideways(self, by: int) -> None:
        """What a long line has further right or left."""
        longest = max((cell_width(self._words_of(line)) for line in self._lines), default=0)
        most = max(0, longest - self.size.width + 2)
        self._aside = min(max(0, self._aside + by * _SIDEWAYS), most)
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        """While the chart's cursor is on, left and right move it: the line follows."""
        return action != "sideways" or getattr(self.screen, "cursor_step", None) is None

    def on_resize(self) -> None:
        """Another height is another window."""
        if self._text is None or not self._lines:
            self.look()
        elif self.following:
            self.action_follow()
        elif self.chosen is not None:
            self._choose_among(self._around(self.chosen), self.chosen)

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        inside = event.get_content_offset(self)
        if inside is not None and inside.y < len(self._lines):
            self.following = False
            self._choose_among(self._lines, self._lines[inside.y])

    def on_mouse_scroll_down(self) -> None:
        """Three lines down."""
        self._move(3)

    def on_mouse_scroll_up(self) -> None:
        """Three lines up."""
        self._move(-3)

    def render_line(self, y: int) -> Strip:
        """A sign for what was made of the line, and the line."""
        width, base = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[y]
        made = self._made.get(line.at)
        chosen = self.chosen is not None and line.at == self.chosen.at
        if chosen:
            base += self.get_component_rich_style("log--chosen")
        kind = "log--read" if made is not None and made.record is not None else "log--other"
        tone = Style(color=self.get_component_rich_style(kind, partial=True).color)
        words = self._words_of(line)[self._aside :]
        text = pad(clip(words, width - 2, ascii=self._ascii), width - 2)
        segments = [Segment(self._sign(made, chosen), base + tone)]
        segments += self._with_found(text, base if kind == "log--read" else base + tone)
        return Strip(segments).adjust_cell_length(width, base)

    # -- the window ------------------------------------------------------------------------------

    def _sign(self, made: Made | None, chosen: bool) -> str:
        read = made is not None and made.record is not None
        lost = "?" if made is not None and made.lost else " "
        if self._ascii:
            return (">" if chosen else " ") + ("|" if read else lost)
        return ("▸" if chosen else " ") + ("▎" if read else lost)

    def _with_found(self, text: str, style: Style) -> list[Segment]:
        """The text with the words marked that are searched."""
        words = self.words
        place = (text if words != words.lower() else text.lower()).find(words) if words else -1
        if place < 0:
            return [Segment(text, style)]
        end = place + len(words)
        found = style + self.get_component_rich_style("log--found", partial=True)
        pieces = ((text[:place], style), (text[place:end], found), (text[end:], style))
        return [Segment(*piece) for piece in pieces]

    @staticmethod
    def _words_of(line: Line) -> str:
        return printable(clean(line.data))

    def _around(self, line: Line) -> list[Line]:
        """A window with a line in its middle."""
        assert self._text is not None
        height = max(1, self.size.height)
        before = lines_before(self._text, line.at, height // 2)
        after = lines_after(self._text, line.at, height - len(before))
        if len(before) + len(after) < height:
            before = lines_before(self._text, line.at, height - len(after))
        return [*before, *after]

    def _show_from(self, at: int) -> None:
        assert self._text is not None
        lines = lines_after(self._text, at, max(1, self.size.height))
        self._choose_among(lines, self.chosen)

    def _move(self, by: int) -> None:
        if self._text is None or self.chosen is None:
            return
        places = [line.at for line in self._lines]
        at = places.index(self.chosen.at) if self.chosen.at in places else 0
        if not 0 <= at + by < len(self._lines):
            at = self._shift(by, at)
        place = min(max(0, at + by), len(self._lines) - 1)
        self.following = self._lines[place].end >= self._end and by > 0
        self._choose_among(self._lines, self._lines[place])

    def _shift(self, by: int, at: int) -> int:
        """Move the window; the place of the chosen line in it now."""
        assert self._text is not None
        height = max(1, self.size.height)
        if by < 0:
            more = lines_before(self._text, self._lines[0].at, -by - at)
            self._lines = [*more, *self._lines][:height]
            return at + len(more)
        more = lines_after(self._text, self._lines[-1].end, at + by - len(self._lines) + 1)
        whole = [*self._lines, *more]
        self._lines = whole[-height:]
        return at - (len(whole) - len(self._lines))

    def _choose_among(self, lines: list[Line], chosen: Line | None) -> None:
        self._lines, self.chosen = lines, chosen
        self.refresh()
        self.post_message(self.Moved())
        if any(line.at not in self._made for line in lines):
            self.set_timer(_READ_AFTER_S, self._read)

    def _read(self) -> None:
        """Say of the window's lines what was made of them, once it stands still."""
        if self._reader is not None and any(line.at not in self._made for line in self._lines):
            self._made = self._reader.made_of(self._lines)
            self.refresh()
            self.post_message(self.Moved())
