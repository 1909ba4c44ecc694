"""What is known of one training: its metrics, and what the log says of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from lossmon.history.best import Lows
from lossmon.history.columns import Floats, Ints, Series

_MOST_NAMES = 64  # by which rows call a stage
LONGEST_NAME = 300  # characters; what is longer is text that was taken for a name, as a prompt
MAX_METRICS = 2000  # a log that invents names without end must not fill the memory
MAX_MORE = 64  # of each role, whatever came before: the loss may stand behind 2,500 layers
MOST_LEFT_OUT = 1 << 14  # names that are known to be left out; later ones are looked at each time


# As `append` has it, and behind that what run it is of, which who keeps histories has looked at.
Row = tuple[Mapping[str, float], int | None, float | None, float | None, str, str]
_Points = tuple[list[int], list[float], list[float | None], list[float | None]]


@dataclass
class Plan:
    """What the log says of how long the training will be and how it ended.

    Attributes:
        total_steps: planned optimizer steps, where the log says.
        total_epochs: planned epochs, where the log says.
        finished: the log says that the training ended as planned.
        failure: the log's last line of a traceback, out-of-memory or killed message.
        events: what lines of the log told, as (kind, step or None, text), oldest first.
        counts: kind of event -> how many there were.
        settings: what is known of the configuration: classes, examples, batch, trainable,
            parameters, lora_rank.
    """

    total_steps: int | None = None
    total_epochs: float | None = None
    finished: bool = False
    failure: str | None = None
    events: tuple[tuple[str, int | None, str], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)


class Stage(NamedTuple):
    """A part of a training that began anew: a fine-tuning behind a pre-training, a fold, a model.

    Attributes:
        name: as the log calls it, or its number.
        step: the first of its steps on the axis of the whole training.
    """

    name: str
    step: int


@dataclass
class History:
    """The metrics of one run, and where each newest point stands.

    Attributes:
        role_of: gives a metric name its role; injected, since history knows no formats.
        series: metric name -> its points.
        plan: what the log says of the plan.
        step: the newest step of any metric.
        epoch: the newest epoch.
        time: the newest time in seconds since the Unix epoch.
        dropped: values not kept because there were too many metric names, or the name was too long.
        left_out: names of those, at most 16,384, as keys in the order they came.
        counted: how many rows said no step, so that they were counted.
        stages: the parts of the training that began anew, in order; empty where there is one. Their
            steps follow upon each other: nothing of an earlier one is hidden.
    """

    role_of: Callable[[str], str]
    series: dict[str, Series] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    step: int | None = None
    epoch: float | None = None
    time: float | None = None
    dropped: int = 0
    left_out: dict[str, None] = field(default_factory=dict)
    counted: int = 0
    stages: list[Stage] = field(default_factory=list)
    _more: dict[str, int] = field(default_factory=dict)  # role -> names beyond the bound for all
    _base: int = 0  # steps before the newest stage
    _bases: list[int] = field(default_factory=list)  # and before each
    _names: list[str] = field(default_factory=list)  # what its rows call it
    _lows: dict[str, Lows] = field(default_factory=dict)

    def append(
        self,
        values: Mapping[str, float],
        step: int | None = None,
        epoch: float | None = None,
        time: float | None = None,
        stage: str = "",
    ) -> None:
        """Append one record.

        A record without a step is placed: a train row one after the newest step, any other row
        (an evaluation, a summary) on the newest step; the first of all at 0. Where no row has a
        train loss, as in "epoch,policy_loss,return", a metric that has a point there already begins
        a new one.
        """
        step = self._place(values) if step is None else self._on_axis(values, step, stage)
        for name, value in values.items():
            series = self._series(name)
            if series is None:
                self.dropped += 1
            else:
                series.append(step, value, epoch, time)
        self.step = step
        if epoch is not None and epoch == epoch:
            self.epoch = epoch
        if time is not None and time == time:
            self.time = time

    def append_all(self, rows: Iterable[Row]) -> None:
        """Append records whose metrics are all known; what appending them one by one gives.

        A metric at a time: of a small log of several kinds of rows that was half of taking them in.
        """
        points: dict[str, _Points] = {}
        for values, step, epoch, time, stage, _ in rows:
            if step is None or not (stage in self._names if stage else self._names):
                self._put(points)  # where it stands depends on those before it
                self.append(values, step, epoch, time, stage)
                continue
            self.step = step = step + self._base
            for name, value in values.items():
                found = points.get(name)
                if found is None:
                    found = points[name] = ([], [], [], [])
                steps, cells, epochs, times = found
                steps.append(step)
                cells.append(value)
                epochs.append(epoch)
                times.append(time)
            if epoch is not None and epoch == epoch:
                self.epoch = epoch
            if time is not None and time == time:
                self.time = time
        self._put(points)

    def _put(self, points: dict[str, _Points]) -> None:
        for name, some in points.items():
            self.series[name].append_all(*some)
        points.clear()

    def extend(
        self,
        values: Mapping[str, Floats],
        step: Ints,
        epoch: Floats | None = None,
        time: Floats | None = None,
        stage: str = "",
    ) -> None:
        """Append many records that have the same metrics, each with a step.

        Args:
            values: metric name -> shape (k,), k > 0.
            step: shape (k,).
            epoch: shape (k,).
            time: seconds since the Unix epoch, shape (k,).
            stage: of all of them.
        """
        moved = self._on_axis(values, int(step[0]), stage) - int(step[0])
        step = step + moved if moved else step
        for name, value in values.items():
            series = self._series(name)
            if series is None:
                self.dropped += len(step)
            else:
                series.extend(step, value, epoch, time)
        self.step = int(step[-1])
        self.epoch = _newest(epoch, self.epoch)
        self.time = _newest(time, self.time)

    def lows(self, metric: str, first: int | None = None) -> Lows | None:
        """Where a metric was lower than ever before, of its newest stage; None where it is none.

        Args:
            metric: its name.
            first: the step at which the log says that something else is measured.
        """
        series = self.series.get(metric)
        if series is None:
            return None
        first = series.begins if first is None else max(first, series.begins)
        return self._lows.setdefault(metric, Lows(metric)).catch_up(series, first)

    def on_axis(self, steps: int | None) -> int | None:
        """Steps of the newest stage, such as its plan, as steps of the whole training."""
        return None if steps is None else steps + self._base

    def as_said(self, steps: Ints) -> Ints:
        """Steps of the whole training as rows said them: each stage counts its own."""
        if not self.stages:
            return steps
        at = np.searchsorted([stage.step for stage in self.stages], steps, side="right") - 1
        own: Ints = steps - np.array(self._bases, np.int64)[np.maximum(at, 0)]
        return own

    def _on_axis(self, values: Iterable[str], step: int, stage: str) -> int:
        """The step on the axis of the whole training.

        A row that goes back and calls its stage by a name that is new begins another one, behind
        what is there. One that goes back under a known name was logged again by a resumed run.
        """
        if stage == "":
            if not self._names:
                self._names.append("1")
        elif stage not in self._names:
            here = step + self._base
            if any(name in self.series and self.series[name].last_step > here for name in values):
                if not self.stages:
                    first = self._names[0] if self._names else "1"  # of rows without a step
                    self.stages.append(Stage(first, self._first_step))
                    self._bases.append(0)
                self._base = (self.step or 0) + (step <= 0)
                self._names.clear()
                self.stages.append(Stage(stage, self._base + step))
                self._bases.append(self._base)
                for one in self.series.values():
                    one.begins = self._base + step
            if len(self._names) < _MOST_NAMES:
                self._names.append(stage)
        return step + self._base

    @property
    def _first_step(self) -> int:
        return min(int(one.view().step[0]) for one in self.series.values())

    def _series(self, name: str) -> Series | None:
        """The series of a metric, made where it is new; None where there are too many.

        What plays a role has places of its own: a row of 2,500 norms of layers, with the loss at
        its end, was a run without a loss.
        """
        series = self.series.get(name)
        if series is not None or name in self.left_out:
            return series
        role = self.role_of(name) if len(name) <= LONGEST_NAME else ""
        if role and (len(self.series) < MAX_METRICS or self._has_more(role)):
            series = self.series[name] = Series(name, role)
            series.begins = self.stages[-1].step if self.stages else series.begins
        elif len(self.left_out) < MOST_LEFT_OUT:
            self.left_out[name[:LONGEST_NAME]] = None
        return series

    def _has_more(self, role: str) -> bool:
        """Take one of the places that a role has beyond the bound for all."""
        taken = self._more.get(role, 0)
        if role == "other" or taken >= MAX_MORE:
            return False
        self._more[role] = taken + 1
        return True

    @property
    def plan_share(self) -> float | None:
        """The part of the plan that is done; None where the log says of no plan."""
        plan = self.plan
        if plan.total_steps and self.step is not None:
            return self.step / plan.total_steps
        if plan.total_epochs and self.epoch is not None:
            return self.epoch / plan.total_epochs
        return None

    @property
    def steps_remain(self) -> bool:
        """The plan says that more is to come, by more than one row of the log."""
        share = self.plan_share
        if share is None or self.plan.finished:
            return False
        rows = max((len(one) for one in self.series.values()), default=0)
        return share < 1.0 - max(0.02, 1.5 / max(rows, 1))

    @property
    def counts_from_zero(self) -> bool:
        """A metric has a point at each step from 0 on, so that the last is one short of the plan.

        CatBoost's `iteration_count` is 40, and its iterations are 0 to 39.
        """
        step = self.step or 0
        whole = (one for one in self.series.values() if len(one) == step + 1)
        return any(one.last_step == step and not one.view().step[0] for one in whole)

    def _place(self, values: Mapping[str, float]) -> int:
        here = -1 if self.step is None else self.step
        if any(self.role_of(name) == "train_loss" for name in values):
            self.counted += 1
            return here + 1
        here = max(here, 0)
        if any(series.role in ("train_loss", "eval_loss") for series in self.series.values()):
            return here
        self.counted += 1
        placed = (self.series[name] for name in values if name in self.series)
        return here + any(series.last_step == here for series in placed)


def _newest(column: Floats | None, before: float | None) -> float | None:
    """The newest number of an optional column; NaN is none."""
    if column is None:
        return before
    known = column[column == column]
    return float(known[-1]) if len(known) else before
