"""A list to choose from that stands what comes late: no room for it, an old click."""

from __future__ import annotations

from typing import Literal

from textual.events import Click
from textual.geometry import NULL_REGION, Region, Size
from textual.widgets import OptionList

_LINE = "option-list--option"


class Options(OptionList):
    """Textual's (8.2), which takes both for impossible.

    It folds each line into the cells that its padding leaves, and of a window of two columns that
    is none: it divided by it, also in a list that was open while a pane became narrow.
    """

    @property
    def scrollable_content_region(self) -> Region:
        """Where the lines are; nowhere, where there is no cell for one."""
        region = super().scrollable_content_region
        return region if region.width > self._beside else NULL_REGION

    @property
    def _beside(self) -> int:
        """The cells beside the text of a line: two in a picker, four in the palette."""
        return self.get_component_styles(_LINE).padding.width

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        """Without a place on the screen the list has no lines to move to."""
        if self.scrollable_content_region:
            super()._move_page(direction)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Of a line that has no room, as of one that has a cell."""
        return super().get_content_height(container, viewport, max(width, self._beside + 1))

    async def _on_click(self, event: Click) -> None:
        """Runs before Textual's own: the line that was clicked may be gone."""
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()
