"""`lossmon check -v`: what was read of each log, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.formats.decoder import Unread
from lossmon.formats.lexicon import OTHER, role
from lossmon.monitor.update import LogInfo, RunUpdate
from lossmon.text import pad, printable
from lossmon.words import known

_EXAMPLES = 3
_METRICS = 12


def as_text(updates: Sequence[RunUpdate], refused: Mapping[str, str], lang: str = "en") -> str:
    """For each run its logs, formats, counts, examples of skipped lines, and roles of metrics.

    Args:
        updates: the runs.
        refused: path -> why no row of a training came of it.
        lang: of what could not be judged.
    """
    lines: list[str] = []
    knowledge = load(lang)
    read = {log.file for one in updates for log in one.logs if log.records or log.skipped}
    refused = {path: why for path, why in refused.items() if path not in read}
    for update in updates:
        lines.append(printable(update.run))
        for log in update.logs:
            lines += _log(log, knowledge)
        lines += _metrics(update, knowledge)
        lines += _parts(update, knowledge)
        missing = knowledge.not_judged(update.diagnosis.unjudged)
        lines += [f"  {missing}"] if missing else []
        lines.append("")
    if refused:
        lines.append(knowledge.tell("not read"))
        lines += [
            f"  {printable(path)}: {printable(knowledge.say(why))}" for path, why in refused.items()
        ]
    return "\n".join(lines).rstrip()


def unread(one: Unread, knowledge: Knowledge) -> str:
    """A metric of which few lines were read, in one line."""
    metric = printable(f"`{one.metric}`")
    return knowledge.tell(
        "{lines:,} lines look like rows of {metric}, {rows:,} were counted",
        lines=one.lines,
        metric=metric,
        rows=one.rows,
    )


def _log(log: LogInfo, knowledge: Knowledge) -> list[str]:
    say, tell, labelled = knowledge.say, knowledge.tell, knowledge.tongue.labelled
    lines = [
        f"  {printable(log.path)}",
        f"    {labelled(log.format, printable(say(log.why)))}",
        "    "
        + tell(
            "{rows:,} rows from {bytes:,} bytes, {skipped:,} skipped",
            rows=log.records,
            bytes=log.bytes,
            skipped=log.skipped,
        ),
    ]
    told = dict.fromkeys(
        printable(labelled(say(known(reason)), start) if start.strip() else say(known(reason)))
        for reason, start in log.examples
    )
    lines += [f"      {line}" for line in islice(told, _EXAMPLES)]
    lines += [f"      {unread(one, knowledge)}" for one in log.unread[:_METRICS]]
    lines += [f"    {labelled(tell('joined'), printable(say(log.joined)))}"] if log.joined else []
    lines += (
        [f"    {labelled(tell('not joined'), printable(say(log.parted)))}"] if log.parted else []
    )
    return lines


def _parts(update: RunUpdate, knowledge: Knowledge) -> list[str]:
    """The stages of a run, and the points that are hidden."""
    lines = (
        [
            f"  {pad(knowledge.tell('stages'), 13)} "
            + ", ".join(
                knowledge.tell(
                    "{name} from step {step:,}", name=printable(stage.name), step=stage.step
                )
                for stage in update.stages
            )
        ]
        if update.stages
        else []
    )
    hidden = update.hidden
    if hidden:
        words = knowledge.tell(
            "{points:,} points of steps that were logged again later", points=hidden
        )
        lines.append(f"  {pad(knowledge.tell('hidden'), 13)} {words}")
    return lines


def _metrics(update: RunUpdate, knowledge: Knowledge) -> list[str]:
    tell = knowledge.tell
    main = {update.train: "train loss", update.eval: "eval loss"}
    main |= {update.learning_rate: "learning rate", update.grad_norm: "grad norm"}
    lines = [
        f"  {pad(tell(main[name]), 13)} {printable(name)}, {tell('{n:,} points', n=len(view))}"
        for name, view in update.series.items()
        if name in main
    ]
    others = [name for name in update.series if name not in main]
    named = [
        printable(name)
        + ("" if role(name) == OTHER else f" ({tell(role(name).replace('_', ' '))})")
        for name in others[:_METRICS]
    ]
    left = len(others) - _METRICS
    more = tell(", and {more} more", more=left) if left > 0 else ""
    return [*lines, f"  {pad(tell('besides'), 13)} {', '.join(named)}{more}"] if others else lines
