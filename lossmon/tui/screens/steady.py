"""A screen that stands still however fast its terminal is resized."""

from __future__ import annotations

from textual import events
from textual.screen import Screen, ScreenResultType

from lossmon.tui.wired_app import WiredApp


class SteadyScreen(Screen[ScreenResultType]):
    """Lays itself out at the size that the terminal has now.

    Textual (8.2) lays out at the size that a resize event carries, which posts another such event.
    Of two events with different sizes in the queue, each would bring back the other, for ever.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012

    async def on_event(self, event: events.Event) -> None:
        """Take an event; no key any more that waits here when the app leaves."""
        if not isinstance(self.app, WiredApp) or await self.app.takes(event):
            await super().on_event(event)

    async def _on_compose(self, event: events.Compose) -> None:  # noqa: ARG002 - Textual's
        # Before anything is styled: with the first resize all would be styled and laid out again.
        width, height = self.app.size
        for breakpoints, length in (
            (self.HORIZONTAL_BREAKPOINTS, width),
            (self.VERTICAL_BREAKPOINTS, height),
        ):
            fitting = [name for least, name in sorted(breakpoints or ()) if length >= least]
            self.add_class(*fitting[-1:], update=False)

    async def _on_resize(self, event: events.Resize) -> None:
        # Runs before Textual's own handler of the same event, which a subclass does not replace.
        event.size = event.virtual_size = self.app.size
