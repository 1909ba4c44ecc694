"""`lossmon report`: one run on one page, Markdown or HTML, for an issue, a chat or a file.

A page stands alone: pictures are inside, nothing is fetched, and what a log says is text in it,
never markup.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from lossmon import __version__
from lossmon.chart.of_run import spec_of
from lossmon.chart.spec import told_in
from lossmon.chart.svg import draw_svg
from lossmon.diagnosis.finding import Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.errors import TargetError
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.plot import render
from lossmon.presentation.verdict import headline, verdict_line
from lossmon.presentation.write import replacing
from lossmon.redaction import redacted
from lossmon.text import in_words, printable
from lossmon.words import said

ENDINGS = (".md", ".html")
_CHART = (100, 24)  # cells
_MOST_EVENTS = 40  # of a timeline; the newest
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~])")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 1.6rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; }
td { overflow-wrap: anywhere; vertical-align: top; }
.critical { color: #d22f2f; } .warning { color: #b86e00; } footer { opacity: .7; margin-top: 2rem; }
""".strip()


@dataclass(frozen=True)
class Section:
    """A part of a page: a title, paragraphs, a list, a table with or without a head."""

    title: str
    level: str = ""
    texts: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()


def check_output(path: str) -> None:
    """Raise TargetError, with what would work, before anything is read in vain."""
    if not path.endswith(ENDINGS):
        raise TargetError(
            said(
                "{path}: write to a file that ends in {names}",
                path=path,
                names=", ".join(ENDINGS),
            )
        )
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise TargetError(
            said("{path}: there is no folder {folder}; make it first", path=path, folder=folder)
        )


def write(update: RunUpdate, knowledge: Knowledge, path: str, now: float) -> None:
    """Write the page of a run; a file there before is replaced whole.

    Args:
        update: the run.
        knowledge: the language of the page.
        path: it ends in one of ENDINGS.
        now: seconds since the Unix epoch, told on the page.

    Raises:
        TargetError: it cannot be written.
    """
    logs = [log.path for log in update.logs]
    update = _handed_on(update)
    page = (as_html if path.endswith(".html") else as_markdown)(update, knowledge, now)
    with replacing(path, logs) as partial, open(partial, "w", encoding="utf-8") as file:
        file.write(page)


def _handed_on(update: RunUpdate) -> RunUpdate:
    """The run without the secrets in its name and in those of its logs, as a signed address has."""
    return replace(
        update,
        run=redacted(update.run),
        logs=tuple(replace(log, path=redacted(log.path)) for log in update.logs),
    )


def as_markdown(update: RunUpdate, knowledge: Knowledge, now: float) -> str:
    """The page as Markdown; the chart is drawn with characters, which every viewer shows."""
    picture = render([update], *_CHART, color=False, ascii=False, knowledge=knowledge, titled=False)
    lines = [
        f"# {_mark_down(update.run)}",
        "",
        f"**{_mark_down(verdict_line(update, knowledge))}**",
    ]
    lines += ["", "```text", picture.replace("```", "'''"), "```"]
    for section in sections(update, knowledge):
        lines += ["", f"## {_mark_down(section.title)}"]
        for text in section.texts:
            lines += ["", _mark_down(text)]
        lines += ["", *(f"- {_mark_down(item)}" for item in section.items)] if section.items else []
        if section.rows:
            head = section.head or ("",) * len(section.rows[0])
            lines += ["", _row(head), _row(["---"] * len(head))]
            lines += [_row(map(_mark_down, row)) for row in section.rows]
    return "\n".join([*lines, "", "---", "", _made(now), ""])


def as_html(update: RunUpdate, knowledge: Knowledge, now: float) -> str:
    """The page as one HTML file that asks nothing of the network."""
    finding = headline(update)
    level = finding.severity if finding is not None else ""
    title = escape(printable(update.run))
    parts = [
        "<!doctype html>",
        f'<html lang="{knowledge.lang}"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        f'<p class="{level}"><strong>{escape(verdict_line(update, knowledge))}</strong></p>',
        draw_svg(told_in(spec_of(update, *_CHART), knowledge.tongue)),
    ]
    for section in sections(update, knowledge):
        parts.append(f'<h2 class="{section.level}">{escape(section.title)}</h2>')
        parts += [f"<p>{escape(text)}</p>" for text in section.texts]
        if section.items:
            parts += ["<ul>", *(f"<li>{escape(item)}</li>" for item in section.items), "</ul>"]
        if section.rows:
            parts.append("<table>")
            if section.head:
                parts.append(_cells(section.head, "th"))
            parts += [*(_cells(row, "td") for row in section.rows), "</table>"]
    return "\n".join([*parts, f"<footer>{escape(_made(now))}</footer>", "</body></html>", ""])


def sections(update: RunUpdate, knowledge: Knowledge) -> list[Section]:
    """What the page says below the chart, in either form."""
    parts = [_numbers(update, knowledge)]
    parts += [_finding(finding, knowledge) for finding in update.diagnosis.findings]
    timeline = update.diagnosis.timeline[-_MOST_EVENTS:]
    if timeline:
        parts.append(
            Section(
                knowledge.word("timeline"),
                rows=tuple(_event(entry, knowledge) for entry in timeline),
                head=tuple(map(knowledge.word, ("shown_at", "finding", "since", "cleared_at"))),
            )
        )
    logs = tuple(
        (printable(log.path), log.format, f"{log.records:,}", f"{log.skipped:,}")
        for log in update.logs
    )
    head = tuple(map(knowledge.word, ("log", "format", "rows", "skipped")))
    parts.append(Section(knowledge.word("logs"), rows=logs, head=head))
    return parts


def _numbers(update: RunUpdate, knowledge: Knowledge) -> Section:
    step = "-" if update.step is None else f"{update.step:,}"
    total = f" / {update.total_steps:,}" if update.total_steps else ""
    state = f"{knowledge.tell(update.state)}  {knowledge.say(update.state_note)}".strip()
    rows = [("state", printable(state)), ("step", step + total)]
    if update.eta_s is not None and update.state == "running":
        rows.append(("eta", knowledge.say(in_words(update.eta_s))))
    for role in ("train", "eval", "learning_rate", "grad_norm"):
        name = getattr(update, role)
        value = update.newest(name)
        if value is not None:
            rows.append((role, f"{value:.6g}  ({printable(name)})"))
    if update.best is not None:
        place = knowledge.tell("step {step:,}", step=update.best.step)
        rows.append((knowledge.numbers["best_value"], f"{update.best.value:.6g}  ({place})"))
    texts = tuple(printable(redacted(f"! {knowledge.say(error)}")) for error in update.errors)
    return Section(
        knowledge.word("now"),
        texts=texts,
        rows=tuple((knowledge.word(word), text) for word, text in rows),
    )


def _finding(finding: Finding, knowledge: Knowledge) -> Section:
    since, sure = knowledge.since(finding), knowledge.sure(finding)
    say, tongue = knowledge.say, knowledge.tongue
    do = knowledge.word("do")
    causes = [
        tongue.labelled(
            knowledge.word("likely" if cause.why else "often"),  # as the screen and `check` have it
            tongue.aside(knowledge.cause(cause.id).text, say(cause.why)),
        )
        for cause in finding.causes
    ]
    remedies = [tongue.labelled(do, text) for text in knowledge.remedies(finding)]
    shown = [tongue.labelled(knowledge.word("shown"), knowledge.hint(h)) for h in finding.hints]
    return Section(
        knowledge.told(finding).title,
        finding.severity,
        (
            tongue(", ").join((knowledge.word(finding.severity), since, sure)),
            printable(say(finding.evidence)),
        ),
        tuple(map(printable, shown if finding.severity == "info" else (*causes, *remedies))),
    )


def _event(entry: TimelineEntry, knowledge: Knowledge) -> tuple[str, ...]:
    cleared = "" if entry.cleared_at_step is None else f"{entry.cleared_at_step:,}"
    title = knowledge.pattern(entry.pattern).title
    return (f"{entry.shown_at_step:,}", title, f"{entry.since_step:,}", cleared)


def _made(now: float) -> str:
    return f"lossmon {__version__}, {time.strftime('%Y-%m-%d %H:%M:%S %z', time.localtime(now))}"


def _mark_down(text: str) -> str:
    """Text that Markdown shows as it is: no name or line of a log is markup."""
    return _MARKUP.sub(r"\\\1", printable(text))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(printable(cell))}</{tag}>' for cell in cells)}</tr>"
