"""The chart of one finding, with what it was judged by drawn on it."""

from __future__ import annotations

from lossmon.chart.evidence import evidence_of
from lossmon.chart.picture import ChartSpec, draw
from lossmon.chart.spec import told_in
from lossmon.diagnosis.finding import Finding
from lossmon.monitor import RunUpdate
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.picture_view import PictureView


class EvidenceChart(PictureView):
    """The picture of a finding."""

    _shown: tuple[RunUpdate, Finding, float, bool] | None = None

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

    def _draw(self) -> None:
        if self._shown is None or not self.size.width or not self.size.height:
            return
        update, finding, smoothing, other_y = self._shown
        words = words_of(self)
        key = (update.run, update.revision, finding, smoothing, other_y, self.size, words.lang)
        if key == self._drawn:
            return
        self._drawn = key
        evidence = evidence_of(update, finding)
        spec = ChartSpec(
            evidence.curves,
            self.size.width,
            self.size.height,
            evidence.marks,
            log_y=evidence.log_y != other_y,
            smoothing=0.0 if evidence.raw else smoothing,
            ascii=self._ascii,
            growing=update.state == "running",
        )
        self.picture = draw(told_in(spec, words))
        self._put(self.picture.rows)
