"""The Python calls: `lossmon.read` and `lossmon.diagnose`."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lossmon import settings
from lossmon.config import apply
from lossmon.diagnosis.finding import Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.errors import LeftOut, TargetError
from lossmon.formats.decoder import Record
from lossmon.memory import array_rows, check_config, count, frame_runs
from lossmon.monitor import RunUpdate, told
from lossmon.monitor.log import Log
from lossmon.monitor.training import Judging, Training
from lossmon.monitor.whole import read_targets
from lossmon.text import printable, writable
from lossmon.words import said

if TYPE_CHECKING:
    import pandas as pd  # noqa: TID251

COLUMNS = ("run", "metric", "step", "epoch", "time", "value", "stage")


def read_runs(target: str, judging: Judging = "as it grows") -> list[RunUpdate]:
    """Read one target; raises TargetError or FormatError where it gives no run."""
    found = read_targets([target], judging=judging)
    for error in found.errors:
        if not isinstance(error, LeftOut):
            raise error
        warnings.warn(printable(str(error)), stacklevel=3)
    return found.updates


def _path(target: object) -> str:
    """A target as it would be typed.

    Raises:
        TargetError: it is none.
    """
    if isinstance(target, str | bytes | os.PathLike):
        return os.fsdecode(target)
    kind = type(target).__name__
    raise TargetError(
        said(
            "{kind}: no path; name a log file or a folder, or use diagnose(train_loss=)", kind=kind
        )
    )


@contextmanager
def _told(config: bool, total_steps: object = None, classes: object = None) -> Iterator[None]:
    """What a call was told holds for this call; `config.toml` where that is asked for."""
    check_config(config)
    told = settings.Settings(
        total_steps=count("total_steps", total_steps, 1), classes=count("classes", classes, 2)
    )
    with settings.using(told):
        if config:
            apply()
        yield


def read(target: str | os.PathLike[str], *, config: bool = False) -> pd.DataFrame:
    """Everything a log, or all logs of a folder, say.

    Args:
        target: a path, folder or glob.
        config: obey the user's `config.toml`: roles of metrics, lines of one's own, names of boxes.

    Returns:
        Long form, one row a point: run, metric (str), step (int64), epoch, time (float64, seconds
        since the Unix epoch; NaN where not logged), value (float64; NaN and infinity kept), stage
        (category: the part of a training that began anew; empty where there is but one).

    Raises:
        TargetError: it cannot be read.
        FormatError: there is no training log in it.

    What is left out of a run, such as metrics beyond the first 2,000, is told as a warning.
    """
    import pandas as pd  # noqa: TID251

    with _told(config):
        updates = read_runs(_path(target), "never")
        for update in updates:
            for trouble in update.errors:
                words = printable(f"{update.run}: {load('en').say(trouble)}")
                warnings.warn(words, stacklevel=2)
    pieces = [(update, view) for update in updates for view in update.logged.values()]
    lengths = [len(view) for _, view in pieces]
    frame: pd.DataFrame = pd.DataFrame(
        {
            "run": np.repeat(
                np.array([writable(update.run) for update, _ in pieces], object), lengths
            ),
            "metric": np.repeat(
                np.array([writable(view.name) for _, view in pieces], object), lengths
            ),
            "step": np.concatenate([view.step for _, view in pieces]),
            "epoch": np.concatenate([_or_nan(view.epoch, len(view)) for _, view in pieces]),
            "time": np.concatenate([_or_nan(view.time, len(view)) for _, view in pieces]),
            "value": np.concatenate([view.value for _, view in pieces]),
            "stage": pd.concat(
                [pd.Series(update.stage_of(view.step), dtype="str") for update, view in pieces],
                ignore_index=True,
            ).astype("category"),
        },
        columns=list(COLUMNS),
    )
    return frame


def _or_nan(column: np.ndarray | None, n: int) -> np.ndarray:
    return np.full(n, np.nan) if column is None else column


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        """In one line, since notebooks show it: the whole is what `print` and `as_dict` are for."""
        from lossmon.presentation.verdict import verdict_line

        verdict = verdict_line(self.update, self.knowledge)
        return f"<{type(self).__name__} {printable(self.update.run)}: {verdict}>"

    def __str__(self) -> str:
        from lossmon.report.check import as_table

        return as_table([self.update], self.knowledge, 100)


def diagnose(
    target: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    step: Sequence[float] | np.ndarray | None = None,
    train_loss: Sequence[float] | np.ndarray | None = None,
    eval_loss: Sequence[float] | np.ndarray | None = None,
    eval_step: Sequence[float] | np.ndarray | None = None,
    total_steps: int | None = None,
    classes: int | None = None,
    lang: str = "en",
    config: bool = False,
) -> Report:
    """What is wrong with a training, why, and what to do.

    Args:
        target: a log or folder that holds one run; or a DataFrame of one run, in the long form of
            `read` or with one column a metric (and `step`, `epoch`); or nothing where curves are
            given. A curve is a list, an array or a Series.
        step: shape (n,); 1..n when left out.
        train_loss: shape (n,); None, NA or masked where not logged. NaN is a loss that is NaN.
        eval_loss: shape (n,) on the same steps, NaN or None where not evaluated; or on `eval_step`.
        eval_step: shape (m,), the steps of `eval_loss` where it has steps of its own.
        total_steps: the planned length, where the data does not say it.
        classes: number of classes, where the data does not say it: a loss that stays at ln C is
            guessing.
        lang: language of causes and remedies, "en" or "zh".
        config: obey the user's `config.toml`, also what it silences.

    Raises:
        TargetError: the target cannot be read, or holds several runs (see `diagnose_all`); or an
            argument is no curve.
        FormatError: there is no training log in it.
        ConfigError: no such language, or `config.toml` cannot be used.
    """
    knowledge = load(lang)
    with _told(config, total_steps, classes):
        curves = (step, train_loss, eval_loss, eval_step)
        if target is not None and any(curve is not None for curve in curves):
            raise TargetError("both a target and curves: give one of them")
        if target is not None:
            updates = _updates(target)
        elif train_loss is not None or eval_loss is not None:
            updates = [_judge("data", array_rows(step, train_loss, eval_loss, eval_step))]
        else:
            raise TargetError(
                said("nothing to diagnose: give a path, a DataFrame, or train_loss=...")
            )
    if len(updates) > 1:
        called = "DataFrame" if hasattr(target, "columns") else _path(target)
        names = ", ".join(update.run for update in updates[:3])
        raise TargetError(
            said(
                "{called}: holds {updates} runs ({names}{word}); name one, or call "
                "lossmon.diagnose_all",
                called=called,
                updates=len(updates),
                names=names,
                word=", ..." if len(updates) > 3 else "",
            )
        )
    return Report(updates[0], knowledge)


def diagnose_all(
    target: str | os.PathLike[str] | pd.DataFrame, *, lang: str = "en", config: bool = False
) -> list[Report]:
    """`diagnose` for every run found in a folder, a glob or a DataFrame with a column `run`."""
    knowledge = load(lang)
    with _told(config):
        return [Report(update, knowledge) for update in _updates(target)]


def _updates(target: object) -> list[RunUpdate]:
    """The runs of a target, or of a DataFrame."""
    if not hasattr(target, "columns"):
        return read_runs(_path(target))
    runs = frame_runs(target)  # type: ignore[arg-type]
    if not any(runs.values()):
        raise TargetError(said("DataFrame: no rows with a number in them"))
    return [_judge(name, rows) for name, rows in runs.items() if rows]


def _judge(name: str, rows: list[Record]) -> RunUpdate:
    """Judge rows that come from memory, as if they had been read from a finished log."""
    now = time.time()
    log = Log(name)
    training = Training(name, [log])
    told.complete(log.history.plan)
    training.take(log, rows, now, live=False)
    log.history.plan.finished = log.history.plan.total_steps is None
    training.conclude(now)
    return training.update(now, 1.0)
