"""What the keys of every area find on the main screen: the runs, the chosen one, how it is seen."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from textual.reactive import reactive

from lossmon.diagnosis.knowledge import load
from lossmon.logs.source import Health
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.groups import worst_of
from lossmon.tui.chart_options import ChartOptions
from lossmon.tui.insight import Insight
from lossmon.tui.screens.modes import FOCUSED, Mode, under
from lossmon.tui.screens.steady import SteadyScreen
from lossmon.tui.wired_app import WiredApp


class RunsScreen(SteadyScreen[None]):
    """State that several areas share. Each area adds its keys in a subclass of its own.

    Attributes:
        updates: name -> newest update.
        folds: key -> the line of a group of runs.
        chosen: name of the run or key of the group that is looked at; None before the first comes.
        chart_options: how it is looked at.
        ascii: plain signs only.
        by_hand: the user chose the run or looks into it: it stays.
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
        self.updates: dict[str, RunUpdate] = {}
        self.folds: dict[str, RunUpdate] = {}
        self.chosen: str | None = None
        self.chart_options = ChartOptions()
        self.by_hand = False
        self._under: Mode = "chart"  # to which closing what is open leads

    @property
    def chosen_line(self) -> RunUpdate | None:
        """The newest update of what is looked at: a run, or a group of them."""
        fold = self.folds.get(self.chosen or "")
        return fold or self.updates.get(self.chosen or "")

    @property
    def now(self) -> float:
        """What time it is, in seconds since the Unix epoch."""
        return time.time()

    @property
    def chosen_run(self) -> RunUpdate | None:
        """The newest update of the run that is looked at; of a group, the one to look at first."""
        line = self.chosen_line
        return worst_of(line.members) if line is not None and line.members else line

    def look_at(self, **changes: Any) -> None:
        """Look at the run in another way (fields of `ChartOptions`)."""
        self.chart_options = replace(self.chart_options, **changes)
        self.by_hand = self.by_hand or not changes.keys().isdisjoint(("window", "metrics"))
        self.show_all()

    def watch_cursor_step(self) -> None:
        """The cursor is drawn where it stands now."""
        self.by_hand = self.by_hand or self.cursor_step is not None
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
