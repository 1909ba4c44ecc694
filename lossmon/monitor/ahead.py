"""The end of a long log, shown while the reading has not got there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lossmon.errors import FormatError
from lossmon.formats.decoder import Record
from lossmon.formats.detect import detect
from lossmon.history.columns import SeriesView


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
        rows = found.decoder.feed(end[end.find(b"\n") + 1 :])
    except (FormatError, ValueError):
        return []
    newest = max((record.step for record in before if record.step is not None), default=0)
    # Where rows carry no step they are counted: then the end seems to follow the head at once.
    steps = [record.step for record in rows if record.step is not None]
    if not steps or min(steps) <= newest + 2 * len(before):
        return []
    return [record for record in rows if record.step is not None]


def with_end(
    series: Mapping[str, SeriesView], names: Sequence[str], rows: Sequence[Record]
) -> dict[str, SeriesView]:
    """Put the rows of the end behind what was read of some metrics, with a gap between."""
    longer = dict(series)
    for name in names:
        view = series.get(name)
        if view is None or not len(view):
            continue
        last = int(view.step[-1])
        new = [r for r in rows if name in r.values and r.step is not None and r.step > last]
        if new:
            longer[name] = SeriesView(
                view.name,
                view.role,
                np.append(view.step, [r.step for r in new]),
                np.append(view.value, [r.values[name] for r in new]),
                _longer(view.epoch, [r.epoch for r in new]),
                _longer(view.time, [r.time for r in new]),
            )
    return longer


def _longer(column: np.ndarray | None, cells: list[float | None]) -> np.ndarray | None:
    if column is None:
        return None
    return np.append(column, [np.nan if cell is None else cell for cell in cells])
