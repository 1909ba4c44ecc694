"""What the keys of every area find on the main screen: the runs, the chosen one, how it is seen.

Textual looks for a key on what has the focus and on what that stands in, and until something is
opened nothing has it: then only the screen is asked, and an action is a method of it. So the keys
of an area are a class that the screen inherits. What an area knows is an object that knows no
screen (`Runs`, `Quiet`, `ChartOptions`, `Insight`), or stands on the widget that draws it, whose
own keys work while it has the focus.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from textual.reactive import reactive

from lossmon.diagnosis.knowledge import load
from lossmon.logs.source import Health
from lossmon.monitor import Monitor
from lossmon.tui.chart_options import ChartOptions
from lossmon.tui.insight import Insight
from lossmon.tui.runs import Runs
from lossmon.tui.screens.modes import FOCUSED, Mode, under
from lossmon.tui.screens.steady import SteadyScreen
from lossmon.tui.wired_app import WiredApp


class RunsScreen(SteadyScreen[None]):
    """State that several areas share. Each area adds its keys in a subclass of its own.

    Attributes:
        runs: all there are, and which is looked at.
        chart_options: how it is looked at.
        ascii: plain signs only.
        hosts: the other boxes, in the order they were named; empty where all is on this machine.
        monitor: what watches the runs; None before it told of any.
        knowledge: the language in use.
        insight: what the runs say together.
        cursor_step: the step on which the cursor of the chart stands; None where it is off.
        mode: what has the screen; each is a class of the style sheet.
    """

    cursor_step: reactive[int | None] = reactive(None)
    mode: reactive[Mode] = reactive[Mode]("chart", init=False)

    def __init__(self, ascii: bool, lang: str) -> None:
        super().__init__()
        self.ascii = ascii
        self.knowledge = load(lang)
        self.insight = Insight()
        self.hosts: tuple[Health, ...] = ()
        self.monitor: Monitor | None = None
        self.runs = Runs()
        self.chart_options = ChartOptions()
        self._under: Mode = "chart"  # to which closing what is open leads

    @property
    def now(self) -> float:
        """What time it is, in seconds since the Unix epoch."""
        return time.time()

    def look_at(self, **changes: Any) -> None:
        """Look at the run in another way (fields of `ChartOptions`)."""
        self.chart_options = replace(self.chart_options, **changes)
        if not changes.keys().isdisjoint(("window", "metrics")):
            self.runs.by_hand = True
        self.show_all()

    def watch_cursor_step(self) -> None:
        """The cursor is drawn where it stands now."""
        if self.cursor_step is not None:
            self.runs.by_hand = True
        self.show_all()

    def toggle(self, mode: Mode) -> None:
        """Open something, or close it where it is open."""
        self.mode = self._under if self.mode == mode else mode

    def watch_mode(self, before: Mode, mode: Mode) -> None:
        """Arrange the screen, and give the keys to what was opened."""
        self._under = under(mode, before, self._under)
        self.remove_class(f"-{before}", update=False)
        self.add_class(f"-{mode}")
        selector = FOCUSED.get(mode)
        self.set_focus(self.query_one(selector) if selector else None)
        self.rearrange()

    def rearrange(self) -> None:
        """Show all in its new place, in one frame."""
        if isinstance(self.app, WiredApp):
            self.app.hold()
        self.call_after_refresh(self._rearranged)

    def _rearranged(self) -> None:
        self.show_all()
        if isinstance(self.app, WiredApp):  # panels follow their sizes first
            self.call_after_refresh(self.call_after_refresh, self.app.release)

    @abstractmethod
    def show_all(self) -> None:
        """Tell every widget what to show."""
