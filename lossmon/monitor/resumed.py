"""Event files of one folder: a training that is resumed writes one more, and goes on in it.

TensorBoard shows all files of a folder as one run. Here the file with the most points stood for
each metric: of a training that was resumed at step 500 no row was read until it passed 1,000.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from lossmon.formats.tensorboard import NAME
from lossmon.history.columns import SeriesView
from lossmon.monitor.log import Log

Source = tuple[Log, str]  # a log, and the name of one of its metrics


def view_of(source: Source) -> SeriesView:
    """What counts of a metric of one log."""
    log, name = source
    return log.history.series[name].kept()


def parts_of(source: Source, logs: Sequence[Log]) -> list[Source]:
    """A metric's files, the oldest first, where each goes on from the one before; else its source.

    One that goes on was begun when the other was over, at a later step, and ends no earlier: ranks
    write side by side, restarts begin where all begin, and what evaluates an old checkpoint ends
    before the newest step.
    """
    log, name = source
    if log.format != NAME:
        return [source]
    folder = os.path.dirname(log.path)
    files = [
        one
        for one in logs
        if one.format == NAME
        and os.path.dirname(one.path) == folder
        and len(one.history.series.get(name, ()))
    ]
    if len(files) < 2:
        return [source]
    parts: list[Source] = [(one, name) for one in sorted(files, key=lambda one: one.path)]
    return parts if all(map(_goes_on, parts, parts[1:])) else [source]


def _goes_on(part: Source, after: Source) -> bool:
    old, new = view_of(part), view_of(after)
    if not (old.step[0] < new.step[0] and old.step[-1] <= new.step[-1]):
        return False
    return old.time is None or new.time is None or bool(old.time[-1] <= new.time[0])


def continued(parts: Sequence[Source]) -> SeriesView:
    """The points of all parts; where a later one logged steps again, those of the later."""
    views = [view_of(part) for part in parts]
    ends = [int(view.step.searchsorted(after.step[0])) for view, after in pairwise(views)]
    ends.append(len(views[-1]))
    last = views[-1]
    epochs, times = [view.epoch for view in views], [view.time for view in views]
    return SeriesView(
        last.name,
        last.role,
        np.concatenate([view.step[:end] for view, end in zip(views, ends, strict=True)]),
        np.concatenate([view.value[:end] for view, end in zip(views, ends, strict=True)]),
        _joined(epochs, ends),
        _joined(times, ends),
    )


def _joined(columns: Sequence[np.ndarray | None], ends: Sequence[int]) -> np.ndarray | None:
    known = [column[:end] for column, end in zip(columns, ends, strict=True) if column is not None]
    return np.concatenate(known) if len(known) == len(columns) else None
