"""The one screen people look at: runs, chart, diagnosis, newest numbers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input

from lossmon.config.screen import Screen as ScreenSettings
from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.knowledge import load
from lossmon.monitor import RunUpdate
from lossmon.text import clip, printable
from lossmon.tui import look
from lossmon.tui.quiet import Quiet
from lossmon.tui.screens.chart_keys import ChartKeys
from lossmon.tui.screens.finding_keys import FindingKeys
from lossmon.tui.screens.help import HelpScreen
from lossmon.tui.screens.host_keys import HostKeys
from lossmon.tui.view import View
from lossmon.tui.widgets import lines
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel, Findings
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import SmallCharts

_CLOCK_S = 20.0  # between two looks at the clock; words change far less often


class MainScreen(ChartKeys, FindingKeys, HostKeys):
    """Owns the runs, which one is chosen and how it is looked at; widgets are told what to draw."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,n", "next(1)", "next run", key_display="j", show=False),
        Binding("up,k,p", "next(-1)", "previous run", key_display="k", show=False),
        Binding("enter", "solo", "chart alone", show=False),
        Binding("slash", "filter", "filter", key_display="/", tooltip="Filter runs by name"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q", "app.quit", "quit"),
        Binding("escape", "back", "back", show=False),
    ]
    AUTO_FOCUS = ""  # keys belong to the screen until something is opened
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012

    def __init__(
        self, lang: str, ascii: bool, waiting: str, settings: ScreenSettings | None = None
    ) -> None:
        super().__init__(ascii)
        self._knowledge = load(lang)
        self._waiting = waiting
        self.quiet = Quiet()
        self._by_hand = False  # the user chose the run: nothing else may change it
        self._filter = ""
        self._title = ""  # of the chart; a border is sent again only when its words change
        told = settings or ScreenSettings()
        self._view = View(told.smoothing, told.log_y, told.x_axis)
        if ascii:
            self.add_class("-ascii")

    def compose(self) -> ComposeResult:
        """Top line, three panels, numbers, verdict of a narrow pane, keys."""
        yield lines.Line("top")
        with Horizontal(id="body"):
            runs = RunList(ascii=self._ascii)
            runs.border_title = Content("runs")
            yield runs
            yield ChartView(ascii=self._ascii)
            yield SmallCharts(ascii=self._ascii, id="metrics")
            yield DiagnosisPanel(ascii=self._ascii)
        yield lines.Line("strip")
        yield lines.Line("verdict")
        yield Input(placeholder="part of a run's name", id="filter", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Say what is waited for until the first rows come."""
        self.query_one("#filter", Input).display = False
        self.set_focus(None)
        self.set_interval(_CLOCK_S, self._tell_time)
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        """The top line says more where the run list has no room."""
        self.call_after_refresh(self._show)

    def apply(self, updates: list[RunUpdate]) -> None:
        """Take the newest update of each run."""
        for update in updates:
            if update.removed:
                self._runs.pop(update.run, None)
            else:
                self._runs[update.run] = self.quiet.mark(update)
        self._show()

    # -- what is shown ---------------------------------------------------------------------------

    def _ordered(self) -> list[RunUpdate]:
        """Who needs attention first; among equals by name, so that lines stay where they are."""
        shown = [run for run in self._runs.values() if self._filter in run.run.lower()]
        return sorted(shown, key=lambda run: (-SEVERITIES.index(look.severity(run)), run.run))

    def _show(self) -> None:
        if not self.is_mounted:
            return
        runs = self._ordered()
        names = [run.run for run in runs]
        if self._chosen not in names or not self._by_hand:
            self._chosen = names[0] if names and not self._by_hand else self._chosen
            if self._chosen not in names:
                self._chosen, self._by_hand = (names[0] if names else None), False
        update = self.chosen_run
        wide = self.has_class("-wide") and self.has_class("-tall") and not self.has_class("-solo")
        with self.app.batch_update():
            self.query_one("#top", lines.Line).say(self._top(len(names), update, wide))
            self.query_one(RunList).show(runs, self._chosen)
            chart = self.query_one(ChartView)
            chart.show(update, self._view, self.cursor_step)
            self._show_grid(update)
            title = self._chart_title(update)
            if title != self._title:
                self._title, chart.border_title = title, Content(title)
            self.query_one(DiagnosisPanel).show(update, self._knowledge, self.quiet)
            self.query_one("#strip", lines.Line).say(lines.strip(update))
            self.query_one("#verdict", lines.Line).say(lines.verdict(update, self._knowledge))
        self.follow_finding()

    def _top(self, shown: int, update: RunUpdate | None, wide: bool) -> list[lines.Part]:
        hosts = self.host_parts(narrow=not wide)
        if update is None and not self._runs:
            waiting = [] if hosts else [(f" {self._waiting}", "$text-muted")]
            return [(" lossmon ", "bold $text-primary"), *waiting, *hosts]
        parts = lines.top(len(self._runs), shown, update, wide, self._ascii)
        return self.with_hosts(parts, hosts)

    def _chart_title(self, update: RunUpdate | None) -> str:
        if update is None:
            return ""
        view = self._view
        picture = self.query_one(ChartView).picture
        words = [", ".join(view.metrics) or "loss", update.run]
        words.append(picture.x_axis if picture is not None else view.x_axis)
        words += [f"ema {view.smoothing}"] if view.smoothing else []
        words += ["log"] if view.log_y else []
        words += ["log x"] if view.log_x else []
        words += ["full range"] if view.whole_y else []
        if view.window is not None:
            words.append("following" if view.window.follows else "zoomed")
        return clip(printable(" · ".join(words) if not self._ascii else " | ".join(words)), 70)

    def _tell_time(self) -> None:
        if self.mark_quiet():
            self._show()
        if self._chosen in self._runs:
            self.query_one("#strip", lines.Line).say(lines.strip(self._runs[self._chosen]))

    # -- what the keys do ------------------------------------------------------------------------

    def action_next(self, by: int) -> None:
        """Choose the run below or above; in the open diagnosis, scroll it."""
        if self.has_class("-panel"):
            self.query_one(Findings).scroll_relative(y=by, animate=False)
            return
        names = [run.run for run in self._ordered()]
        if names:
            at = names.index(self._chosen) if self._chosen in names else 0
            self._choose(names[(at + by) % len(names)])

    @on(RunList.Chosen)
    def _clicked(self, message: RunList.Chosen) -> None:
        self._choose(message.run)

    def _choose(self, run: str) -> None:
        self._chosen, self._by_hand = run, True
        self._view = self._view.of_another_run()
        self.cursor_step = None
        self._show()

    def action_solo(self) -> None:
        """The chart on the whole width, and back."""
        self.toggle_class("-solo")
        self.call_after_refresh(self._show)

    def action_back(self) -> None:
        """Close what was opened last."""
        box = self.query_one("#filter", Input)
        if box.display:
            box.display, box.value, self._filter = False, "", ""
            self.set_focus(None)
        if self.has_class("-grid"):
            self._close_grid()
        if self.has_class("-panel"):
            self.set_focus(None)
        self.remove_class("-panel", "-solo")
        self.call_after_refresh(self._show)

    def action_help(self) -> None:
        """The keys."""
        self.app.push_screen(HelpScreen())

    def action_filter(self) -> None:
        """Type a part of a name; enter keeps it, esc gives it up."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._filter = event.value.lower()
        self._show()

    @on(Input.Submitted, "#filter")
    def _kept(self) -> None:
        self.query_one("#filter", Input).display = bool(self._filter)
        self.set_focus(None)
