"""Whether what stands in a log since it was rotated is more of the same training."""

from __future__ import annotations

import copy
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from lossmon.formats.decoder import Decoder, Record, Skipped
from lossmon.formats.json_document import DocumentDecoder
from lossmon.formats.lines import Splitting
from lossmon.formats.sound import sound
from lossmon.logs.files import is_named_after

if TYPE_CHECKING:
    from lossmon.monitor.log import Log

_LOOKED_THROUGH = 2000  # lines of the new file for its first row
_LINES = 3  # a row may be held back until its bar is not drawn again


def goes_on(decoder: Decoder | None, data: bytes, last: int | None, *, sure: bool) -> bool:
    """Whether the first bytes of the new file go on where the old one ended.

    A training that was begun anew under the name of the last one is another; a document is written
    whole, and so is what stands in its place. Where nothing tells that a file was rotated (its old
    rows were packed at once, or it was emptied: `: > train.log`), the rows have to say it: by steps
    of their own, which lines that are merely counted have not, and which go on.

    Args:
        decoder: of the old file, as it stands.
        data: the first bytes.
        last: the newest step of the old file.
        sure: the old rows stand beside the file.
    """
    if decoder is None or isinstance(decoder, DocumentDecoder):
        return False
    # No byte of the new file ends the line that was unfinished: `{"step": 51, "lo` had taken the
    # first row behind `: > train.jsonl` with it.
    if isinstance(decoder, Splitting):
        decoder.drop_line()
    step, lines = _first_step(decoder, data)
    if sure:
        return step is None or last is None or step >= last
    return step is not None and last is not None and step > last and _stands(step, lines)


def _first_step(decoder: Decoder, data: bytes) -> tuple[int | None, bytes]:
    """The step of the first row, and the lines up to it of which one has given it."""
    trial, seen = copy.deepcopy(decoder), deque[bytes](maxlen=_LINES)
    for line in islice(BytesIO(data), _LOOKED_THROUGH):
        seen.append(line)
        try:
            rows = sound(trial.feed(line), Skipped())
        except Exception:  # its decoder says so when it meets them
            break
        for row in rows:
            return row.step, b"".join(seen)
    return None, b""


def _stands(step: int, lines: bytes) -> bool:
    """Whether a step was read: one that counts lines stands in none of them."""
    return re.search(rb"(?<![\d.])%d(?![\d.])" % step, lines) is not None


def is_part(path: str, rows: Iterable[Record], whole: Log) -> bool:
    """Whether a file holds what a log beside it held before it was rotated.

    It is named like it (train.log.1, train.log.1.gz, train-20261129.log) and its rows stand in it:
    the names of `logrotate` and of `RotatingFileHandler` are many, and what was packed, or moved on
    to the next number, has neither the bytes nor the file that were read.

    Args:
        path: of the file.
        rows: some of its rows, the first and the last among them.
        whole: the log.
    """
    if not is_named_after(os.path.basename(path), os.path.basename(whole.path)):
        return False
    told = [_has(whole, row) for row in rows]
    return any(told) and False not in told


def _has(log: Log, row: Record) -> bool | None:
    """Whether a row stands in a log; None of one without what both of them hold."""
    if row.step is None:
        return False
    found = None
    for name, value in row.values.items():
        series = log.history.series.get(name)
        if series is not None:
            view = series.kept()
            at = int(view.step.searchsorted(row.step))
            if at == len(view) or view.step[at] != row.step or view.value[at] != value:
                return False
            found = True
    return found


def ends_of(log: Log) -> Iterator[Record]:
    """The first and the last point of each metric of a log."""
    for name, series in log.history.series.items():
        view = series.kept()
        for at in (0, -1) if len(view) else ():
            yield Record({name: float(view.value[at])}, int(view.step[at]))
