"""A run in twenty lines of plain text, for a message or an issue: chart, verdict, evidence."""

from __future__ import annotations

from typing import Any

from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.plot import render
from lossmon.presentation.verdict import headline, verdict_line
from lossmon.text import clip, printable, wrap

LINES = 20
WIDTH = 80
_MOST_WORDS = 9  # lines of words below the chart


def brief(update: RunUpdate, knowledge: Knowledge, *, ascii: bool, **look: Any) -> str:
    """At most `LINES` lines of at most `WIDTH` columns, without colour.

    Args:
        update: the run.
        knowledge: the language.
        ascii: plain signs only.
        look: how the chart is drawn (see `lossmon.presentation.plot.render`).
    """
    words = _words(update, knowledge)[:_MOST_WORDS]
    # The verdict below the chart is said in full here, so its line there goes.
    picture = render(
        [update],
        WIDTH,
        LINES - len(words) + 1,
        color=False,
        ascii=ascii,
        knowledge=knowledge,
        **look,
    ).split("\n")[:-1]
    lines = [clip(line, WIDTH, ascii=ascii).rstrip() for line in [*picture, *words]]
    return "\n".join(lines[:LINES]) + "\n"


def _words(update: RunUpdate, knowledge: Knowledge) -> list[str]:
    """The verdict with its evidence, the likeliest causes, what to do, and the other findings."""
    found = headline(update)
    lines, tongue = wrap(verdict_line(update, knowledge), WIDTH)[:2], knowledge.tongue
    if found is None:
        return lines
    if found.severity != "info":
        for cause in found.causes[:2]:
            word = knowledge.word("likely" if cause.why else "often")
            words = tongue.aside(knowledge.cause(cause.id).text, knowledge.say(cause.why))
            lines += wrap(printable(tongue.labelled(word, words)), WIDTH)[:2]
        for remedy in knowledge.remedies(found)[:2]:
            told = tongue.labelled(knowledge.word("do"), remedy)
            lines += wrap(printable(told), WIDTH)[:2]
    for hint in found.hints[:2]:
        lines += wrap(
            printable(tongue.labelled(knowledge.word("shown"), knowledge.hint(hint))), WIDTH
        )[:2]
    others = [one for one in update.diagnosis.findings if one is not found]
    names = [f"{knowledge.pattern(one.pattern).title} {knowledge.since(one)}" for one in others]
    return lines + wrap(printable(tongue("; ").join(names)), WIDTH)[:1] if names else lines
