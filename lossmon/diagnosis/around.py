"""What was logged around the loss: where a cause may be found.

Everything here is bounded, whatever the length of the run: curves are sampled, events counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.kind import RANKED, SCORES, UNKNOWN, Kind
from lossmon.diagnosis.measures import Names, is_held_out, measured
from lossmon.diagnosis.parts import Broken, broken_parts
from lossmon.diagnosis.resumed import Restart, restarts_of
from lossmon.history.columns import Floats, Ints, Series, SeriesView
from lossmon.history.rates import step_rates
from lossmon.history.run import History, Plan

# The time that one step took, by the names that trainers give it.
STEP_TIME = (
    r"(?:step|iter(?:ation)?|batch|train_step)_?time|(?:elapsed_)?time_per_\w+|^time$|time_taken"
    r"|^(?:avg_)?batch_cost$|s_per_(?:step|it)"
)
MARGIN = r"rewards?_margins?|^margins?$|\w+_margins"  # by which the chosen answer is preferred
_LOSS = r"\w*loss\w*"
_PART = r"\w*loss\w*|(?:rmse|mae|l2)_\w+|\w+_(?:rmse|mae)"
_TOTAL = r"(?:total|cumulative|running|sum)_?(?:\w*loss\w*|sum|ll)?|\w*loss\w*"
_SAMPLES = 256
_EPOCHS = 64  # newest epochs whose start is kept
_COARSE_S = 3.0  # seconds between samples where time stamps are whole seconds
_BATCH = re.compile(r"(?:^|[/_. ])(?:batch[_ ]?size|bsz|global_?batch(?:_?size)?)s?$", re.I)


class Logged(NamedTuple):
    """Points of a metric, at most 512 of them; shapes (k,), k > 0.

    Attributes:
        name: as it was logged.
        step, value: NaN and infinity are kept.
        rises: more of it is better.
        whole: no point is left out.
        of: points that there are, with those left out.
    """

    name: str
    step: Floats
    value: Floats
    rises: bool = False
    whole: bool = True
    of: int = 0

    def early(self, share: float = 0.1) -> float:
        """Median of the finite ones of the first part, at least of three points."""
        return _middle(self.value[: max(3, int(share * len(self.value)))])

    def late(self, share: float = 0.1) -> float:
        """The same of the newest part."""
        return _middle(self.value[-max(3, int(share * len(self.value))) :])

    def since(self, holds: NDArray[np.bool_]) -> int:
        """The step from which on something holds to the end."""
        broken = np.flatnonzero(~holds)
        at = int(broken[-1]) + 1 if len(broken) else 0
        return int(self.step[min(at, len(self.step) - 1)])


class Around:
    """What stands beside the loss curve; each part is looked at when it is first asked for.

    Args:
        history: the run; None for nothing known.
        chosen: role -> metric name.
        kind: what is trained.
        names: of the metrics.
        loss: the metric that is the train loss by its name, whatever the run is judged by.
    """

    def __init__(
        self,
        history: History | None = None,
        chosen: Mapping[str, str] | None = None,
        kind: Kind = UNKNOWN,
        names: Names | None = None,
        loss: str = "",
    ) -> None:
        self.loss_name = loss
        self.kind = kind
        self.names = names if names is not None else Names(history.series if history else ())
        self._series = history.series if history is not None else {}
        self._chosen = chosen or {}
        self._logged: dict[str, Logged] = {}
        self._plan = history.plan if history is not None else Plan()
        self._train = self._series.get((chosen or {}).get("train_loss", ""))

    @cached_property
    def _view(self) -> SeriesView | None:
        return self._train.view() if self._train is not None and len(self._train) else None

    @cached_property
    def speed(self) -> tuple[Floats, Floats] | None:
        """(step, steps per second), shapes (k,), k <= 256; None where nothing tells.

        From the times of rows; else a throughput that was logged, in its own unit; else a time per
        step, which may be in milliseconds.
        """
        found = _speed(self._view, self._series.values())
        took = self.logged(STEP_TIME) if found is None else None
        if took is None:
            return found
        good = np.isfinite(took.value) & (took.value > 0)
        return (took.step[good], 1 / took.value[good]) if good.sum() >= 16 else None

    @cached_property
    def batch(self) -> tuple[Floats, Floats] | None:
        """(step, batch size), shapes (k,), k <= 256; None where not logged."""
        return _sampled(_first(self._series.values(), _BATCH))

    @cached_property
    def epoch_starts(self) -> Floats:
        """First step of each epoch after the first, the newest 64, shape (e,)."""
        return _epoch_starts(self._view)

    @cached_property
    def restarts(self) -> tuple[Restart, ...]:
        """The newest 16."""
        return restarts_of(self._train) if self._train and self._train.restarts else ()

    @cached_property
    def base(self) -> float:
        """The newest step before the training began anew in its log; 0 where it did not."""
        begins = 0 if self._train is None else self._train.begins
        if begins <= 0:
            return 0.0
        steps = (one.kept().step for one in self._series.values())
        return max(
            (float(one[at - 1]) for one in steps if (at := one.searchsorted(begins))), default=0.0
        )

    @property
    def events(self) -> tuple[tuple[str, int | None, str], ...]:
        """What lines told, as (kind, step or None, text), oldest first."""
        return self._plan.events

    @property
    def counts(self) -> Mapping[str, int]:
        """Kind of event -> how many there were."""
        return self._plan.counts

    @property
    def settings(self) -> Mapping[str, float]:
        """What is known of the configuration (see `lossmon.history.run.Plan`)."""
        return self._plan.settings

    @property
    def total_steps(self) -> int | None:
        """The planned length."""
        return self._plan.total_steps

    def logged(self, expression: str) -> Logged | None:
        """A metric by its name, the one with most points where several fit; None where none does.

        Args:
            expression: matches whole words of the name (see `lossmon.diagnosis.kind`).
        """
        found = [self._series[name] for name in self.names.matching(expression)]
        return self._points(max(found, key=len)) if found else None

    def each(self, expression: str, most: int = 16) -> tuple[Logged, ...]:
        """All metrics of such a name that were logged, the plainest first."""
        some = (self._points(self._series[one]) for one in self.names.matching(expression)[:most])
        return tuple(one for one in some if one is not None)

    def logged_as(self, role: str) -> Logged | None:
        """The metric that plays a role, with points as logged; None where none does."""
        return self._points(self._series.get(self._chosen.get(role, "")))

    def _points(self, series: Series | None) -> Logged | None:
        """The points of a metric, which several patterns ask for."""
        name = series.name if series else ""
        if series and name not in self._logged:
            self._logged[name] = _logged(series)
        return self._logged.get(name)

    @cached_property
    def loss(self) -> Logged | None:
        """What is minimised, whatever the run is judged by."""
        return self._points(self._series.get(self.loss_name))

    @cached_property
    def losses(self) -> tuple[Logged, ...]:
        """The parts of the train loss with its total, row by row, the newest 64 of at most 16.

        Those with as many rows as most of them, so that rows can be compared.
        """
        named = [self._series[name] for name in self.names.matching(_LOSS)[:64]]
        some = [one for one in named if len(one) >= 3 and not is_held_out(one.name)]
        if len(some) < 2:
            return ()
        rows = Counter(len(one) for one in some).most_common(1)[0][0]
        views = [(one.name, one.kept()) for one in some if len(one) == rows][:16]
        return tuple(
            Logged(name, view.step[-64:].astype(float), view.value[-64:], whole=rows <= 64)
            for name, view in views
        )

    def rows(self, name: str) -> SeriesView | None:
        """All rows that the log has of a metric; None where it has none."""
        series = self._series.get(name)
        return series.rows() if series else None

    @property
    def parts(self) -> Iterator[Logged]:
        """Losses and errors of train that stand above their start, at most 16."""
        some = [one for one in self.names.matching(_PART)[:64] if not is_held_out(one)]
        parts = (self._series[one] for one in some[:16])
        return (_logged(one) for one in parts if one.role != "train_loss" and _risen(one))

    @cached_property
    def broken_parts(self) -> tuple[Broken, ...]:
        """Columns of train whose newest rows are no number, at most 8: losses before others."""
        return broken_parts(self._series, {self.loss_name, *self._chosen.values()})

    def totals(self, wanted: Callable[[float], bool]) -> tuple[Logged, ...]:
        """Losses and totals whose newest value is wanted."""
        named = (self._series[name] for name in self.names.matching(_TOTAL)[:64])
        some = (one for one in named if wanted(one.last_value) and "scale" not in one.name.lower())
        return tuple(one for one in map(_logged, some) if len(one.value) >= 3)

    @cached_property
    def durations(self) -> tuple[Floats, Floats] | None:
        """(step, seconds that the row took), of the newest rows, shapes (k,), k <= 512."""
        took = self.logged(STEP_TIME)
        if took is not None and took.whole:
            return took.step, took.value
        view = self._view
        if view is None or view.time is None or len(view) < 3:
            return None
        step, gaps = view.step[-512:], np.diff(view.time[-512:])
        good = np.isfinite(gaps) & (gaps > 0)
        return (step[1:][good].astype(float), gaps[good]) if good.mean() > 0.9 else None

    @cached_property
    def goal(self) -> Logged | None:
        """What is wanted in the end, on held-out data where it is logged there."""
        found = measured(self.kind.goals, self.names, self._series)
        if found is None:
            return None
        name, direction = found
        return _logged(self._series[name])._replace(rises=direction == "higher")

    @cached_property
    def scores(self) -> tuple[Logged, ...]:
        """All that measures how good the answers are, at most 16, of train and of held-out data."""
        found: dict[str, Logged] = {}
        for measure in (*self.kind.goals, *SCORES, *RANKED):
            for name in self.names.matching(measure.name)[:16]:
                if name not in found and len(self._series[name]) and len(found) < 16:
                    rises = measure.direction == "higher"
                    found[name] = _logged(self._series[name])._replace(rises=rises)
        return tuple(found.values())

    @property
    def lone_scores(self) -> tuple[tuple[str, float], ...]:
        """(name, value) of scores that single lines told, outside of rows, oldest first."""
        told = (text.rpartition(": ") for kind, _, text in self.events if kind == "score")
        return tuple((name, float(value)) for name, _, value in told)

    @property
    def finished(self) -> bool:
        """The log says that the training is over."""
        return self._plan.finished

    def stopped_early(self, step: int) -> bool:
        """It says at its newest step that early stopping ended it; at others it was a fold's."""
        return any(kind == "early_stop" and at == step for kind, at, _ in self.events)

    @property
    def failure(self) -> str:
        """The last line of a traceback, or of a kill; empty while there is none."""
        return self._plan.failure or ""

    @property
    def trained_share(self) -> float | None:
        """The part of the weights that is trained; None where the log does not say."""
        trainable, of = self.settings.get("trainable"), self.settings.get("parameters")
        return trainable / of if trainable and of else None


def _middle(values: Floats) -> float:
    return st.median(values[np.isfinite(values)])


def _logged(series: Series) -> Logged:
    """Evenly taken points of a series, the newest among them."""
    view = series.kept()
    every = _every(len(view), 512)
    part = slice((len(view) - 1) % every, None, every)
    step = view.step[part].astype(float)
    return Logged(series.name, step, view.value[part], whole=every == 1, of=len(view))


def _risen(series: Series) -> bool:
    """The newest rows lie above the first ones; O(1), as most parts have fallen."""
    if len(series) < 3:
        return False
    value = series.view().value
    rows = min(8, len(value) // 2)
    return bool(value[-rows:].sum() > value[:rows].sum())


def _first(series: Iterable[Series], pattern: re.Pattern[str]) -> Series | None:
    return next((one for one in series if len(one) >= 2 and pattern.search(one.name)), None)


def _every(n: int, most: int = _SAMPLES) -> int:
    """The stride that leaves at most so many of n points."""
    return max(1, -(-n // most))


def _sampled(series: Series | None) -> tuple[Floats, Floats] | None:
    if series is None:
        return None
    view, every = series.view(), _every(len(series))
    step, value = view.step[::every].astype(float), view.value[::every]
    keep = np.isfinite(value)
    return (step[keep], value[keep]) if keep.sum() >= 2 else None


def _speed(view: SeriesView | None, series: Iterable[Series]) -> tuple[Floats, Floats] | None:
    """Steps per second between samples of the train rows; else a throughput that was logged."""
    if view is not None and view.time is not None:
        found = _speed_by_time(view.step, view.time)
        if found is not None:
            return found
    logged = [one for one in series if one.role == "throughput" and len(one) >= 24]
    return _sampled(max(logged, key=len, default=None))


def _speed_by_time(step: Ints, time: Floats) -> tuple[Floats, Floats] | None:
    if len(step) < 24:
        return None
    some = time[:: _every(len(time), 64)]
    span = float(some[-1] - some[0])
    if not np.isfinite(span):
        return None
    whole = bool(np.all(some == np.floor(some)))  # seconds: too coarse for rows of the same second
    most = min(_SAMPLES, int(span / _COARSE_S)) if whole else _SAMPLES
    if most < 16:
        return None
    every = _every(len(step), most)
    step, time = step[::every], time[::every]
    after, rate = step_rates(step, time)
    return (step[after].astype(float), rate) if len(rate) >= 16 else None


def _epoch_starts(view: SeriesView | None) -> Floats:
    if view is None or view.epoch is None:
        return np.empty(0)
    every = _every(len(view), 4096)
    step, epoch = view.step[::every], view.epoch[::every]
    whole = np.floor(epoch + 1e-9)
    starts = np.flatnonzero(np.diff(whole) >= 1) + 1
    return step[starts][-_EPOCHS:].astype(float)


def near(places: Sequence[float] | Floats, step: float, reach: float) -> float | None:
    """The place closest to a step within reach; None where there is none."""
    array = np.asarray(places, float)
    if not len(array):
        return None
    at = int(np.argmin(np.abs(array - step)))
    return float(array[at]) if abs(array[at] - step) <= reach else None
