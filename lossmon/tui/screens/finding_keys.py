"""Keys of the diagnosis on the main screen: open a finding, acknowledge it, snooze it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import LANGUAGES, Knowledge, load
from lossmon.text import in_words, printable
from lossmon.tui import query
from lossmon.tui.quiet import Quiet
from lossmon.tui.screens.finding import FindingScreen
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel, Findings
from lossmon.tui.widgets.keys import Keys
from lossmon.words import said


class FindingKeys(RunsScreen):
    """What the main screen does with findings.

    Attributes:
        quiet: what the user has acknowledged or snoozed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "panel", "diagnosis", tooltip="Diagnosis: on the whole screen"),
        Binding(
            "e",
            "evidence",
            "evidence",
            tooltip="Evidence: the finding, its evidence drawn on the curve",
        ),
        Binding(
            "i",
            "acknowledge",
            "ack",
            show=False,
            tooltip="Acknowledge: the finding stays visible but quiet until it gets worse",
        ),
        Binding(
            "z", "snooze", "snooze", show=False, tooltip="Snooze: the finding is quiet for a while"
        ),
        Binding("L", "language", "zh/en", tooltip="Language: English or Chinese"),
    ]
    quiet: Quiet

    def action_panel(self) -> None:
        """The diagnosis on the whole screen, and back; arrows choose a finding there."""
        self.toggle("panel")

    def action_evidence(self) -> None:
        """The chosen finding on a screen of its own."""
        update, finding = self.runs.chosen_run, self.query_one(DiagnosisPanel).finding
        if update is None or finding is None:
            self.notify(said("there is no finding yet"), timeout=3)
            return
        self.app.push_screen(
            FindingScreen(
                update,
                finding,
                self.knowledge,
                self.quiet,
                self._hush,
                self._speak,
                ascii=self.ascii,
            )
        )

    @on(Findings.Open)
    def _open_finding(self) -> None:
        self.action_evidence()

    def action_acknowledge(self) -> None:
        """Acknowledge the chosen finding; pressed again, take it back."""
        finding = self.query_one(DiagnosisPanel).finding
        if finding is not None:
            self._hush("acknowledge", finding)

    def action_snooze(self) -> None:
        """Snooze the chosen finding; pressed again, for longer, then no more."""
        finding = self.query_one(DiagnosisPanel).finding
        if finding is not None:
            self._hush("snooze", finding)

    def action_language(self) -> None:
        """English, Chinese."""
        self._speak()

    def follow_finding(self) -> None:
        """Hand the newest numbers to an opened finding."""
        screen = self.app.screen
        if isinstance(screen, FindingScreen):
            update = self.runs.updates.get(screen.update_shown.run)
            if update is not None:
                screen.show(update)

    def mark_quiet(self) -> bool:
        """Mark in all runs what is hushed; True where something changed (a snooze has ended)."""
        marked = {run: self.quiet.mark(update) for run, update in self.runs.updates.items()}
        changed = any(marked[run] is not update for run, update in self.runs.updates.items())
        self.runs.updates.update(marked)
        return changed

    def _speak(self) -> Knowledge:
        at = LANGUAGES.index(self.knowledge.lang)
        self.knowledge = load(LANGUAGES[(at + 1) % len(LANGUAGES)])
        self.show_all()
        for screen in self.app.screen_stack:
            for keys in screen.query(Keys):
                keys.again()
        self.query_one("#filter", Input).placeholder = self.knowledge.tell(query.HINT)
        return self.knowledge

    def _hush(self, how: str, finding: Finding) -> None:
        update = self.runs.chosen_run
        run = update.run if update is not None else ""
        self.query_one(DiagnosisPanel).stay()
        change = self.quiet.acknowledge if how == "acknowledge" else self.quiet.snooze
        hush = change(run, finding)
        name = printable(self.knowledge.told(finding).title)
        if hush is None:
            words = self.knowledge.word("loud")
        elif hush.kind == "snoozed":
            lasts = self.knowledge.say(in_words(hush.lasts))
            words = f"{self.knowledge.word('snoozed_for')} {lasts}"
        else:
            words = self.knowledge.word("until_worse")
        self.notify(self.knowledge.tongue.labelled(name, words), timeout=3)
        self.mark_quiet()
        self.show_all()
