"""Rows printed as Python dicts: Hugging Face Trainer, TRL, and what is built on them.

    {'loss': 4.1727, 'grad_norm': 1.09, 'epoch': 0.02}            transformers 4
    {'loss': '4.042', 'grad_norm': '1.056', 'epoch': '0.004'}     transformers 5

The dicts carry no step. A terminal shows it in the progress bar that is drawn again right behind a
dict; from two equal distances the logging interval is learned, and rows are placed at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lossmon.formats.axis import BarAxis
from lossmon.formats.decoder import Record
from lossmon.formats.labels import Labels
from lossmon.formats.lexicon import (
    EVAL_LOSS,
    LOSSES,
    OTHER,
    TRAIN_LOSS,
    is_eval,
    is_measured,
    phase_of,
    role,
)
from lossmon.formats.lexicon_places import counter_of, is_count
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.lines import clean, clean_text, strip_prefix
from lossmon.formats.notes import note, planned
from lossmon.formats.rows import RowReader, names_no_step
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_kinds import Kind
from lossmon.formats.text_tokens import tokenise
from lossmon.words import said

NAME = "hf-stdout"
READS = "Output of the Hugging Face Trainer and TRL (transformers 4 and 5)"
SIGN = "`{'loss': ...}` lines, also behind progress bars"

_DICT = re.compile(r"\{\s*'[^{}]*(?:\{[^{}]*\}[^{}]*){0,20}\}")
_WITHIN = re.compile(r"'([^'{}]{1,200})'\s*:\s*\{([^{}]*)\}")  # 'val': {'loss': 2.3}
_PAIR = re.compile(r"'([^']{1,200})'\s*:\s*('[^']*'|\[[^\[\]]*\]|\w+\([^()]*\)|[^,{}]+)")
# Its picture is left out where the terminal is too narrow for one.
_BAR = re.compile(r"(?:\||\d%)\s*(\d{1,18})/(\d{1,18})\s*\[[^\[\]]*(?:it/s|s/it)")
_DESCRIBED = re.compile(r"[A-Za-z][^\[\]|%]{0,80}:\s*\d+%")
_PRINTED = re.compile(rb"\{'[^{}\n]*\}")
_KEY = re.compile(rb"(?:^\{|, ?)'([^'{}]*)'\s*: ")
_LOSS = re.compile(rb"(?:(?:train|eval|val|valid|test)[_/ ])?(?:\w+_)?(?:loss|reward)")
_OPENS = re.compile(rb"\{(?:\s*'[^{}]*,)?\s*$")  # rich and pprint: one key a line
_FOLDED = re.compile(rb"(?m)^\{\s*'[^{}]*\}")
_FOLDED_KEY = re.compile(rb"(?:^\{|,)\s*'([^'{}]*)'\s*:")
_FOLDED_LOSS = re.compile(rb"(?:\w+[_/ ])?loss\Z")
_GOES_ON = re.compile(rb"\s*['}]")
_MAX_FOLDED = 200  # lines of a dict
_MAX_FOLDED_LINE = 4096  # bytes; a key and its value
_FRACTION = re.compile(r"'epoch'\s*:\s*(?:'|\d+\.)")  # as the Trainer writes it, be it 0.0
_SURE = 3  # dicts with a loss are rows; fewer may be settings
_TRIED = 1 << 16  # bytes of the head in which rows are looked for first
_MAX_KEYS = 500
_MOST_WAITING = 128  # rows; a block of printed text holds fewer
_MAX_BEFORE = 200  # characters before a dict that may say where it belongs


class DictLineDecoder(LineDecoder):
    """Decodes dicts printed between progress bars and other text."""

    def __init__(self) -> None:
        super().__init__(NAME, "not a printed dict")
        self._labels = Labels()
        self._rows = RowReader(self.facts)
        self._axis = BarAxis(self.facts)
        self._folded: list[bytes] = []  # lines of a dict that is not complete
        self._waiting: list[tuple[Record, bool]] = []  # for a bar; whether each is a train row

    def rows(self, lines: list[bytes]) -> list[Record]:
        """The rows that bars and lines place, without the names of tasks before them."""
        records: list[Record] = []
        for line in self._labels.strip(lines):
            self._line(line, records)
        return records

    def flush(self) -> list[Record]:
        """Decode the last line, which no newline ended, and let go of what waits."""
        records = self.rows(self._lines.flush())
        for line in self._labels.flush():
            self._line(line, records)
        self._folded = []
        self._release(None, records)
        return records

    def _line(self, line: bytes, records: list[Record]) -> None:
        if self._folded or _OPENS.match(line):
            whole = self._unfold(line)
            if whole is None:
                return
            line = whole
        if b"{'" in line:
            text = clean(line)
            bar = _BAR.search(text)
            if bar is not None:
                self._bar(text, bar, records)
            at = 0
            for found in _DICT.finditer(text):
                self._dict(found.group(), "" if bar else text[at : found.start()], records)
                at = found.end()
        elif b"/" in line and (b"it/s" in line or b"s/it" in line):
            text = line.decode("utf-8", "replace")
            bar = _BAR.search(text)
            if bar is not None:
                self._bar(text, bar, records)
                behind = text[bar.end() :].partition("]")[2]  # tqdm ends no line
                if behind and not behind.isspace():
                    self.hear(clean_text(behind))
                    self._note(clean_text(behind))
        elif line and not line.isspace():
            self._note(self.skip(line))

    def _note(self, text: str) -> None:
        """What stands between the rows: plans, overflows."""
        for what, n in planned(text):
            self._axis.plan(what, n)
        note(text, self._axis.newest, self.facts)

    def _unfold(self, line: bytes) -> bytes | None:
        """A dict that was printed over several lines, as one; None where it is not complete."""
        full = len(self._folded) == _MAX_FOLDED or len(line) > _MAX_FOLDED_LINE
        if self._folded and (full or not _GOES_ON.match(line)):
            self._folded = []  # it was none
            return line
        self._folded.append(line)
        if b"}" not in line:
            return None
        whole = re.sub(rb"\{\s+", b"{", b" ".join(self._folded))
        self._folded = []
        return whole

    def _bar(self, text: str, bar: re.Match[str], records: list[Record]) -> None:
        described = _DESCRIBED.search(text, 0, bar.start(1)) is not None
        position = self._axis.bar(int(bar[1]), int(bar[2]), described)
        if position is not None:
            self._release(position, records)

    def _dict(self, text: str, before: str, records: list[Record]) -> None:
        text = _WITHIN.sub(_lifted, text)
        cells = _PAIR.findall(text)[:_MAX_KEYS]
        if len(columns := _history(cells)) > 1:
            records += filter(None, map(self._rows.read, columns))
            return
        row = {key: _unquote(value) for key, value in cells}
        time = None
        if before and not before.isspace():
            said, time = _said(before)
            row = {**said, **row}
        record = self._rows.read(row)
        if record is None and self.facts.finished:
            self._release(None, records)  # the summary is printed last
        if record is None or _is_settings(record, row):
            return
        if record.time is None and time is not None:
            record = record._replace(time=time)
        self.goes_on()
        if record.step is not None and not (names_no_step(row) and _FRACTION.search(text)):
            records.append(record)  # a dict of another origin, with a step of its own
            return
        self.facts.inexact_rows += 1
        train = any(role(name) == TRAIN_LOSS for name in record.values)
        if not self._waiting:
            step = self._axis.locate(record.epoch) if train else self._eval_step(record)
            if step is not None or not train:
                records.append(record._replace(step=step, stage=self._axis.stage))
                return
        self._waiting.append((record, train))
        if len(self._waiting) == _MOST_WAITING:
            self._release(None, records)

    def _eval_step(self, record: Record) -> int | None:
        is_eval = any(role(name) == EVAL_LOSS for name in record.values)
        return self._axis.evaluation(record.epoch) if is_eval else None

    def _release(self, position: int | None, records: list[Record]) -> None:
        """The rows that wait are placed: by the bar behind them, or by their epochs."""
        waiting, self._waiting = self._waiting, []
        steps = self._axis.settle([(record.epoch, train) for record, train in waiting], position)
        records += [
            record._replace(step=step, stage=self._axis.stage)
            for (record, _), step in zip(waiting, steps, strict=True)
        ]


def _said(before: str) -> tuple[dict[str, str], float | None]:
    """What the text before a dict says of it: "Step 10: {...}", "[eval] {...}"; and when."""
    message, time = strip_prefix(before[-_MAX_BEFORE:])
    said: dict[str, str] = {}
    for token in tokenise(message):
        counter = counter_of(token.key) if token.kind is Kind.VALUE else None
        if token.kind is Kind.INDEX and message[token.end :].strip(": ") == "":
            counter = "step"
        if counter in ("step", "epoch") and is_count(token.text):
            said.setdefault(counter, token.text)
    if phase_of(message) == "eval":
        said["split"] = "eval"
    return said, time


def _lifted(inner: re.Match[str]) -> str:
    """The pairs of a dict within another one, each with its name in front."""
    pairs = [f"'{inner[1]}/{key}': {value}" for key, value in _PAIR.findall(inner[2])]
    return ", ".join(pairs or ["'': ''"])


def _history(cells: list[tuple[str, str]]) -> list[dict[str, str]]:
    """The rows of a printed `History.history`: {'loss': [2.3, 2.1], 'val_loss': [2.4, 2.2]}."""
    lists = {key: cell[1:-1].split(",") for key, cell in cells if cell[:1] == "["}
    if len(lists) < len(cells) or not any(role(key) in LOSSES for key in lists):
        return []
    return [
        {key: _unquote(cell) for key, cell in zip(lists, row, strict=True)}
        for row in zip(*lists.values(), strict=False)
    ]


def _is_settings(record: Record, row: Mapping[str, str]) -> bool:
    """A dict that says neither where it belongs nor, for the most part, anything measured.

    `print(vars(args))` may hold a "loss_weight" among 60 settings.
    """
    if record.step is not None or record.epoch is not None:
        return False
    measured = sum(map(is_measured, record.values))
    return not measured or 2 * measured < len(row)


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if cell[:1] == "[":  # a list with one rate for each parameter group
        cell = cell[1:-1].split(",")[0]
    return cell.strip("'\" ")


def _is_measured(key: bytes) -> bool:
    """A loss or a reward; 'loss_weights' is a setting."""
    return _LOSS.match(key) is not None and role(key.decode("utf-8", "replace")) != OTHER


def sniff(head: bytes, name: str) -> str | None:
    """A printed dict with a loss; one expression for all of it would not be linear."""
    found = _with_loss(head)
    if not found or _is_beside(head[:_TRIED]):
        return None
    if found < _SURE:
        found = min(found, _rows_of(head))
    elif not _rows_of(head[:_TRIED]) and not _rows_of(head):
        return None  # {'loss': oops} sixty times, in a log whose rows were lost for it
    return said("{found} printed dicts with a loss", found=found) if found else None


def _with_loss(head: bytes) -> int:
    """Printed dicts with a loss; those of one line, or else those of several."""
    return sum(
        any(map(_is_measured, _KEY.findall(printed.group()))) for printed in _PRINTED.finditer(head)
    ) or sum(
        any(_FOLDED_LOSS.match(key) for key in _FOLDED_KEY.findall(printed.group()))
        for printed in _FOLDED.finditer(head)
    )


def _is_beside(head: bytes) -> bool:
    """Whether rows of text tell losses more often than dicts that stand for themselves.

    "loss: 2.5, reward: {'sum': 3.5}" is a row of text, as a line of such pairs is.
    """
    lines = _DICT.sub("{}", head.decode("utf-8", "replace")).splitlines()
    decoder = TextDecoder()
    decoder.feed("\n".join(line for line in lines if not _BAR.search(line)).encode())
    decoder.flush()
    told = 0
    for shape in decoder.shapes.values():
        within = "{}" in shape.text
        if (within or shape.has_loss) and not shape.evaluation:
            told += (shape.rows + len(shape.waiting)) * (1 + within)
    return told > _with_loss(head)


def _rows_of(head: bytes) -> int:
    """Rows of the training; scores that say no epoch stand among rows of another kind."""
    decoder = DictLineDecoder()
    records = [*decoder.feed(head), *decoder.flush()]
    own = any(one.epoch is not None or not all(map(is_eval, one.values)) for one in records)
    return len(records) if own else 0


def decoder(name: str) -> DictLineDecoder:
    """A fresh decoder."""
    return DictLineDecoder()
