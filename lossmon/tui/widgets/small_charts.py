"""A grid of small charts with titles: all metrics of a run, or a wall of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lossmon.chart.picture import ChartSpec, Curve, draw
from lossmon.chart.spec import told_in
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets import chart_styles

_TONES = {
    "chosen": "background: $boost; text-style: bold;",
    "critical": "color: $text-error; text-style: bold;",
    "warning": "color: $text-warning; text-style: bold;",
    "info": "color: $text-success;",
    "accent": "color: $text-accent;",
    "faint": "color: $text-muted;",
}
_WIDTH = 34  # of a chart at least, where the widget has as much
_HEIGHT = 8  # with its title
_SHAPE = 3.0  # cells of width to one of height: half as wide again as high, as cells are
_KEPT = 64  # drawn charts out of sight that are kept


@dataclass(frozen=True)
class SmallChart:
    """One chart of the grid.

    Attributes:
        key: names it in messages; unique.
        title: what stands above it.
        badge: signs before the title, each with a tone: "critical", "warning", "info", "accent",
            "faint" or "".
        curves: what is drawn.
        revision: equal revisions have equal curves; what makes a chart be drawn again.
        note: words at the right end of the title line, such as the newest value.
        growing: points are still to come.
    """

    key: str
    title: str
    badge: tuple[tuple[str, str], ...]
    curves: tuple[Curve, ...]
    revision: object
    note: str = ""
    growing: bool = False


@dataclass(frozen=True)
class Look:
    """How all the charts are looked at."""

    smoothing: float = 0.6
    log_y: bool = False
    x_axis: str = "step"


class SmallCharts(ScrollView, can_focus=True):
    """As many columns as the width allows; only charts in sight are drawn."""

    DEFAULT_CSS = "\n".join(
        [
            "SmallCharts { height: 1fr; width: 1fr; scrollbar-size-vertical: 1;"
            " overflow-x: hidden; }",
            *(f"SmallCharts > .small--{name} {{ {look} }}" for name, look in _TONES.items()),
            chart_styles.css("SmallCharts"),
        ]
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"small--{name}" for name in _TONES),
        *chart_styles.CLASSES,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "go(-1, 0)", "left", show=False),
        Binding("right,l", "go(1, 0)", "right", show=False),
        Binding("up,k", "go(0, -1)", "up", show=False),
        Binding("down,j", "go(0, 1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "end(0)", "first", show=False),
        Binding("end", "end(-1)", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class _OfAChart(Message):
        def __init__(self, charts: SmallCharts, key: str) -> None:
            super().__init__()
            self.charts = charts
            self.key = key

        @property
        def control(self) -> SmallCharts:
            """The grid it comes from."""
            return self.charts

    class Chosen(_OfAChart):
        """Another chart was chosen: its key."""

    class Opened(_OfAChart):
        """The chart of this key shall be shown large."""

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self._charts: list[SmallChart] = []
        self._look = Look()
        self._chosen = 0
        self._drawn: dict[tuple[object, ...], list[Strip]] = {}  # chart -> its rows

    @property
    def chosen(self) -> str | None:
        """The key of the chosen chart."""
        return self._charts[self._chosen].key if self._charts else None

    def show(self, charts: Sequence[SmallChart], look: Look, chosen: str | None = None) -> None:
        """Show these charts in this order; the chosen one stays chosen unless told otherwise."""
        keys = [chart.key for chart in charts]
        wanted = chosen if chosen in keys else self.chosen
        self._charts, self._look = list(charts), look
        if wanted in keys:
            self._chosen = keys.index(wanted)
        else:
            self._chosen = max(0, min(self._chosen, len(keys) - 1))
        self._arrange()
        self.refresh()
        if chosen is not None:
            self._keep_visible()

    def on_resize(self) -> None:
        """Another size is another arrangement."""
        self._arrange()
        self._keep_visible()
        self.refresh()

    def notify_style_update(self) -> None:
        """Another theme has other colours for the same pictures."""
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """One line across the charts of a row."""
        return self._line(y + self.scroll_offset.y)

    # -- arrangement -----------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        """Charts side by side: as many as fit; of few as many as give them a chart's shape."""
        width, height, count = *self.size, max(1, len(self._charts))
        most = max(1, min(width // _WIDTH, count))

        def off(columns: int) -> float:
            rows = -(-count // columns)
            return abs(math.log(max(1, width / columns) / max(1, height / rows) / _SHAPE))

        whole = [one for one in range(1, most + 1) if -(-count // one) * _HEIGHT <= height]
        return min(whole, key=off, default=most)

    @property
    def _tall(self) -> int:
        """Lines of a chart: all fill the widget where they fit, else whole charts do."""
        rows = max(1, -(-len(self._charts) // self.columns))
        shown = min(rows, max(1, self.size.height // _HEIGHT))
        return max(3, self.size.height // shown)

    def _arrange(self) -> None:
        rows = -(-len(self._charts) // self.columns)
        self.virtual_size = Size(self.size.width, rows * self._tall)

    def _keep_visible(self) -> None:
        top = self._chosen // self.columns * self._tall
        above, height = self.scroll_offset.y, self.size.height
        if top < above or top + self._tall > above + height:
            self.scroll_to(y=top if top < above else top + self._tall - height, animate=False)

    # -- drawing ---------------------------------------------------------------------------------

    def _line(self, y: int) -> Strip:
        width, columns, tall = self.size.width, self.columns, self._tall
        row, inside = divmod(y, tall)
        base = self.rich_style
        edges = [round(i * width / columns) for i in range(columns + 1)]
        cells: list[Strip] = []
        for column in range(columns):
            place, room = row * columns + column, edges[column + 1] - edges[column]
            if place >= len(self._charts):
                cells.append(Strip.blank(room, base))
            elif inside == 0:
                cells.append(self._title(place, room))
            else:
                cells.append(self._rows(self._charts[place], room, tall - 1)[inside - 1])
        return Strip(chain.from_iterable(cells), width)

    def _title(self, place: int, width: int) -> Strip:
        chart = self._charts[place]
        base = self.rich_style
        if place == self._chosen:
            base += self._tone("chosen", with_background=True)
        badge = [Segment(printable(text), base + self._tone(tone)) for text, tone in chart.badge]
        room = width - 1 - sum(cell_width(segment.text) for segment in badge)
        note = clip(printable(chart.note), max(0, room // 2), ascii=self._ascii)
        room -= cell_width(note) + 1
        title = pad(clip(printable(chart.title), max(0, room), ascii=self._ascii), room)
        pieces = [*badge, Segment(title + " ", base), Segment(note, base + self._tone("faint"))]
        return Strip(pieces).adjust_cell_length(width, self.rich_style)

    def _rows(self, chart: SmallChart, width: int, height: int) -> list[Strip]:
        words = words_of(self)
        key = (chart.key, chart.revision, chart.growing, self._look, width, height, words.lang)
        rows = self._drawn.pop(key, None)
        if rows is None:
            spec = ChartSpec(
                chart.curves,
                width - 1,
                height,
                x_axis=self._look.x_axis,
                log_y=self._look.log_y,
                smoothing=self._look.smoothing,
                ascii=self._ascii,
                growing=chart.growing,
            )
            picture = draw(told_in(spec, words))
            strips = chart_styles.strips_of(self, picture.rows, width - 1)
            rows = [strip.adjust_cell_length(width, self.rich_style) for strip in strips]
        self._drawn[key] = rows  # the newest last
        most = _KEPT + 2 * self.columns * (self.size.height // self._tall + 2)
        while len(self._drawn) > most:
            del self._drawn[next(iter(self._drawn))]
        return rows

    def _tone(self, name: str, *, with_background: bool = False) -> Style:
        if not name:
            return Style()
        style = self.get_component_rich_style(f"small--{name}", partial=not with_background)
        return style if with_background else Style(color=style.color, bold=style.bold)

    # -- keys and mouse --------------------------------------------------------------------------

    def action_go(self, right: int, down: int) -> None:
        """Choose a neighbour."""
        place = self._chosen + right + down * self.columns
        if 0 <= place < len(self._charts):
            self._choose(place)

    def action_page(self, by: int) -> None:
        """Choose a chart a page further."""
        rows = max(1, self.size.height // self._tall)
        self._choose(self._chosen + by * rows * self.columns)

    def action_end(self, place: int) -> None:
        """Choose the first or the last."""
        self._choose(place % max(1, len(self._charts)))

    def action_open(self) -> None:
        """Show the chosen chart large."""
        if self.chosen is not None:
            self.post_message(self.Opened(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        row = (inside.y + self.scroll_offset.y) // self._tall
        place = row * self.columns + min(
            self.columns - 1, inside.x * self.columns // max(1, self.size.width)
        )
        if place < len(self._charts):
            self._choose(place)
            if event.chain > 1:
                self.action_open()

    def _choose(self, place: int) -> None:
        place = max(0, min(place, len(self._charts) - 1))
        if place != self._chosen and self._charts:
            self._chosen = place
            self.refresh()
            self._keep_visible()
            self.post_message(self.Chosen(self, self._charts[place].key))
