"""The command palette, which stands a terminal that is tiny or that just became smaller."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette
from textual.events import Click
from textual.worker import Worker

from lossmon.tui.widgets.options import Options


class _Commands(CommandList, Options):
    """The list of commands."""


class Palette(CommandPalette):
    """Textual's (8.2), with a list of ours."""

    def compose(self) -> ComposeResult:
        """The box to type in, and the list."""
        for widget in super().compose():
            yield _Commands() if isinstance(widget, CommandList) else widget

    def _on_click(self, event: Click) -> None:  # type: ignore[override]
        """A click beside the screen, as it was before a resize, is none (Textual's own follows)."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """A search that comes too late, when the palette is closed, ends nothing else."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})
