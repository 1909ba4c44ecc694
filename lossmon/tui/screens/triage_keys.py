"""The keys of the runs: choose, filter, sort, mark, compare; the list and the wall of all runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from lossmon.config.keep import keep
from lossmon.errors import ConfigError, message_of
from lossmon.monitor import RunUpdate
from lossmon.monitor.baseline import Baseline
from lossmon.session import Session
from lossmon.text import clip, distinct, printable
from lossmon.tui import by_setting, query, triage
from lossmon.tui.cards import card_of
from lossmon.tui.screens.group_keys import GroupKeys
from lossmon.tui.screens.modes import COVERING
from lossmon.tui.screens.settings import SettingsScreen
from lossmon.tui.triage import ORDERS, Scene, order_in_words
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import Look, SmallCharts
from lossmon.tui.widgets.typing_box import TypingBox
from lossmon.words import known, said


class TriageKeys(GroupKeys):
    """Which runs are shown, in which order, and which of them is looked at.

    Attributes:
        marked: runs to be shown on one chart, in the order they were marked.
        overlaid: they are on it, with the one that is looked at.
        filter_text: what the runs are filtered by, as typed.
        passing: how many runs pass the filter.
    """

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

    def __init__(self, ascii: bool, lang: str) -> None:
        super().__init__(ascii, lang)
        self.marked: dict[str, None] = {}
        self._query = query.Query()
        self._order = "need"
        self.overlaid = False
        self._baseline: Baseline | None = None
        self._wanted = ""  # was looked at on the last screen, and is not there yet
        self._wanted_baseline = ""
        self.filter_text = ""
        self._list_title = ("", "")
        self.passing = 0
        self._short: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})

    @property
    def runs(self) -> list[RunUpdate]:
        """The newest update of every run."""
        return list(self.updates.values())

    @property
    def scene(self) -> Scene:
        """What lines of the list depend on beside their runs, as of now."""
        identities = self.query_one(ChartView).identities
        return Scene(
            now=self.now,
            knowledge=self.knowledge,
            ascii=self.ascii,
            hosts={health.host: health for health in self.hosts},
            marked={run: identities.of(run) for run in self.marked},
            baseline=self._compared(),
            order=self._order,
            short=self._short_names(),
            unfolded=self.opened,
        )

    def _short_names(self) -> Mapping[str, str]:
        """Names without what all share, found again only when runs have come or gone."""
        names = tuple(self.updates)
        if names != self._short[0]:
            self._short = names, distinct(names)
        return self._short[1]

    def _compared(self) -> Baseline | None:
        """The baseline as it is now."""
        wanted = self.updates.get(self._wanted_baseline)
        if wanted is not None and wanted.loading == 1.0:
            self._baseline, self._wanted_baseline = Baseline(wanted), ""
        base = self._baseline
        update = self.updates.get(base.run) if base is not None else None
        if base is None or update is None:
            return None
        if update.revision != base.revision and base.outgrown(update):
            self._baseline = base = Baseline(update)
        return base

    def ordered_runs(self, scene: Scene) -> list[RunUpdate]:
        """The runs that pass the filter, in their order."""
        shown = [
            run
            for run in self.updates.values()
            if self._query.fits(run, lambda run: scene.standing(run).word)
        ]
        self.passing = len(shown)
        lines = triage.ordered(self.grouped(shown), scene)
        return self.with_members(lines, scene) if self.folds else lines

    def settle_choice(self, names: list[str]) -> None:
        """What is chosen is among the runs that are shown; the first unless the user chose."""
        if self._wanted in names:
            self.chosen, self.by_hand, self._wanted = self._wanted, True, ""
        if self.chosen not in names or not self.by_hand:
            self.chosen = names[0] if names and not self.by_hand else self.chosen
            if self.chosen not in names:
                self.chosen, self.by_hand = (names[0] if names else None), False

    def show_runs(self, runs: list[RunUpdate], scene: Scene) -> None:
        """Bring the list, and the wall where it is open, up to date."""
        listed = self.query_one(RunList)
        listed.show(runs, self.chosen, scene)
        title = self.knowledge.tell("runs")
        if scene.order != "need" or self.mode == "list":
            title = self.knowledge.say(order_in_words(scene.order))
        if self.grouped_by:
            way = known(printable(self.grouped_by))
            title += self.knowledge.tell(", grouped by {way}", way=way)
        foot = ""
        if self.mode == "list":
            found = self.knowledge.say(self.insight.sweep(self.updates, self._show_from_thread))
            foot = clip(found, max(20, self.size.width - 8), ascii=self.ascii)
        if (title, foot) != self._list_title:  # a border is sent again when it is set
            self._list_title = title, foot
            listed.border_title, listed.border_subtitle = Content(title), Content(foot)
        if self.mode == "wall":
            view = self.chart_options
            charts = [card_of(run, scene) for run in runs]
            self._wall.show(
                charts, Look(view.smoothing, bool(view.log_y), view.x_axis), self.chosen
            )

    def _show_from_thread(self) -> None:
        self.app.call_later(self.show_all)

    # -- from one screen to the next ---------------------------------------------------------------

    def recall_runs(self, left: Session) -> None:
        """Choose, sort, group and filter as on the last screen; before this one is shown."""
        self.marked = dict.fromkeys(left.marked)
        self._order = left.order if self._sorts(left.order) else "need"
        self._query, self.filter_text = query.parse(left.filter), left.filter
        self.grouped_by, self.unfolded = left.way, set(left.unfolded)
        self.overlaid = "overlay" in left.panes and bool(self.marked)
        self._wanted, self._wanted_baseline = left.chosen, left.baseline

    def runs_left(self) -> Session:
        """What of the runs is for the next screen."""
        base = self._baseline.run if self._baseline is not None else self._wanted_baseline
        return Session(
            marked=tuple(self.marked),
            baseline=base,
            chosen=(self.chosen or "") if self.by_hand else self._wanted,
            filter=self.filter_text,
            order=self._order,
            way=self.grouped_by,
            unfolded=tuple(self.unfolded),
        )

    # -- which run -------------------------------------------------------------------------------

    def action_next(self, by: int) -> None:
        """Choose the run below or above."""
        names = [run.run for run in self.ordered_runs(self.scene)]
        if names:
            at = names.index(self.chosen) if self.chosen in names else 0
            self._choose(names[(at + by) % len(names)])

    @on(RunList.Chosen)
    def _in_list(self, message: RunList.Chosen) -> None:
        self._choose(message.run)

    def _choose(self, run: str) -> None:
        if run != self.chosen:
            self.chart_options = self.chart_options.of_another_run()
        self.chosen, self.by_hand, self._wanted = run, True, ""
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
        if self.chosen in self.folds:
            self.action_fold()
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
            box.display, box.value, self._query, self.filter_text = False, "", query.Query(), ""
            self.focus_list()
        return given_up

    def focus_list(self) -> None:
        """Let the list have the keys, where it alone is shown."""
        self.set_focus(self.query_one(RunList) if self.mode == "list" else None)

    # -- order, marks, baseline ------------------------------------------------------------------

    def action_order(self) -> None:
        """Sort by the next column that says anything; who needs attention comes round again."""
        scene, runs = self.scene, list(self.updates.values())
        says = {column.key for column in triage.COLUMNS if column.wanted(runs, scene)}
        orders = [key for key in ORDERS if key == "need" or key in says]
        orders += by_setting.keys_of(runs)
        at = orders.index(self._order) if self._order in orders else 0
        self._sort(orders[(at + 1) % len(orders)])

    @on(RunList.Sorted)
    def _header_clicked(self, message: RunList.Sorted) -> None:
        message.stop()
        self._sort(message.key if self._sorts(message.key) else "need")

    @staticmethod
    def _sorts(key: str) -> bool:
        return key in ORDERS or bool(by_setting.name_of(key))

    def _sort(self, key: str) -> None:
        self._order = key
        self.by_hand = True  # another order is no reason to look at another run
        self.show_all()
        if not (self.has_class("-wide") or self.mode == "list"):
            self.notify(order_in_words(key), timeout=2)

    def action_mark(self) -> None:
        """Mark the chosen run for one chart, or take the mark away; the next is chosen."""
        line = self.chosen_line
        if line is None:
            return
        runs = [run.run for run in line.members or (line,)]
        if all(run in self.marked for run in runs):
            for run in runs:
                del self.marked[run]
        else:
            self.marked |= dict.fromkeys(runs)
        self.action_next(1)

    @property
    def others(self) -> list[RunUpdate]:
        """The runs on the chart beside the one that is looked at."""
        names = [run for run in self.marked if run != self.chosen] if self.overlaid else []
        return [self.updates[run] for run in names if run in self.updates]

    def action_settings(self) -> None:
        """The settings of the run; of the marked runs a table of only what differs."""
        update = self.chosen_run
        marked = [self.updates[run] for run in self.marked if run in self.updates]
        if update is None:
            self.notify(said("there is no run yet"), timeout=3)
            return
        if not marked and (line := self.chosen_line) is not None:
            marked = list(line.members)
        if marked and update not in marked:
            marked.insert(0, update)
        self.app.push_screen(SettingsScreen(marked or [update], self.knowledge))

    def action_join(self) -> None:
        """The marked runs are one with the chosen one; without marks, its logs are a run each."""
        update, monitor = self.chosen_run, self.monitor
        if update is None or monitor is None:
            return
        marked = (self.updates[run] for run in self.marked if run in self.updates)
        runs = list({run.run: run for run in (update, *marked)}.values())
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
        self.marked.clear()
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
        if not self.marked and not self.overlaid:
            self.notify(said("mark runs with space, then a puts them on one chart"), timeout=4)
            return
        self.overlaid = not self.overlaid
        if self.mode in COVERING - {"alone"}:
            self.mode = "chart"
        self.show_all()

    def action_baseline(self) -> None:
        """Compare every run with the chosen one at the same step; again, and no more."""
        update = self.chosen_run
        if update is None:
            return
        same = self._baseline is not None and self._baseline.run == update.run
        self._baseline, self._wanted_baseline = None if same else Baseline(update), ""
        if same and self._order == "versus":
            self._order = "need"
        self.show_all()

    # -- filter ----------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter; enter keeps it, esc gives it up."""
        box = self.query_one("#filter", TypingBox)
        box.display = True
        box.open()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self.filter_text, self._query = event.value, query.parse(event.value)
        self.show_all()

    @on(Input.Submitted, "#filter")
    def _kept(self) -> None:
        self.query_one("#filter", Input).display = bool(self._query.terms)
        self.focus_list()
