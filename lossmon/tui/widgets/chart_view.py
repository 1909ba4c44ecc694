"""The chart: drawn once a change, and only rows that changed are sent to the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from lossmon.chart.of_run import curves_of, marks_of
from lossmon.chart.picture import ChartSpec, Picture, Span, draw
from lossmon.monitor import RunUpdate
from lossmon.tui.diff import changed
from lossmon.tui.widgets import chart_styles


@dataclass(frozen=True)
class View:
    """How the chart is looked at."""

    smoothing: float = 0.6
    log_y: bool = False
    x_axis: str = "step"
    metric: str | None = None


class ChartView(Widget):
    """Train and eval of one run, with marks where findings began."""

    DEFAULT_CSS = "ChartView { height: 1fr; width: 1fr; }" + chart_styles.css("ChartView")
    COMPONENT_CLASSES: ClassVar[set[str]] = chart_styles.CLASSES

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._update: RunUpdate | None = None
        self._view = View()
        self._drawn: tuple[object, ...] = ()
        self._strips: list[Strip] = []
        self.picture: Picture | None = None

    def show(self, update: RunUpdate | None, view: View) -> None:
        """Draw a run; nothing happens where nothing changed."""
        self._update, self._view = update, view
        self._draw()

    def on_resize(self) -> None:
        """Another size is another picture."""
        self._draw()

    def notify_style_update(self) -> None:
        """Another theme has other colours for the same picture."""
        super().notify_style_update()
        self._drawn = ()
        self._draw()

    def render_line(self, y: int) -> Strip:
        """One row of the picture."""
        width = self.size.width
        if y >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        return self._strips[y]

    def _strip(self, row: tuple[Span, ...]) -> Strip:
        return Strip(
            [Segment(span.text, chart_styles.style_of(self, span)) for span in row], self.size.width
        )

    def _draw(self) -> None:
        update, size = self._update, self.size
        key = (update and (update.run, update.revision), self._view, size)
        if key == self._drawn or not size.width or not size.height:
            return
        self._drawn = key
        before = self._strips
        self.picture = self._picture(update)
        self._strips = [self._strip(row) for row in self.picture.rows]
        if len(before) != len(self._strips):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._strips, strict=True)):
            region = changed(old, new, y)
            if region is not None:
                self.refresh(region)

    def _picture(self, update: RunUpdate | None) -> Picture:
        view = self._view
        return draw(
            ChartSpec(
                curves_of(update, view.metric) if update is not None else (),
                self.size.width,
                self.size.height,
                marks_of(update) if update is not None else (),
                view.x_axis,
                view.log_y,
                view.smoothing,
                self._ascii,
                update is not None and update.state == "running",
            )
        )
