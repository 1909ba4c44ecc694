"""The runs: one line each, who needs attention first; only visible lines are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lossmon.chart.spark import sparkline
from lossmon.monitor import RunUpdate
from lossmon.report.check import headline
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui import look
from lossmon.tui.diff import changed


class RunList(ScrollView, can_focus=False):
    """Lines of badge, name, curve and newest loss."""

    DEFAULT_CSS = """
    RunList { scrollbar-size-vertical: 1; overflow-x: hidden; }
    RunList > .runs--chosen { background: $boost; text-style: bold; }
    RunList > .runs--critical { color: $text-error; text-style: bold; }
    RunList > .runs--warning { color: $text-warning; text-style: bold; }
    RunList > .runs--info { color: $text-success; }
    RunList > .runs--faint { color: $text-muted; }
    RunList > .runs--curve { color: $text-primary; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"runs--{name}" for name in ("chosen", "critical", "warning", "info", "faint", "curve")
    }

    class Chosen(Message):
        """A run was clicked."""

        def __init__(self, run: str) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._runs: list[RunUpdate] = []
        self._chosen: str | None = None
        self._lines: list[tuple[object, ...]] = []  # what each line was drawn from
        self._sent: dict[int, Strip] = {}  # lines as they were drawn last

    def show(self, runs: Sequence[RunUpdate], chosen: str | None) -> None:
        """Show runs in this order; lines that did not change are not drawn again."""
        self._runs, self._chosen = list(runs), chosen
        lines = [(run.run, run.revision, run.state, run.hushed, run.run == chosen) for run in runs]
        before, self._lines = self._lines, list(lines)
        self.virtual_size = Size(self.size.width, len(runs))
        if len(before) != len(lines):
            self.refresh()
        else:
            self._refresh_changed(before, lines)
        place = next((i for i, run in enumerate(runs) if run.run == chosen), None)
        if place is not None:
            self._keep_visible(place)

    def _refresh_changed(self, before: Sequence[object], after: Sequence[object]) -> None:
        """Of lines that are on the screen, the cells that changed."""
        top = self.scroll_offset.y
        for place in range(top, min(len(after), top + self.size.height)):
            if before[place] != after[place]:
                line = self._line(self._runs[place], self.size.width)
                region = changed(self._sent.get(place), line, place - top)
                if region is not None:
                    self.refresh(region)

    def render_line(self, y: int) -> Strip:
        """One run."""
        width, place = self.size.width, y + self.scroll_offset.y
        if place >= len(self._runs):
            return Strip.blank(width, self.rich_style)
        line = self._sent[place] = self._line(self._runs[place], width)
        return line

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the mouse."""
        inside = event.get_content_offset(self)
        place = inside.y + self.scroll_offset.y if inside is not None else -1
        if 0 <= place < len(self._runs):
            self.post_message(self.Chosen(self._runs[place].run))

    def _keep_visible(self, place: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= place < top + height:
            self.scroll_to(y=max(0, place - height // 2), animate=False)

    def _line(self, run: RunUpdate, width: int) -> Strip:
        base = self.rich_style
        if run.run == self._chosen:
            base += self.get_component_rich_style("runs--chosen")
        found = headline(run)
        sign, _ = look.badge_of(run, ascii=self._ascii)
        tone = found.severity if found is not None and found.pattern != "too_early" else "faint"
        tone = "faint" if sign == "z" else tone
        newest = _newest(run)
        curve_width = min(10, max(0, width - 22))
        name_width = max(4, width - 4 - curve_width - 8)
        name = pad(
            clip(_tail(printable(run.run), name_width), name_width, ascii=self._ascii), name_width
        )
        view = run.series.get(run.train or "")
        curve = sparkline(view, curve_width, ascii=self._ascii) if view is not None else ""
        segments = [
            Segment(look.dot(run, ascii=self._ascii), base + self._tone("faint")),
            Segment(sign + " ", base + self._tone(tone)),
            Segment(name + " ", base),
            Segment(curve.ljust(curve_width), base + self._tone("curve")),
            Segment(newest[:7].rjust(8), base),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, name: str) -> Style:
        style = self.get_component_rich_style(f"runs--{name}", partial=True)
        return Style(color=style.color, bold=style.bold)


def _newest(run: RunUpdate) -> str:
    view = run.series.get(run.train or "")
    return look.number(float(view.value[-1])) if view is not None and len(view) else ""


def _tail(name: str, width: int) -> str:
    """Of a long path the end tells most."""
    if cell_width(name) <= width or "/" not in name:
        return name
    return name.rsplit("/", 1)[1]
