"""The key of the log below the curve, and its link to the chart's cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.log_lines import LogLines
from lossmon.tui.widgets.log_pane import LogPane


class LogKeys(RunsScreen):
    """Opens and closes the log; the line that gave the point under the cursor is chosen in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "log_pane", "log", tooltip="The raw log below the curve"),
    ]

    def action_log_pane(self) -> None:
        """The raw log below the curve, and back."""
        if self.has_class("-log"):
            self.close_log()
            return
        self.add_class("-log")
        self.call_after_refresh(self._show_log)

    def close_log(self) -> bool:
        """Close the log or the search in it; False where it was closed."""
        if not self.has_class("-log"):
            return False
        if not self.query_one(LogPane).close_search():
            self.remove_class("-log")
            self.set_focus(None)
            self.call_after_refresh(self._show)
        return True

    def _show_log(self) -> None:
        pane = self.query_one(LogPane)
        pane.show(self.chosen_run)
        pane.query_one(LogLines).focus()
        self.follow_cursor()

    def follow_cursor(self) -> None:
        """Choose the line that gave the point under the chart's cursor."""
        update, step = self.chosen_run, self.cursor_step
        metric = self._view.metric or (update.train or update.eval if update is not None else None)
        if self.has_class("-log") and metric is not None and step is not None:
            self.query_one(LogPane).point_at(metric, step)

    @on(LogPane.Pointed)
    def _pointed(self, message: LogPane.Pointed) -> None:
        message.stop()
        self.cursor_step = message.step
