"""The shape of lines: what stays when their numbers change, and what each number then means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lossmon.formats.decoder import Floats
from lossmon.formats.lexicon import is_earned, is_loss
from lossmon.formats.numbers import parse_number
from lossmon.formats.text_bulk import Run, run_of
from lossmon.formats.text_expression import Part
from lossmon.formats.text_match import Groups, Match
from lossmon.formats.text_progress import Counter, Spot
from lossmon.formats.text_words import is_slow

_SETTLED = 3  # rows by which it shows which number counts up to which
_MOST = 2**53  # counted exactly by a float
FEW = 5  # words: no sentence of a text
FEW_COLUMNS = 3  # "10 2.31 2.40"; more numbers and nothing else may be data: "3 0.5 0.4 0.1 0.2"


class Waiting(NamedTuple):
    """A line of a shape that is not accepted yet, and where it stood.

    Attributes:
        line: as it came.
        spot: where the training was.
        counters: as they stood there.
        figures: lines with numbers before it that were none of rows.
    """

    line: str
    spot: Spot
    counters: dict[str, Counter]
    figures: int


@dataclass(eq=False)
class Shape:
    """All that is known of lines that differ only in their numbers.

    Attributes:
        text: the shape for people: "step # loss #".
        names: of the values, as logged, or made to say "eval" where only the line does.
        counters: "step", "epoch", "batch" and their totals "steps", "epochs", "batches" -> group.
        level: how exactly the line places itself: 2 by step or batch, 1 by epoch, 0 not at all.
        evaluation: all its values were measured on held-out data.
        bar: a progress bar that redraws itself.
        keras: a bar with running means, of which only the last redraw counts.
        index: a bare number opens the line; it is the step only where it keeps growing.
        guessed: the loss has no name; it is one only where the line recurs.
        spare: it is read only where nothing in the log names a loss.
        episodes: it is placed by the episode of reinforcement learning.
        of_world: it only counts steps of the environment.
        columns: how many numbers are in a line that is made of nothing else; otherwise 0.
        explicit: a colon or equals sign stands between each loss and its number.
        scores: names and numbers alone, of which some are scores and none is a loss: an
            evaluation of the training as it is ("Recall@1: 60.3 - AP: 50.8").
        samples: the batch counter counts samples ("[640/60000 (1%)]").
        bare: "batch" or "step", where it names that and no other place.
        sentence: its only number has no name, but its words say loss.
        words: how many words are in the line.
        header: short enough to be the headline of the lines below it.
        time_at: the group with the date of a logger's prefix, or -1.
        plan: "steps" or "epochs" -> group with the planned length.
        phase: "train" or "eval" where the words of the line say so.
        held_out: the set that its words name: "val", "dev", "test".
        stage: what its counter says it belongs to: "Fine-Tune Epoch 3".
        recalls: it tells of the best row so far, or of one that was gone back to.
        announces: a date, and words that say no more than that.
        beneath: it is indented and holds but names and numbers: it may tell more of a row above.
        tells: a loss or a score that stands next to a number, row or not.
        rows: how many rows it gave.
        waiting: its lines while it is not yet accepted.
        by_rows: several of its rows name one epoch and no place within: they are counted.
        epoch: of its newest row.
        counted: where its newest row was, and up to what it counted; of the first few.
        again: so many of its rows before the newest one named that epoch.
        match: matches a whole line.
        pick: the metrics' groups out of all groups.
        totals: groups of the planned lengths.
        ratios: metric -> the group it is a share of ("9833/10000").
        parts: what `match` was made of.
        fixed: numbers are part of its names: "AP @[ IoU=0.75 ] = 0.4" is another than of 0.50.
        kin: shapes that differ from it in nothing but such numbers.
    """

    text: str
    names: tuple[str, ...] = ()
    counters: dict[str, int] = field(default_factory=dict)
    level: int = 0
    evaluation: bool = False
    bar: bool = False
    keras: bool = False
    index: bool = False
    guessed: bool = False
    spare: bool = False
    episodes: bool = False
    of_world: bool = False
    columns: int = 0
    explicit: bool = False
    scores: bool = False
    samples: bool = False
    bare: str = ""
    sentence: bool = False
    words: int = 0
    header: bool = False
    time_at: int = -1
    plan: dict[str, int] = field(default_factory=dict)
    phase: str | None = None
    held_out: str = ""
    stage: str = ""
    recalls: bool = False
    announces: bool = False
    beneath: bool = False
    tells: str = ""
    rows: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    by_rows: bool = False
    epoch: float | None = None
    counted: tuple[float | None, float | None] = (None, None)
    again: int = 0
    match: Match = lambda _: None
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple
    totals: tuple[int, ...] = ()
    ratios: dict[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    fixed: bool = False
    kin: list[Shape] = field(default_factory=list)

    @cached_property
    def run(self) -> Run | None:
        """The expression for many such lines at once; None where there is none."""
        return run_of(self.parts)

    @cached_property
    def has_loss(self) -> bool:
        """One of its values is a loss."""
        return any(map(is_loss, self.names))

    @cached_property
    def earns(self) -> bool:
        """A reward and no place: lines of an agent that is trained, where they come again."""
        return self.scores and self.words <= FEW and is_earned(self.names[0])

    @cached_property
    def redraws(self) -> bool:
        """A bar that counts, and shows nothing of an evaluation that was long ago."""
        return self.bar and self.plain and not any(map(is_slow, self.names))

    @property
    def placed_twice(self) -> bool:
        """It names its epoch and its place within, as rows do: the lines below belong there."""
        return "epoch" in self.counters and self.level == 2 and not self.evaluation

    @property
    def plain(self) -> bool:
        """Rows of a training that place themselves by a step or batch, as most do."""
        return self.level == 2 and not (self.evaluation or self.keras or self.samples)

    @property
    def is_row(self) -> bool:
        """The line carries something to draw."""
        return bool(self.names)

    @property
    def ignored(self) -> bool:
        """Nothing in such a line is wanted."""
        return not (self.names or self.counters or self.plan)

    def counter(self, groups: tuple[str, ...], what: str) -> float | None:
        """A counter's value in a matched line; None where it has none, or none that makes sense."""
        group = self.counters.get(what)
        number = None if group is None else parse_number(groups[group])
        return number if number is not None and 0 <= number < _MOST else None

    def settle_totals(self, groups: tuple[str, ...]) -> None:
        """Of "Batch 0/100", then "Batch 0/200", as WeNet has it, the first is the epoch.

        What is counted up to stays, and what counts does not.
        """
        if self.rows > _SETTLED or "epoch" in self.counters:
            return
        for what, whole in (("batch", "batches"), ("step", "steps")):
            at, total = self.counter(groups, what), self.counter(groups, whole)
            before, self.counted = self.counted, (at, total)
            grown = total is not None and before[1] is not None and total > before[1]
            if grown and at == before[0]:
                group = self.counters.pop(whole)
                self.counters |= {"epoch": self.counters[what], what: group}
                self.totals, self.bare = (), ""
            if what in self.counters:
                return

    def nowhere(self, groups: tuple[str, ...]) -> float | None:
        """What places a line beyond bounds: "step 100000000000000000000", "step -1"; else None."""
        places = self.counters
        group = places.get("step", places.get("batch", places.get("epoch")))
        number = None if group is None else parse_number(groups[group])
        return None if number is None or 0 <= number < _MOST else number

    def is_full(self, groups: tuple[str, ...]) -> bool:
        """Of a bar: its finest counter has come to its total."""
        for what, all_of_them in (("batch", "batches"), ("step", "steps"), ("epoch", "epochs")):
            at, total = self.counter(groups, what), self.counter(groups, all_of_them)
            if at is not None and total is not None:
                return at == total
        return False

    def values(self, groups: tuple[str, ...]) -> dict[str, float]:
        """Name -> value; a value that is no number after all is left out."""
        try:
            values = dict(zip(self.names, map(float, self.pick(groups)), strict=True))
        except ValueError:
            parsed = zip(self.names, map(parse_number, self.pick(groups)), strict=True)
            values = {name: value for name, value in parsed if value is not None}
        for name, group in self.ratios.items():
            whole = parse_number(groups[group])
            if whole and name in values:
                values[name] /= whole
        return values

    def columns_of(self, numbers: Floats) -> dict[str, Floats]:
        """`values` of many lines, by column.

        Args:
            numbers: their groups, shape (lines, groups).
        """
        places = self.pick(tuple(range(numbers.shape[1])))
        columns = {name: numbers[:, at] for name, at in zip(self.names, places, strict=True)}
        for name, group in self.ratios.items():
            if name in columns:
                whole = numbers[:, group]
                columns[name] = columns[name] / np.where(whole == 0, 1.0, whole)
        return columns


def tell_apart(shape: Shape, others: Iterable[Shape]) -> None:
    """Two sets in one log are two curves: "Validation BLEU: 65.8", then "Dev BLEU: 59.5"."""
    for known in others:
        another = shape.held_out and known.held_out not in ("", shape.held_out)
        if another and known.names == shape.names and shape.evaluation:
            named = (name.removeprefix("eval_") for name in shape.names)
            shape.names = tuple(f"{shape.held_out}_{name}" for name in named)


def counts_up(shape: Shape, matches: list[Groups | None]) -> bool:
    """Whether the guessed steps of some lines grow; of many columns, by the same each time."""
    places = shape.counters
    group = places.get("step", places.get("batch", places.get("epoch", -1)))
    steps = [parse_number(match.groups()[group]) for match in matches if match and group >= 0]
    grown = {b - a for a, b in pairwise(steps) if a is not None and b is not None}
    if shape.spare:  # which may start anew below a headline of its epoch
        steps = [step for i, step in enumerate(steps) if not i or step != steps[0]]
        grown = {b - a for a, b in pairwise(steps) if a is not None and b is not None}
    if None in steps or min(grown, default=0) <= 0:
        return False
    return shape.columns <= FEW_COLUMNS or len(grown) == 1
