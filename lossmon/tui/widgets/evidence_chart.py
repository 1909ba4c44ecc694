"""The chart of one finding, with what it was judged by drawn on it."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from lossmon.chart.evidence import evidence_of
from lossmon.chart.picture import ChartSpec, Picture, Span, draw
from lossmon.diagnosis.finding import Finding
from lossmon.monitor import RunUpdate
from lossmon.tui.widgets import chart_styles


class EvidenceChart(Widget):
    """The picture of a finding."""

    DEFAULT_CSS = "EvidenceChart { height: 1fr; width: 1fr; }" + chart_styles.css("EvidenceChart")
    COMPONENT_CLASSES: ClassVar[set[str]] = chart_styles.CLASSES

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._shown: tuple[RunUpdate, Finding, float, bool] | None = None
        self._drawn: tuple[object, ...] = ()
        self._strips: list[Strip] = []
        self.picture: Picture | None = None

    def show(self, update: RunUpdate, finding: Finding, smoothing: float, other_y: bool) -> None:
        """Draw a finding; nothing happens where nothing changed.

        Args:
            update: its run.
            finding: the finding.
            smoothing: weight of the past.
            other_y: the other y axis (linear or logarithmic) than that which shows it best.
        """
        self._shown = (update, finding, smoothing, other_y)
        self._draw()

    def on_resize(self) -> None:
        """Another size is another picture."""
        self._draw()

    def notify_style_update(self) -> None:
        """Another theme has other colours for the same picture."""
        super().notify_style_update()
        self._drawn = ()
        self.call_later(self._draw)  # the colours of the curves are known after this call

    def render_line(self, y: int) -> Strip:
        """One row of the picture."""
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        return self._strips[y]

    def _draw(self) -> None:
        if self._shown is None or not self.size.width or not self.size.height:
            return
        update, finding, smoothing, other_y = self._shown
        key = (update.run, update.revision, finding, smoothing, other_y, self.size)
        if key == self._drawn:
            return
        self._drawn = key
        evidence = evidence_of(update, finding)
        self.picture = draw(
            ChartSpec(
                evidence.curves,
                self.size.width,
                self.size.height,
                evidence.marks,
                log_y=evidence.log_y != other_y,
                smoothing=0.0 if evidence.raw else smoothing,
                ascii=self._ascii,
                growing=update.state == "running",
            )
        )
        self._strips = [self._strip(row) for row in self.picture.rows]
        self.refresh()

    def _strip(self, row: tuple[Span, ...]) -> Strip:
        segments = [Segment(span.text, chart_styles.style_of(self, span)) for span in row]
        return Strip(segments, self.size.width)
