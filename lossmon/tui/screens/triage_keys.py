"""The keys of the runs: choose, filter, sort, mark, compare; the list and the wall of all runs."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from lossmon.config.keep import keep
from lossmon.errors import ConfigError, message_of
from lossmon.monitor import RunUpdate
from lossmon.text import clip, printable
from lossmon.tui.cards import card_of
from lossmon.tui.screens.modes import COVERING
from lossmon.tui.screens.settings import SettingsScreen
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.triage import Scene, order_in_words
from lossmon.tui.widgets.border import entitle
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import Look, SmallCharts
from lossmon.tui.widgets.typing_box import TypingBox
from lossmon.words import known, said


class TriageKeys(RunsScreen):
    """Chooses, filters, sorts, marks and compares the runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,n", "next(1)", "next run", key_display="j", show=False),
        Binding("up,k,p", "next(-1)", "previous run", key_display="k", show=False),
        Binding(
            "slash",
            "filter",
            "filter",
            key_display="/",
            tooltip="Filter runs: by name, host, state or pattern",
        ),
        Binding("o", "order", "sort", tooltip="Sort runs: by the next column"),
        Binding("space", "mark", "mark", show=False),
        Binding(
            "a", "overlay", "overlay", show=False, tooltip="Overlay: the marked runs on one chart"
        ),
        Binding(
            "b",
            "baseline",
            "baseline",
            show=False,
            tooltip="Baseline: compare every run with this one",
        ),
        Binding(
            "D",
            "settings",
            "settings",
            show=False,
            tooltip="Settings: of the run; of marked runs only what differs",
        ),
        Binding(
            "J",
            "join",
            "join",
            show=False,
            tooltip="Join or part: the marked runs are one; without marks its logs are a run each",
        ),
        Binding("w", "wall", "wall", tooltip="Wall of runs: small charts of all runs"),
    ]

    @property
    def scene(self) -> Scene:
        """What lines of the list depend on beside their runs, as of now."""
        identities = self.query_one(ChartView).identities
        return Scene(
            now=self.now,
            knowledge=self.knowledge,
            ascii=self.ascii,
            hosts={health.host: health for health in self.hosts},
            marked={run: identities.of(run) for run in self.runs.marked},
            baseline=self.runs.baseline(),
            order=self.runs.order,
            short=self.runs.short_names(),
            unfolded=self.runs.opened,
        )

    def show_runs(self, runs: list[RunUpdate], scene: Scene) -> None:
        """Bring the list, and the wall where it is open, up to date."""
        listed = self.query_one(RunList)
        listed.show(runs, self.runs.chosen, scene)
        title = self.knowledge.tell("runs")
        if scene.order != "need" or self.mode == "list":
            title = self.knowledge.say(order_in_words(scene.order))
        if self.runs.grouped_by:
            way = known(printable(self.runs.grouped_by))
            title += self.knowledge.tell(", grouped by {way}", way=way)
        foot = ""
        if self.mode == "list":
            found = self.knowledge.say(
                self.insight.sweep(self.runs.updates, self._show_from_thread)
            )
            foot = clip(found, max(20, self.size.width - 8), ascii=self.ascii)
        entitle(listed, title, foot)
        if self.mode == "wall":
            view = self.chart_options
            charts = [card_of(run, scene) for run in runs]
            self._wall.show(
                charts, Look(view.smoothing, bool(view.log_y), view.x_axis), self.runs.chosen
            )

    def _show_from_thread(self) -> None:
        self.app.call_later(self.show_all)

    # -- which run -------------------------------------------------------------------------------

    def action_next(self, by: int) -> None:
        """Choose the run below or above."""
        if (line := self.runs.beside_chosen(by, self.scene)) is not None:
            self._choose(line)

    @on(RunList.Chosen)
    def _in_list(self, message: RunList.Chosen) -> None:
        self._choose(message.run)

    def _choose(self, run: str) -> None:
        if run != self.runs.chosen:
            self.chart_options = self.chart_options.of_another_run()
        self.runs.choose(run)
        self.cursor_step = None
        self.show_all()

    # -- all runs --------------------------------------------------------------------------------

    def action_runs(self) -> None:
        """All runs on the whole screen, with every column that fits; and back."""
        self.toggle("list")

    @property
    def _wall(self) -> SmallCharts:
        return self.query_one("#wall", SmallCharts)

    def action_wall(self) -> None:
        """Small charts of all runs with their badges, and back."""
        self.toggle("wall")

    @on(RunList.Opened)
    def _open_run(self, message: RunList.Opened) -> None:
        message.stop()
        if self.runs.chosen in self.runs.folds:
            self.runs.fold()
            self.show_all()
        elif self.mode == "list":
            self.toggle("list")
        else:
            self.set_focus(None)

    @on(SmallCharts.Chosen, "#wall")
    def _on_wall(self, message: SmallCharts.Chosen) -> None:
        message.stop()
        self._choose(message.key)

    @on(SmallCharts.Opened, "#wall")
    def _open_from_wall(self, message: SmallCharts.Opened) -> None:
        message.stop()
        self._choose(message.key)
        self.toggle("wall")

    def close_filter(self) -> bool:
        """Give the filter up; False where there was none."""
        box = self.query_one("#filter", Input)
        if given_up := bool(box.display):
            box.display, box.value, self.runs.filter = False, "", ""
            self.focus_list()
        return given_up

    def focus_list(self) -> None:
        """Let the list have the keys, where it alone is shown."""
        self.set_focus(self.query_one(RunList) if self.mode == "list" else None)

    # -- order, marks, baseline ------------------------------------------------------------------

    def action_order(self) -> None:
        """Sort by the next column that says anything; who needs attention comes round again."""
        self._sort(self.runs.next_order(self.scene))

    @on(RunList.Sorted)
    def _header_clicked(self, message: RunList.Sorted) -> None:
        message.stop()
        self._sort(message.key)

    def _sort(self, key: str) -> None:
        self.runs.sort(key)
        self.show_all()
        if not (self.has_class("-wide") or self.mode == "list"):
            self.notify(order_in_words(self.runs.order), timeout=2)

    def action_mark(self) -> None:
        """Mark: the chosen run for one chart, or take the mark away; the next is chosen."""
        if self.runs.mark():
            self.action_next(1)

    def action_settings(self) -> None:
        """The settings of the run; of the marked runs a table of only what differs."""
        update, marked = self.runs.chosen_run, self.runs.marked_runs
        if update is None:
            self.notify(said("there is no run yet"), timeout=3)
            return
        if not marked and (line := self.runs.chosen_line) is not None:
            marked = list(line.members)
        if marked and update not in marked:
            marked.insert(0, update)
        self.app.push_screen(SettingsScreen(marked or [update], self.knowledge))

    def action_join(self) -> None:
        """The marked runs are one with the chosen one; without marks, its logs are a run each."""
        update, monitor = self.runs.chosen_run, self.monitor
        if update is None or monitor is None:
            return
        runs = list({run.run: run for run in (update, *self.runs.marked_runs)}.values())
        logs = [log.path for run in runs for log in run.logs]
        if len({run.host for run in runs}) > 1:
            self.notify(said("these runs are on different machines: they stay apart"), timeout=5)
            return
        if len(logs) < 2:
            self.notify(
                said("it has one log: mark others with space, then J joins them"), timeout=5
            )
            return
        joined = len(runs) > 1
        hand = monitor.by_hand.join(logs) if joined else monitor.by_hand.part(logs)
        self.runs.marked.clear()
        monitor.arrange(hand)
        words = said("{n} logs are a run each (marked, J joins them)", n=len(logs))
        if joined:
            words = said("{n} logs are one run (J parts them)", n=len(logs))
        try:
            keep("joining", together=hand.together, apart=hand.apart)
        except ConfigError as error:
            self.notify(message_of(error), title=words + said(", not kept"), timeout=8)
        else:
            self.notify(words + said(", in config.toml too"), timeout=8)

    def action_overlay(self) -> None:
        """The marked runs on one chart with the chosen one, and back."""
        if not self.runs.marked and not self.runs.overlaid:
            self.notify(said("mark runs with space, then a puts them on one chart"), timeout=4)
            return
        self.runs.overlaid = not self.runs.overlaid
        if self.mode in COVERING - {"alone"}:
            self.mode = "chart"
        self.show_all()

    def action_baseline(self) -> None:
        """Compare every run with the chosen one at the same step; again, and no more."""
        update = self.runs.chosen_run
        if update is not None:
            self.runs.compare_with(update)
            self.show_all()

    # -- filter ----------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter; enter keeps it, esc gives it up."""
        box = self.query_one("#filter", TypingBox)
        box.display = True
        box.open()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self.runs.filter = event.value
        self.show_all()

    @on(Input.Submitted, "#filter")
    def _kept(self) -> None:
        self.query_one("#filter", Input).display = self.runs.filtered
        self.focus_list()
