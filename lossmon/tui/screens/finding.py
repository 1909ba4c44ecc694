"""One finding on a screen of its own: what it means, its picture, why, what to do, when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lossmon.diagnosis.finding import Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.text import printable
from lossmon.tui import look
from lossmon.tui.chart_options import next_smoothing
from lossmon.tui.quiet import Quiet
from lossmon.tui.screens.steady import SteadyScreen
from lossmon.tui.widgets.evidence_chart import EvidenceChart
from lossmon.tui.widgets.keys import Keys
from lossmon.tui.wording import Row, Wording, in_order, joined


class FindingText(VerticalScroll, can_focus=False):
    """The text; the screen's own keys scroll it, also those that a focused panel would take."""


class FindingScreen(SteadyScreen[None]):
    """Shows one finding and follows it while its run goes on.

    Args:
        update: its run.
        finding: the finding.
        knowledge: the language.
        quiet: what the user has hushed.
        hush: called with "acknowledge" or "snooze" and the finding; the main screen owns both.
        speak: called when another language is wanted; returns its texts.
    """

    CSS = """
    FindingScreen #finding-banner { height: 1; width: 1fr; text-wrap: nowrap; }
    FindingScreen.-warning #finding-banner { background: $warning; color: $on-warning; }
    FindingScreen.-critical #finding-banner { background: $error; color: $on-error; }
    FindingScreen.-info #finding-banner { background: $success-muted; color: $text-success; }
    FindingScreen.-advice #finding-banner { background: $surface; color: $text-accent; }
    FindingScreen.-over #finding-banner { background: $surface; color: $text-muted; }
    FindingScreen #finding-body { height: 1fr; layout: vertical; }
    FindingScreen EvidenceChart { height: 50%; min-height: 5; }
    FindingScreen FindingText { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    FindingScreen FindingText { scrollbar-gutter: stable; }
    FindingScreen #finding-text { width: 1fr; height: auto; text-wrap: nowrap; }
    FindingScreen.-wide #finding-body { layout: horizontal; }
    FindingScreen.-wide EvidenceChart { height: 1fr; width: 3fr; }
    FindingScreen.-wide FindingText { width: 2fr; max-width: 76; }
    FindingScreen.-short Keys { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,e,q", "dismiss", "back", key_display="esc"),
        Binding("right,n", "other(1)", "next finding", key_display="→"),
        Binding("left,p", "other(-1)", "finding before", show=False),
        Binding("i", "hush('acknowledge')", "acknowledge"),
        Binding("z", "hush('snooze')", "snooze"),
        Binding("s", "smoothing", "smooth"),
        Binding("y", "log_y", "log scale"),
        Binding("L", "language", "zh/en"),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "page down", show=False),
        Binding("pageup", "scroll_page(-1)", "page up", show=False),
    ]

    def __init__(
        self,
        update: RunUpdate,
        finding: Finding,
        knowledge: Knowledge,
        quiet: Quiet,
        hush: Callable[[str, Finding], None],
        speak: Callable[[], Knowledge],
        *,
        ascii: bool = False,
    ) -> None:
        super().__init__()
        self.update_shown, self.finding = update, finding
        self._knowledge, self._quiet = knowledge, quiet
        self._hush, self._speak = hush, speak
        self._ascii = ascii
        self._smoothing, self._other_y = 0.6, False
        self._said: list[Row] = []

    def compose(self) -> ComposeResult:
        """A line, the picture, the text, the keys."""
        yield Static(id="finding-banner")
        with Container(id="finding-body"):
            yield EvidenceChart(ascii=self._ascii)
            with FindingText(id="finding-scroll"):
                yield Static(id="finding-text")
        yield Keys()

    def on_mount(self) -> None:
        """The text is wrapped to its place, once there is one."""
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        """Other columns, other lines."""
        self.call_after_refresh(self._show)

    def show(self, update: RunUpdate) -> None:
        """Follow the run: new numbers, or the news that the finding no longer holds."""
        self.update_shown = update
        held = [f for f in update.diagnosis.findings if f.pattern == self.finding.pattern]
        if held:
            self.finding = held[0]
        self._show()

    def _show(self) -> None:
        found = self.query("#finding-scroll").results(VerticalScroll)
        width = max((scroll.scrollable_content_region.width for scroll in found), default=0)
        if width < 1:  # not there yet, or closed already
            return
        update, finding = self.update_shown, self.finding
        over = finding.pattern not in {f.pattern for f in update.diagnosis.findings}
        for tone in look.TONES:
            self.set_class(look.tone(finding) == tone and not over, f"-{tone}")
        self.set_class(over or finding.pattern in update.hushed, "-over")
        banner = Wording(self._knowledge, self.size.width, self._ascii).banner(update, finding)
        banner.append((f"  {printable(update.run)}", ""))
        self.query_one("#finding-banner", Static).update(Content.assemble(*banner))
        self.query_one(EvidenceChart).show(update, finding, self._smoothing, self._other_y)
        rows = self._rows(Wording(self._knowledge, width, self._ascii, self._quiet), over)
        if rows != self._said:
            self._said = rows
            self.query_one("#finding-text", Static).update(Content.assemble(*joined(rows)))

    def _rows(self, wording: Wording, over: bool) -> list[Row]:
        update, finding = self.update_shown, self.finding
        rows = list(wording.hang([], self._knowledge.told(finding).meaning, "italic"))
        rows.append([])
        if over:
            words = self._knowledge.word("over")
            rows += wording.hang([], f"{words} {_cleared(update, finding)}".rstrip(), "bold")
        rows += wording.body(update, finding)
        rows += wording.numbers(finding)
        rows += wording.goes_away(finding)
        rows += wording.timeline(update)
        return rows

    # -- what the keys do ------------------------------------------------------------------------

    async def action_dismiss(self, result: None = None) -> None:
        """Back to where one came from."""
        self.dismiss(result)

    def action_other(self, by: int) -> None:
        """The next finding of the run, or the one before."""
        ordered = in_order(self.update_shown)
        patterns = [finding.pattern for finding in ordered]
        if not ordered:
            return
        at = patterns.index(self.finding.pattern) if self.finding.pattern in patterns else -by
        self.finding = ordered[(at + by) % len(ordered)]
        self.query_one("#finding-scroll", FindingText).scroll_home(animate=False)
        self._show()

    def action_hush(self, how: str) -> None:
        """Acknowledge or snooze the finding."""
        self._hush(how, self.finding)

    def action_smoothing(self) -> None:
        """The next strength of smoothing."""
        self._smoothing = next_smoothing(self._smoothing)
        self._show()

    def action_log_y(self) -> None:
        """Logarithmic or linear axis."""
        self._other_y = not self._other_y
        self._show()

    def action_language(self) -> None:
        """English, Chinese."""
        self._knowledge = self._speak()
        self._show()

    def action_scroll(self, by: int) -> None:
        """A line up or down."""
        scroll = self.query_one("#finding-scroll", FindingText)
        scroll.scroll_relative(y=by, animate=False)

    def action_scroll_page(self, by: int) -> None:
        """A page up or down."""
        scroll = self.query_one("#finding-scroll", FindingText)
        scroll.scroll_relative(y=by * max(1, scroll.size.height - 1), animate=False)


def _cleared(update: RunUpdate, finding: Finding) -> str:
    """The step at which a finding was withdrawn."""
    entries: list[TimelineEntry] = [
        entry
        for entry in update.diagnosis.timeline
        if entry.pattern == finding.pattern and entry.cleared_at_step is not None
    ]
    return f"{entries[-1].cleared_at_step:,}" if entries else ""
