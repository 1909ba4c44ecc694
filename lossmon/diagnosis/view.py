"""What patterns look at: a run at one moment, with the figures that several of them need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Around
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.evidence import RiseState
from lossmon.diagnosis.kind import Kind
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.stages import NewStage
from lossmon.history.best import Lows
from lossmon.history.columns import Floats
from lossmon.history.summary import Sketch

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Pair:
    """The eval loss, and the train level at each evaluation. Arrays have shape (m,).

    Of very many evaluations each place is the mean of several: the best one is that of `View.lows`.
    """

    name: str
    step: Floats
    value: Floats
    levels: Callable[[], Floats]  # of train: measured once somebody asks, as few looks do
    run_share: Floats  # place of each evaluation in the run, in [0, 1]
    each: int = 1  # evaluations at a place

    @cached_property
    def train(self) -> Floats:
        """The train level at each evaluation."""
        return self.levels()

    @cached_property
    def error(self) -> float:
        """Standard error of one evaluation."""
        recent = self.value[-100:]
        return max(st.curve_noise(recent), 1e-12 * abs(float(self.value[-1])))

    @cached_property
    def smooth(self) -> Floats:
        """Running median of three."""
        return st.median3(self.value)

    @cached_property
    def best_at(self) -> int:
        """Index of the lowest smoothed evaluation, without the newest, unconfirmed one."""
        return int(self.smooth.argmin())

    def last(self, values: Floats) -> float:
        """Median of the newest tenth, at least of one."""
        return st.median(values[-max(1, min(5, len(values) // 10)) :])

    @cached_property
    def fall(self) -> float:
        """Log drop of eval over its window; relative drop where it is not positive."""
        return st.log_drop(float(self.value[0]), self.last(self.value))

    @cached_property
    def train_fall(self) -> float:
        """Log drop of train over the same window."""
        return st.log_drop(float(self.train[0]), self.last(self.train))


@dataclass(frozen=True, eq=False)
class View:
    """A run at one moment.

    Attributes:
        train: the train loss; None where there is none.
        pair: train and eval together; None before the first evaluations.
        rate: learning rate as (step, value), shapes (k,); None where not logged.
        grad_norm: likewise. Both are bucket means where there are many rows, as the train loss is;
            rows as logged are in `around.logged_as`.
        step: the newest step.
        plan_share: part of the plan that is done; None where the plan is not known.
        ended: nothing more is to come.
        epochs: epochs passed; None where not logged.
        first_epoch: that of the first row.
        around: what was logged beside the losses: speed, batch size, epochs, restarts, events.
        stage: the newest one that the log tells of: curves begin there.
        quiet: patterns that say nothing of a run of this kind.
        risen: what the bets on a rise of the train loss tell; None where none were made.
        lows: the best evaluations, each as it was logged; None where there is no eval loss.
        sketches: role -> summary of its series, non-finite values counted.
        names: role -> name of the metric.
    """

    train: LossCurve | None
    pair: Pair | None
    rate: tuple[Floats, Floats] | None
    grad_norm: tuple[Floats, Floats] | None
    step: int
    plan_share: float | None
    ended: bool
    epochs: float | None = None
    first_epoch: float | None = None
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    around: Around = field(default_factory=Around)
    quiet: frozenset[str] = frozenset()
    stage: NewStage | None = None
    risen: RiseState | None = None
    lows: Lows | None = None
    _known: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, measure: Callable[[View], T]) -> T:
        """What a function measures of this view, which several patterns ask for."""
        if measure not in self._known:
            self._known[measure] = measure(self)
        found: T = self._known[measure]
        return found

    @property
    def curve(self) -> str:
        """The metric that takes the place of the train loss; "" where none does."""
        name = self.train.name if self.train is not None else ""
        return name if name != self.around.loss_name else ""

    @property
    def held_out(self) -> str:
        """The metric of held-out data that is judged beside such a one; "" where none is."""
        return self.pair.name if self.curve and self.pair is not None else ""

    @property
    def kind(self) -> Kind:
        """What is trained."""
        return self.around.kind

    def name_of(self, role: str) -> str:
        """The metric that plays a role; the role itself where there is none."""
        return self.names.get(role, role)

    @property
    def done(self) -> bool:
        """The plan is over: verdicts that need the end may be given."""
        return self.ended or self.over

    @property
    def over(self) -> bool:
        """It has ended by its own words: its log says so, or its plan is done."""
        told = self.around.finished or self.around.stopped_early(self.step)
        return told or (self.plan_share or 0.0) >= Enough.done

    @cached_property
    def tail(self) -> bool:
        """The log begins in the middle: its start level is not that of the training.

        It was rotated, resumed elsewhere or pasted in part. Rows that are logged every so many
        steps begin that far in, and have their start.
        """
        if self.train is None or len(self.train.step) < 2:
            return False
        base = self.around.base
        spans = [(float(self.train.step[0]) - base, float(self.train.step[-1]) - base)]
        if self.first_epoch is not None and self.epochs is not None:  # steps may be those of rows
            spans.append((self.first_epoch - 1, self.epochs - 1))
        rows = max(1, self.train.n - 1)
        least = max(Enough.tail, Enough.rows_before / rows)
        return any(first > least * (last - first) for first, last in spans)

    @cached_property
    def warming_up(self) -> bool:
        """The learning rate is logged and still rises."""
        if self.rate is None or len(self.rate[1]) < 4:
            return False
        step, value = self.rate
        if value[-1] > Enough.warm_up * value[len(value) // 2]:
            return bool(value[-1] >= 0.98 * value.max())
        # Of a tail the newest rates are much the same: in proportion to the step they rise from 0.
        slope = value / np.maximum(step, 1.0)
        return bool((st.steps(value) > 0).all() and np.ptp(slope) <= Enough.linear * slope[-1])

    @cached_property
    def rows_are_epochs(self) -> bool:
        """Each row is the mean of an epoch: few of them tell what many batches do."""
        if self.train is None or self.epochs is None or self.tail:
            return False
        return self.train.n >= 3 and self.epochs >= self.train.n - 1

    @property
    def enough(self) -> int:
        """Train points from which on anything is told: of all that there will be, few."""
        if self.over:
            return int(Enough.over)
        few = self.ended or self.rows_are_epochs
        return int(Enough.points if few else Enough.points_live)

    @cached_property
    def too_soon(self) -> bool:
        """While a run goes on, what looks bad at its start may be its warm-up or its noise."""
        if self.ended:
            return False
        if self.plan_share is not None:
            return self.plan_share < Enough.plan or self.warming_up
        need = Enough.points if self.rows_are_epochs else Enough.points_no_plan
        return self.train is not None and self.train.n < need
