"""Rows under a header: columns instead of names in the line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lossmon.formats.lexicon import (
    is_loss,
    is_noise,
    is_objective,
    is_of_search,
    is_score,
    phase_of,
    plain,
    split_of,
)
from lossmon.formats.lexicon_places import ROWS_COUNTED, counter_of, counts_episodes
from lossmon.formats.numbers import parse_number
from lossmon.formats.text_tokens import FILLER
from lossmon.formats.text_words import as_eval

_COLUMN = re.compile(r"\S+(?: (?!#)\S+)*")  # pycma: "Iterat #Fevals" are two
_CELL = re.compile(r"\S+")
_MARKS = re.compile(rf"[{FILLER}]")
_BAR_TAIL = re.compile(r"(?::|(?<!\s))\s+\d{1,3}%[|\s]")  # YOLO draws a bar behind its cells
_NUMERIC = re.compile(r"\[?[-+]?[.\d]|nan|inf|-", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")  # of a header, and none of a sentence
_LIST = re.compile(r"\[[-+\d.,einfa ]*\]")
# results.txt of YOLOv3, v5 and v7: an epoch of how many, the memory, and columns by their place.
_YOLO_ROW = re.compile(r"\s*\d+/\d+\s+[\d.]+G\s")
_HEADERLESS = {
    14: "epoch memory box_loss obj_loss cls_loss total_loss labels img_size P R mAP F1"
    " val_box_loss val_obj_loss",
    15: "epoch memory box_loss obj_loss cls_loss total_loss labels img_size P R mAP@.5 mAP@.5:.95"
    " val_box_loss val_obj_loss val_cls_loss",
}
_YOLO = frozenset(("box", "obj", "cls", "dfl", "total", "giou", "seg", "l1"))  # losses, called so
_OF_ALL = re.compile(r"(?i)\b(?:all|avg|average|mean|overall|macro|weighted|total)\b")
MAX_COLUMNS = 64
_MORE = 3  # cells than names: "0 hr 06 min"
_INDEX = 4  # blanks over an index that has no name
_SHORT = {"#": "step", "E": "epoch", "Gen": "step", "gen": "step"}  # spaCy, gplearn
_CSV = (";", ",")  # what parts the cells of a table that stands among other lines
_PARTED = (("|", 2), ("\t", 2), (";", 1), (",", 1))  # so many of them make a header
_LED = re.compile(r"[!*>\s]{0,8}([A-Za-z]{2,20}):?(?=\s{2})")
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
_UNIT = re.compile(r"[\[(][^\[\]()]{0,12}[\])]")
_BARRED = re.compile(r"[^|]+")


@dataclass
class Row:
    """What one row says."""

    values: dict[str, float]
    step: int | None
    epoch: float | None
    epochs: float | None = None  # planned: "70/1000"
    unfinished: bool = False  # a bar follows: the row is drawn again until the epoch is over
    batch: float | None = None  # of the epoch
    batches: float | None = None
    evaluation: bool = False  # of a table that says no place: scores of the training so far


@dataclass
class Table:
    """A table whose header was seen.

    Attributes:
        names: of the columns, in order.
        spans: where each begins and ends in the header's line; empty where a mark parts them.
        mark: what stands between cells; empty where blanks do.
        scores: no column says where the training is, and scores stand in them: the first row below
            the header is an evaluation ("all  128  929  0.64  0.53"), others are parts of it.
        counted: the rows so far, of a table in which nothing numbers them ("LOSS  P  R  F", spaCy).
        held_out: its header came once more, below a headline of an evaluation (NequIP).
    """

    names: list[str]
    spans: list[tuple[int, int]]
    mark: str = ""
    scores: bool = False
    counted: int | None = None
    held_out: bool = False
    form: tuple[bool, ...] | None = None  # which counters of its rows count up to a number

    @classmethod
    def without_header(cls, line: str) -> Table | None:
        """The table that a row of a known file opens, which has no header."""
        known = _HEADERLESS.get(len(line.split()))
        return cls(known.split(), []) if known and _YOLO_ROW.match(line) else None

    @classmethod
    def above_bar(cls, line: str) -> Table | None:
        """The table of a header behind which a bar is drawn, as YOLO does while it evaluates."""
        bar = _BAR_TAIL.search(_MARKS.sub(" ", line))
        return cls.from_header(line[: bar.start()]) if bar else None

    @classmethod
    def from_header(cls, line: str, above: str = "") -> Table | None:
        """The table that a line opens; None where the line is no header.

        Args:
            line: of names.
            above: the line of words right above it, with what it begins with: Vowpal Wabbit
                writes "average" over "loss".
        """
        text = _MARKS.sub(" ", line)
        if re.match(r"[#%]\s+[A-Za-z]", text):  # a comment sign, unless it stands for a column
            text = " " + text[1:]
        if text[-1:] in ")]" and all(map(_UNIT.fullmatch, text.split())):
            return None  # "[-]  [s]  [nat]", below the names
        mark = next((mark for mark, least in _PARTED if text.count(mark) >= least), "")
        cells = _parted(text, mark) if mark else []
        if mark == "|" and any("  " in cell for cell in cells):
            text = text.replace("|", " ")  # they part groups of columns
        elif mark:
            spans = [cell.span() for cell in _BARRED.finditer(text) if cell.group().strip()]
            if above and mark == "|" and len(set(cells)) < len(cells) == len(spans):
                cells = _told_apart(cells, spans, above)
            table = cls._of(cells, [], mark)
            over = _parted(above, mark) if mark == "|" and table is None else []
            if len(over) == len(cells):  # MATLAB
                both = zip(over, cells, strict=True)
                table = cls._of([f"{a} {b}".strip() for a, b in both], [], mark)
            if mark == "|" or table is not None:
                return table
        names, spans = _columns(text)
        if above and len(set(names)) < len(names):
            names = _told_apart(names, spans, above)
        table = cls._of(names, spans)
        if table is None and above:
            names, spans = _of_two_lines(_MARKS.sub(" ", above), text)
            table = cls._of(names, spans)
        return table

    @classmethod
    def _of(cls, names: list[str], spans: list[tuple[int, int]], mark: str = "") -> Table | None:
        """The table of these columns; None where nothing in them tells of a training."""
        if not 2 <= len(names) <= MAX_COLUMNS or any(len(name) > 40 for name in names):
            return None
        if len(_YOLO & set(map(str.lower, names))) >= 2:
            names = [f"{name}_loss" if name.lower() in _YOLO else name for name in names]
        if mark in _CSV and not names[0]:
            names = ["step", *names[1:]]  # an index that pandas wrote
        if any(name[-1:] in ":=,." or _is_number(name) for name in names):
            return None  # first: of prose nothing dearer is asked
        losses = any(is_loss(name) or _loss_word(name) or is_objective(name) for name in names)
        counted = any(_counter(name) for name in names)
        rows = [i for i, name in enumerate(names) if losses and plain(name) in ROWS_COUNTED]
        if rows and not counted:
            names, counted = [*names[: rows[0]], "step", *names[rows[0] + 1 :]], True
        if counted and (losses or is_of_search(names) or any(map(is_score, names))):
            return cls(names, spans, mark)
        if spans and spans[0][0] >= _INDEX and all(is_loss(n) or is_score(n) for n in names):
            return cls(["step", *names], [(0, 1), *spans])  # a frame that pandas printed
        if spans and losses and len(names) > 2 and _are_columns(names, spans):
            return cls(["step", *names], [(0, 0), *spans], counted=0)
        scores = not (losses or counted) and sum(map(is_score, names)) > 1
        return cls(names, spans, mark, True) if scores else None

    def read(self, line: str) -> Row | None:
        """The row that a line holds; None where it holds none."""
        text = _LIST.sub(lambda cell: cell.group().replace(" ", ""), _MARKS.sub(" ", line))
        text = text if self.mark else text.replace("|", " ")
        led = _LED.match(text) if self.spans else None
        said = split_of(led[1]) if led else None
        evaluation = (said == "eval" or self.held_out) and not self.scores
        if led is not None and said is not None and not self.scores:
            text = " " * led.end() + text[led.end() :]  # "! Validation   3  0.51": whose row it is
        bar = None if self.mark else _BAR_TAIL.search(text)
        text = text[: bar.start()] if bar else text
        if self.mark:
            cells = _parted(text, self.mark)
            if len(cells) != len(self.names):
                return None
        else:
            cells = self._cells(text)
        if self.scores:
            beside = len(cells) - len(self.names)
            if beside > 0 and not _OF_ALL.search(" ".join(cells[:beside])):
                return None  # the row of one class
            cells = cells[max(0, beside) :]
            numbers = {
                name: parse_number(cell) for name, cell in zip(self.names, cells, strict=False)
            }
            values = {n: v for n, v in numbers.items() if v is not None and is_score(n)}
            return Row(values, None, None, evaluation=True) if values else None
        first = next(filter(None, cells), "") if said else cells[0] if cells else ""
        dated = _DATE.match(text) is not None
        if len(cells) < 2 or (parse_number(first.partition("/")[0]) is None and not dated):
            return None
        form = tuple(
            "/" in cell for name, cell in zip(self.names, cells, strict=False) if _counter(name)
        )
        if self.form is not None and form != self.form:
            return None  # rows say "3/29" once and for all, or never
        row = self._row(cells)
        if row is not None and evaluation:
            row.values = {as_eval(name): value for name, value in row.values.items()}
        if row is not None:
            self.form = form
            row.evaluation = self.held_out
            row.unfinished = bar is not None
        return row

    def _cells(self, text: str) -> list[str]:
        found = list(_CELL.finditer(text))
        if self.counted is not None:
            cells = [match.group() for match in found]
            numbers = len(cells) + 1 == len(self.names) and None not in map(parse_number, cells)
            self.counted += numbers
            return [str(self.counted), *cells] if numbers else []
        if 2 * sum(_NUMERIC.match(cell.group()) is not None for cell in found) < len(found):
            return []  # "2 epochs completed in 0.468 hours."
        labelled = self.scores and len(self.names) < len(found) <= len(self.names) + _MORE
        if labelled or len(found) == len(self.names):
            return [match.group() for match in found]
        if self.scores:
            return []  # "accuracy   0.81   200" of scikit-learn's report
        if len(found) >= 3 and phase_of(found[1].group()) == "eval":
            return [match.group() for match in found]  # "50  val 4.320  0.20s"
        if not self.spans or not 2 <= len(found) <= len(self.names) + _MORE:
            return []
        cells = [""] * len(self.names)
        for match in found:  # a cell is empty here: each goes below the header it is nearest to
            middle = (match.start() + match.end()) / 2
            nearest = min(
                range(len(self.spans)), key=lambda i: abs(sum(self.spans[i]) / 2 - middle)
            )
            if not cells[nearest]:
                cells[nearest] = match.group()
        return cells

    def _row(self, cells: list[str]) -> Row | None:
        row = Row({}, None, None)
        values = row.values
        if phase_of(cells[1]) == "eval" and len(cells) > 2:
            measured = parse_number(cells[2])
            values |= {} if measured is None else {"eval_loss": measured}
            cells = cells[:1]
        for name, cell in zip(self.names, cells, strict=False):
            counter = _counter(name)
            value = parse_number(cell.partition("/")[0]) if counter else _value(name, cell)
            if value is None:
                continue
            whole = parse_number(cell.partition("/")[2])
            if counter == "epoch":
                row.epoch, row.epochs = value, whole
            elif counter == "batch":
                row.batch, row.batches = value, whole
            elif counter and value == value and abs(value) < 2**53:
                row.step = int(value)
            elif not is_noise(name):
                values.setdefault(name, value)
        if row.step is None and row.batch is not None and row.batch < 2**53:
            if row.epoch is None:
                row.step = int(row.batch)
        else:
            row.batch = None
        return row if values and (row.step is not None or row.epoch is not None) else None


def _parted(text: str, mark: str) -> list[str]:
    """The cells between marks; bars stand around them as well."""
    text = text.strip().strip("|") if mark == "|" else text.strip()
    if text[:1] in ("(", "[") and text[-1:] in (")", "]"):
        text = text[1:-1]  # a printed tuple
    return [cell.strip(" \t\"'") for cell in text.split(mark)]


def _are_columns(names: list[str], spans: list[tuple[int, int]]) -> bool:
    """Whether short words stand far apart, as those of a sentence do not."""
    apart = all(after[0] - before[1] > 1 for before, after in pairwise(spans))
    return apart and all(map(_WORD.fullmatch, names))


def _columns(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The names of a header and where each stands."""
    matches = list(_COLUMN.finditer(text.replace("\t", "  ")))
    if len(matches) < 2:
        matches = list(_CELL.finditer(text))
    for i, match in reversed(list(enumerate(matches))):
        if all(map(_counter, words := match.group().split())) and len(words) > 1:
            matches[i : i + 1] = _CELL.finditer(text, *match.span())  # "Epoch batch    loss"
    return [match.group() for match in matches], [match.span() for match in matches]


def _told_apart(names: list[str], spans: list[tuple[int, int]], above: str) -> list[str]:
    """The names, of which some come twice, with what stands above those.

    gplearn writes

        |   Population Average    |             Best Individual              |
        Gen   Length      Fitness   Length      Fitness      OOB Fitness  Time Left

    Args:
        names: of the columns.
        spans: where each stands in its line.
        above: the line above it.
    """
    cells = list((_BARRED if "|" in above else _COLUMN).finditer(above))
    told = []
    for name, (_, end) in zip(names, spans, strict=True):
        over = (cell.group().strip() for cell in cells if cell.start() < end <= cell.end())
        group = next(over, "").strip("-= ") if names.count(name) > 1 else ""
        told.append(f"{group} {name}" if group else name)
    return told


def _of_two_lines(above: str, line: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The names of a header whose columns are written over two lines, word over word."""
    upper, lower = list(_CELL.finditer(above)), list(_CELL.finditer(line))
    if len(upper) != len(lower) or any(
        one.start() >= other.end() or other.start() >= one.end()
        for one, other in zip(upper, lower, strict=True)
    ):
        return [], []
    names = [f"{a.group()} {b.group()}" for a, b in zip(upper, lower, strict=True)]
    return names, [match.span() for match in lower]


def _value(name: str, cell: str) -> float | None:
    """A cell's number; of a list of the terms of a loss, as DeepXDE writes it, their sum."""
    if cell[:1] != "[":
        return parse_number(cell)
    items = [parse_number(item) for item in cell.strip("[]").split(",")]
    terms = [item for item in items if item is not None]
    if not terms or len(terms) < len(items):
        return None
    return sum(terms) if is_loss(name) or len(terms) == 1 else None


def _is_number(name: str) -> bool:
    """A number, and not "mean_return(100)"."""
    return not name[:1].isalpha() and parse_number(name) is not None


@lru_cache(maxsize=4096)
def _counter(name: str) -> str | None:
    return _SHORT.get(name) or counter_of(name) or ("step" if counts_episodes(name) else None)


def _loss_word(name: str) -> bool:
    return any(word in name.lower() for word in ("loss", "rmse"))
