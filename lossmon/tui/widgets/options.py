"""A list to choose from that stands what comes late: a key without room for it, an old click."""

from __future__ import annotations

from typing import Literal

from textual.events import Click
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's (8.2), which takes both for impossible."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        """Without a place on the screen the list has no lines to move to."""
        if self.scrollable_content_region:
            super()._move_page(direction)

    async def _on_click(self, event: Click) -> None:
        """Runs before Textual's own: the line that was clicked may be gone."""
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()
