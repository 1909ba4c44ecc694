"""The app whose screen goes through a `Wire`, and from size to size in one frame."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import monotonic

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer

from lossmon.endings import SIGNALLED, noted
from lossmon.tui import textual_private as textual
from lossmon.tui.in_turn import InTurn
from lossmon.tui.textual_private import ChopsUpdate, LayoutUpdate
from lossmon.tui.wire import Sent, Wire

_STILL_S = 0.05  # without a part that is laid out anew: then a resize is over
_LONGEST_VEIL_S = 4.0  # from the start on: a screen that never says that it is ready is shown
_LONGEST_HOLD_S = 0.4  # whatever goes on: a window that is dragged shows something


@lru_cache(maxsize=1)
def _erases_in_colour() -> bool:
    """Whether the terminal says that what it erases takes the background in use."""
    try:
        import curses  # not everywhere

        curses.setupterm(fd=2)  # on which the driver draws
        return curses.tigetflag("bce") > 0
    except Exception:  # no such module, or no such terminal: `curses.error` where there is one
        return False


class WiredApp(App[None]):
    """An app whose screen goes through a `Wire`.

    `_display` is Textual's own (8.2): there is no public place between compositor and driver. Where
    a release has none, or lacks what is used here, it draws by itself (`textual_private`).
    """

    def __init__(self) -> None:
        super().__init__()
        self._wire = Wire()
        self._typed = InTurn(self, self._hand_on)
        self._drawn = self._lacks_all = False
        self._held_until: float | None = None  # since a resize, until all is laid out anew
        self._arranged = False  # or since something was opened or closed, until `release`
        self._settling: Timer | None = None
        self._veiled = True  # until the first frame is whole
        self._veil_ends: float | None = None  # whatever happens, once there was something to show
        self.plain_signs = False
        self.leaving = False
        self.came: list[int] = []  # signals to end, before anything here heard of them
        self._came_s: float | None = None  # when the first of them was heard
        if self.no_color:  # what is dim stays so by its attribute, not by a colour between two
            textual.drop_dimming(self)

    def show(self) -> None:
        """Run until the user leaves, or a signal ends it, be it the first moment."""
        with noted() as self.came:
            self.run()

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Leave before what was typed ahead: behind 300 held-down keys a SIGTERM took a minute."""
        self.leaving = True
        super().exit(result, return_code, message)

    def end_by(self, number: int) -> None:
        """Leave by a signal, as soon as there is a screen to leave.

        Textual takes what is missing on a screen that it never mounted for an error of the app.
        """
        self.leaving = True
        self._came_s = self._came_s or monotonic()
        mounted = textual.is_mounted(self) or monotonic() > self._came_s + _LONGEST_VEIL_S
        if mounted:
            self.exit(None, SIGNALLED + number)
        else:
            asyncio.get_running_loop().call_later(_STILL_S, self.end_by, number)

    async def on_event(self, event: events.Event) -> None:
        """Take an event, keys in turn; no key any more once it leaves."""
        if not await self.takes(event):
            return
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            await self._typed.take(event)
        else:
            await super().on_event(event)

    async def _hand_on(self, event: events.Event) -> None:
        """Give a key that may have waited; none once it leaves."""
        if not self.leaving:
            await super().on_event(event)

    async def takes(self, event: events.Event) -> bool:
        """Whether an event is to be taken, after whatever waits beside it: a signal, above all.

        Messages that wait are handled one after the other, and nothing else runs between two.
        """
        if not isinstance(event, events.InputEvent):
            return True
        await asyncio.sleep(0)
        return not self.leaving

    def on_mount(self) -> None:
        """After a suspension the terminal shows something else."""
        self.app_resume_signal.subscribe(self, self._resumed)

    def _resumed(self, _: object) -> None:
        self.action_redraw()

    def unveil(self) -> None:
        """Show what is laid out by now, in one frame, and from here on what changes.

        Until then the terminal keeps what stands there: empty panels, and panels whose line of keys
        or whose title was still to come, were three frames of a start.
        """
        if self._veiled:
            self._veiled, self._lacks_all = False, True
            self.action_redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Show nothing until all is laid out anew, then all of it: one frame from size to size.

        Classes follow a size, panels the classes, and the chart its panel: each was a frame, and
        those between had half of the old layout. Of two resizes that cancel out, one after the
        other, the terminal kept only a part.
        """
        if not textual.is_running(self):
            return
        if event.size == self.size:
            self.action_redraw()
        if self._drawn and (self._held_until is None or self._arranged):
            self._held_until, self._arranged = monotonic() + _LONGEST_HOLD_S, False
            self._settle_soon()

    def hold(self) -> None:
        """Show nothing until `release`: what is arranged anew comes in one frame.

        A panel that was opened stood there empty, beside a chart drawn for the room that it had
        before, until each had been told what to say.
        """
        if self._drawn and not self._veiled and self._held_until is None:
            self._held_until, self._arranged = monotonic() + _LONGEST_HOLD_S, True
            self.set_timer(_LONGEST_HOLD_S, self.release)  # whatever becomes of who holds it

    def release(self) -> None:
        """All is in its place; where a resize goes on, that ends the hold."""
        if self._held_until is not None and self._arranged:
            self._held_until, self._arranged, self._lacks_all = None, False, True
            self.refresh(layout=True)

    def _settle_soon(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_STILL_S, self._settled)

    def _settled(self) -> None:
        self._held_until, self._settling, self._lacks_all = None, None, True
        self._arranged = False
        self.action_redraw()

    def _holds(self, whole: bool) -> bool:
        """Whether an update is not shown: all of the screen will be, in one."""
        if self._veiled:
            self._veil_ends = self._veil_ends or monotonic() + _LONGEST_VEIL_S
            if monotonic() > self._veil_ends:
                self.unveil()
            return True
        if self._held_until is None:
            self._lacks_all = self._lacks_all and not whole
            return self._lacks_all
        if monotonic() > self._held_until:
            self._settled()
        elif not self._arranged:
            self._settle_soon()
        return True

    def action_redraw(self) -> None:
        """Draw everything anew: something else wrote to the terminal."""
        self._wire.forget()
        self.refresh(layout=True)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not isinstance(renderable, (LayoutUpdate, ChopsUpdate)) or not textual.draws(self):
            super()._display(screen, renderable)
            return
        if self._holds(whole=isinstance(renderable, LayoutUpdate)):
            self.post_display_hook()
            return
        self._drawn = True
        width, height = self.size
        colors = None if self.no_color else textual.colors_of(self)
        sequence = self._wire.encode(
            renderable, width, height, colors, plain=self.plain_signs, erases=_erases_in_colour()
        )
        # A box may have kept the cursor at a place that a smaller terminal does not have.
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        if sequence or textual.cursor_moved(self, cursor):
            super()._display(screen, Sent(sequence))
        else:
            self.post_display_hook()
