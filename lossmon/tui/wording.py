"""What the panel and the screen of a finding say, line by line, wrapped to a width.

Lines are cut here and not by the terminal library, so that a second line stands under the first
and a Chinese sentence breaks where it may.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lossmon.diagnosis.finding import SEVERITIES, Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.monitor.sibling import Sibling
from lossmon.presentation.verdict import nothing_told
from lossmon.text import cell_width, pad, printable, wrap
from lossmon.tui import look
from lossmon.tui.quiet import Hush, Quiet

Part = tuple[str, str]  # a text and its style
Row = list[Part]  # one line

_TIMELINE = 12  # newest entries shown
_HEADING = "bold $text-accent"
_FAINT = "$text-muted"


@dataclass(frozen=True)
class Wording:
    """How to say it.

    Attributes:
        knowledge: the language.
        width: columns.
        ascii: with ASCII signs only.
        quiet: what the user has acknowledged or snoozed.
        sibling: of a run that goes wrong, the nearest one that is well.
    """

    knowledge: Knowledge
    width: int
    ascii: bool = False
    quiet: Quiet | None = None
    sibling: Sibling | None = None

    # -- pieces ----------------------------------------------------------------------------------

    def banner(self, update: RunUpdate | None, finding: Finding | None) -> Row:
        """The verdict in one line: sign, capitals, since when, how sure."""
        if update is None:
            return []
        if finding is None:
            return [(f" {nothing_told(update, self.knowledge).upper()}", "bold")]
        hushed = finding.pattern in update.hushed
        sign = "z" if hushed else look.badge(finding, ascii=self.ascii)[0]
        words = f" {sign} {self.knowledge.told(finding).title.upper()} "
        since = f" {self.knowledge.since(finding)}"
        sure = f"  {self.knowledge.sure(finding)}"
        row: Row = [(words, "bold")]
        if finding.severity != "info" and cell_width(words + since) <= self.width:
            row.append((since, "bold"))
            if cell_width(words + since + sure) < self.width:
                row.append((sure, ""))
        return row

    def findings(self, update: RunUpdate, chosen: Finding | None) -> Iterator[Row]:
        """The chosen finding in full, the others in brief, worst first.

        The first one has its name in the banner above, as long as it is the chosen one.
        """
        for place, finding in enumerate(in_order(update)):
            named = place == 0 and finding is chosen
            if not named:
                yield from ([[]] if place else [])
                yield from self.head(update, finding, finding is chosen)
            if finding is chosen:
                yield from self.body(update, finding, 0 if named else 2)
            elif finding.evidence:
                yield from self.hang([("  ", "")], self._said(finding.evidence), _FAINT)

    def head(self, update: RunUpdate, finding: Finding, chosen: bool) -> Iterator[Row]:
        """A finding's name, with a mark where it is the chosen one, and since when it holds."""
        hushed = finding.pattern in update.hushed
        sign, style = look.badge(finding, ascii=self.ascii)
        style = _FAINT if hushed else style
        mark = (">" if self.ascii else "▸") if chosen else " "
        name = self.knowledge.told(finding).title
        right = f"{finding.since_step:,}" if finding.severity != "info" else ""
        left = f"{mark}{sign} {name}"
        room = self.width - cell_width(left) - cell_width(right)
        yield [
            (mark, "bold"),
            (f"{sign} {name}", f"bold {style}"),
            (" " * max(1, room) + right if right and room > 0 else "", _FAINT),
        ]

    def body(self, update: RunUpdate, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """Evidence, causes with reasons, remedies."""
        yield from self.hushed(update, finding, indent)
        yield from self.evidence(finding, indent)
        yield from self.hints(finding, indent)
        if finding.severity != "info" or any(cause.why for cause in finding.causes):
            yield from self.causes(finding, indent)
        if finding.severity != "info":
            yield from self.next_of_kin(indent)
        yield from self.remedies(finding, indent)

    def hushed(self, update: RunUpdate, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """That the user has acknowledged it, or until when it is snoozed."""
        hush = self.quiet.of(update.run, finding.pattern) if self.quiet is not None else None
        if hush is not None and finding.pattern in update.hushed:
            yield from self.hang([(" " * indent, "")], self.of_hush(hush), "italic $text-accent")

    def of_hush(self, hush: Hush) -> str:
        """Why it is quiet: acknowledged, or snoozed until 14:20."""
        words = self.knowledge.word(hush.kind)
        clock = time.strftime("%H:%M", time.localtime(hush.until)) if hush.until else ""
        return f"{words} {clock}".rstrip()

    def evidence(self, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """The numbers that a person can check on the curve."""
        if finding.evidence:
            yield from self.hang([(" " * indent, "")], self._said(finding.evidence), "")

    def hints(self, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """What rows that are too few for a verdict show already."""
        if not finding.hints:
            return
        yield from self.heading("shown", indent)
        bullet = "- " if self.ascii else "• "
        for hint in finding.hints:
            text = printable(self.knowledge.hint(hint))
            yield from self.hang([(" " * indent + bullet, _HEADING)], text, "")

    def causes(self, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """The likely causes; below each the coincidence that was measured, if it is not told."""
        if not finding.causes:
            return
        yield from self.heading(how_sure(finding), indent)
        left = " " * indent
        for number, cause in enumerate(finding.causes, 1):
            text = self.knowledge.cause(cause.id).text
            style = "" if cause.why or number == 1 else _FAINT
            yield from self.hang([(f"{left}{number} ", _HEADING)], text, style)
            if cause.why and not finding.hints:
                yield from self.hang([(f"{left}  ", "")], self._said(cause.why), "$text-warning")

    def remedies(self, finding: Finding, indent: int = 0) -> Iterator[Row]:
        """What to do."""
        remedies = self.knowledge.remedies(finding)
        if not remedies:
            return
        yield from self.heading("do", indent)
        bullet = "- " if self.ascii else "• "
        for remedy in remedies:
            yield from self.hang([(" " * indent + bullet, _HEADING)], printable(remedy), "")

    def numbers(self, finding: Finding) -> Iterator[Row]:
        """The figures that it was judged by, those that have a name."""
        named = [
            (self.knowledge.numbers[name], figure(name, value))
            for name, value in finding.numbers.items()
            if name in self.knowledge.numbers and value == value
        ]
        if not named:
            return
        yield from self.heading("numbers")
        left = max(cell_width(name) for name, _ in named) + 2
        for name, text in named:
            yield [(pad(name, left), _FAINT), (text, "")]

    def goes_away(self, finding: Finding) -> Iterator[Row]:
        """What would make it go away."""
        text = self.knowledge.told(finding).goes_away
        if text:
            yield from self.heading("goes_away")
            yield from self.hang([], text, "")

    def next_of_kin(self, indent: int = 0) -> Iterator[Row]:
        """The nearest run that is well: what differs, and where the curves part."""
        if self.sibling is None:
            return
        yield from self.heading("sibling", indent)
        left = " " * indent
        name, *more = self.sibling.in_words(self.knowledge.tongue)
        yield from self.hang([(left, "")], name, "bold")
        for line in more:
            yield from self.hang([(left, "")], line, "")

    def notes(self, update: RunUpdate) -> Iterator[Row]:
        """The state of the run in words, and what could not be read."""
        said = any(update.state_note in one.evidence for one in update.diagnosis.findings)
        if update.state_note and not said:
            yield []
            yield from self.hang([], self._said(update.state_note), "$text-warning")
        for error in update.errors:
            yield []
            yield from self.hang([], self._said(error), "$text-error")

    def timeline(self, update: RunUpdate, most: int = _TIMELINE) -> Iterator[Row]:
        """What came and went, newest first."""
        entries = update.diagnosis.timeline[-most:]
        if not entries:
            return
        yield from self.heading("timeline")
        spans = [_span(entry) for entry in entries]
        left = max(map(cell_width, spans))
        for entry, span in zip(reversed(entries), reversed(spans), strict=True):
            over = entry.cleared_at_step is not None
            name = self.knowledge.pattern(entry.pattern).title
            style = _FAINT if over else look.style_of(entry)
            if cell_width(name) + left + 2 > self.width:
                yield [(span, _FAINT)]
                yield from self.hang([("  ", "")], name, style)
            else:
                yield [(pad(span, left) + "  ", _FAINT), (name, style)]

    def unjudged(self, update: RunUpdate) -> Iterator[Row]:
        """What could not be judged and why, in one sentence: silence is no proof of health."""
        missing = self.knowledge.not_judged(update.diagnosis.unjudged)
        if missing:
            yield []
            yield from self.hang([], missing, _FAINT)

    def _said(self, text: str) -> str:
        return printable(self.knowledge.say(text))

    def heading(self, word: str, indent: int = 0) -> Iterator[Row]:
        """An empty line, and the name of what follows."""
        yield []
        yield [(" " * indent + self.knowledge.word(word), _HEADING)]

    def labelled(self, name: str, left: int, text: str, bullet: str = "") -> Iterator[Row]:
        """A text beside a name that takes so many cells."""
        yield from self.hang([(pad(name, left) + bullet, _HEADING)], text, "")

    def hang(self, head: Row, text: str, style: str) -> Iterator[Row]:
        """A text behind a head; its further lines stand under its first."""
        indent = sum(cell_width(part) for part, _ in head)
        first, *rest = wrap(text, max(8, self.width - indent))
        yield [*head, (first, style)]
        yield from ([(" " * indent, ""), (line, style)] for line in rest)


def how_sure(finding: Finding) -> str:
    """The word before its causes: what few rows speak for, what was measured, what is usual."""
    if finding.hints:
        return "hint"
    return "likely" if any(cause.why for cause in finding.causes) else "often"


_SHARES = {"rise", "swing", "drop", "tail_fall", "share", "eval_drop", "train_drop"}
_COUNTS = {"low_step", "best_step", "count", "classes"}


def figure(name: str, value: float) -> str:
    """A figure of a finding: steps with separators, shares in per cent, others in four digits."""
    if name in _SHARES:
        return f"{value:+.1%}" if name in ("rise", "tail_fall") else f"{value:.1%}"
    return f"{value:,.0f}" if name in _COUNTS else f"{value:.4g}"


def in_order(update: RunUpdate) -> list[Finding]:
    """The findings: what is named first, then by severity; what the user hushed stays visible."""
    first = look.named(update)
    rest = [finding for finding in update.diagnosis.findings if finding is not first]
    rest.sort(key=lambda f: (f.pattern in update.hushed, -SEVERITIES.index(f.severity)))
    return ([first] if first is not None else []) + rest


def joined(rows: Sequence[Row]) -> list[Part]:
    """Rows as one text."""
    parts: list[Part] = []
    for row in rows:
        parts += [*row, ("\n", "")]
    return parts[:-1]


def plain(rows: Sequence[Row]) -> str:
    """Rows without their styles."""
    return "".join(text for text, _ in joined(rows))


def _span(entry: TimelineEntry) -> str:
    end = f"-{entry.cleared_at_step:,}" if entry.cleared_at_step is not None else "-"
    return f"{entry.shown_at_step:,}{end}"
