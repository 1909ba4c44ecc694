"""From a row of named cells to a record: which cell is the step, the epoch, the time.

JSON lines, CSV, state files and printed dicts differ in how a row is written and share this.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, NamedTuple

from lossmon.formats.axis import Axis
from lossmon.formats.cells import counts, floats, fraction, goes_astray, read_number
from lossmon.formats.clock import read_time, read_times
from lossmon.formats.decoder import MOST_STEPS, Facts, Record, Rows, as_step
from lossmon.formats.lexicon import (
    EVAL_LOSS,
    METRIC_KEYS,
    OTHER,
    RUN_COLUMNS,
    RUN_KEYS,
    SPLIT_KEYS,
    STAGE_KEYS,
    TRAIN_LOSS,
    VALUE_KEYS,
    VARIANT_KEYS,
    is_bookkeeping,
    plain,
    recalls,
    role,
    split_of,
)
from lossmon.formats.lexicon_places import (
    CLOCKS,
    ROWS_COUNTED,
    TOTAL_EPOCHS,
    TOTAL_STEPS,
    Counter,
    first_of,
    is_place,
    is_wanted,
)
from lossmon.formats.names import train_without_loss
from lossmon.formats.numbers import as_float

MAX_DEPTH = 32
MAX_CELLS = 5000

BULK = 16  # rows alike from which on they are worth being read together
_SUMMARY = "train_runtime"
_LONGEST_NAME = 300
_SURE = 4  # rows with a whole step, from which on what counts does not count by halves
_STATISTICS = frozenset({"num", "count", "n", "mean", "std", "var", "min", "max", "median", "sum"})
_SETTINGS = frozenset({"config", "hparams", "hyperparameters", "args"})  # hold no metrics


class _Plan(NamedTuple):
    """How rows with the same keys are read."""

    step: str | None
    epoch: str | None
    time: str | None
    total: str | None
    total_epochs: str | None
    split: str | None
    metrics: tuple[str, ...]
    summary: bool
    train: tuple[str, ...]  # the metrics that are train losses
    evals: tuple[str, ...]  # and those that are eval losses
    long: tuple[str, ...]  # where a row holds one metric: keys of its value and of its name
    run: str | None  # and that of the run
    stage: str | None  # a key whose cell may name a part of the training
    name: str | None  # a key whose cell may say the split
    unread: int  # cells that are not looked at


@lru_cache(maxsize=512)
def _plan(keys: tuple[str, ...], no_steps: frozenset[str] = frozenset()) -> _Plan:
    """How rows with these keys are read; those of `no_steps` are called a counter and are none."""
    unread = len(keys)
    if unread > MAX_CELLS:
        keys = (*keys[:MAX_CELLS], *filter(is_wanted, keys[MAX_CELLS:]))
    plan = _plan_by({key: key for key in keys}, no_steps)._replace(unread=unread - len(keys))
    if plan.long or plan.train or not any("/" in key for key in keys):
        return plan
    # Comet: {"payload": {"metric": {"metricName": "loss", "metricValue": 2.3, "step": 10}}}
    wrapped = _plan_by({key: key.rpartition("/")[2] for key in keys}, no_steps)
    return wrapped if wrapped.long else plan


def _plan_by(names: dict[str, str], no_steps: frozenset[str]) -> _Plan:
    """How rows are read whose keys go by these names."""
    forms = {key: plain(name) for key, name in names.items()}
    counting = {name: key for key, name in reversed(names.items()) if key not in no_steps}

    def first(wanted: tuple[str, ...]) -> str | None:
        return next((k for name in wanted for k, form in forms.items() if form == name), None)

    def count(counter: Counter, but: str = "") -> str | None:
        found = first_of([name for name in reversed(counting) if name != but], counter)
        return None if found is None else counting[found]

    epoch = count("epoch")
    step = count("step", but="_step") or count("step") or count("batch")  # "_step": W&B's own
    if epoch is None and step is None and (counted := first(ROWS_COUNTED)) not in no_steps:
        step = counted
    metrics = tuple(
        key
        for key, form in forms.items()
        if key != step
        and form not in (*SPLIT_KEYS, *STAGE_KEYS, *chain(*RUN_COLUMNS))
        and (key in no_steps or not is_place(form))
        and not is_bookkeeping(form)
    )
    train = tuple(key for key in metrics if role(key) == TRAIN_LOSS)
    evals = tuple(key for key in metrics if role(key) == EVAL_LOSS)
    return _Plan(
        step,
        epoch,
        first(CLOCKS),
        first(TOTAL_STEPS),
        first(TOTAL_EPOCHS),
        first(SPLIT_KEYS),
        metrics,
        _SUMMARY in forms.values() and "loss" not in forms.values(),  # else a row of a slow step
        train or tuple(train_without_loss([k for k in metrics if role(k) == OTHER], evals)),
        evals,
        _long(first(VALUE_KEYS), first(METRIC_KEYS), first(VARIANT_KEYS), metrics),
        first(RUN_KEYS),
        first(STAGE_KEYS),
        first(("name",)),
        0,
    )


def _long(
    value: str | None, name: str | None, variant: str | None, metrics: tuple[str, ...]
) -> tuple[str, ...]:
    """The keys of a row in long form; none where other columns are metrics by themselves."""
    if name is None or value is None:
        return ()
    others = any(key != value and role(key) != OTHER for key in metrics)
    return () if others else (value, name) if variant is None else (value, name, variant)


@contextmanager
def no_collection() -> Iterator[None]:
    """Thousands of rows made at once hold no cycles: looking for some costs a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def stretches(kinds: Iterable[Hashable]) -> Iterator[tuple[int, int]]:
    """Where rows of one kind follow each other: start and stop of each stretch."""
    start = 0
    for _, group in groupby(kinds):
        stop = start + sum(1 for _ in group)
        yield start, stop
        start = stop


def by_column(rows: Sequence[Any]) -> dict[str, list[Any]] | None:
    """Objects that all have the same keys in the same order, by column; None for any others."""
    try:
        cells = list(chain.from_iterable(map(dict.values, rows)))
    except TypeError:
        return None
    names = list(rows[0])
    if list(chain.from_iterable(rows)) != names * len(rows):
        return None
    return {name: cells[i :: len(names)] for i, name in enumerate(names)}


def place_of(
    row: Mapping[str, Any], no_steps: frozenset[str] = frozenset()
) -> tuple[float | None, bool]:
    """The step of a row, or else its epoch; and whether it holds one metric, named in a cell."""
    plan = _plan(tuple(row), no_steps)
    key = plan.epoch if plan.step is None else plan.step
    return None if key is None else fraction(row[key])[0], bool(plan.long)


def names_no_step(row: Mapping[str, Any]) -> bool:
    """Whether no cell of a row counts steps: it says its epoch at most."""
    return _plan(tuple(row)).step is None


class RowReader:
    """Reads rows one after another; keeps what is needed to place the next one.

    Args:
        facts: filled with the plan that rows tell.
        no_steps: keys that are called a counter and count nothing.
    """

    def __init__(self, facts: Facts, no_steps: frozenset[str] = frozenset()) -> None:
        self._facts = facts
        self._axis = Axis(facts)
        self._no_steps = no_steps
        self._whole = 0  # rows whose step was whole
        self._stage = ""  # as the newest row calls it
        self._split_by_name = False  # a row was named "train"
        self._run = ""  # the first one that rows in long form name
        self._keys: tuple[str, ...] = ()  # of the newest row, and how such rows are read
        self._plan = _plan(())

    def read(self, row: Mapping[str, Any]) -> Record | None:
        """One row of cells; None where it carries no metric."""
        keys = tuple(row)
        if keys != self._keys:
            self._take(keys, _plan(keys, self._no_steps))
        plan = self._plan
        if plan.summary:
            self._facts.finished = True
            return None
        if plan.long and isinstance(row[plan.long[1]], str):
            return self._read_long(row, plan)
        values: dict[str, float] = {}
        for key in plan.metrics:
            cell = row[key]
            kind = type(cell)
            if kind is float:
                values[key] = cell
            elif kind is int:
                values[key] = as_float(cell)
            elif cell is not None and kind is not bool:
                number = read_number(cell)
                if number is not None:
                    values[key] = number
        if not values:
            return None
        step = row[plan.step] if plan.step is not None else None
        if type(step) is not int or plan.total is not None or not -MOST_STEPS < step < MOST_STEPS:
            number = self._step(row, plan)
            if number is not None and abs(number) >= MOST_STEPS:
                return Record(values, as_step(number))  # it has no place: see `sound`
            if number is not None and number % 1:
                if self._whole >= _SURE:  # one bad cell
                    return Record(values, as_step(math.inf))
                self._no_steps |= {str(plan.step)}
                self._keys = ()
                return self.read(row)
            step = None if number is None else int(number)
        self._whole += step is not None
        epoch = row[plan.epoch] if plan.epoch is not None else None
        if type(epoch) is not float:
            epoch = None if plan.epoch is None else fraction(epoch)[0]
        total = None if plan.total_epochs is None else read_number(row[plan.total_epochs])
        if total is not None and total > 0:
            self._facts.total_epochs = total
        if plan.stage is not None and (stage := _stage(plan.stage, row[plan.stage])) != self._stage:
            self._stage = stage
            self._axis.begin()
        split = None if plan.split is None else row[plan.split]
        if type(split) is str and step is not None and step < self._axis.newest and recalls(split):
            return None  # {"event": "best", "step": 600, "loss": 2.5} is told of what was
        named = plan.name is not None and self._is_named_eval(row[plan.name])
        if named or split_of(split) == "eval":
            values = {_as_eval(name): value for name, value in values.items()}
            step = self._axis.evaluation(step, epoch)
        elif plan.train and (plan.train[0] in values or any(k in values for k in plan.train)):
            step = self._axis.locate(step, epoch)
        elif step is not None or any(name in values for name in plan.evals):
            step = self._axis.evaluation(step, epoch)
        time = None if plan.time is None else read_time(row[plan.time])
        return Record(values, step, epoch, time, self._stage or self._axis.stage)

    def _take(self, keys: tuple[str, ...], plan: _Plan) -> None:
        self._keys, self._plan = keys, plan
        self._facts.unread_cells = max(self._facts.unread_cells, plan.unread)

    def read_columns(
        self, columns: Mapping[str, Sequence[Any]], empty: Collection[str] = ()
    ) -> Rows | None:
        """Rows with the same cells, by column, in bulk.

        Args:
            columns: name of a cell -> what it holds in each row, at least one.
            empty: cells that hold nothing in any of them.

        Returns:
            None where they are not so plain: only numbers, steps that grow. Nothing was changed
            then, and they can be read one by one.
        """
        keys = tuple(columns)
        plan = self._plan if keys == self._keys else _plan(keys, self._no_steps)
        if plan.step is None or plan.summary or plan.long or set(plan.train) <= set(empty):
            return None

        def cells(key: str | None) -> Sequence[Any]:
            return () if key is None or key in empty else columns[key]

        try:
            positions = counts(columns[plan.step])
            values = {name: floats(columns[name]) for name in plan.metrics if name not in empty}
            epoch = floats(cells(plan.epoch)) if cells(plan.epoch) else None
            time = read_times(floats(cells(plan.time))) if cells(plan.time) else None
            totals, epochs = counts(cells(plan.total)), floats(cells(plan.total_epochs))
            stages = set() if plan.stage is None else set(columns[plan.stage])
            held_out = plan.split is not None and "eval" in map(split_of, columns[plan.split])
        except (ValueError, OverflowError, TypeError):  # the last: a cell is a list
            return None
        if not self._whole and goes_astray(positions):
            self._no_steps |= {plan.step}
            self._keys = ()
            return self.read_columns(columns, empty)
        moves = any(_stage(str(plan.stage), cell) != self._stage for cell in stages)
        step = None if held_out or moves else self._axis.locate_many(positions, epoch)
        if step is None:
            return None
        self._take(keys, plan)
        self._whole += len(positions)
        for total in totals[totals > 0][-1:]:
            self._facts.total_steps = int(total)
        for total_epochs in epochs[epochs > 0][-1:]:
            self._facts.total_epochs = float(total_epochs)
        return Rows(values, step, epoch, time, self._stage or self._axis.stage)

    def _read_long(self, row: Mapping[str, Any], plan: _Plan) -> Record | None:
        """A row that names its metric in a cell; metrics of a second run go by its name as well."""
        name = "/".join(str(row[key]).strip() for key in plan.long[1:])[:_LONGEST_NAME]
        value = read_number(row[plan.long[0]])
        if not name or value is None:
            return None
        if plan.run is not None:
            run = str(row[plan.run])
            self._run = self._run or run
            name = name if run == self._run else f"{run}/{name}"
        if plan.split is not None and split_of(row[plan.split]) == "eval":
            name = _as_eval(name)
        number = self._step(row, plan)
        step = None if number is None else as_step(number)
        epoch = None if plan.epoch is None else fraction(row[plan.epoch])[0]
        time = None if plan.time is None else read_time(row[plan.time])
        return Record({name: value}, step, epoch, time)

    def _is_named_eval(self, name: Any) -> bool:
        """Whether a row is called "test" where others are called "train": a run may be, too."""
        self._split_by_name = self._split_by_name or split_of(name) == "train"
        return self._split_by_name and split_of(name) == "eval"

    def _step(self, row: Mapping[str, Any], plan: _Plan) -> float | None:
        if plan.total is not None:
            self._note_total(read_number(row[plan.total]))
        if plan.step is None:
            return None
        step, total = fraction(row[plan.step])
        self._note_total(total)
        return step

    def _note_total(self, total: float | None) -> None:
        if total is not None and 0 < total < MOST_STEPS:
            self._facts.total_steps = int(total)


def flatten(row: Mapping[str, Any]) -> dict[str, Any]:
    """Nested objects become one row with keys joined by "/"; bounded in depth and length of keys.

    Not in their number: what was behind 5,000 cells, as a loss after the norms of layers, was lost.
    """
    flat: dict[str, Any] = {}
    stack: list[tuple[str, Mapping[str, Any], int]] = [("", row, 0)]
    while stack:
        prefix, level, depth = stack.pop()
        for key, value in level.items():
            if isinstance(value, dict):
                if "mean" in value and value.keys() <= _STATISTICS:
                    flat[prefix + key] = value["mean"]
                elif depth < MAX_DEPTH and key not in _SETTINGS and len(prefix) < _LONGEST_NAME:
                    stack.append((f"{prefix}{key[:_LONGEST_NAME]}/", value, depth + 1))
            elif isinstance(value, list):
                if len(value) == 1 and isinstance(value[0], float | int):
                    flat[prefix + key] = value[0]
            else:
                flat[prefix + key] = value
    return flat


def _stage(key: str, cell: Any) -> str:
    """The part of the training that a cell names: "fine-tune", "fold 3"; a split is none."""
    if isinstance(cell, str):
        return "" if split_of(cell) else cell.strip()[:_LONGEST_NAME]
    return f"{key} {cell}" if isinstance(cell, int) else ""


def _as_eval(name: str) -> str:
    """The name of a metric in a row that says it is of the eval set."""
    if role(name) == EVAL_LOSS:
        return name
    return f"eval_{name}"
