"""The one screen people look at: runs, chart, diagnosis, newest numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from lossmon.config.screen import Screen as ScreenSettings
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import message_of
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.sources import not_readable
from lossmon.session import Session
from lossmon.text import printable, wrap
from lossmon.tui import links, query
from lossmon.tui.chart_options import ChartOptions
from lossmon.tui.messages import Shown
from lossmon.tui.quiet import Quiet
from lossmon.tui.screens.chart_keys import ChartKeys
from lossmon.tui.screens.finding_keys import FindingKeys
from lossmon.tui.screens.group_keys import GroupKeys
from lossmon.tui.screens.host_keys import HostKeys
from lossmon.tui.screens.log_keys import LogKeys
from lossmon.tui.screens.modes import MODES
from lossmon.tui.screens.pane_keys import PaneKeys
from lossmon.tui.screens.replay_keys import ReplayKeys
from lossmon.tui.screens.save_keys import SaveKeys
from lossmon.tui.screens.triage_keys import TriageKeys
from lossmon.tui.tongue import words_of
from lossmon.tui.triage import Scene
from lossmon.tui.widgets import lines
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel, Findings
from lossmon.tui.widgets.keys import Keys
from lossmon.tui.widgets.log_pane import LogPane
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import SmallCharts
from lossmon.tui.widgets.typing_box import TypingBox
from lossmon.words import said

FOLDS = ("nolist", "nopanel")  # what is folded, whatever has the screen
_HINT = said("? lists all keys, e opens the finding, q leaves")
_MANY = 4  # logs beyond which a list is laid out before the second run comes; fewer are one run
_CLOCK_S = 20.0  # between two looks at the clock; words change far less often


class MainScreen(
    ReplayKeys, GroupKeys, TriageKeys, PaneKeys, ChartKeys, FindingKeys, LogKeys, SaveKeys, HostKeys
):
    """Owns the runs, which one is chosen and how it is looked at; widgets are told what to draw."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "solo",
            "chart alone",
            show=False,
            tooltip="Chart and diagnosis: without the list of runs",
        ),
        Binding(
            "question_mark",
            "app.help",
            "all keys",
            key_display="?",
            tooltip="Help: the keys of the place one is in",
        ),
        Binding("q", "app.quit", "quit"),
        Binding("escape", "back", "back", show=False),
    ]
    AUTO_FOCUS = ""  # keys belong to the screen until something is opened

    def __init__(
        self, lang: str, ascii: bool, waiting: str, settings: ScreenSettings | None = None
    ) -> None:
        super().__init__(ascii, lang)
        self._waiting = waiting
        self.quiet = Quiet()
        self._left: Session | None = None
        self._to_show = self._shown = False
        self._told_barred = False
        self.awaits_runs = False  # what stands on the terminal says more than empty panels
        self.reading = (0, 0)  # logs that were read as far as they go, and all there are
        self.hint = False  # this is the first screen ever: say how to go on until a key is pressed
        told = settings or ScreenSettings()
        self.chart_options = ChartOptions(
            told.smoothing, told.log_y or None, told.x_axis, log_x=told.log_x, strip=told.strip
        )
        self.save_to = told.save_to
        if ascii:
            self.add_class("-ascii")

    def compose(self) -> ComposeResult:
        """Top line, three panels, numbers, verdict of a narrow pane, keys."""
        yield lines.Line("top")
        with Horizontal(id="body"):
            yield Static(id="empty")
            runs = RunList(ascii=self.ascii)
            runs.border_title = Content(self.knowledge.tell("runs"))
            yield runs
            yield ChartView(ascii=self.ascii)
            yield SmallCharts(ascii=self.ascii, id="metrics")
            yield SmallCharts(ascii=self.ascii, id="wall")
            yield DiagnosisPanel(ascii=self.ascii)
        yield LogPane(ascii=self.ascii)
        yield lines.Line("status")
        yield lines.Line("verdict")
        hint = self.knowledge.tell(query.HINT)
        yield TypingBox(hint, "filter", self.focus_list, self.action_back)
        yield Keys()

    def on_mount(self) -> None:
        """Say what is waited for until the first rows come."""
        self.query_one("#filter", Input).display = False
        self.set_focus(None)
        self.set_interval(_CLOCK_S, self._tell_time)
        self._open_again()
        self._show_soon()

    def on_resize(self) -> None:
        """The top line says more where the run list has no room."""
        self._show_soon()

    def await_no_runs(self) -> None:
        """Say what there is, though no run came yet."""
        self.awaits_runs = False
        self.show_all()

    def _show_soon(self) -> None:
        """Once after the next refresh, however often it was asked for: a start resizes a lot."""
        if not self._to_show:
            self._to_show = True
            self.call_after_refresh(self.show_all)

    def apply(self, updates: list[RunUpdate]) -> None:
        """Take the newest update of each run."""
        for update in updates:
            if update.removed:
                self.runs.updates.pop(update.run, None)
            else:
                self.runs.updates[update.run] = self.quiet.mark(update)
        self.show_all()

    # -- what a screen leaves for the next one -----------------------------------------------------

    def recall(self, left: Session) -> None:
        """Begin as the last screen on these targets was left; before the screen is shown."""
        self.runs.recall(left)
        self.quiet.recall(left.hushed)
        self.recall_sizes(left.sizes)
        self._left = left

    def _open_again(self) -> None:
        """Open what was open, and show the filter that holds."""
        left = self._left
        if left is None:
            return
        box = self.query_one("#filter", Input)
        if self.runs.filtered:
            box.display, box.value = True, left.filter
        self.add_class(*(f"-{fold}" for fold in FOLDS if fold in left.panes))
        self.mode = next((mode for mode in MODES if mode in left.panes), "chart")

    def left(self, targets: Sequence[str], folder: str) -> Session:
        """How the screen is now, for the next one.

        Args:
            targets: as typed.
            folder: where lossmon was started.
        """
        panes = [self.mode, *(fold for fold in FOLDS if self.has_class(f"-{fold}"))]
        panes += ["overlay"] if self.runs.overlaid else []
        return replace(
            self.runs.left(),
            targets=tuple(targets),
            folder=folder,
            hushed=self.quiet.kept(),
            panes=tuple(pane for pane in panes if pane != "chart"),
            sizes=self.sizes(),
        )

    # -- what is shown ---------------------------------------------------------------------------

    def show_all(self) -> None:
        """Tell every widget what to show."""
        self._to_show = False
        if not (self.is_mounted and self.app.is_running):  # of an app that ends, panels go first
            return
        scene = self.scene
        runs = self.runs.shown(scene)
        self.runs.settle(runs)
        update, line = self.runs.chosen_run, self.runs.chosen_line
        read, known = self.reading
        many = len(self.runs) > 1 or (read < known > _MANY)
        self.set_class(not many, "-one")
        if self.runs:
            self._tell_filtered(bool(runs))
        wide = self.has_class("-wide") and self.has_class("-tall")
        wide = wide and self.mode != "solo" and not self.has_class("-nolist")
        self.fit_panes(len(runs))
        with self.app.batch_update():
            self.query_one("#top", lines.Line).say(self._top(update, wide, scene))
            self.show_runs(runs, scene)
            chart = self.query_one(ChartView)
            chart.show(line, self.chart_options, self.cursor_step, self.runs.others)
            self.show_grid(update)
            sibling = self.insight.sibling(self.runs.updates, update)
            panel = self.query_one(DiagnosisPanel)
            panel.show(update, self.knowledge, self.quiet, sibling)
            panel.set_class(update is not None and scene.old(update), "-old")
            self.query_one(LogPane).show(update, self.point)
            status = self.query_one("#status", lines.Line)
            status.say(lines.status(update, wide, scene, self.size.width))
            self.query_one("#verdict", lines.Line).say(lines.verdict(update, self.knowledge))
        self.follow_finding()
        if not self._shown and (self.runs or not self.awaits_runs):
            self._shown = True
            self.post_message(Shown())

    def _top(self, update: RunUpdate | None, wide: bool, scene: Scene) -> list[lines.Part]:
        if update is None and not self.runs:
            words = self._reading() or printable(self.knowledge.say(self._waiting))
            waiting = [] if self.hosts else [(f" {words}", "$text-muted")]
            return self._with_hosts([(" lossmon ", "bold $text-primary"), *waiting], wide=True)
        bare = self.has_class("-narrow") or self.has_class("-short")
        runs, replay = list(self.runs), self.replay_parts()
        parts = lines.top(
            len(runs),
            self.runs.passing,
            update,
            wide,
            scene,
            how=bare,
            others=runs,
            listed=not self.has_class("-one"),
            room=self.size.width - lines.width(replay),
        )
        if reading := self._reading():
            parts.append((f"  {reading}", "$text-accent"))
        parts += replay
        if self.hint and not bare:
            parts.append((f"   {self.knowledge.say(_HINT)}", "$text-accent"))
        return self._with_hosts(parts, wide)

    def _with_hosts(self, parts: list[lines.Part], wide: bool) -> list[lines.Part]:
        width, words = self.size.width, words_of(self)
        return links.with_hosts(parts, self.hosts, width, wide, words, self.ascii)

    def _reading(self) -> str:
        """How many of several logs were read, until all were."""
        read, known = self.reading
        if read == known or known < 2:
            return ""
        return self.knowledge.tell("read {read:,} of {known:,} logs", read=read, known=known)

    def tell_empty(self, monitor: Monitor) -> None:
        """Where there is no run yet, say what was looked at and what to try."""
        if self.runs or self.hosts or not self.is_mounted:
            return
        width, height = max(20, self.size.width - 4), self.size.height - 4
        rows = empty_words(monitor, self.knowledge, width, height, self.ascii)
        self.query_one("#empty", Static).update(Content("\n".join(rows)))
        self.add_class("-empty")

    def tell_barred(self, monitor: Monitor) -> None:
        """Say once which logs and folders can't be read: beside runs nothing else shows it."""
        errors = not_readable(monitor.passed.to_tell, ())
        if errors and self.runs and not self._told_barred:
            self._told_barred = True
            self.notify(message_of(errors[0]), severity="warning", timeout=10)

    def _tell_filtered(self, some: bool) -> None:
        """Where no run fits the filter, say so: empty panels look as if something had failed."""
        self.set_class(not some, "-empty")
        if not some:
            tell, width = self.knowledge.tell, max(20, self.size.width - 4)
            rows = wrap(
                tell(
                    "none of {runs:,} runs fits the filter: {words}",
                    runs=len(self.runs),
                    words=printable(self.runs.filter),
                ),
                width,
            )
            rows += ["", *wrap(tell("esc shows all runs, / changes the filter"), width)]
            self.query_one("#empty", Static).update(Content("\n".join(rows)))

    def _tell_time(self) -> None:
        self.mark_quiet()
        self.show_all()

    # -- what the keys do ------------------------------------------------------------------------

    def action_next(self, by: int) -> None:
        """Choose a run: the one below or above; in the open diagnosis, scroll it."""
        if self.mode == "panel":
            self.query_one(Findings).scroll_relative(y=by, animate=False)
            return
        super().action_next(by)

    def action_solo(self) -> None:
        """The chart on the whole width, and back."""
        self.toggle("solo")

    def action_back(self) -> None:
        """Back: close what was opened last; where nothing is open, show all runs."""
        if self.close_search() or self.close_filter():
            return
        if self.mode != "chart":
            self.toggle(self.mode)
        elif self.runs.overlaid:
            self.action_overlay()
        elif self.focused is not None:
            self.set_focus(None)
        elif self.cursor_step is not None:
            self.cursor_step = None
        elif len(self.runs) > 1:
            self.toggle("list")


def empty_words(
    monitor: Monitor, knowledge: Knowledge, width: int, height: int, ascii: bool
) -> list[str]:
    """Which folder, how many files, why the newest are no logs, and what to try.

    Where all of it is higher than the pane, blank lines go first, then the oldest of the files: in
    40x12 what to try was cut off within its sentence.
    """
    tell, dash = knowledge.tell, "-" if ascii else "·"
    count, newest = monitor.passed.newest()
    where = ", ".join(map(printable, monitor.roots)) or "."
    looked = wrap(
        tell(
            "no training log in {where} yet; {n:,} {n:file was|files were} looked at",
            where=where,
            n=count,
        ),
        width,
    )
    files = []
    for path, why in newest:
        told = f"{dash} {printable(os.path.basename(path))}: {printable(knowledge.say(why))}"
        first, *rest = wrap(told, width - 2)
        files.append([f"  {first}", *(f"    {line}" for line in rest)])
    advice = tell(
        "try: name the log file itself, or `lossmon check -v`, which says how each file was read; "
        "logs that appear later show up here"
    )
    parts = [looked, *files, wrap(advice, width)]
    blank = [""] * (sum(map(len, parts)) + len(parts) - 1 <= height)
    while len(parts) > 2 and sum(map(len, parts)) > height:
        del parts[-2]
    return [*looked, *chain.from_iterable([*blank, *part] for part in parts[1:])]
