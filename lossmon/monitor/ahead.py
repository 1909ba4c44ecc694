"""The end of a long log, shown while the reading has not got there yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from lossmon.errors import FormatError
from lossmon.formats.decoder import Record, Rows
from lossmon.formats.detect import detect
from lossmon.formats.lexicon import role
from lossmon.formats.sound import sound
from lossmon.history.columns import SeriesView, part_of
from lossmon.history.run import History


def decode_end(head: bytes, end: bytes, path: str) -> list[Record]:
    """The rows of a log's last bytes that carry their own step.

    Args:
        head: its first bytes: they hold headers, and the shape of its lines.
        end: its last bytes; the first line of them is cut.
        path: its path.
    """
    try:
        found = detect(head, path, complete=False)
        if found is None:
            return []
        before = found.decoder.feed(head[: head.rfind(b"\n") + 1])
        before = sound(before, found.decoder.skipped)
        rows = sound(found.decoder.feed(end[end.find(b"\n") + 1 :]), found.decoder.skipped)
    except (FormatError, ValueError):
        return []
    newest = max((record.step for record in before if record.step is not None), default=0)
    # Where rows carry no step they are counted: then the end seems to follow the head at once.
    steps = [record.step for record in rows if record.step is not None]
    if not steps or min(steps) <= newest + 2 * len(before):
        return []
    if len({record.run for record in (*before, *rows)}) > 1:  # the end is another run's
        return []
    return [record for record in rows if record.step is not None]


def put(history: History, part: Record | Rows) -> None:
    """Append a record, or many that are alike."""
    if isinstance(part, Rows):
        history.extend(part.values, part.step, part.epoch, part.time, part.stage)
    else:
        history.append(part.values, part.step, part.epoch, part.time, part.stage)


def views_of(rows: Iterable[Record]) -> dict[str, SeriesView]:
    """What rows say of each metric."""
    history = History(role)
    for row in rows:
        put(history, row)
    return {name: one.kept() for name, one in history.series.items()}


def beyond(
    ahead: Mapping[str, SeriesView], series: Mapping[str, SeriesView]
) -> dict[str, SeriesView]:
    """Of the end of a log what the reading has not got to, of metrics that were met already."""
    left = {}
    for name, view in ahead.items():
        read = series.get(name)
        if read is None or not len(read):
            continue
        start = int(np.searchsorted(view.step, read.step[-1], side="right"))
        if start < len(view):
            left[name] = part_of(view, start, len(view))
    return left
