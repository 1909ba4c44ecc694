"""What a run does not keep of a log that names more metrics than anybody looks at, in words."""

from __future__ import annotations

from lossmon.formats.decoder import Decoder
from lossmon.history.run import MAX_METRICS, MOST_LEFT_OUT, History
from lossmon.words import said


def too_many(history: History, decoder: Decoder | None) -> str | None:
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
