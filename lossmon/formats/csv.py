"""Any CSV or TSV with a header that names a metric."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import orjson

from lossmon.formats.by_run import ByRun
from lossmon.formats.decoder import Facts, Parts, Record, Rows
from lossmon.formats.lexicon import (
    ACCURACY,
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    METRIC_KEYS,
    OTHER,
    OTHER_LOSS,
    TRAIN_LOSS,
    VALUE_KEYS,
    is_loss,
    is_reward,
    plain,
    role,
    says_split,
    split_of,
)
from lossmon.formats.lexicon_places import is_clock, rank_of
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.lines import clean
from lossmon.formats.names import split_of_path
from lossmon.formats.numbers import parse_number
from lossmon.formats.quoted import Quoted
from lossmon.formats.rows import BULK, stretches
from lossmon.words import said

NAME = "csv"
READS = "CSV and TSV: Lightning, Keras CSVLogger, Ultralytics, DVCLive, CatBoost, OpenAI"
SIGN = "a header that names a metric"
_DELIMITERS = (",", "\t", ";", "|")
_METRIC_ROLES = (TRAIN_LOSS, EVAL_LOSS, OTHER_LOSS, ACCURACY)
_NO_NUMBER = frozenset({"", "na", "n/a", "none", "null", "-", "nan"})
_TENSORBOARD = ["wall_time", "step", "value"]  # as its page exports a curve
_EPISODES = ["r", "l", "t"]  # of Gym's and Stable-Baselines3's Monitor; more may follow
_OF_EPISODES = ["episode_reward", "episode_length", "elapsed_time"]
_TAG = re.compile(r"(?:.*[-_])?tag[-_](?P<tag>.+)")
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:[eE][-+]?\d+)?")  # 0,5 or 1.234,5
_POINTED = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
_COMMENT = re.compile(r"#\s?(?:columns|fields|header)?:?\s?", re.IGNORECASE)
_BEGIN, _END = 5000, 250  # columns at either end of a wide header
_SNIFFED_LINES = 40
_NUMERIC = b"0123456789+-.eE \r\n"


class CsvDecoder(LineDecoder):
    """Decodes rows under a header. A repeated header (a resumed run) is no row.

    Args:
        name: the path, which may say what data the file is about ("test"), or which metric.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(NAME)
        self._split = split_of_path(name)
        self._name = name
        self._rows = ByRun(self.facts)
        self._header: list[str] | None = None
        self._above = ""  # the comment right above the first line
        self._delimiter = ","
        self._quoted = Quoted(self._is_row)

    @property
    def runs(self) -> Mapping[str, Facts]:
        """What rows say of each run that they name."""
        return self._rows.runs

    def flush(self) -> Sequence[Record]:
        """Decode the last line, and what was held for a quotation mark that none closed."""
        return [*super().flush(), *self._rows_of(self._quoted.end())]

    def drop_line(self) -> None:
        """Forget the unfinished line, and what was held for a quotation mark."""
        super().drop_line()
        self._quoted.end()

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """The rows that lines are: many at once where they are numbers alone."""
        records: list[Record] = []
        if self._header is None:
            lines = self._behind_header(lines)
        if len(lines) > BULK and not self._quoted.waits:
            table = self._numbers(lines)
            if table is not None:
                return table
        for line in lines:
            records += self._rows_of(self._quoted.take(clean(line), self._delimiter))
        return records

    def _rows_of(self, lines: list[str]) -> list[Record]:
        records: list[Record] = []
        for text in lines:
            if _says_nothing(text):
                continue
            cells = split(text, self._delimiter)
            if cells == self._header or _is_header(cells):
                if _is_header(cells):
                    self._header = self._named(cells)
                continue
            records += self._read((text.encode(),), (cells,))
        return records

    def _is_row(self, text: str) -> bool:
        """Whether a line is a row by itself: it has as many cells, and a number first."""
        cells = split(text, self._delimiter)
        return len(cells) == len(self._header or ()) and parse_number(cells[0]) is not None

    def _behind_header(self, lines: list[bytes]) -> list[bytes]:
        """The rows that follow the header, once it is there."""
        for i, line in enumerate(lines):
            text = clean(line)
            if _says_nothing(text):
                self._above = text
            elif header := _in_comment(self._above, text):
                self._start(header)
                return lines[i:]
            elif not _is_title(text, self._name):
                self._start(text)
                return lines[i + 1 :]
        return []

    def _numbers(self, lines: list[bytes]) -> Sequence[Record] | None:
        """Rows of numbers and empty cells, many at once; None where any cell is anything else."""
        assert self._header is not None
        mark, width = self._delimiter.encode(), len(self._header)
        joined = b"\n".join(lines)
        if width < 2 or joined.translate(None, _NUMERIC + mark):
            return None
        # Of all parsers at hand the one for JSON reads numbers fastest. The strings around each row
        # show that it is as wide as the header.
        listed = b'"",' + joined.replace(mark, b",").replace(b"\n", b',"",') + b',""'
        while b",," in listed:
            listed = listed.replace(b",,", b",null,")
        try:
            cells = orjson.loads(b"[" + listed + b"]")
        except orjson.JSONDecodeError:
            return None  # two numbers in a cell, or one such as ".5"
        stride = width + 1
        if len(cells) != len(lines) * stride + 1 or set(cells[::stride]) != {""}:
            return None
        columns = {name: cells[i::stride] for i, name in enumerate(self._header, 1)}
        bulk = self._rows.read_columns(columns)
        return bulk if bulk is not None else self._stretches(lines, columns)

    def _stretches(self, lines: list[bytes], columns: dict[str, list[Any]]) -> Sequence[Record]:
        """Rows that leave different cells empty, as those of evaluations do: each kind at once."""
        gaps = [name for name, cells in columns.items() if None in cells]
        kinds = (
            zip(*([cell is None for cell in columns[name]] for name in gaps), strict=True)
            if gaps
            else repeat((), len(lines))
        )
        parts: list[Record | Rows] = []
        for start, stop in stretches(kinds):
            rows = {name: cells[start:stop] for name, cells in columns.items()}
            bulk = None
            if stop - start >= BULK:
                empty = {name for name in gaps if rows[name][0] is None}
                bulk = self._rows.read_columns(rows, empty)
            if bulk is not None:
                parts.append(bulk)
            else:
                parts += self._read(lines[start:stop], zip(*rows.values(), strict=True))
        return Parts(parts)

    def _read(self, lines: Iterable[bytes], rows: Iterable[Sequence[Any]]) -> list[Record]:
        assert self._header is not None
        records = []
        for line, row in zip(lines, rows, strict=True):
            cells = zip(self._header, row)  # noqa: B905 - a cut row is read as far as it goes
            record = self._rows.read(dict(cells))
            if record is not None:
                records.append(record)
            else:
                self.skipped.add(self._rows.why, line)
        return records

    def _start(self, text: str) -> None:
        self._delimiter = delimiter(text) or ","
        self._header = self._named(split(text, self._delimiter))

    def _named(self, cells: list[str]) -> list[str]:
        """Names of the columns; told apart, and with the split where none of them has one."""
        forms = [plain(cell) for cell in cells]
        if forms == _TENSORBOARD:
            return [*cells[:2], _tag_of(self._name)]
        if forms[:3] == _EPISODES:
            return _unique([*_OF_EPISODES, *cells[3:]])
        if forms[0] in ("", "unnamed_0") and not any(map(rank_of, forms)):
            cells = ["step", *cells[1:]]  # an index that pandas wrote
        if self._split is not None and not any(says_split(cell) for cell in cells):
            earned = set(filter(is_reward, cells)) if split_of(self._split) == "train" else set()
            measured = {cell for cell in cells if role(cell) in _METRIC_ROLES} - earned
            cells = [f"{self._split}_{cell}" if cell in measured else cell for cell in cells]
        return _unique(cells)


def _says_nothing(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("#")


def _in_comment(above: str, row: str) -> str:
    """The header in a comment right above the first row; empty where none is.

    numpy's `savetxt(header="step,loss")` writes "# step,loss", others "# columns: step, loss".
    """
    mark = delimiter(row)
    cells = split(row, mark) if mark and above.startswith("#") else []
    header = _COMMENT.sub("", above, 1)
    alike = mark is not None and len(split(header, mark)) == len(cells)
    return header if alike and all(map(_is_numeric, cells)) else ""


def delimiter(header: str) -> str | None:
    """The delimiter that cuts a header into the most names; None where there is none."""
    counts = {mark: header.count(mark) for mark in _DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def _is_title(text: str, name: str) -> bool:
    """A line of words that nothing parts, as may stand above the header of a file of tables."""
    words = text[:1].isalpha() and " " in text.strip() and delimiter(text) is None
    return words and name.lower().endswith((".csv", ".tsv"))


def split(line: str, mark: str) -> list[str]:
    """The cells of a line, without padding; quoted cells may hold the delimiter."""
    cells = line.split(mark)
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=mark))
        except (csv.Error, StopIteration):
            pass  # quotes that mean nothing
    cells = [cell.strip() for cell in cells]
    return _with_points(cells) if mark == ";" and "," in line else cells


def _with_points(cells: list[str]) -> list[str]:
    """Numbers as a spreadsheet in much of Europe writes them: "1.234,5" is 1234.5.

    There the comma is taken, so that ";" parts the cells. A row with a point as decimal mark means
    its commas otherwise.
    """
    if any(map(_POINTED.fullmatch, cells)):
        return cells
    return [
        cell.replace(".", "").replace(",", ".") if _COMMA.fullmatch(cell) else cell
        for cell in cells
    ]


def sniff(head: bytes, name: str) -> str | None:
    """A header with a metric, and rows of as many numbers below it."""
    lines = [clean(line) for line in head.replace(b"\r\n", b"\n").split(b"\n")[:_SNIFFED_LINES]]
    begins = next((i for i, line in enumerate(lines) if not _says_nothing(line)), 0)
    above = _in_comment(lines[begins - 1], lines[begins]) if begins else ""
    lines = [line for line in [above, *lines] if not _says_nothing(line)]
    while len(lines) > 1 and _is_title(lines[0], name):
        del lines[0]
    if not lines or lines[0].lstrip()[:1] in ("(", "["):
        return None  # nothing, or printed tuples: "(epoch, loss)" over "(0, 2.31)"
    mark = delimiter(lines[0])
    if mark is None:
        return None
    whole = split(lines[0], mark)
    header = _in_short(whole)
    if [plain(cell) for cell in header] == _TENSORBOARD:
        return said("a curve as TensorBoard's page exports it")
    if [plain(cell) for cell in header[:3]] == _EPISODES and len(lines) > 1:
        return said("episodes as a Monitor writes them")
    if _is_long(header, [split(line, mark) for line in lines[1:]]):
        return said("a table with one metric a row")
    counted = any(map(rank_of, header))
    placed = counted or any(map(is_clock, header))
    known = {*_METRIC_ROLES, LEARNING_RATE, GRAD_NORM} if counted else set(_METRIC_ROLES)
    if placed and not counted:
        known -= {ACCURACY}  # a return by date is that of a share
    metrics = [cell for cell in header if (role(cell) in known or is_loss(cell)) and _is_name(cell)]
    if not metrics or not _is_header(header):
        return None
    quoted = Quoted(lambda line: len(split(line, mark)) == len(whole))
    rows = [split(row, mark) for line in lines[1:] for row in quoted.take(line, mark)]
    if not rows:
        return said("a header with {metrics}", metrics=metrics[0]) if placed else None
    fitting = [row for row in rows[:-1] or rows if abs(len(row) - len(whole)) <= 1]
    if len(fitting) < 0.8 * len(rows[:-1] or rows):
        return None
    logged = sum(role(cell) != OTHER or "/" in cell for cell in header)  # loggers write "train/x"
    if not placed and 3 * logged < len(header):
        return None  # data with a column of that name among those of what it is predicted from
    if not placed and any(not _is_numeric(cell) for row in fitting for cell in row):
        return None  # a table of experiments: one row a run, with names in it
    return said(
        "a header with {metric} and {more} more columns",
        metric=metrics[0],
        more=len(whole) - 1,
    )


def _in_short(cells: list[str]) -> list[str]:
    """Of thousands of columns the ends, and those between that speak of a loss.

    What they mean is looked up with each piece of a text that is not known yet: a line of JSON of a
    megabyte is a table with 90,000 columns until it ends.
    """
    if len(cells) <= _BEGIN + _END:
        return cells
    between = [cell for cell in cells[_BEGIN:-_END] if "loss" in cell.lower()]
    return [*cells[:_BEGIN], *between[:_END], *cells[-_END:]]


def decoder(name: str) -> CsvDecoder:
    """A fresh decoder."""
    return CsvDecoder(name)


def _tag_of(path: str) -> str:
    """The metric of a curve from TensorBoard's page: "run-a-tag-train_loss.csv"."""
    stem = os.path.splitext(os.path.basename(path.replace("\\", "/")))[0]
    tagged = _TAG.fullmatch(stem)
    return tagged["tag"] if tagged else stem


def _is_long(header: list[str], rows: list[list[str]]) -> bool:
    """One metric a row: a column of names, of which some are metrics, and one of values."""
    forms = [plain(cell) for cell in header]
    at = next((i for i, form in enumerate(forms) if form in METRIC_KEYS), None)
    if at is None or not set(VALUE_KEYS) & set(forms):
        return False
    if not any(rank_of(form) or is_clock(form) for form in forms):
        return False
    known = (*_METRIC_ROLES, LEARNING_RATE, GRAD_NORM)
    return any(at < len(row) and role(row[at]) in known for row in rows)


def _is_name(cell: str) -> bool:
    return 0 < len(cell) <= 300 and parse_number(cell) is None and "{" not in cell


def _is_header(cells: list[str]) -> bool:
    """Names alone, one of them a metric's or a place's."""
    filled = [cell for cell in cells if cell]
    return (
        len(filled) > 0
        and all(_is_name(cell) for cell in filled)
        and any(role(cell) in _METRIC_ROLES or rank_of(cell) or is_clock(cell) for cell in filled)
    )


def _is_numeric(cell: str) -> bool:
    return cell.lower() in _NO_NUMBER or parse_number(cell) is not None


def _unique(names: list[str]) -> list[str]:
    """Names that occur twice get a number, so that no column hides another."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique
