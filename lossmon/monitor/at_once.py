"""Rows that nobody looks between are taken in together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from lossmon.formats.decoder import Record, Rows, batches
from lossmon.monitor.log import Log


def add_all(log: Log, records: Sequence[Record]) -> None:
    """Put records into the history of a log; what adding them one by one gives.

    Roles are chosen where a name is new, by what was there then.
    """
    known = log.history.series.keys()
    for single, parts in groupby(batches(records), _is_single):
        if not single:
            for part in parts:
                log.add(part)
            continue
        together: list[Record] = []
        for record in cast("Iterator[Record]", parts):
            if record.values.keys() <= known:
                together.append(record)
                continue
            _append(log, together)
            together = []
            log.add(record)
        _append(log, together)


def _append(log: Log, records: list[Record]) -> None:
    log.history.append_all(records)
    log.records += len(records)


def _is_single(part: Record | Rows) -> bool:
    return isinstance(part, Record)
