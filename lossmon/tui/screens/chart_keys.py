"""The keys of the chart: how the chosen run is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content

from lossmon.chart.of_run import charts_of
from lossmon.monitor import RunUpdate
from lossmon.text import printable
from lossmon.tui import look
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.small_charts import Look, SmallChart, SmallCharts

SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)


class ChartKeys(RunsScreen):
    """Smoothing, axes, metrics, the grid of all metrics."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "smoothing", "smooth", tooltip="Smoothing: off, 0.6, 0.9, 0.97"),
        Binding("y", "log_y", "log", tooltip="Logarithmic loss axis"),
        Binding("x", "x_axis", "x axis", tooltip="By step, epoch or time"),
        Binding("m", "metric", "metric", tooltip="Chart the next metric"),
        Binding("g", "grid", "grid", tooltip="Small charts of all metrics"),
    ]

    def action_smoothing(self) -> None:
        """The next strength of smoothing."""
        stronger = [one for one in SMOOTHINGS if one > self._view.smoothing]
        self._look(smoothing=(stronger or SMOOTHINGS)[0])

    def action_log_y(self) -> None:
        """Logarithmic or linear loss axis."""
        self._look(log_y=not self._view.log_y)

    def action_x_axis(self) -> None:
        """The next x axis that the log allows."""
        picture = self.query_one(ChartView).picture
        axes = picture.axes if picture is not None else ("step",)
        if len(axes) < 2:
            self.notify("this log carries steps only", timeout=3)
            return
        at = axes.index(self._view.x_axis) if self._view.x_axis in axes else 0
        self._look(x_axis=axes[(at + 1) % len(axes)])

    def action_metric(self) -> None:
        """Chart the next metric of the run; the loss comes round again."""
        update = self.chosen_run
        if update is None:
            return
        others = [name for name in update.series if name not in (update.train, update.eval)]
        names: list[str | None] = [None, *others]
        at = names.index(self._view.metric) if self._view.metric in names else 0
        self._look(metric=names[(at + 1) % len(names)])

    # -- the grid of all metrics -----------------------------------------------------------------

    @property
    def _grid(self) -> SmallCharts:
        return self.query_one("#metrics", SmallCharts)

    def action_grid(self) -> None:
        """Small charts of all metrics of the run, and back."""
        if self.has_class("-grid"):
            self._close_grid()
            return
        self.add_class("-grid")
        self._show_grid(self.chosen_run)
        self.set_focus(self._grid)

    def _close_grid(self) -> None:
        self.remove_class("-grid")
        if self.focused is self._grid:
            self.set_focus(None)
        self.call_after_refresh(self._show)

    def _show_grid(self, update: RunUpdate | None) -> None:
        """Bring the grid up to date where it is open."""
        if self.has_class("-grid"):
            view = self._view
            title = Content(printable(update.run) if update else "")
            if title.markup != self._grid.border_title:  # a border is sent again when it is set
                self._grid.border_title = title
            self._grid.show(metric_charts(update), Look(view.smoothing, view.log_y, view.x_axis))

    @on(SmallCharts.Opened, "#metrics")
    def _open_metric(self, message: SmallCharts.Opened) -> None:
        message.stop()
        self._view = replace(self._view, metric=message.key or None)
        self._close_grid()


def metric_charts(update: RunUpdate | None) -> list[SmallChart]:
    """A small chart of every metric of a run, the loss first."""
    if update is None:
        return []
    return [
        SmallChart(
            key=metric or "",
            title=title,
            badge=(),
            curves=curves,
            revision=(update.run, update.revision),
            note=look.number(float(curves[0].view.value[-1])),
            growing=update.state == "running",
        )
        for metric, title, curves in charts_of(update)
    ]
