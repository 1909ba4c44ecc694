"""What every format decoder offers, and the value it hands on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, groupby, islice, repeat
from typing import NamedTuple, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lossmon.redaction import redacted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_LINE_BYTES = 1 << 20  # a longer line is skipped with a count: memory stays bounded
MAX_EXAMPLES = 20  # skipped lines kept to show
MOST_STEPS = 2**62  # a number beyond it counts no steps, nor does it fit where steps are kept
_NOWHERE = 2**63  # the step of a row whose own makes no sense
_LOOKED_AT = 1000  # characters of a line of which the start is shown
_MOST = 1 << 14  # records put into columns at once: nothing else runs meanwhile
_FEW = 8  # records alike from which on columns cost less than the records


class Record(NamedTuple):
    """One logged row.

    Attributes:
        values: metric name as logged -> value; NaN and infinity are data.
        step: the training step, or None where the row carries none.
        epoch: the epoch (fractional where the log says so), or None.
        time: seconds since the Unix epoch, or None.
        stage: what the log calls the part of the training that it belongs to ("Fine-Tune", a
            fold, a model); empty where there is but one.
        run: what the log calls the run that it belongs to, where rows name theirs.
    """

    values: dict[str, float]
    step: int | None = None
    epoch: float | None = None
    time: float | None = None
    stage: str = ""
    run: str = ""


class Rows(Sequence[Record]):
    """Records that are all alike, held by column: thousands cost little more than one.

    Attributes:
        values: metric name -> float64, shape (n,).
        step: int64, shape (n,): every record has one.
        epoch, time: float64, shape (n,); None where the records carry none.
        stage, run: of all of them.
    """

    __slots__ = ("epoch", "run", "stage", "step", "time", "values")

    def __init__(
        self,
        values: Mapping[str, Floats],
        step: Ints,
        epoch: Floats | None = None,
        time: Floats | None = None,
        stage: str = "",
        run: str = "",
    ) -> None:
        self.values = values
        self.stage = stage
        self.run = run
        self.step = step
        self.epoch = epoch
        self.time = time

    def __len__(self) -> int:
        return len(self.step)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice | Ints) -> Rows: ...
    def __getitem__(self, at: int | slice | Ints) -> Record | Rows:
        if isinstance(at, slice | np.ndarray):
            return Rows(
                {name: column[at] for name, column in self.values.items()},
                self.step[at],
                None if self.epoch is None else self.epoch[at],
                None if self.time is None else self.time[at],
                self.stage,
                self.run,
            )
        return Record(
            {name: float(column[at]) for name, column in self.values.items()},
            int(self.step[at]),
            None if self.epoch is None else float(self.epoch[at]),
            None if self.time is None else float(self.time[at]),
            self.stage,
            self.run,
        )

    def __iter__(self) -> Iterator[Record]:
        names = tuple(self.values)
        cells = zip(*(column.tolist() for column in self.values.values()), strict=True)
        epochs = repeat(None) if self.epoch is None else self.epoch.tolist()
        times = repeat(None) if self.time is None else self.time.tolist()
        for row, step, epoch, time in zip(cells, self.step.tolist(), epochs, times, strict=False):
            values = dict(zip(names, row, strict=True))
            yield Record(values, step, epoch, time, self.stage, self.run)


class Parts(Sequence[Record]):
    """Records in order, of which some are held by column.

    Attributes:
        parts: single records and records that are all alike.
    """

    __slots__ = ("_ends", "_length", "parts")

    def __init__(self, parts: Sequence[Record | Rows]) -> None:
        self.parts = parts
        self._ends: list[int] | None = None  # of each part
        self._length = sum(len(part) if isinstance(part, Rows) else 1 for part in parts)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | list[Record]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(self._length))]
        i = at + self._length if at < 0 else at
        if not 0 <= i < self._length:
            raise IndexError(at)
        if self._ends is None:
            sizes = (len(part) if isinstance(part, Rows) else 1 for part in self.parts)
            self._ends = list(accumulate(sizes))
        k = bisect_right(self._ends, i)
        part = self.parts[k]
        return part[i - self._ends[k]] if isinstance(part, Rows) else part  # from its end

    def __iter__(self) -> Iterator[Record]:
        for part in self.parts:
            if isinstance(part, Rows):
                yield from part
            else:
                yield part


def as_step(number: float) -> int:
    """A step as a row has it; one that counts nothing is beyond all bounds: see `sound`."""
    return int(number) if -MOST_STEPS < number < MOST_STEPS else _NOWHERE


def batches(records: Sequence[Record]) -> Iterator[Record | Rows]:
    """The same records in the same order, with neighbours that are alike held by column."""
    if isinstance(records, Rows):
        yield from [records] if len(records) >= _FEW else records
        return
    if isinstance(records, Parts):
        singly: list[Record] = []
        for part in records.parts:
            if isinstance(part, Rows):
                yield from batches(singly)
                yield from batches(part)
                singly = []
            else:
                singly.append(part)
        records = singly
    for shape, group in groupby(records, _shape):
        while alike := list(islice(group, _MOST)):
            if len(alike) < _FEW or not shape[0] or not shape[1]:
                yield from alike
            else:
                yield _rows(alike, shape[0])


def _shape(record: Record) -> tuple[tuple[str, ...], bool, bool, bool, str, str]:
    values, step, epoch, time, stage, run = record
    return tuple(values), step is not None, epoch is None, time is None, stage, run


def _rows(alike: list[Record], names: tuple[str, ...]) -> Rows:
    """Records of one shape, all with a step, by column."""
    rows, steps, epochs, times, stages, runs = zip(*alike, strict=True)
    cells = np.fromiter(
        chain.from_iterable(map(dict.values, rows)), float, count=len(rows) * len(names)
    )
    return Rows(
        dict(zip(names, cells.reshape(-1, len(names)).T, strict=True)),
        np.array(steps, np.int64),
        None if epochs[0] is None else np.array(epochs, float),
        None if times[0] is None else np.array(times, float),
        stages[0],
        runs[0],
    )


class Unread(NamedTuple):
    """A metric of which few lines were read.

    Attributes:
        metric: as a line calls it.
        lines: that show it next to a number.
        rows: how many of them gave a row.
    """

    metric: str
    lines: int
    rows: int


@dataclass
class Skipped:
    """Lines that were not read: how many, and some of them with the reason.

    Attributes:
        count: of lines that should have been rows and could not be read.
        examples: the reason, and how such a line begins.
        unread: of text: metrics whose lines look like rows and mostly gave none.
    """

    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def add(self, reason: str, line: str | bytes) -> None:
        """Count a line that was not read."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            text = line[:_LOOKED_AT]
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.examples.append((reason, redacted(text)[:200]))


def within(facts: Facts) -> tuple[int | None, float | None]:
    """The planned steps and epochs, where they are numbers that a training can have."""
    steps, epochs = facts.total_steps, facts.total_epochs
    return (
        steps if steps is not None and 0 < steps < MOST_STEPS else None,
        epochs if epochs is not None and 0 < epochs < MOST_STEPS else None,
    )


class Event(NamedTuple):
    """Something that a line of text told: an overflow, a skipped NaN loss, a lack of memory.

    Attributes:
        kind: "overflow", "nan_skipped", "unreachable" (a label), "out_of_memory", "stage",
            "resumed", "saved", "early_stop", "advice" (a library's word on what to do), "remark" (a
            warning alone), "score" (one that a line tells by itself), "half" (half precision is
            named) or "language" (tokens are).
        step: the newest step before it, of "saved" that of the checkpoint; None before the first.
        text: the line, at most 200 characters.
    """

    kind: str
    step: int | None
    text: str


@dataclass
class Facts:
    """What a log says beside its rows.

    Attributes:
        total_steps: planned optimizer steps.
        total_epochs: planned epochs.
        finished: the log says that the training ended as planned.
        failure: the last line of a traceback, out-of-memory, NCCL or killed message.
        events: a few of each kind, oldest first.
        counts: kind of event -> how many there were.
        settings: what the log prints of its configuration (see `lossmon.formats.notes`).
        unread_cells: most cells of a row that were not looked at, of thousands.
        runs_left_out: more runs stand in it than are told apart.
        inexact_rows: how many of its rows lie about where they belong: a bar showed them late, or
            its place or an epoch says their step.
    """

    total_steps: int | None = None
    total_epochs: float | None = None
    finished: bool = False
    failure: str | None = None
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)
    unread_cells: int = 0
    runs_left_out: bool = False
    inexact_rows: int = 0


class Decoder(Protocol):
    """Bytes in, records out. Any split of the same bytes gives the same records.

    Attributes:
        format: the format's name as users see it.
        skipped: what was not read.
        facts: what the log says beside its rows.
    """

    format: str
    skipped: Skipped
    facts: Facts

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode what became complete with `data`; an unfinished tail is kept for later."""
        ...

    def flush(self) -> Sequence[Record]:
        """The log ended here: decode the unfinished tail as it stands."""
        ...


@runtime_checkable
class Settling(Protocol):
    """A decoder that holds rows back, since what follows may still change them."""

    def settle(self) -> Sequence[Record]:
        """The log has been silent for some seconds: the rows that are as good as final.

        Rows are what they would be without, unless what follows changes them after all.
        """
        ...
