"""Bare numbers, one a line, in a file that is called after what they are: `loss.txt`.

`numpy.savetxt("train_loss.txt", losses)` and a C++ program's `out << loss << endl` write no word
beside them; users of Chainer write "epoch12 0.254". The name of the file says which metric it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import pairwise

from lossmon.formats.decoder import Record
from lossmon.formats.lexicon import (
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    TRAIN_LOSS,
    is_reward,
    plain,
    role,
)
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.names import metric_of_path
from lossmon.formats.numbers import parse_number
from lossmon.formats.rows import RowReader
from lossmon.words import said

NAME = "column"
READS = (
    "A column of numbers, with or without a counter: numpy's `savetxt`, C++ and Fortran programs"
)
SIGN = "a file that is called after a loss or a reward, such as `train_loss.txt`"

_ROW = re.compile(
    rb"\s{0,8}(?:(?P<word>epoch|iter|iteration|step)?[ :_#-]{0,3}"
    rb"\"?(?P<count>\d{1,15}|\d\.\d{1,30}e\+\d\d)\"?[\s,;:]{1,8})?"
    rb"(?P<value>[-+]?(?:\d{1,20}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?|[-+]?(?:nan|inf))"
    rb"(?: ?\(\w{1,12}\))?\s{0,8}",
    re.IGNORECASE,
)
# "0.5186956 100": the counter behind the value.
_BEHIND = re.compile(
    rb"\s{0,8}(?P<value>[-+]?\d{1,20}\.\d{0,30}(?:[eE][-+]?\d{1,3})?|nan)[\s,;]{1,8}"
    rb"(?P<count>\d{1,15})(?P<word>)\s{0,8}"
)
# What R, pandas and Julia write above columns that nobody named: "","x" and ,0 and x1,x2
_UNNAMED = re.compile(
    rb"(?:\"?(?:[A-Za-z]\d?)?\"?[,;\t]\"?(?:[A-Za-z]\d?|0)|\"?[A-Za-z]\d?)\"?\s{0,4}"
)
_LOOKED_AT = 200  # bytes for a header
_NAMED = re.compile(r"[A-Za-z][\w /.-]{1,40}")
_TOLD = (TRAIN_LOSS, EVAL_LOSS, LEARNING_RATE, GRAD_NORM)
_LEAST = 5  # rows from which on numbers alone are a curve
_MOST_WORDS = 3  # lines above them: "Out[12]:", "J_history ="
_DISTINCT = 0.8  # of a curve's values; those of a grid or of labels come again
_MOST = 1e15  # that counts
_WRAPPED = re.compile(  # tensor(0.84, device='cuda:0')
    rb"(?:tensor|Tensor|[Aa]rray|np\.float\d\d)\(\[?([-+\d.eE]{1,30})(?:\]|,[^()]{0,80}(?:\([^()]*\))?[^()]*)?\)"
)
_OPENS = re.compile(rb"\[\d+\]\s+(?=[-\d])|[Aa]rray\((?=\[)")  # R numbers what it prints
_LEAST_COUNTED = 2  # and those behind a counter that grows
_CURVES = ("scalars",)  # folders with a file a metric, as TorchRL makes them
_ABOUT = re.compile(r"(?:^|_)(?:log|logs|history|curve|values?|list|record|data|out|\d+)(?=_|$)")


class ColumnDecoder(LineDecoder):
    """Decodes the rows of one metric.

    Args:
        metric: its name.
    """

    def __init__(self, metric: str) -> None:
        super().__init__(NAME, "no number alone")
        self._metric = metric
        self._rows = RowReader(self.facts)

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows of lines; a printed list is a row for each of its numbers."""
        return super().rows([cell for line in lines for cell in _cells_of(line)])

    def row(self, line: bytes) -> Record | None:
        """A number, or a counter and a number."""
        row = _ROW.fullmatch(line) or _BEHIND.fullmatch(line)
        if row is None:
            self._metric = _header(line) or self._metric
            return None
        return self._rows.read(self._cells(row))

    def _cells(self, row: re.Match[bytes]) -> dict[str, float | int | None]:
        """A row as a table would have it."""
        value = parse_number(row["value"].decode("ascii"))
        if row["count"] is None:
            return {self._metric: value}
        word = "epoch" if (row["word"] or b"").lower() == b"epoch" else "step"
        return {word: _count_of(row), self._metric: value}


def sniff(head: bytes, name: str) -> str | None:
    """A file called after a metric, and nothing but numbers in it."""
    header = _header(head[:_LOOKED_AT].lstrip().partition(b"\n")[0])
    metric = header or metric_of_file(name)
    if not metric:
        return None
    listed = head.lstrip().startswith(b"[")
    lines = [
        cell for line in head.splitlines(keepends=True) for cell in _cells_of(line) if cell.strip()
    ]
    if lines and not listed and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()  # may be cut
    if len(lines) > 1 and (header or _UNNAMED.fullmatch(lines[0])):
        del lines[0]
    form = _BEHIND if lines and _BEHIND.fullmatch(lines[0]) else _ROW
    rows = [row for line in lines if (row := form.fullmatch(line)) is not None]
    counts = [_count_of(row) for row in rows if row["count"] is not None]
    if len(rows) < len(lines) or len(counts) not in (0, len(rows)):
        return None
    if not _count_up(counts):
        return None  # they number something
    fractions = sum(b"." in row["value"] for row in rows)
    if len(rows) < (_LEAST_COUNTED if counts else _LEAST) or 2 * fractions < len(rows):
        return None  # too few, or labels, or counts of something
    if header:
        return said("nothing but numbers below {metric}", metric=metric)
    return said("nothing but numbers, and the name of the file says {metric}", metric=metric)


def any_numbers(head: bytes) -> str | None:
    """Why a file that someone calls a log is one though it holds numbers alone: they fall.

    `print(loss)` writes no more, as floats, as tensors, or all at the end as one list.
    """
    cells = [cell for line in head.splitlines() for cell in _cells_of(line) if cell.strip()]
    words = next((i for i, cell in enumerate(cells) if _ROW.fullmatch(cell)), len(cells))
    rows = [row for cell in cells[words:] if (row := _ROW.fullmatch(cell)) is not None]
    values = [float(row["value"]) for row in rows]
    counts = [_count_of(row) for row in rows if row["count"] is not None]
    if len(rows) < len(cells) - words or words > _MOST_WORDS or len(rows) < _LEAST:
        return None
    if len(counts) not in (0, len(rows)) or not _count_up(counts):
        return None
    curve = is_curve(values) and falls(values)
    return said("it was named, and holds numbers alone, which fall") if curve else None


def _count_of(row: re.Match[bytes]) -> int | None:
    """What a row says of its place; None where that is not whole."""
    count = float(row["count"])
    return int(count) if count < _MOST and count % 1 == 0 else None


def _count_up(counts: list[int | None]) -> bool:
    whole = [count for count in counts if count is not None]
    return len(whole) == len(counts) and all(a < b for a, b in pairwise(whole))


def is_curve(values: list[float]) -> bool:
    """Numbers with decimals that mostly differ, and do more than rise."""
    whole = all(one == int(one) for one in values if one - one == 0)
    distinct = len(set(values)) >= _DISTINCT * len(values)
    return not whole and distinct and any(b < a for a, b in pairwise(values))


def falls(values: list[float]) -> bool:
    """Whether the last quarter lies below the first, and none of it below 0: what a loss does."""
    part = max(1, len(values) // 4)
    return min(values) >= 0 and sum(values[-part:]) < sum(values[:part])


def _header(line: bytes) -> str:
    """What a line above a column calls it, where that is a loss or the like: "loss", "val_loss"."""
    text = line.strip().decode("utf-8", "replace").strip("\"' ")
    named = _NAMED.fullmatch(text) and (role(text) in _TOLD or is_reward(text))
    return text if named else ""


def _cells_of(line: bytes) -> list[bytes]:
    """The numbers of a list that Python or JSON wrote, one or some a line; else the line itself."""
    text = line.strip()
    if b"(" in text or text[:1] == b"[":
        line = text = _OPENS.sub(b"", _WRAPPED.sub(rb"\1", text), 1)
    if text.startswith(b"[") or text.endswith((b",", b"]", b"])")):
        return [cell for cell in text.strip(b"[](), ").split(b",") if cell.strip()]
    return [line]


def decoder(name: str) -> ColumnDecoder:
    """A fresh decoder for the metric that the path names."""
    return ColumnDecoder(metric_of_file(name) or "loss")


def metric_of_file(path: str) -> str:
    """What a file is called after: a loss, a reward or a rate; empty where it is neither.

    In a folder of curves any file is one: "scalars/train/q.csv" is "train/q".
    """
    curve = os.path.splitext(metric_of_path(path, _CURVES))[0]
    if set(path.replace("\\", "/").split("/")[:-1]) & set(_CURVES):
        return curve
    bare = _ABOUT.sub("", plain(curve)).strip("_")
    names = (one for one in (curve, bare) if role(one) in _TOLD or is_reward(one))
    called = curve if plain(curve) == bare else bare
    return next(names, called if bare.endswith("_loss") else "")
