"""What every format decoder offers, and the value it hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

MAX_LINE_BYTES = 1 << 20  # a longer line is skipped with a count: memory stays bounded
MAX_EXAMPLES = 20  # skipped lines kept to show


class Record(NamedTuple):
    """One logged row.

    Attributes:
        values: metric name as logged -> value; NaN and infinity are data.
        step: the training step, or None where the row carries none.
        epoch: the epoch (fractional where the log says so), or None.
        time: seconds since the Unix epoch, or None.
    """

    values: dict[str, float]
    step: int | None = None
    epoch: float | None = None
    time: float | None = None


@dataclass
class Skipped:
    """Lines that were not read: how many, and some of them with the reason."""

    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)  # (reason, start of the line)

    def add(self, reason: str, line: str | bytes) -> None:
        """Count a line that was not read."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
            self.examples.append((reason, text[:200]))


class Event(NamedTuple):
    """Something that a line of text told: an overflow, a skipped NaN loss, a lack of memory.

    Attributes:
        kind: "overflow", "nan_skipped" or "out_of_memory".
        step: the newest step before it; None before the first.
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
    """

    total_steps: int | None = None
    total_epochs: float | None = None
    finished: bool = False
    failure: str | None = None
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)


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

    def feed(self, data: bytes) -> list[Record]:
        """Decode what became complete with `data`; an unfinished tail is kept for later."""
        ...

    def flush(self) -> list[Record]:
        """The log ended here: decode the unfinished tail as it stands."""
        ...
