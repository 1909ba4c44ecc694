"""The runs: one line each; only visible lines are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lossmon.monitor import RunUpdate
from lossmon.presentation.verdict import headline, is_untold
from lossmon.text import cell_width, clip, pad
from lossmon.tui import look
from lossmon.tui.tongue import words_of
from lossmon.tui.triage import Column, Scene, columns_for, mark_of, narrow_columns_for
from lossmon.tui.widgets import chart_styles

_TABLE = 60  # cells from which on there is a header, and as many columns as fit
_SIGNS = 4  # cells before the first column


class RunList(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of signs and columns; a header where there is room for a table."""

    DEFAULT_CSS = """
    RunList { scrollbar-size-vertical: 1; overflow-x: hidden; }
    RunList > .runs--chosen { background: $boost; text-style: bold; }
    RunList > .runs--header { color: $text-muted; text-style: bold; }
    RunList > .runs--critical { color: $text-error; text-style: bold; }
    RunList > .runs--warning { color: $text-warning; text-style: bold; }
    RunList > .runs--info { color: $text-success; }
    RunList > .runs--accent { color: $text-accent; text-style: bold; }
    RunList > .runs--faint { color: $text-muted; }
    RunList > .runs--curve { color: $text-primary; }
    """ + chart_styles.css("RunList")
    _TONES = ("chosen", "header", "critical", "warning", "info", "accent", "faint", "curve")
    COMPONENT_CLASSES: ClassVar[set[str]] = chart_styles.CLASSES | {
        f"runs--{name}" for name in _TONES
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", "up", show=False),
        Binding("down,j", "go(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "end(0)", "first", show=False),
        Binding("end", "end(-1)", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Chosen(Message):
        """Another run was chosen."""

        def __init__(self, run: str) -> None:
            super().__init__()
            self.run = run

    class Opened(Message):
        """The chosen run shall be looked at closely."""

    class Sorted(Message):
        """The header of a column was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._runs: list[RunUpdate] = []
        self._chosen: str | None = None
        self._scene: Scene | None = None
        self._columns: list[tuple[Column, int]] = []
        self._base = Style()

    def show(self, runs: Sequence[RunUpdate], chosen: str | None, scene: Scene) -> None:
        """Show runs in this order."""
        before = self._chosen
        self._runs, self._chosen, self._scene = list(runs), chosen, scene
        self._arrange()
        self.refresh()
        if chosen != before:
            self._keep_visible()

    def on_resize(self) -> None:
        """Another width has other columns."""
        self._arrange()
        self._keep_visible()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the widget."""
        self._base = self.rich_style  # dear: once, and not for each line
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width, place = self.size.width, self._place(y)
        if self._scene is None or place >= len(self._runs):
            return Strip.blank(width, self._base)
        if place < 0:
            return self._titles(width)
        return self._run(self._runs[place], self._scene, width)

    # -- arrangement -----------------------------------------------------------------------------

    @property
    def _header(self) -> int:
        """Lines of the header."""
        return int(self.size.width >= _TABLE)

    def _arrange(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._runs) + self._header)
        if self._scene is not None:
            room = self.size.width - _SIGNS
            columns = columns_for if self._header else narrow_columns_for
            self._columns = columns(room, self._runs, self._scene)

    def _place(self, y: int) -> int:
        """The run on a line of the widget; -1 for the header."""
        return -1 if y < self._header else y - self._header + self.scroll_offset.y

    @property
    def _chosen_place(self) -> int:
        return next((i for i, run in enumerate(self._runs) if run.run == self._chosen), 0)

    def _keep_visible(self) -> None:
        place, top = self._chosen_place, self.scroll_offset.y
        height = max(1, self.size.height - self._header)
        if place < top or place >= top + height:
            jump = abs(place - top) > 2 * height
            wanted = place - height // 2 if jump else place if place < top else place - height + 1
            self.scroll_to(y=max(0, wanted), animate=False)

    # -- drawing ---------------------------------------------------------------------------------

    def _titles(self, width: int) -> Strip:
        base = self._base + self._tone("header")
        segments = [Segment(" " * _SIGNS, base)]
        order, words = self._scene.order if self._scene is not None else "", words_of(self)
        for column, room in self._columns:
            sign = ("v" if self._ascii else "▾") if column.key == order else ""
            text = clip(words(column.title) + sign, room, ascii=self._ascii)
            segments.append(Segment(_placed(text, room, column.right) + " ", base))
        return Strip(segments).adjust_cell_length(width, base)

    def _run(self, run: RunUpdate, scene: Scene, width: int) -> Strip:
        base = self._base
        if run.run == self._chosen:
            base += self.get_component_rich_style("runs--chosen")
        found = headline(run)
        sign, style = scene.badge(run)
        quiet = found is None or is_untold(found) or found.pattern in run.hushed
        quiet = quiet or style == "$text-muted"
        worst: str = "faint" if quiet or found is None else found.severity
        if style == look.ADVICE:
            worst = "accent"
        mark, hue = mark_of(run, scene)
        own = self.get_component_rich_style(f"chart--{hue}", partial=True) if hue else Style()
        segments = [
            Segment(look.dot(run, ascii=self._ascii), base + self._tone("faint")),
            Segment(sign, base + self._tone(worst)),
            Segment(mark + " ", base + own),
        ]
        for column, room in self._columns:
            words, tone = column.cell(run, scene, room)
            text = _placed(clip(words, room, ascii=self._ascii), room, column.right)
            segments.append(Segment(text + " ", base + self._tone(tone) if tone else base))
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, name: str) -> Style:
        style = self.get_component_rich_style(f"runs--{name}", partial=True)
        return Style(color=style.color, bold=style.bold)

    # -- keys and mouse --------------------------------------------------------------------------

    def action_go(self, by: int) -> None:
        """Choose the run below or above; after the last comes the first."""
        if self._runs:
            self._choose((self._chosen_place + by) % len(self._runs))

    def action_page(self, by: int) -> None:
        """Choose a run a page further."""
        page = max(1, self.size.height - self._header)
        self._choose(max(0, min(self._chosen_place + by * page, len(self._runs) - 1)))

    def action_end(self, place: int) -> None:
        """Choose the first or the last."""
        self._choose(place % max(1, len(self._runs)))

    def action_open(self) -> None:
        """Look closely at the chosen run."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens; on the header it sorts."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        place = self._place(inside.y)
        if place < 0:
            self._sort(inside.x)
        elif place < len(self._runs):
            self._choose(place)
            if event.chain > 1:
                self.action_open()

    def _sort(self, x: int) -> None:
        start = _SIGNS
        for column, room in self._columns:
            if start <= x <= start + room and column.by is not None:
                self.post_message(self.Sorted(column.key))
            start += room + 1

    def _choose(self, place: int) -> None:
        if self._runs:
            self.post_message(self.Chosen(self._runs[place].run))


def _placed(text: str, width: int, right: bool) -> str:
    return " " * max(0, width - cell_width(text)) + text if right else pad(text, width)
