"""What is wrong with the logs of a run, and what is not kept of them, in words."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lossmon.formats.decoder import Decoder
from lossmon.history.run import MAX_METRICS, MOST_LEFT_OUT, History
from lossmon.monitor.log import Log
from lossmon.words import joined, said


def faults(logs: Sequence[Log]) -> tuple[str, ...]:
    """What each log suffers from, once; where the run has several, the damaged one is named."""
    found: dict[str, None] = {}
    for log in logs:
        name = os.path.basename(log.path)
        found |= dict.fromkeys(
            joined(": ", (name, error)) if len(logs) > 1 else error for error in log.errors
        )
        found |= dict.fromkeys(
            one for one in (log.trouble, _too_many(log.history, log.decoder)) if one
        )
    return tuple(found)


def _too_many(history: History, decoder: Decoder | None) -> str | None:
    """One line with a count; None where every metric is kept."""
    cells = decoder.facts.unread_cells if decoder is not None else 0
    number = len(history.left_out) + cells
    if not number:
        return None
    count = f"{number:,}+" if len(history.left_out) == MOST_LEFT_OUT else f"{number:,}"
    if len(history.series) < MAX_METRICS:
        return said("{count} metrics with names too long to be one are left out", count=count)
    return said(
        "{count} metrics are left out: a run keeps its first {most:,}, and of later ones what it"
        " is judged by, such as losses, rates and scores",
        count=count,
        most=MAX_METRICS,
    )
