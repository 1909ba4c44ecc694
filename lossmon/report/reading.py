"""`lossmon check -v`: what was read of each log, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from lossmon.diagnosis.knowledge import load
from lossmon.formats.lexicon import OTHER, role
from lossmon.monitor.update import LogInfo, RunUpdate
from lossmon.text import printable

_EXAMPLES = 3
_METRICS = 12


def as_text(updates: Sequence[RunUpdate], refused: Mapping[str, str], lang: str = "en") -> str:
    """For each run its logs, formats, counts, examples of skipped lines, and roles of metrics.

    Args:
        updates: the runs.
        refused: path -> why it is no training log.
        lang: of what could not be judged.
    """
    lines: list[str] = []
    read = {log.path for update in updates for log in update.logs if log.records}
    refused = {path: why for path, why in refused.items() if path not in read}
    for update in updates:
        lines.append(printable(update.run))
        for log in update.logs:
            lines += _log(log)
        lines += _metrics(update)
        lines += _parts(update)
        missing = load(lang).not_judged(update.diagnosis.unjudged)
        lines += [f"  {missing}"] if missing else []
        lines.append("")
    if refused:
        lines.append("not read")
        lines += [f"  {printable(path)}: {printable(why)}" for path, why in refused.items()]
    return "\n".join(lines).rstrip()


def _log(log: LogInfo) -> list[str]:
    lines = [
        f"  {printable(log.path)}",
        f"    {log.format}: {printable(log.why)}",
        f"    {log.records:,} rows from {log.bytes:,} bytes, {log.skipped:,} skipped",
    ]
    told = dict.fromkeys(
        printable(f"{reason}: {start}" if start.strip() else reason)
        for reason, start in log.examples
    )
    lines += [f"      {line}" for line in islice(told, _EXAMPLES)]
    lines += [f"    joined: {printable(log.joined)}"] if log.joined else []
    lines += [f"    not joined: {printable(log.parted)}"] if log.parted else []
    return lines


def _parts(update: RunUpdate) -> list[str]:
    """The stages of a run, and the points that are hidden."""
    lines = (
        [
            f"  {'stages':13} "
            + ", ".join(
                f"{printable(stage.name)} from step {stage.step:,}" for stage in update.stages
            )
        ]
        if update.stages
        else []
    )
    hidden = update.hidden
    if hidden:
        lines.append(f"  {'hidden':13} {hidden:,} points of steps that were logged again later")
    return lines


def _metrics(update: RunUpdate) -> list[str]:
    main = {update.train: "train loss", update.eval: "eval loss"}
    main |= {update.learning_rate: "learning rate", update.grad_norm: "grad norm"}
    lines = [
        f"  {main[name]:13} {printable(name)}, {len(view):,} points"
        for name, view in update.series.items()
        if name in main
    ]
    others = [name for name in update.series if name not in main]
    named = [
        printable(name) + ("" if role(name) == OTHER else f" ({role(name).replace('_', ' ')})")
        for name in others[:_METRICS]
    ]
    more = f", and {len(others) - _METRICS} more" if len(others) > _METRICS else ""
    return [*lines, f"  {'besides':13} {', '.join(named)}{more}"] if others else lines
