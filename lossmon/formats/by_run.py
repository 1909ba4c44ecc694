"""Rows of several runs in one table, told apart by the cells that name the run.

What `lossmon export` writes of three runs, a table of MLflow's or of a sweep's: rows of all of them
stand below each other or take turns. Read as one run, one's train loss was paired with another's
eval loss. Each run has a reader of its own here, and its rows carry its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lossmon.formats.decoder import Facts, Record, Rows
from lossmon.formats.lexicon import RUN_COLUMNS, RUN_KEYS, is_split, plain
from lossmon.formats.rows import BULK, RowReader, by_column, place_of, stretches

MOST_RUNS = 1000
_LONGEST_NAME = 200
_NO_METRIC = "no metric in this row"
_NOBODYS = "it does not say of which run it is"
_TOO_MANY = "rows of more runs than are told apart (1,000)"
_DIGITS = 9  # of a number that a run goes by

Identity = dict[str, str]  # plain name of a column -> what it says


class ByRun:
    """Reads rows one after another, as `RowReader` does, whichever run each is of.

    Among rows of several runs one that names none is nobody's: it was a second point of whichever
    run wrote before it. Only where a writer names a run once, at its first row, as merged cells of
    a sheet do, it is of the one before: runs come one after the other, and most rows name none.
    A number names a run only where the training goes
    back when it changes: `trial` may as well count the rows, and a run that was resumed goes on.

    Args:
        facts: filled with the plan that rows of the first run tell.

    Attributes:
        runs: what rows say of each run that they name, in the order in which they were met.
        why: why the newest row gave no record.
    """

    def __init__(self, facts: Facts) -> None:
        self.runs: dict[str, Facts] = {}
        self.why = _NO_METRIC
        self._reader: RowReader | None = RowReader(facts)
        self._first = facts
        self._run = ""
        self._identity: Identity = {}
        self._known: dict[tuple[tuple[str, str], ...], tuple[str, RowReader]] = {}
        self._counters: frozenset[str] = frozenset()  # columns called like a run's that count rows
        self._by_number = False  # a number has told two runs apart
        self._keys: tuple[str, ...] = ()  # of the newest row
        self._naming: tuple[str, ...] = ()  # those of them that may name the run
        self._cells: tuple[Any, ...] | None = None  # and what they held
        self._newest: Mapping[str, Any] = {}
        self._unnamed = True  # the newest row names no run
        self._rows = [0, 0]  # that name a run, that name none
        self._in_order = True  # no run has gone on after another one

    def read(self, row: Mapping[str, Any]) -> Record | None:
        """One row of cells; None where it carries no metric."""
        self._turn(row)
        self._rows[self._unnamed] += 1
        if self._is_nobodys():
            self.why = _NOBODYS
            return None
        if self._reader is None:
            self.why = _TOO_MANY
            return None
        self.why = _NO_METRIC
        record = self._reader.read(row)
        if record is None or not self._run:
            return record
        # Four times as fast as `_replace`.
        return tuple.__new__(Record, (*record[:5], self._run))

    def read_columns(
        self, columns: Mapping[str, Sequence[Any]], empty: Collection[str] = ()
    ) -> Rows | None:
        """Rows with the same cells, by column; see `RowReader.read_columns`."""
        naming = [name for name in columns if plain(name) in _FORMS]
        for name in naming:
            if list(columns[name]).count(columns[name][0]) < len(columns[name]):
                return None  # of several runs
        if naming or self.runs:
            self._turn({name: cells[0] for name, cells in columns.items()})
        if self._reader is None or self._is_nobodys():
            return None
        rows = self._reader.read_columns(columns, empty)
        if rows is not None:
            rows.run = self._run
            self._rows[self._unnamed] += len(rows)
            if naming:
                self._newest = {name: cells[-1] for name, cells in columns.items()}
        return rows

    @property
    def lost(self) -> bool:
        """Whether the newest row gave no record and is one of a run."""
        return self.why != _NO_METRIC

    def in_bulk(self, rows: Sequence[Any]) -> Iterator[tuple[int, int, Rows | None]]:
        """Rows of several kinds, as those of evaluations are: each stretch of one kind at once.

        Yields:
            Where a stretch starts and stops, and its rows; None where they are read one by one.
        """
        for start, stop in stretches(map(tuple, rows)):
            columns = by_column(rows[start:stop]) if stop - start >= BULK else None
            yield start, stop, None if columns is None else self.read_columns(columns)

    def _turn(self, row: Mapping[str, Any]) -> None:
        """Turn to the run of a row."""
        keys = tuple(row)
        if keys != self._keys:
            self._keys, self._cells = keys, None
            self._naming = tuple(
                key for key in keys if plain(key) in _FORMS and key not in self._counters
            )
        cells = tuple([row[key] for key in self._naming])
        if cells != self._cells:
            self._unnamed = not self._counters and all(_text(cell) is None for cell in cells)
            if self._naming and not self._unnamed:
                self._meet(row)
            self._cells = cells
        if not self._unnamed:
            self._newest = row

    def _is_nobodys(self) -> bool:
        """Whether the newest row is of no run that could be told."""
        named, unnamed = self._rows
        return self._unnamed and len(self.runs) > 1 and not (self._in_order and unnamed > named)

    def _meet(self, row: Mapping[str, Any]) -> None:
        """The cells that name the run are not those of the row before."""
        texts = {key: text for key in self._naming if (text := _text(row[key])) is not None}
        numbers = frozenset(key for key, text in texts.items() if text.isdecimal())
        place, is_long = place_of(row, numbers)
        if numbers and place is None:
            self._count_by(numbers, row)
            return
        told = {plain(key): _base(key, text) if is_long else text for key, text in texts.items()}
        identity = {**self._identity, **told}
        other = [key for key in texts if self._differs(plain(key), told)]
        key = tuple(sorted(identity.items()))
        if numbers.issuperset(other) and other and not self._by_number and key not in self._known:
            before, _ = place_of(self._newest, numbers)
            if before is None or place is None or place > before:
                self._count_by(frozenset(other), row)
                return
            self._by_number = True
        if key in self._known:
            self._in_order &= self._known[key][0] == self._run
            self._run, self._reader = self._known[key]
        elif not other and self._known:  # the same one, of which more is told
            assert self._reader is not None
            self._known[key] = self._run, self._reader
        elif len(self.runs) >= MOST_RUNS:
            self._reader = None
            self._first.runs_left_out = True
            return
        else:
            facts = Facts() if self._known else self._first
            self._run = self._name_of(identity, texts)
            if self._known or numbers or self._reader is None:  # else rows before are its own
                self._reader = RowReader(facts, numbers)
            self.runs[self._run] = facts
            self._known[key] = self._run, self._reader
        self._identity = identity

    def _differs(self, form: str, told: Identity) -> bool:
        return self._identity.get(form, told[form]) != told[form]

    def _count_by(self, keys: frozenset[str], row: Mapping[str, Any]) -> None:
        """What is called like a run's number counts the rows, as `trial` may: read them so."""
        self._counters |= keys
        self._keys = ()
        for key in keys:
            self._identity.pop(plain(key), None)
        if len(self.runs) <= 1:
            self._reader = RowReader(self._first)
            self._known = {one: (run, self._reader) for one, (run, _) in self._known.items()}
        self._turn(row)

    def _name_of(self, identity: Identity, texts: Mapping[str, str]) -> str:
        """What a run is called; no other one is called so."""
        shown = {plain(key): text for key, text in texts.items()} | {
            form: text for form, text in identity.items() if text
        }
        forms = [next((form for form in group if form in shown), "") for group in RUN_COLUMNS]
        words = [_called(form, shown.pop(form)) for form in forms if form]
        name = alone = "/".join(words)[:_LONGEST_NAME] or "run"
        if name in self.runs and shown:
            name = alone = f"{name} ({next(iter(shown.values()))[:_LONGEST_NAME]})"
        while name in self.runs:
            name = f"{alone} ({len(self.runs) + 1})"
        return name


_FORMS = frozenset(form for group in RUN_COLUMNS for form in group)


def _called(form: str, text: str) -> str:
    """Say what it is where the name is a number: "trial 3"."""
    return f"{form.removesuffix('_id')} {text}" if text.isdecimal() else text


def _text(cell: Any) -> str | None:
    """What a cell says of the run; None where it says nothing."""
    if isinstance(cell, str):
        return cell.strip()[:_LONGEST_NAME] or None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    if not math.isfinite(cell) or cell % 1 or not 0 <= cell < 10**_DIGITS:
        return None
    return str(int(cell))


def _base(key: str, text: str) -> str:
    """The run that a folder of TensorBoard's is of: "exp/train" and "exp/validation" are one."""
    above, _, last = text.rpartition("/")
    return above if plain(key) in RUN_KEYS and is_split(last) else text
