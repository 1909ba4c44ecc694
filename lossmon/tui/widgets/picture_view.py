"""What every widget that shows one picture has: it follows the size and the theme."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from lossmon.chart.picture import Picture
from lossmon.tui.widgets import chart_styles


class PictureView(Widget):
    """Shows rows of spans. A subclass overrides `_draw`, which draws a picture and puts its rows.

    Attributes:
        picture: as it was drawn last.
    """

    DEFAULT_CSS = "PictureView { height: 1fr; width: 1fr; }" + chart_styles.css("PictureView")
    COMPONENT_CLASSES: ClassVar[set[str]] = chart_styles.CLASSES

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._drawn: tuple[object, ...] = ()  # what the picture was drawn from
        self._rows: tuple[chart_styles.Row, ...] = ()
        self._strips: list[Strip] = []
        self.picture: Picture | None = None

    def on_resize(self) -> None:
        """Another size is another picture."""
        self._draw()

    def notify_style_update(self) -> None:
        """Another theme has other colours for the same picture."""
        super().notify_style_update()
        self._drawn = self._rows = ()
        self.call_later(self._draw)  # the colours of the curves are known after this call

    def render_line(self, y: int) -> Strip:
        """One row of the picture."""
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        return self._strips[y]

    def _draw(self) -> None:
        """Draw what is to be shown, where that has changed."""

    def _put(self, rows: tuple[chart_styles.Row, ...]) -> None:
        """Show these rows; nothing happens where they are shown already."""
        if rows != self._rows:
            self._rows = rows
            self._strips = chart_styles.strips_of(self, rows, self.size.width)
            self.refresh()
