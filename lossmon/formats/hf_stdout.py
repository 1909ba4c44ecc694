"""Rows printed as Python dicts: Hugging Face Trainer, TRL, and what is built on them.

    {'loss': 4.1727, 'grad_norm': 1.09, 'epoch': 0.02}            transformers 4
    {'loss': '4.042', 'grad_norm': '1.056', 'epoch': '0.004'}     transformers 5

The dicts carry no step. A terminal shows it in the progress bar that is drawn again right behind a
dict; from two equal distances the logging interval is learned, and rows are placed at once.
"""

from __future__ import annotations

import re

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.labels import Labels
from lossmon.formats.lexicon import (
    EVAL_LOSS,
    OTHER,
    TRAIN_LOSS,
    counter_of,
    is_count,
    phase_of,
    role,
)
from lossmon.formats.lines import LineSplitter, clean, clean_text, failure, strip_prefix
from lossmon.formats.notes import note, planned
from lossmon.formats.rows import RowReader, names_no_step
from lossmon.formats.text_tokens import Kind, tokenise

NAME = "hf-stdout"
READS = "Output of the Hugging Face Trainer and TRL (transformers 4 and 5)"
SIGN = "`{'loss': ...}` lines, also behind progress bars"

_DICT = re.compile(r"\{\s*'[^{}]*\}")
_PAIR = re.compile(r"'([^']{1,200})'\s*:\s*('[^']*'|\[[^\]]*\]|\w+\([^()]*\)|[^,{}]+)")
_BAR = re.compile(r"\|\s*(\d+)/(\d+)\s*\[[^\]]*(?:it/s|s/it)")
_SNIFF = re.compile(
    rb"\{(?:'[^{}\n]*, ?)?'(?:(?:train|eval|val|valid|test)[_/ ])?(?:\w+_)?"
    rb"(?:loss|reward)[^'{}\n]*'\s*: [^{}\n]*\}"
)
_OPENS = re.compile(rb"\{(?:\s*'[^{}]*,)?\s*$")  # rich and pprint: one key a line
_FOLDED = re.compile(rb"(?m)^\{\s*(?:'[^{}]{0,4000},\s*)?'(?:\w+[_/ ])?loss'\s*:[^{}]{0,4000}\}")
_GOES_ON = re.compile(rb"\s*['}]")
_MAX_FOLDED = 200
_FRACTION = re.compile(r"'epoch'\s*:\s*(?:'|\d+\.)")  # as the Trainer writes it, be it 0.0
_MAX_KEYS = 500
_MAX_BEFORE = 200  # characters before a dict that may say where it belongs


class DictLineDecoder:
    """Decodes dicts printed between progress bars and other text."""

    def __init__(self) -> None:
        self.format = NAME
        self.skipped = Skipped()
        self.facts = Facts()
        self._lines = LineSplitter()
        self._labels = Labels()
        self._rows = RowReader(self.facts)
        self._place = _Place(self.facts)
        self._folded: list[bytes] = []  # lines of a dict that is not complete
        self._held: Record | None = None  # a train row that waits for the bar behind it

    def feed(self, data: bytes) -> list[Record]:
        """Decode the lines that became complete."""
        records: list[Record] = []
        for line in self._labels.strip(self._lines.feed(data)):
            self._line(line, records)
        return records

    def flush(self) -> list[Record]:
        """Decode the last line, which no newline ended, and let go of what waits."""
        records: list[Record] = []
        for line in self._labels.strip(self._lines.flush()) + self._labels.flush():
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
                self._bar(bar, records)
            at = 0
            for found in _DICT.finditer(text):
                self._dict(found.group(), "" if bar else text[at : found.start()], records)
                at = found.end()
        elif b"|" in line and (b"it/s" in line or b"s/it" in line):
            text = line.decode("utf-8", "replace")
            bar = _BAR.search(text)
            if bar is not None:
                self._bar(bar, records)
                behind = text[bar.end() :].partition("]")[2]  # tqdm ends no line
                if behind and not behind.isspace():
                    self._text(clean_text(behind))
        elif line and not line.isspace():
            text = clean(line)
            self._text(text)
            self.skipped.add("not a printed dict", text)

    def _text(self, text: str) -> None:
        """What stands between the rows: plans, tracebacks, overflows."""
        for what, n in planned(text):
            self._place.plan(what, n)
        self.facts.failure = failure(text) or self.facts.failure
        note(text, self._place.newest, self.facts)

    def _unfold(self, line: bytes) -> bytes | None:
        """A dict that was printed over several lines, as one; None where it is not complete."""
        if self._folded and (len(self._folded) == _MAX_FOLDED or not _GOES_ON.match(line)):
            self._folded = []  # it was none
            return line
        self._folded.append(line)
        if b"}" not in line:
            return None
        whole = re.sub(rb"\{\s+", b"{", b" ".join(self._folded))
        self._folded = []
        return whole

    def _bar(self, bar: re.Match[str], records: list[Record]) -> None:
        position = self._place.bar(int(bar[1]), int(bar[2]))
        if position is not None:
            self._release(position, records)

    def _dict(self, text: str, before: str, records: list[Record]) -> None:
        row = {key: _unquote(value) for key, value in _PAIR.findall(text)[:_MAX_KEYS]}
        time = None
        if before and not before.isspace():
            said, time = _said(before)
            row = {**said, **row}
        record = self._rows.read(row)
        if record is None or _is_settings(record):
            return
        if record.time is None and time is not None:
            record = record._replace(time=time)
        self.facts.failure = None  # it goes on
        if record.step is not None and not (names_no_step(row) and _FRACTION.search(text)):
            records.append(record)  # a dict of another origin, with a step of its own
            return
        self._release(None, records)
        if not any(role(name) == TRAIN_LOSS for name in record.values):
            is_eval = any(role(name) == EVAL_LOSS for name in record.values)
            step = self._place.eval_step(record.epoch) if is_eval else None
            records.append(record._replace(step=step))
        elif (step := self._place.next_step(record.epoch)) is not None:
            records.append(record._replace(step=step))
        else:
            self._held = record

    def _release(self, position: int | None, records: list[Record]) -> None:
        if self._held is not None:
            records.append(self._held._replace(step=self._place.settle(position)))
            self._held = None


class _Place:
    """The step of each train row, from bars and from the logging interval learned from them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._total: int | None = None  # of the training's own bar; evaluation has others
        self._bar_at = 0
        self._row_at = 0  # step of the newest train row
        self._interval: int | None = None
        self._distances: list[int] = []
        self._rows_without_bar = 0
        self._bars = False  # the training's bar was seen

    def plan(self, what: str, n: int) -> None:
        """What the trainer says before it begins; with it an epoch tells the step, bar or not."""
        if what == "epochs":
            self._facts.total_epochs = float(n)
        else:
            self._facts.total_steps = self._total = n
        self._bars = False

    def _by_epoch(self, epoch: float | None) -> int | None:
        total, epochs = self._facts.total_steps, self._facts.total_epochs
        if self._bars or not total or not epochs or epoch is None or epoch != epoch:
            return None
        return round(min(epoch / epochs, 1.0) * total)

    def bar(self, position: int, total: int) -> int | None:
        """A bar was drawn; its position where it is the training's."""
        if self._total is None or (position == 0 and total > self._total):
            self._total = total
            self._facts.total_steps = total
        if total != self._total:
            return None
        if position < self._bar_at:  # a resumed training draws a new bar
            self._interval, self._distances, self._row_at = None, [], min(self._row_at, position)
        self._bar_at = position
        self._bars = True
        self._rows_without_bar = 0
        return position

    def next_step(self, epoch: float | None) -> int | None:
        """The step of the train row at hand, where the interval is known; None: wait for a bar."""
        self._rows_without_bar += 1
        by_epoch = self._by_epoch(epoch)
        if by_epoch is not None:
            self._row_at = max(self._row_at + 1, by_epoch)
            return self._row_at
        if self._interval is None and self._rows_without_bar < 3 and self._total is not None:
            return None
        self._row_at += self._interval or 1
        return self._row_at

    def settle(self, position: int | None) -> int:
        """The step of a row that waited; `position` is that of the bar behind it."""
        if position is None or position <= self._row_at:
            self._row_at += self._interval or 1
            return self._row_at
        self._distances = [*self._distances[-1:], position - self._row_at]
        if len(self._distances) == 2 and self._distances[0] == self._distances[1]:
            self._interval = self._distances[0]
        self._row_at = position
        return position

    @property
    def newest(self) -> int | None:
        """The step of the newest train row or bar; None before the first."""
        return max(self._row_at, self._bar_at) or None

    def eval_step(self, epoch: float | None) -> int | None:
        """An evaluation comes after the newest train row; at the bar's place where it is ahead."""
        ahead = self._bar_at if self._bar_at != self._total else 0
        return max(self._row_at, ahead, self._by_epoch(epoch) or 0) or None


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


def _is_settings(record: Record) -> bool:
    """A dict of numbers that says neither where it belongs nor anything that is measured."""
    placed = record.step is not None or record.epoch is not None
    return not placed and all(role(name) == OTHER for name in record.values)


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if cell[:1] == "[":  # a list with one rate for each parameter group
        cell = cell[1:-1].split(",")[0]
    return cell.strip("'\" ")


def sniff(head: bytes, name: str) -> str | None:
    """A printed dict with a loss."""
    found = len(_SNIFF.findall(head)) or len(_FOLDED.findall(head))
    return f"{found} printed dicts with a loss" if found else None


def decoder(name: str) -> DictLineDecoder:
    """A fresh decoder."""
    return DictLineDecoder()
