"""The key of the log below the curve, and its link to the chart's cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.log_pane import LogPane


class LogKeys(RunsScreen):
    """Opens and closes the log; what is pointed at in it and on the chart is the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "log_pane", "log", tooltip="Log: the raw lines below the curve"),
    ]

    def action_log_pane(self) -> None:
        """The raw log below the curve, and back."""
        if not self.close_search():
            self.toggle("log")

    def close_search(self) -> bool:
        """Close the search in the log; False where it was closed."""
        return self.mode == "log" and self.query_one(LogPane).close_search()

    @property
    def point(self) -> tuple[str, int] | None:
        """Metric and step of the point under the chart's cursor."""
        update, step = self.runs.chosen_run, self.cursor_step
        if update is None or step is None:
            return None
        metric = next(iter(self.chart_options.metrics), update.train or update.eval)
        return None if metric is None else (metric, step)

    @on(LogPane.Pointed)
    def _line_pointed(self, message: LogPane.Pointed) -> None:
        message.stop()
        self.cursor_step = message.step
