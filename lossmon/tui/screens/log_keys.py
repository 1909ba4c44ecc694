"""The key of the log below the curve, and its link to the chart's cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from lossmon.tui.screens.modes import Mode
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.log_pane import LogPane


class LogKeys(RunsScreen):
    """Opens and closes the log; the line that gave the point under the cursor is chosen in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "log_pane", "log", tooltip="Log: the raw lines below the curve"),
    ]

    _told_step: int | None = None  # by a line of the log: it stays chosen

    def action_log_pane(self) -> None:
        """The raw log below the curve, and back."""
        if not self.close_search():
            self.toggle("log")

    def close_search(self) -> bool:
        """Close the search in the log; False where it was closed."""
        return self.mode == "log" and self.query_one(LogPane).close_search()

    def watch_mode(self, before: Mode, mode: Mode) -> None:
        """A log that was opened begins at the point under the cursor."""
        super().watch_mode(before, mode)
        if mode == "log":
            self.call_after_refresh(self.follow_cursor)

    def follow_cursor(self) -> None:
        """Choose the line that gave the point under the chart's cursor."""
        update, step = self.runs.chosen_run, self.cursor_step
        told, self._told_step = self._told_step, None
        if update is None or step is None or step == told or self.mode != "log":
            return
        metric = next(iter(self.chart_options.metrics), update.train or update.eval)
        if metric is not None:
            self.query_one(LogPane).point_at(metric, step)

    def watch_cursor_step(self) -> None:
        """The line that gave the point moves along."""
        super().watch_cursor_step()
        self.follow_cursor()

    @on(LogPane.Pointed)
    def _line_pointed(self, message: LogPane.Pointed) -> None:
        message.stop()
        self._told_step = self.cursor_step = message.step
