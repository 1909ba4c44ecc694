"""The Python calls: `lossmon.read` and `lossmon.diagnose`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lossmon import config
from lossmon.diagnosis.finding import Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.errors import LossmonError, TargetError
from lossmon.formats.decoder import Record
from lossmon.monitor import RunUpdate, told
from lossmon.monitor.log import Log
from lossmon.monitor.questions import ask_first
from lossmon.monitor.sources import check_target, nothing_read, open_monitor
from lossmon.monitor.training import Training
from lossmon.text import writable

if TYPE_CHECKING:
    import pandas as pd  # noqa: TID251

_ASK_S = 120.0  # a box that has not answered by then will not ask

COLUMNS = ("run", "metric", "step", "epoch", "time", "value")


class Reading(NamedTuple):
    """What targets held.

    Attributes:
        updates: the runs in the order they were found.
        errors: one for each target that gave none.
        refused: path -> why it is no training log.
    """

    updates: list[RunUpdate]
    errors: list[LossmonError]
    refused: dict[str, str]


def read_targets(
    targets: Sequence[str],
    now: float | None = None,
    logs: Sequence[str] | None = None,
    ask: Callable[[str], None] | None = None,
) -> Reading:
    """Read targets once, whole, and judge every run found in them.

    Args:
        targets: as on the command line.
        now: seconds since the Unix epoch, which decides what is stalled.
        logs: of all logs of the targets, read only these.
        ask: there is a terminal, and ssh may ask its questions there; shows a line on it.
    """
    config.apply()
    errors: list[LossmonError] = []
    good = []
    for target in targets:
        try:
            check_target(target)
            good.append(target)
        except LossmonError as error:
            errors.append(error)
    if not good:
        return Reading([], errors, {})
    monitor = open_monitor(good, watch=False, logs=logs)
    try:
        if ask is not None and monitor.hosts():
            ask_first(monitor, ask, within_s=_ASK_S)
        monitor.poll(now)
        while not monitor.exhausted:
            monitor.wait(1.0)  # for the writer of a pipe, or a box; at once where there is more
            monitor.poll(now)
        updates = monitor.conclude(now)
        missing = [] if logs is not None else [nothing_read(monitor, one) for one in good]
        errors += [error for error in missing if error is not None]
    finally:
        monitor.close()
    return Reading(updates, errors, dict(monitor.refused))


def read_runs(target: str) -> list[RunUpdate]:
    """Read one target; raises TargetError or FormatError where it gives no run."""
    found = read_targets([target])
    if found.errors:
        raise found.errors[0]
    return found.updates


def read(target: str | os.PathLike[str]) -> pd.DataFrame:
    """Everything a log, or all logs of a folder, say.

    Args:
        target: a path, folder or glob.

    Returns:
        Long form, one row a point: run, metric (str), step (int64), epoch, time (float64, seconds
        since the Unix epoch; NaN where not logged), value (float64; NaN and infinity kept).

    Raises:
        TargetError: it cannot be read.
        FormatError: there is no training log in it.
    """
    import pandas as pd  # noqa: TID251

    pieces = [
        (update.run, view)
        for update in read_runs(os.fspath(target))
        for view in update.logged.values()
    ]
    lengths = [len(view) for _, view in pieces]
    frame: pd.DataFrame = pd.DataFrame(
        {
            "run": np.repeat(np.array([writable(run) for run, _ in pieces], object), lengths),
            "metric": np.repeat(
                np.array([writable(view.name) for _, view in pieces], object), lengths
            ),
            "step": np.concatenate([view.step for _, view in pieces]),
            "epoch": np.concatenate([_or_nan(view.epoch, len(view)) for _, view in pieces]),
            "time": np.concatenate([_or_nan(view.time, len(view)) for _, view in pieces]),
            "value": np.concatenate([view.value for _, view in pieces]),
        },
        columns=list(COLUMNS),
    )
    return frame


def _or_nan(column: np.ndarray | None, n: int) -> np.ndarray:
    return np.full(n, np.nan) if column is None else column


@dataclass(frozen=True)
class Report:
    """The diagnosis of one run; `print(report)` is for people, `as_dict()` for programs.

    Attributes:
        update: everything that was read and found.
        knowledge: the language of causes and remedies.
    """

    update: RunUpdate
    knowledge: Knowledge

    @property
    def train(self) -> str | None:
        """The single-curve pattern of the whole curve; None before anything is known."""
        return self.update.diagnosis.train

    @property
    def pair(self) -> str | None:
        """The train/eval pattern, or None."""
        return self.update.diagnosis.pair

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What holds now, worst first."""
        return self.update.diagnosis.findings

    @property
    def timeline(self) -> tuple[TimelineEntry, ...]:
        """What the live monitor would have shown, and when."""
        return self.update.diagnosis.timeline

    def as_dict(self) -> dict[str, Any]:
        """The object that `lossmon check --json` prints."""
        from lossmon.report.contract import run_object

        return run_object(self.update, self.knowledge)

    def __str__(self) -> str:
        from lossmon.report.check import as_table

        return as_table([self.update], self.knowledge, 100)


def diagnose(
    target: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    step: Sequence[float] | None = None,
    train_loss: Sequence[float] | None = None,
    eval_loss: Sequence[float] | None = None,
    eval_step: Sequence[float] | None = None,
    total_steps: int | None = None,
    classes: int | None = None,
    lang: str = "en",
) -> Report:
    """What is wrong with a training, why, and what to do.

    Args:
        target: a log or folder that holds one run; or a DataFrame, in the long form of `read` or
            with one column a metric (and `step`, `epoch`); or nothing where arrays are given.
        step: shape (n,); 1..n when left out.
        train_loss: shape (n,); NaN where not logged.
        eval_loss: shape (n,) on the same steps, NaN where not evaluated; or on `eval_step`.
        eval_step: shape (m,), the steps of `eval_loss` where it has steps of its own.
        total_steps: the planned length, where the data does not say it.
        classes: number of classes, where the data does not say it: a loss that stays at ln C is
            guessing.
        lang: language of causes and remedies, "en" or "zh".

    Raises:
        TargetError: the target cannot be read, or holds several runs (see `diagnose_all`).
        FormatError: there is no training log in it.
    """
    knowledge = load(lang)
    if isinstance(target, str | os.PathLike):
        with told.saying(total_steps=total_steps, classes=classes):
            updates = read_runs(os.fspath(target))
        if len(updates) > 1:
            names = ", ".join(update.run for update in updates[:3])
            raise TargetError(
                f"{os.fspath(target)}: holds {len(updates)} runs ({names}, ...); "
                "name one, or call lossmon.diagnose_all"
            )
        return Report(updates[0], knowledge)
    if target is not None:
        rows = list(_frame_rows(target))
    elif train_loss is not None or eval_loss is not None:
        rows = list(_array_rows(step, train_loss, eval_loss, eval_step))
    else:
        raise TargetError("nothing to diagnose: give a path, a DataFrame, or train_loss=...")
    with told.saying(total_steps=total_steps, classes=classes):
        return Report(_judge(rows), knowledge)


def diagnose_all(target: str | os.PathLike[str], *, lang: str = "en") -> list[Report]:
    """`diagnose` for every run found in a folder or glob."""
    knowledge = load(lang)
    return [Report(update, knowledge) for update in read_runs(os.fspath(target))]


def _judge(rows: list[Record]) -> RunUpdate:
    """Judge rows that come from memory, as if they had been read from a finished log."""
    now = time.time()
    log = Log("data")
    training = Training("data", [log])
    told.told().complete(log.history.plan)
    training.take(log, rows, now, live=False)
    log.history.plan.finished = log.history.plan.total_steps is None
    training.conclude(now)
    return training.update(now, 1.0)


def _array_rows(
    step: Sequence[float] | None,
    train_loss: Sequence[float] | None,
    eval_loss: Sequence[float] | None,
    eval_step: Sequence[float] | None,
) -> Iterator[Record]:
    n = len(train_loss if train_loss is not None else eval_loss or ())
    axis = np.arange(1, n + 1) if step is None else np.asarray(step)
    rows: dict[int, dict[str, float]] = {}
    for name, values, steps in (
        ("loss", train_loss, axis),
        ("eval_loss", eval_loss, axis if eval_step is None else np.asarray(eval_step)),
    ):
        if values is None:
            continue
        if len(values) != len(steps):
            raise TargetError(f"{name}: {len(values)} values for {len(steps)} steps")
        sparse = name == "eval_loss" and eval_step is None and train_loss is not None
        for at, value in zip(steps.tolist(), np.asarray(values, float).tolist(), strict=True):
            if not (sparse and value != value):
                rows.setdefault(int(at), {})[name] = value
    for at in sorted(rows):
        yield Record(rows[at], at)


def _frame_rows(frame: pd.DataFrame) -> Iterator[Record]:
    """The rows of a DataFrame, long (as `read` gives) or wide (one column a metric)."""
    if {"metric", "value"} <= set(frame.columns):
        frame = frame.pivot_table(
            index=[name for name in ("step", "epoch") if name in frame.columns],
            columns="metric",
            values="value",
            aggfunc="last",
            dropna=False,
        ).reset_index()
    plain = frame.select_dtypes("number")
    places = {name: plain[name].tolist() for name in ("step", "epoch") if name in plain.columns}
    metrics = {str(name): plain[name].tolist() for name in plain.columns if name not in places}
    for i in range(len(plain)):
        values = {
            name: float(column[i]) for name, column in metrics.items() if column[i] == column[i]
        }
        step = places["step"][i] if "step" in places else None
        epoch = places["epoch"][i] if "epoch" in places else None
        if values:
            yield Record(values, None if step is None else int(step), epoch)
