"""Columns of numbers under no header, in a file that is called after a loss or a training.

`numpy.savetxt("loss_history.txt", np.c_[train, val, test])` and `csv.writer(...).writerow([loss,
accuracy])` into `train_log.txt` write no word anywhere. A first column that counts is the step,
one of seconds the time; the next one is what the file is called after, or else the loss, which it
must then look like. What the others are nobody says: they are numbered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from lossmon.formats.column import falls, is_curve, metric_of_file
from lossmon.formats.decoder import Record
from lossmon.formats.lexicon import plain, split_of
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.lines import clean
from lossmon.formats.numbers import parse_number
from lossmon.formats.rows import RowReader
from lossmon.words import said

NAME = "columns"
READS = "Columns of numbers without a header: numpy's `savetxt`, Python's `csv.writer`"
SIGN = "a file that is called after a loss or a training, such as `loss_history.txt`"

_LEAST = 5  # rows, by which the decoder and `sniff` tell what counts
_MOST_COLUMNS = 12
_LOOKED_AT = 1000  # bytes for the first row
_PARTED = re.compile(r"[,;\s]\s{0,40}")
_MOST = 1e15  # that counts
_SECONDS = (1e9, 3e9)  # of the clock that began in 1970
_KEPT = frozenset(("log", "logs", "history", "hist", "curve", "curves", "record", "records"))


class ColumnsDecoder(LineDecoder):
    """Decodes rows as wide as the first one.

    Args:
        metric: what the first column that neither counts nor tells the time is called.
    """

    def __init__(self, metric: str) -> None:
        super().__init__(NAME, "no row of numbers as wide as the first")
        self._metric = metric
        self._rows = RowReader(self.facts)
        self._first: list[bytes] = []
        self._header: list[str] = []

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows of lines; the first few are held until they tell what counts."""
        if self._header:
            return super().rows(lines)
        for at, line in enumerate(lines, 1):
            if _cells(line):
                self._first.append(line)
            else:
                super().rows([line])  # counted as no row, or a failure
            if len(self._first) == _LEAST:
                return [*self._begin(), *super().rows(lines[at:])]
        return []

    def flush(self) -> Sequence[Record]:
        """Decode the last line, and what was held."""
        return [*super().flush(), *self._begin()]

    def _begin(self) -> Sequence[Record]:
        held, self._first = self._first, []
        if held:
            self._header = _header([_cells(line) for line in held], self._metric)
        return super().rows(held)

    def row(self, line: bytes) -> Record | None:
        """The cells of a line, as a table would have them."""
        cells = _cells(line)
        if not cells or len(cells) != len(self._header):
            return None
        return self._rows.read(dict(zip(self._header, cells, strict=True)))


def sniff(head: bytes, name: str) -> str | None:
    """A file called after a loss or a training, and in it rows of as many numbers, which fall."""
    metric = metric_of_file(name)
    words = set(plain(re.split(r"[\\/]", name)[-1].partition(".")[0]).split("_"))
    trained = any(split_of(word) == "train" or word == "learning" for word in words)
    if not metric and not (words & _KEPT and (trained or words <= _KEPT)):
        return None
    called = metric or "loss"
    lines = [line for line in head[:_LOOKED_AT].splitlines() if line.strip()]
    if not any(map(_cells, lines[:2])):
        return None  # as nearly always
    lines = [line for line in head.splitlines(keepends=True) if line.strip()]
    names = [] if _cells(lines[0]) else _PARTED.split(clean(lines.pop(0)).strip())
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()  # may be cut
    rows = [_cells(line) for line in lines]
    widths = set(map(len, rows))
    if len(rows) < _LEAST or len(widths) != 1 or not 1 < min(widths) <= _MOST_COLUMNS:
        return None
    if len(names) in widths:
        return None  # a table
    header = _header(rows[:_LEAST], called)
    if called not in header:
        return None
    curve = [row[header.index(called)] for row in rows]
    if not is_curve(curve) or not (metric or (falls(curve) and (trained or header[0] == "step"))):
        return None  # of a file that is called "log" alone one column has to count
    return said(
        "{count} columns of numbers without names; column {at} is {metric} by the file's name",
        count=min(widths),
        at=header.index(called) + 1,
        metric=called,
    )


def decoder(name: str) -> ColumnsDecoder:
    """A fresh decoder for the metric that the path names."""
    return ColumnsDecoder(metric_of_file(name) or "loss")


def _cells(line: bytes) -> list[float]:
    """The numbers of a line; none where it holds anything else."""
    if len(line) > 40 * _MOST_COLUMNS:
        return []
    numbers = [parse_number(cell) for cell in _PARTED.split(clean(line).strip())]
    return [one for one in numbers if one is not None] if None not in numbers else []


def _header(rows: list[list[float]], metric: str) -> list[str]:
    """What the columns are called, by the first rows."""
    names: list[str] = []
    width = min(map(len, rows))
    for at in range(width):
        column = [row[at] for row in rows]
        grows = all(a < b for a, b in pairwise(column))
        if metric in names:
            names.append(f"column {at + 1}")
        elif grows and _SECONDS[0] <= column[0] < _SECONDS[1] and "time" not in names:
            names.append("time")
        elif grows and not names and all(0 <= one < _MOST and one % 1 == 0 for one in column):
            names.append("step")
        else:
            names.append(metric)
    return names
