"""The side panel: what is going wrong, since when, why, and what to do."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lossmon.diagnosis.finding import SEVERITIES, Finding
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.report.check import headline
from lossmon.text import printable
from lossmon.tui.look import STYLE

_TIMELINE = 8  # newest entries shown
_MOST_OTHERS = 4  # findings shown beside the first one

Part = tuple[str, str]


class DiagnosisPanel(VerticalScroll):
    """The verdict in one line, then evidence, causes, remedies and what came before."""

    DEFAULT_CSS = """
    DiagnosisPanel { padding: 0 1; scrollbar-size-vertical: 1; }
    DiagnosisPanel > Static { width: 1fr; height: auto; }
    DiagnosisPanel { border: round $surface-lighten-2; border-title-style: bold; }
    DiagnosisPanel.-info { border-title-color: $text-success; }
    DiagnosisPanel.-warning { border-title-color: $text-warning; border: round $warning; }
    DiagnosisPanel.-critical { border-title-color: $text-error; border: round $error; }
    """

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._text = ""

    def compose(self) -> ComposeResult:
        """One text; it is replaced as a whole where a word of it changed."""
        yield Static(id="diagnosis-text")

    def show(self, update: RunUpdate | None, knowledge: Knowledge) -> None:
        """Say what is known of a run."""
        parts = _parts(update, knowledge, self._ascii)
        title, _ = title_of(update, knowledge)
        text = title + "".join(text for text, _ in parts)
        if text == self._text:
            return
        self._text = text
        self.border_title = Content(title if update is not None else "")
        found = headline(update) if update is not None else None
        tone = found.severity if found is not None and found.pattern != "too_early" else ""
        for severity in SEVERITIES:
            self.set_class(tone == severity, f"-{severity}")
        self.query_one("#diagnosis-text", Static).update(Content.assemble(*parts))


def title_of(update: RunUpdate | None, knowledge: Knowledge) -> tuple[str, str]:
    """The verdict in capitals, and its style."""
    found = headline(update) if update is not None else None
    if found is None:
        return knowledge.pattern("too_early").title.upper(), "$text-muted"
    style = "$text-muted" if found.pattern == "too_early" else STYLE[found.severity]
    return knowledge.pattern(found.pattern).title.upper(), style


def _parts(update: RunUpdate | None, knowledge: Knowledge, ascii: bool) -> list[Part]:
    if update is None:
        return []
    found = headline(update)
    parts: list[Part] = []
    if found is not None:
        parts += _first(found, knowledge, ascii)
    others = [finding for finding in update.diagnosis.findings if finding is not found]
    for finding in others[:_MOST_OTHERS]:
        name = knowledge.pattern(finding.pattern).title
        parts += [("\n", ""), (name, f"bold {STYLE[finding.severity]}")]
        parts += [(f"\n{printable(finding.evidence)}\n", "$text-muted")]
    if update.state_note:
        parts += [("\n", ""), (printable(update.state_note) + "\n", "$text-warning")]
    for error in update.errors:
        parts += [("\n", ""), (printable(error) + "\n", "$text-error")]
    return parts + _timeline(update, knowledge)


def _first(finding: Finding, knowledge: Knowledge, ascii: bool) -> list[Part]:
    bullet = "-" if ascii else "•"
    parts: list[Part] = []
    if finding.severity != "info":
        since = f"{knowledge.word('since')} {finding.since_step:,}"
        sure = f"  {finding.confidence:.0%} {knowledge.word('confidence')}"
        parts += [(since, "bold"), (sure + "\n", "$text-muted")]
    parts.append((printable(finding.evidence) + "\n", ""))
    if finding.causes and finding.severity != "info":
        parts.append((f"\n{knowledge.word('likely')}\n", "bold $text-accent"))
        for number, cause in enumerate(finding.causes, 1):
            parts.append((f"{number} {knowledge.cause(cause.id).text}\n", ""))
            if cause.why:
                parts.append((f"  {printable(cause.why)}\n", "$text-muted"))
    remedies = knowledge.remedies(finding)
    if remedies:
        parts.append((f"\n{knowledge.word('do')}\n", "bold $text-accent"))
        parts += [(f"{bullet} {printable(remedy)}\n", "") for remedy in remedies]
    return parts


def _timeline(update: RunUpdate, knowledge: Knowledge) -> list[Part]:
    entries = update.diagnosis.timeline[-_TIMELINE:]
    if not entries:
        return []
    parts: list[Part] = [(f"\n{knowledge.word('timeline')}\n", "bold $text-accent")]
    for entry in reversed(entries):
        end = f" - {entry.cleared_at_step:,}" if entry.cleared_at_step is not None else ""
        name = knowledge.pattern(entry.pattern).title
        parts.append((f"{entry.shown_at_step:,}{end}  ", "$text-muted"))
        parts.append((f"{name}\n", STYLE[entry.severity] if not end else "$text-muted"))
    return parts
