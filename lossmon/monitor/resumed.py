"""Event files of one folder: a training that is resumed writes one more, and goes on in it.

TensorBoard shows all files of a folder as one run. Here the file with the most points stood for
each metric: of a training that was resumed at step 500 no row was read until it passed 1,000.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lossmon.formats.tensorboard import NAME
from lossmon.history.columns import Ints, Series, SeriesView, joined, part_of
from lossmon.monitor.log import Log

Source = tuple[Log, str]  # a log, and the name of one of its metrics


def series_of(source: Source) -> Series:
    """A metric of one log."""
    log, name = source
    return log.history.series[name]


def in_parts(sources: Mapping[str, Source], logs: Sequence[Log]) -> dict[str, list[Source]]:
    """For each metric its source, or the parts of it; see `_parts_of`."""
    files = sorted((log for log in logs if log.format == NAME), key=lambda log: log.path)
    if len(files) < 2:
        return {name: [source] for name, source in sources.items()}
    return {name: _parts_of(source, files) for name, source in sources.items()}


def _parts_of(source: Source, files: Sequence[Log]) -> list[Source]:
    """A metric's files, the oldest first, where each goes on from the one before; else its source.

    One that goes on was begun when the other was over, at a later step, and ends no earlier: ranks
    write side by side, restarts begin where all begin, and what evaluates an old checkpoint ends
    before the newest step. It may first repeat rows of the other, as where files were copied.
    """
    log, name = source
    folder = os.path.dirname(log.path)
    parts: list[Source] = [
        (one, name)
        for one in files
        if os.path.dirname(one.path) == folder and len(one.history.series.get(name, ()))
    ]
    whole = source in parts and all(map(_goes_on, parts, parts[1:]))
    return parts if whole else [source]


def _goes_on(part: Source, after: Source) -> bool:
    old, new = series_of(part).kept(), series_of(after).kept()
    if not (old.step[0] < new.step[0] and old.step[-1] <= new.step[-1]):
        return False
    if old.time is None or new.time is None:
        return True
    own = new.time[_repeated(old, new) :]  # rows that the other does not have
    return not len(own) or bool(old.time[-1] <= own[0])


def _repeated(old: SeriesView, new: SeriesView) -> int:
    """How many rows of the later part, from its first, are rows of the earlier one.

    A file of steps 150 to 299 beside one of 0 to 199 repeated fifty of its rows to the second: by
    its first time it was begun before the other was over, and its newest hundred rows were lost.
    """
    start = int(old.step.searchsorted(new.step[0]))
    there = min(len(old) - start, len(new))
    same = np.ones(there, bool)
    for column in ("step", "value", "time"):
        ours = getattr(old, column)[start : start + there]
        same &= np.isclose(ours, getattr(new, column)[:there], rtol=0.0, atol=0.0, equal_nan=True)
    return there if same.all() else int(same.argmin())


def continued(parts: Sequence[Source]) -> SeriesView:
    """The rows of all parts in the order they were logged, those that were logged again as well.

    What a later part repeats of the one before stands there once. The rows that a resumed run gave
    up were left out here, and those of one file were not: `export` had 500 of 600.
    """
    views = [series_of(part).rows() for part in parts]
    for at, (part, after) in enumerate(pairwise(parts), 1):
        copied = _repeated(series_of(part).kept(), series_of(after).kept())
        views[at] = part_of(views[at], copied, len(views[at]))
    return joined(views)


def pieces_of(steps: Sequence[Ints]) -> list[Ints]:
    """Of metrics of one training, each in log order, the piece that each row is of, from 0 on.

    A new piece begins where the steps of the metric that shows it best go back: of rows each ten
    steps apart an evaluation each hundred steps may not go back at all. Its rows are of the first
    piece that gets so far.
    """
    falls = [np.diff(one, prepend=one[:1]) < 0 for one in steps]
    pieces = [np.cumsum(fall, dtype=np.int64) for fall in falls]
    best = max(range(len(steps)), key=lambda at: (int(pieces[at][-1]), len(steps[at])))
    most = int(pieces[best][-1])
    if not most:
        return pieces
    ends = np.maximum.accumulate(steps[best][np.append(np.flatnonzero(falls[best]) - 1, -1)])
    return [
        own if int(own[-1]) == most else _in_pieces(step, fall, ends)
        for step, fall, own in zip(steps, falls, pieces, strict=True)
    ]


def _in_pieces(step: Ints, fall: NDArray[np.bool_], ends: Ints) -> Ints:
    found = np.minimum(np.searchsorted(ends, step), len(ends) - 1)
    floor = 0
    for start, stop in pairwise((0, *np.flatnonzero(fall).tolist(), len(step))):
        found[start:stop] = np.minimum(np.maximum(found[start:stop], floor), len(ends) - 1)
        floor = int(found[stop - 1]) + 1
    return found
