"""A list to choose from that stands what comes late: no room for it, an old click."""

from __future__ import annotations

from typing import Literal

from textual.events import Click
from textual.geometry import Size
from textual.widgets import OptionList

_NARROWEST = 4  # cells, of which Textual takes two beside the text


class Options(OptionList):
    """Textual's (8.2), which takes both for impossible."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        """Without a place on the screen the list has no lines to move to."""
        if self.scrollable_content_region:
            super()._move_page(direction)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """In a window of two columns no cell is left for a line, and Textual divides by none."""
        return super().get_content_height(container, viewport, max(width, _NARROWEST))

    async def _on_click(self, event: Click) -> None:
        """Runs before Textual's own: the line that was clicked may be gone."""
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()
