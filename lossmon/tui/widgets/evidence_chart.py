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

_STYLES = (
    "train", "train_raw", "eval", "eval_raw", "other", "other_raw", "guide", "axis",
    "mark_critical", "mark_warning", "mark_info", "nonfinite", "clipped",
)  # fmt: skip


class EvidenceChart(Widget):
    """The picture of a finding."""

    DEFAULT_CSS = """
    EvidenceChart { height: 1fr; width: 1fr; }
    EvidenceChart > .chart--train { color: $text-primary; text-style: bold; }
    EvidenceChart > .chart--train_raw { color: $primary; text-style: dim; }
    EvidenceChart > .chart--eval { color: $text-warning; text-style: bold; }
    EvidenceChart > .chart--eval_raw { color: $warning; text-style: dim; }
    EvidenceChart > .chart--other { color: $text-accent; }
    EvidenceChart > .chart--other_raw { color: $accent; text-style: dim; }
    EvidenceChart > .chart--guide { color: $text-success; }
    EvidenceChart > .chart--axis { color: $text-muted; }
    EvidenceChart > .chart--mark_critical { color: $text-error; }
    EvidenceChart > .chart--mark_warning { color: $text-warning; }
    EvidenceChart > .chart--mark_info { color: $text-muted; }
    EvidenceChart > .chart--nonfinite { color: $text-error; text-style: bold; }
    EvidenceChart > .chart--clipped { color: $text-muted; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{name}" for name in _STYLES}

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._shown: tuple[RunUpdate, Finding, float, bool] | None = None
        self._drawn: tuple[object, ...] = ()
        self._strips: list[Strip] = []
        self.picture: Picture | None = None

    def show(self, update: RunUpdate, finding: Finding, smoothing: float, log_y: bool) -> None:
        """Draw a finding; nothing happens where nothing changed."""
        self._shown = (update, finding, smoothing, log_y)
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
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        return self._strips[y]

    def _draw(self) -> None:
        if self._shown is None or not self.size.width or not self.size.height:
            return
        update, finding, smoothing, log_y = self._shown
        key = (update.run, update.revision, finding, smoothing, log_y, self.size)
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
                log_y=log_y,
                smoothing=smoothing,
                ascii=self._ascii,
                growing=update.state == "running",
            )
        )
        self._strips = [self._strip(row) for row in self.picture.rows]
        self.refresh()

    def _strip(self, row: tuple[Span, ...]) -> Strip:
        base = self.rich_style
        segments = [
            Segment(
                span.text,
                base + self.get_component_rich_style(f"chart--{span.style}")
                if span.style
                else base,
            )
            for span in row
        ]
        return Strip(segments, self.size.width)
