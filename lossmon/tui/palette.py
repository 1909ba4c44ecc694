"""The command palette, which minds that a terminal may have no room for it."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.events import Click
from textual.worker import Worker


class Palette(CommandPalette):
    """Textual's (8.2), without what breaks in a terminal that is tiny or just became smaller."""

    def _action_command_list(self, action: str) -> None:
        """Move in the list; without a place on the screen it has no lines to move to."""
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)

    def _on_click(self, event: Click) -> None:  # type: ignore[override]
        """A click beside the screen, as it was before a resize, is none (Textual's own follows)."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """A search that comes too late, when the palette is closed, ends nothing else."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})
