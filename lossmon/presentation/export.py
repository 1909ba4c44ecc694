"""`lossmon export`: everything that was read, one row a point, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Sequence
from typing import IO, Any

import orjson

from lossmon.api import COLUMNS
from lossmon.errors import TargetError
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.write import replacing
from lossmon.text import escaped, writable
from lossmon.words import said

_FORMULA = ("=", "+", "-", "@")
ENDINGS = (".csv", ".jsonl", ".parquet")

Row = tuple[str, str, int, float | None, float | None, float, str]


def rows(updates: Sequence[RunUpdate]) -> Iterator[Row]:
    """All points of all runs: metric by metric in log order, also what a resumed run repeated."""
    for update in updates:
        run = writable(update.run)
        for view in update.logged.values():
            n, metric = len(view), writable(view.name)
            epochs = [None] * n if view.epoch is None else view.epoch.tolist()
            times = [None] * n if view.time is None else view.time.tolist()
            steps, values = view.step.tolist(), view.value.tolist()
            stages = map(writable, update.stage_of(view.step))
            for step, epoch, time, value, stage in zip(
                steps, epochs, times, values, stages, strict=True
            ):
                yield run, metric, step, _known(epoch), _known(time), value, stage


def check_output(path: str) -> None:
    """Raise TargetError, with what would work, before anything is read in vain."""
    if not path.endswith(ENDINGS):
        raise TargetError(
            said(
                "{path}: write to a file that ends in {names}", path=path, names=", ".join(ENDINGS)
            )
        )
    if path.endswith(".parquet"):
        _parquet()
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise TargetError(
            said("{path}: there is no folder {folder}; make it first", path=path, folder=folder)
        )


def write(updates: Sequence[RunUpdate], path: str) -> int:
    """Write a file in the format that its ending names; a file there before is replaced whole.

    Returns:
        The number of points.

    Raises:
        TargetError: it cannot be written.
    """
    with replacing(path, (log.file for u in updates for log in u.logs)) as partial:
        if path.endswith(".parquet"):
            return write_parquet(updates, partial)
        with open(partial, "w", encoding="utf-8", newline="") as file:
            (_write_lines if path.endswith(".jsonl") else write_csv)(updates, file)
    return sum(len(view) for u in updates for view in u.logged.values())


def write_csv(updates: Sequence[RunUpdate], file: IO[str]) -> None:
    """Write a table with a header."""
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)
    for run, metric, *numbers, stage in rows(updates):
        table.writerow((_cell(run), _cell(metric), *numbers, _cell(stage)))


def _cell(name: str) -> str:
    """A name as a cell: one that a spreadsheet would take for a formula gets an apostrophe."""
    name = _name(name)
    return f"'{name}" if name.startswith(_FORMULA) else name


def _name(text: str) -> str:
    """A name without what a terminal obeys, in a file as on a screen: `cat` shows files on it.

    Nor has it a carriage return, which ends a row for those who read: pandas made two runs of one
    that had one in its name.
    """
    return escaped(writable(text))


def _write_lines(updates: Sequence[RunUpdate], file: IO[str]) -> None:
    """Write JSON lines, in which a number that is not finite is a string."""
    for row in rows(updates):
        cells: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
        if not math.isfinite(cells["value"]):
            cells["value"] = str(cells["value"])
        file.write(escaped(orjson.dumps(cells).decode()) + "\n")


def _known(value: float | None) -> float | None:
    return None if value != value else value


def _parquet() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise TargetError(
            said("Parquet needs the package pyarrow: pip install pyarrow, or write .csv or .jsonl")
        ) from None
    return pyarrow


def write_parquet(updates: Sequence[RunUpdate], file_or_path: str | IO[bytes]) -> int:
    """Write Parquet, to a file of a store as well; the number of points.

    Raises:
        TargetError: pyarrow is missing.
    """
    arrow = _parquet()
    kinds = (arrow.string(), arrow.string(), arrow.int64(), *[arrow.float64()] * 3, arrow.string())
    schema = arrow.schema(list(zip(COLUMNS, kinds, strict=True)))
    count = 0
    with arrow.parquet.ParquetWriter(file_or_path, schema) as file:
        for update in updates:
            for view in update.logged.values():
                n = len(view)
                columns = [
                    [_name(update.run)] * n,
                    [_name(view.name)] * n,
                    view.step,
                    [None] * n if view.epoch is None else view.epoch,
                    [None] * n if view.time is None else view.time,
                    view.value,
                    [_name(stage) for stage in update.stage_of(view.step)],
                ]
                arrays = [
                    arrow.array(cells, kind, from_pandas=name in ("epoch", "time"))
                    for cells, kind, name in zip(columns, kinds, COLUMNS, strict=True)
                ]
                file.write_table(arrow.Table.from_arrays(arrays, schema=schema))
                count += n
    return count
