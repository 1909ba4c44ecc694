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

    _told_step: int | None = None  # by a line of the log: it stays chosen

    def action_log_pane(self) -> None:
        """The raw log below the curve, and back."""
        if self.has_class("-log"):
            self.close_log()
            return
        self.add_class("-log")
        self.set_focus(self.query_one(LogLines))  # at once: the next key is for the log
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
        self.query_one(LogPane).show(self.chosen_run)
        self.follow_cursor()

    def follow_cursor(self) -> None:
        """Choose the line that gave the point under the chart's cursor."""
        update, step = self.chosen_run, self.cursor_step
        told, self._told_step = self._told_step, None
        if update is None or step is None or step == told or not self.has_class("-log"):
            return
        metric = next(iter(self._view.metrics), update.train or update.eval)
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
