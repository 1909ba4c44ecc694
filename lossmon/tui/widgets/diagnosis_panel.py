"""The side panel: what is going wrong, since when, why, and what to do."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.monitor.sibling import Sibling
from lossmon.presentation.verdict import is_untold, nothing_told
from lossmon.text import clip
from lossmon.tui import look
from lossmon.tui.digest import begins_with
from lossmon.tui.quiet import Quiet
from lossmon.tui.widgets.border import entitle
from lossmon.tui.wording import Row, Wording, in_order, joined


class Findings(VerticalScroll):
    """The scrolled part of the panel; with the focus here, arrows choose a finding."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "finding above", show=False),
        Binding("down", "choose(1)", "finding below", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Choose(Message):
        """Another finding is wanted: the one below (1) or above (-1)."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Open(Message):
        """The chosen finding is wanted on a screen of its own."""

    def action_choose(self, by: int) -> None:
        """The finding above or below."""
        self.post_message(self.Choose(by))

    def action_open(self) -> None:
        """The chosen finding, with its picture."""
        self.post_message(self.Open())


class DiagnosisPanel(Vertical):
    """The verdict in one line, then evidence, causes, remedies and what came before."""

    DEFAULT_CSS = """
    DiagnosisPanel { border: round $surface-lighten-2; border-title-color: $text-muted; }
    DiagnosisPanel { border-subtitle-color: $text-muted; }
    DiagnosisPanel > #verdict-banner { height: 1; width: 1fr; text-wrap: nowrap; }
    DiagnosisPanel > Findings { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    DiagnosisPanel > Findings { scrollbar-gutter: stable; }
    DiagnosisPanel Findings > Static { width: 1fr; height: auto; text-wrap: nowrap; }
    DiagnosisPanel.-info > #verdict-banner { background: $success-muted; color: $text-success; }
    DiagnosisPanel.-advice > #verdict-banner { background: $surface; color: $text-accent; }
    DiagnosisPanel.-warning { border: round $warning; }
    DiagnosisPanel.-warning > #verdict-banner { background: $warning; color: $on-warning; }
    DiagnosisPanel.-critical { border: round $error; }
    DiagnosisPanel.-critical > #verdict-banner { background: $error; color: $on-error; }
    DiagnosisPanel.-old > #verdict-banner { background: $surface; color: $text-muted; }
    DiagnosisPanel.-old.-warning > #verdict-banner {
        background: $warning-muted; color: $text-warning;
    }
    DiagnosisPanel.-old.-critical > #verdict-banner {
        background: $error-muted; color: $text-error;
    }
    DiagnosisPanel.-hushed { border: round $surface-lighten-2; }
    DiagnosisPanel.-hushed > #verdict-banner { background: $surface; color: $text-muted; }
    """

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._update: RunUpdate | None = None
        self._knowledge: Knowledge | None = None
        self._quiet: Quiet | None = None
        self._sibling: Sibling | None = None
        self._pattern: str | None = None  # chosen by the user; the headline where None
        self._said: tuple[list[Row], Row] = ([], [])

    def compose(self) -> ComposeResult:
        """A line that stays, and a text below it; each is sent again where a word changed."""
        yield Static(id="verdict-banner")
        with Findings():
            yield Static(id="diagnosis-text")

    @property
    def finding(self) -> Finding | None:
        """The finding that the panel tells in full."""
        if self._update is None:
            return None
        found = [f for f in self._update.diagnosis.findings if f.pattern == self._pattern]
        return found[0] if found else look.named(self._update)

    def show(
        self,
        update: RunUpdate | None,
        knowledge: Knowledge,
        quiet: Quiet | None = None,
        sibling: Sibling | None = None,
    ) -> None:
        """Say what is known of a run."""
        if self._update is not None and (update is None or update.run != self._update.run):
            self._pattern = None
            self.query_one(Findings).scroll_home(animate=False)
        self._update, self._knowledge, self._quiet = update, knowledge, quiet
        self._sibling = sibling
        self._say()

    def on_resize(self) -> None:
        """Other columns, other lines."""
        self._say()

    def choose(self, by: int) -> None:
        """Tell the finding above or below in full."""
        if self._update is None:
            return
        ordered = in_order(self._update)
        if len(ordered) < 2:
            self.query_one(Findings).scroll_relative(y=by, animate=False)
            return
        patterns = [finding.pattern for finding in ordered]
        chosen = self.finding
        at = patterns.index(chosen.pattern) if chosen is not None else 0
        self._pattern = patterns[max(0, min(at + by, len(patterns) - 1))]
        self._say()
        self._reveal()

    def stay(self) -> None:
        """Go on telling the finding that is told now, also when it calls for less attention."""
        self._pattern = self.finding.pattern if self.finding is not None else None

    def on_findings_choose(self, message: Findings.Choose) -> None:
        """An arrow key was pressed in the text."""
        message.stop()
        self.choose(message.by)

    def _say(self) -> None:
        update, knowledge = self._update, self._knowledge
        _, _, width, height = self.query_one(Findings).scrollable_content_region
        if knowledge is None or width < 1:
            return
        wording = Wording(knowledge, width, self._ascii, self._quiet, self._sibling)
        first: Finding | None = look.named(update) if update is not None else None
        rows: list[Row] = []
        if update is not None:
            if first is not None and first is self.finding:
                rows = begins_with(wording, update, first, height)
            rows += [
                *wording.findings(update, self.finding),
                *wording.notes(update),
                *wording.timeline(update),
                *wording.unjudged(update),
            ]
        banner = Wording(knowledge, self.content_size.width, self._ascii).banner(update, first)
        self._tone(first)
        if self._said != (rows, banner):
            self._said = (rows, banner)
            self.query_one("#verdict-banner", Static).update(Content.assemble(*banner))
            self.query_one("#diagnosis-text", Static).update(Content.assemble(*joined(rows)))

    def _tone(self, first: Finding | None) -> None:
        tone = look.tone(first) if first is not None and not is_untold(first) else ""
        for one in look.TONES:
            self.set_class(tone == one, f"-{one}")
        update = self._update
        hushed = update is not None and first is not None and first.pattern in update.hushed
        self.set_class(hushed, "-hushed")
        title = self._knowledge.word("diagnosis") if self._knowledge is not None else ""
        keys = ""
        if first is not None and self._knowledge is not None:
            keys = self._knowledge.tell("e evidence i acknowledge z snooze")
        keys = clip(keys, max(0, self.outer_size.width - 6), ascii=self._ascii)
        entitle(self, title, keys)

    def _reveal(self) -> None:
        """Scroll so that the chosen finding can be read."""
        mark = ">" if self._ascii else "▸"
        at = next((i for i, row in enumerate(self._said[0]) if row and row[0][0] == mark), 0)
        self.query_one(Findings).scroll_to(y=max(0, at - 1), animate=False)


def title_of(update: RunUpdate | None, knowledge: Knowledge) -> tuple[str, str]:
    """The verdict in capitals, and its style."""
    found = look.named(update) if update is not None else None
    if found is None:
        early = knowledge.pattern("too_early").title
        title = early if update is None else nothing_told(update, knowledge)
        return title.upper(), "$text-muted"
    quiet = is_untold(found) or (update is not None and found.pattern in update.hushed)
    return knowledge.told(found).title.upper(), ("$text-muted" if quiet else look.style_of(found))
