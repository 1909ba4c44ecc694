"""`lossmon check`: triage once, as a table or as JSON."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lossmon.diagnosis.finding import SEVERITIES, Cause, Finding
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.hparams.compare import ABSENT, find, setting
from lossmon.monitor.jobs import in_brief
from lossmon.monitor.sibling import Sibling, Siblings
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.signs import ASCII_SIGNS, SIGNS
from lossmon.presentation.sweep import sweep_line
from lossmon.presentation.verdict import headline, title_of
from lossmon.report.contract import run_object
from lossmon.report.machine import machine_line
from lossmon.report.reading import unread
from lossmon.text import (
    cell_width,
    clip,
    clip_middle,
    common_folder,
    json_line,
    pad,
    printable,
    wrap,
)

if TYPE_CHECKING:
    from lossmon.report.against import Against

_INDENT, _HANGING = 3, 4  # cells before advice, and before its further lines
_SHORTEST_NAME = 12  # cells that a run's name keeps on a narrow terminal
_OTHER_CAUSES = 3  # named behind the likeliest
_LONGEST_CELL = 27  # of a cell of numbers: a plan may be any number


def as_json(
    updates: Sequence[RunUpdate], knowledge: Knowledge, stand: Mapping[str, Against] | None = None
) -> str:
    """One strict JSON object a run, one a line, the runs by name.

    Args:
        updates: the runs.
        knowledge: the language of causes and remedies.
        stand: run -> how it stands against a baseline, if there is one.
    """
    against = {run: one.as_object() for run, one in (stand or {}).items()}
    return "\n".join(
        json_line(run_object(update, knowledge, against.get(update.run))) for update in updates
    )


def as_text(
    updates: Sequence[RunUpdate],
    knowledge: Knowledge,
    width: int,
    stand: Mapping[str, Against],
    *,
    ascii: bool = False,
    columns: Sequence[str] = (),
) -> str:
    """The table, below it what goes with an ending, and how runs stand against a baseline."""
    going_with = sweep_line(updates)
    return "\n".join(
        (
            as_table(updates, knowledge, width, ascii=ascii, columns=columns),
            *([knowledge.say(going_with)] if going_with else []),
            *(printable(f"{run}: {knowledge.say(one.sentence())}") for run, one in stand.items()),
        )
    )


def fails(
    updates: Sequence[RunUpdate], stand: Mapping[str, Against], fail_on: Collection[str]
) -> bool:
    """Whether there is anything of what a command should fail on.

    Args:
        updates: the runs.
        stand: run -> how it stands against a baseline.
        fail_on: severities, of which the mildest counts, "behind", "never".
    """
    if "behind" in fail_on and any(one.standing == "behind" for one in stand.values()):
        return True
    found = {finding.severity for update in updates for finding in update.diagnosis.findings}
    return at_or_above(found, fail_on)


def at_or_above(found: Collection[str], fail_on: Collection[str]) -> bool:
    """Whether one of some severities is at the mildest of others, or above."""
    limits = [SEVERITIES.index(level) for level in SEVERITIES if level in fail_on]
    return any(SEVERITIES.index(severity) >= min(limits, default=9) for severity in found)


def as_table(
    updates: Sequence[RunUpdate],
    knowledge: Knowledge,
    width: int,
    *,
    ascii: bool = False,
    columns: Sequence[str] = (),
) -> str:
    """One line a run, who needs attention first, and what to do below it.

    Args:
        updates: the runs.
        knowledge: the language of titles and remedies.
        width: columns of the terminal; rows are cut with an ellipsis, advice goes on below.
        ascii: use ASCII signs only.
        columns: settings, or metrics of rows, that have a column each.
    """
    marks = {**ASCII_SIGNS, "info": "."} if ascii else {**SIGNS, "info": "·"}
    heads = tuple(map(printable, columns))
    if not knowledge.tongue.table:  # only Latin heads are capitals
        heads = tuple(head.upper() for head in heads)
    named = map(knowledge.tell, ("RUN", "STATE", "STEP", "TRAIN", "EVAL"))
    rows: list[tuple[str, ...]] = [("", *named, *heads)]
    ordered = sorted(updates, key=need)
    rows += [
        (*_row(update, marks, knowledge), *(_told(update, column) for column in columns))
        for update in ordered
    ]
    widths = [max(cell_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    verdicts = max([cell_width(title_of(update, knowledge)) for update in ordered], default=0)
    room = width - verdicts - sum(widths) + widths[1] - 2 * len(widths)
    room = max(_SHORTEST_NAME, room)
    if widths[1] > room:  # the folder that all are in was typed, and tells none from another
        folder = common_folder(row[1] for row in rows[1:])
        rows[1:] = [(row[0], row[1][len(folder) :].lstrip("/"), *row[2:]) for row in rows[1:]]
        widths[1] = max(cell_width(row[1]) for row in rows)
    widths[1] = min(widths[1], room)
    lines = []
    siblings = Siblings(ordered)
    for row, update in zip(rows, [None, *ordered], strict=True):
        # Of a run's name the end tells most; the other cells fit, or are words.
        cut = [clip, clip_middle, *[clip] * (len(widths) - 2)]
        cells = [
            pad(shorter(cell, w, ascii=ascii), w)
            for shorter, cell, w in zip(cut, row, widths, strict=True)
        ]
        verdict = knowledge.tell("VERDICT") if update is None else title_of(update, knowledge)
        lines.append(clip("  ".join([*cells, verdict]).rstrip(), width, ascii=ascii))
        if update is not None:
            lines += _advice(update, knowledge, width, siblings.of(update), ascii=ascii)
    return "\n".join(lines)


def _advice(
    update: RunUpdate, knowledge: Knowledge, width: int, sibling: Sibling | None, *, ascii: bool
) -> list[str]:
    """Below a run that needs attention: the likeliest cause and what to do; errors in any case."""
    say, tongue = knowledge.say, knowledge.tongue
    lines = [tongue.labelled(tongue("error"), printable(say(error))) for error in update.errors]
    lost = [one for log in update.logs for one in log.unread]
    if lost:
        worst = max(lost, key=lambda one: one.lines - one.rows)
        lines.append(tongue("; ").join((unread(worst, knowledge), tongue("check -v says more"))))
    if update.job is not None and update.state != "failed":  # then it is the evidence
        lines.append(printable(knowledge.say(in_brief(update.job, time.time()))))
    machine = knowledge.say(machine_line(update))
    if machine:
        lines.append(machine)
    if update.state_note and update.state == "running":
        lines.append(printable(knowledge.say(update.state_note)))
    finding = headline(update)
    if finding is not None and finding.pattern == "stalled":
        lines += _beneath(update, finding, knowledge)
    if finding is not None and finding.severity != "info":
        seen = printable(knowledge.say(finding.evidence))
        lines.append(tongue.labelled(tongue("seen"), seen))
        lines += _causes(finding, knowledge)
        do = knowledge.word("do")
        remedies = knowledge.remedies(finding)[:2]
        lines += [tongue.labelled(do, printable(remedy)) for remedy in remedies]
    elif finding is not None and finding.hints:
        lines += _shown(finding, knowledge)
    elif finding is not None:  # what looks odd and is usual is told, so that nobody mends it
        lines += _causes(replace(finding, causes=_measured(finding)), knowledge)
    if sibling is not None:
        told = tongue("; ").join(sibling.in_words(tongue))
        lines.append(tongue.labelled(knowledge.word("sibling"), told))
    rows = []
    for line in lines:
        first, *rest = wrap(line, max(20, width - _INDENT - _HANGING)) or [""]
        rows += [" " * _INDENT + first, *(" " * (_INDENT + _HANGING) + row for row in rest)]
    return [clip(row, width, ascii=ascii) for row in rows]


def _shown(finding: Finding, knowledge: Knowledge) -> list[str]:
    """What rows that are too few for a verdict show already, and what they speak for."""
    words = (knowledge.word("shown"), *[knowledge.tell("and")] * len(finding.hints))
    lines = [
        printable(knowledge.tongue.labelled(word, knowledge.hint(hint)))
        for word, hint in zip(words, finding.hints, strict=False)
    ]
    causes = [knowledge.cause(id_).text for hint in finding.hints for id_ in hint.causes]
    told = list(dict.fromkeys(causes))[: 1 + _OTHER_CAUSES]
    lines += [knowledge.tongue.labelled(knowledge.word("hint"), text) for text in told[:1]]
    return lines + [knowledge.tongue.labelled(knowledge.tell("or"), text) for text in told[1:]]


def _beneath(update: RunUpdate, stall: Finding, knowledge: Knowledge) -> list[str]:
    """What its rows speak for, before the silence of an old log: that of a paste means nothing."""
    told = [one for one in update.diagnosis.findings if one is not stall and _measured(one)]
    if stall.causes or not told:
        return []
    title = printable(knowledge.told(told[0]).title)
    causes = _causes(replace(told[0], causes=_measured(told[0])), knowledge)
    return [knowledge.tell("its rows: {title}", title=title), *causes]


def _measured(finding: Finding) -> tuple[Cause, ...]:
    """The causes that this log has a reason for."""
    return tuple(cause for cause in finding.causes if cause.why)


def _causes(finding: Finding, knowledge: Knowledge) -> list[str]:
    """The likeliest cause with its reason, and two more that the log does not rule out.

    A curve seldom parts them: of a loss that stays at guessing the labels, the scale of the inputs
    and weights that no update reaches all are looked for, and who reads of one alone stops there.
    """
    tongue, lines = knowledge.tongue, []
    ordered = sorted(finding.causes, key=lambda c: not c.why)
    for cause in ordered[:1]:
        # What is only typical of such curves has no reason in this log, and says so.
        word = knowledge.tell("likely") if cause.why else knowledge.word("often")
        told = tongue.aside(knowledge.cause(cause.id).text, knowledge.say(cause.why))
        lines.append(printable(tongue.labelled(word, told)))
    if not ordered or knowledge.cause(ordered[0].id).certain:
        return lines
    others = [text for one in ordered[1:] if not (text := knowledge.cause(one.id)).seen]
    if others:
        told = tongue("; ").join(text.text for text in others[:_OTHER_CAUSES])
        lines.append(printable(tongue.labelled(knowledge.tell("or"), told)))
    return lines


def _told(update: RunUpdate, name: str) -> str:
    """A setting; where no file tells it, what the newest row has under that name, such as lr."""
    told = setting(update, name)
    metric = find(dict.fromkeys(update.series), name) if told == ABSENT else None
    value = update.newest(metric)
    return told if value is None else f"{value:.6g}"


def need(update: RunUpdate) -> tuple[int, str]:
    """What runs are sorted by: who needs attention first."""
    finding = headline(update)
    rank = SEVERITIES.index(finding.severity) if finding else 0
    return (-rank, update.run)


def _row(update: RunUpdate, marks: dict[str, str], knowledge: Knowledge) -> tuple[str, ...]:
    finding = headline(update)
    mark = marks[finding.severity] if finding else " "
    step = "-" if update.step is None else f"{update.step:,}"
    total = f"/{update.total_steps:,}" if update.total_steps else ""
    return (
        mark,
        printable(update.run),
        knowledge.tell(update.state),
        clip(step + total, _LONGEST_CELL),
        _newest(update, update.train),
        _newest(update, update.eval),
    )


def _newest(update: RunUpdate, metric: str | None) -> str:
    view = update.series.get(metric) if metric else None
    return "-" if view is None or not len(view) else f"{view.value[-1]:.4g}"
