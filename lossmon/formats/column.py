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
    rb"\"?(?P<count>\d{1,15})\"?[\s,;:]{1,8})?"
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
        return {word: int(row["count"]), self._metric: value}


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
    counts = [int(row["count"]) for row in rows if row["count"] is not None]
    if len(rows) < len(lines) or len(counts) not in (0, len(rows)):
        return None
    if any(b <= a for a, b in pairwise(counts)):
        return None  # they number something, and count nothing
    fractions = sum(b"." in row["value"] for row in rows)
    if len(rows) < (_LEAST_COUNTED if counts else _LEAST) or 2 * fractions < len(rows):
        return None  # too few, or labels, or counts of something
    if header:
        return said("nothing but numbers below {metric}", metric=metric)
    return said("nothing but numbers, and the name of the file says {metric}", metric=metric)


def _header(line: bytes) -> str:
    """What a line above a column calls it, where that is a loss or the like: "loss", "val_loss"."""
    text = line.strip().decode("utf-8", "replace").strip("\"' ")
    named = _NAMED.fullmatch(text) and (role(text) in _TOLD or is_reward(text))
    return text if named else ""


def _cells_of(line: bytes) -> list[bytes]:
    """The numbers of a list that Python or JSON wrote, one or some a line; else the line itself."""
    text = line.strip()
    if text.startswith(b"[") or text.endswith((b",", b"]")):
        return [cell for cell in text.strip(b"[], ").split(b",") if cell.strip()]
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
