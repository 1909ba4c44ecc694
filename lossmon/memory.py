"""Curves that a program holds: arrays, lists, Series and DataFrames, as the rows of a log.

What comes in is whatever a notebook has at hand, so each argument is looked at by name, and what
can't be used is said in words that tell what would do.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossmon.errors import TargetError
from lossmon.formats.decoder import MOST_STEPS, Record
from lossmon.words import said

if TYPE_CHECKING:
    import pandas as pd  # noqa: TID251

_PLACES = ("step", "epoch")


def count(name: str, value: object, least: int) -> int | None:
    """A whole number that is given as an argument; None where it is not.

    Raises:
        TargetError: it is none, or out of range.
    """
    if value is None:
        return None
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        whole = isinstance(value, float) and value.is_integer()
        number = int(value) if whole else least - 1  # type: ignore[call-overload]
    if isinstance(value, bool) or not least <= number < MOST_STEPS:
        raise TargetError(
            said(
                "{name}: {value}; a whole number of {least} or more is wanted",
                name=name,
                value=_shown(value),
                least=least,
            )
        )
    return number


def check_config(value: object) -> None:
    """Raise TargetError where it is not said whether settings are read, but a file, say."""
    if not isinstance(value, bool):
        raise TargetError(
            said(
                "config: {value}; True reads the user's config.toml, no other", value=_shown(value)
            )
        )


def array_rows(
    step: object, train_loss: object, eval_loss: object, eval_step: object
) -> list[Record]:
    """The rows of curves; see `lossmon.diagnose`.

    Raises:
        TargetError: an argument is no curve, or they do not fit together.
    """
    train = None if train_loss is None else _numbers("train_loss", train_loss)
    evals = None if eval_loss is None else _numbers("eval_loss", eval_loss)
    if eval_step is not None and evals is None:
        raise TargetError(said("eval_step: without eval_loss it places nothing"))
    longest = train if train is not None else evals
    assert longest is not None
    axis = np.arange(1, len(longest) + 1) if step is None else _steps("step", step)
    rows: dict[int, dict[str, float]] = {}
    for name, values, places in (
        ("loss", train, axis),
        ("eval_loss", evals, axis if eval_step is None else _steps("eval_step", eval_step)),
    ):
        if values is None:
            continue
        if len(values) != len(places):
            called = "train_loss" if name == "loss" else name
            raise TargetError(
                said(
                    "{called}: {values} values for {places} steps",
                    called=called,
                    values=len(values),
                    places=len(places),
                )
            )
        sparse = name == "eval_loss" and eval_step is None and train is not None
        there = ~_left_out(train_loss if name == "loss" else eval_loss)
        if sparse:
            there &= values == values
        for at, value in zip(places[there].tolist(), values[there].tolist(), strict=True):
            rows.setdefault(at, {})[name] = value
    return [Record(rows[at], at) for at in sorted(rows)]


def frame_runs(frame: pd.DataFrame) -> dict[str, list[Record]]:
    """The rows of each run of a DataFrame: long as `read` gives it, or one column a metric.

    Raises:
        TargetError: it holds no run.
    """
    if not hasattr(frame, "pivot_table") and hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()  # type: ignore[operator]  # of polars or arrow
    if not hasattr(frame, "pivot_table"):
        raise TargetError(
            said(
                "{kind}: make it a pandas DataFrame, or give train_loss",
                kind=type(frame).__name__,
            )
        )
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TargetError(
            said("DataFrame: two columns are called {twice}; rename one", twice=twice)
        )
    frame = frame.set_axis(names, axis="columns")
    if "run" not in names:
        return {"data": list(_rows(frame))}
    runs = frame["run"].astype(str)
    return {name: list(_rows(frame[runs == name])) for name in dict.fromkeys(runs)}


def _rows(frame: pd.DataFrame) -> Iterator[Record]:
    """The rows of one run."""
    if {"metric", "value"} <= set(frame.columns):
        places = [name for name in _PLACES if name in frame.columns]
        if not places:
            raise TargetError(
                said("DataFrame: rows of metric and value need a column step or epoch")
            )
        yield from _long_rows(frame, places)
        return
    columns = {
        str(name): _numbers(str(name), frame[name])
        for name in frame.columns
        if frame[name].dtype.kind in "biuf" or str(name) in _PLACES
    }
    places_of = {name: columns.pop(name, None) for name in _PLACES}
    if not columns:
        raise TargetError(
            said("DataFrame: no column of numbers beside step and epoch; name one loss")
        )
    steps, epochs = places_of["step"], places_of["epoch"]
    if steps is not None:
        _check_steps("step", steps[~np.isnan(steps)])
    metrics = {name: column.tolist() for name, column in columns.items()}
    for i in range(len(frame)):
        values = {name: column[i] for name, column in metrics.items() if column[i] == column[i]}
        step = None if steps is None or np.isnan(steps[i]) else int(steps[i])
        epoch = None if epochs is None or np.isnan(epochs[i]) else float(epochs[i])
        if values:
            yield Record(values, step, epoch)


def _long_rows(frame: pd.DataFrame, places: list[str]) -> Iterator[Record]:
    """Rows that each hold a value of a metric: those of one place are one, the last counts.

    A value that is not a number was logged so: of a run whose loss was NaN for its last 19 rows
    `diagnose(read(path))` said that it had not converged.
    """
    # Texts would be put in order as such: 99 behind 199.
    axes = {name: _numbers(name, frame[name]) for name in places}
    if "step" in axes:
        _check_steps("step", axes["step"][~np.isnan(axes["step"])])
    there = ~_left_out(frame["value"])
    values = _numbers("value", frame["value"]).tolist()
    metrics = frame["metric"].astype(str).tolist()
    order = np.lexsort([axes[name] for name in reversed(places)])
    rows: dict[tuple[float | None, ...], dict[str, float]] = {}
    columns = [[None if at != at else at for at in axes[name].tolist()] for name in places]
    for row in order[there[order]].tolist():
        place = tuple(column[row] for column in columns)
        rows.setdefault(place, {})[metrics[row]] = values[row]
    for place, held in rows.items():
        at = dict(zip(places, place, strict=True))
        step = at.get("step")
        yield Record(held, None if step is None else int(step), at.get("epoch"))


def _numbers(name: str, values: object) -> np.ndarray:
    """One dimension of numbers, NaN where there is none."""
    wanted = "a list, an array or a Series of numbers is wanted"
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__len__"):
        raise TargetError(f"{name}: {type(values).__name__}; {wanted}")
    try:
        kind = getattr(getattr(values, "dtype", None), "kind", "O")
        if kind not in "biufO":
            raise TargetError(
                said(
                    "{name}: {values} values; {wanted}",
                    name=name,
                    values=getattr(values, "dtype", ""),
                    wanted=wanted,
                )
            )
        if hasattr(values, "to_numpy"):  # a Series may have a missing value of its own kind
            values = values.to_numpy(dtype=float, na_value=np.nan)
        found = np.asarray(values)
        if found.dtype.kind not in "biufO":
            raise TargetError(
                said(
                    "{name}: {dtype} values; {wanted}", name=name, dtype=found.dtype, wanted=wanted
                )
            )
        numbers = found.astype(float)
    except TargetError:
        raise
    except Exception as error:  # of numpy, pandas or whoever made this array
        raise TargetError(f"{name}: {_shown(error)}; {wanted}") from None
    if numbers.ndim != 1:
        raise TargetError(
            said(
                "{name}: of shape {shape}; one dimension is wanted",
                name=name,
                shape=numbers.shape,
            )
        )
    return numbers


def _left_out(values: object) -> np.ndarray:
    """Where a curve holds nothing: None, what is masked, what pandas calls NA; NaN is a loss."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values)
    if hasattr(values, "isna") and not isinstance(getattr(values, "dtype", None), np.dtype):
        return np.asarray(values.isna(), bool)
    found = np.asarray(values)
    if found.dtype.kind != "O":
        return np.zeros(len(found), bool)
    nothing = [value is None or type(value).__name__ == "NAType" for value in found]
    return np.array(nothing, bool)


def _steps(name: str, values: object) -> np.ndarray:
    return _check_steps(name, _numbers(name, values)).astype(np.int64)


def _check_steps(name: str, steps: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        odd = ~((steps >= 0) & (steps < MOST_STEPS)) | (steps != np.floor(steps))
    if odd.any():
        raise TargetError(
            said(
                "{name}: {steps:g} is no step; whole numbers from 0 on are wanted",
                name=name,
                steps=steps[odd][0],
            )
        )
    return steps


def _shown(value: object) -> str:
    return str(value).split("\n")[0][:80]
