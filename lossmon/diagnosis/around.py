"""What was logged around the loss: where a cause may be found.

Everything here is bounded, whatever the length of the run: curves are sampled, events counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.history.columns import Floats, Ints, Series, SeriesView
from lossmon.history.run import History, Plan

_SAMPLES = 256
_EPOCHS = 64  # newest epochs whose start is kept
_RESTARTS = 16
_ADAPTERS = 0.2  # of the weights: where fewer are trained, they are adapters
_COARSE_S = 3.0  # seconds between samples where time stamps are whole seconds
_BATCH = re.compile(r"(?:^|[/_. ])(?:batch_?size|bsz|global_?batch(?:_?size)?)s?$", re.I)
_PREFERENCE = re.compile(
    r"rewards?/(?:margins?|chosen|rejected|accurac)|logps?/(?:chosen|reject)", re.I
)
_REWARD = re.compile(r"(?:^|[/_])(?:mean_|ep_|episode_)?rew(?:ard)?s?(?:[/_]|$)", re.I)
_POLICY = re.compile(
    r"(?:^|[/_])(?:kl|approx_?kl|ppo_kl|clip_?(?:frac|ratio)\w*|clip_?fraction|policy\w*_?loss"
    r"|pg_loss|entropy(?:_loss)?|completions?|completion_length)(?:[/_]|$)",
    re.I,
)
_LANGUAGE = re.compile(
    r"token_?accuracy|num_tokens|num_input_tokens|tokens_per|perplexity|ppl(?:$|[/_])|aux_loss"
    r"|token_acc", re.I
)  # fmt: skip


class Restart(NamedTuple):
    """The run was resumed.

    Attributes:
        step: the step that it went back to.
        left: the newest step before that.
        before, after: median loss of the points on either side.
        noise: scatter of one point there.
    """

    step: int
    left: int
    before: float
    after: float
    noise: float

    @property
    def rise(self) -> float:
        """How much higher the loss came back, over its level; 0 where noise explains it."""
        rise = self.after - self.before
        if rise <= 3 * 1.25 * self.noise / 3**0.5:  # medians of a few points
            return 0.0
        return rise / max(abs(self.before), 1e-300)


class Around:
    """What stands beside the loss curve; each part is looked at when it is first asked for.

    Args:
        history: the run; None for nothing known.
        chosen: role -> metric name.
    """

    def __init__(
        self, history: History | None = None, chosen: Mapping[str, str] | None = None
    ) -> None:
        self._series = history.series if history is not None else {}
        self._plan = history.plan if history is not None else Plan()
        self._train = self._series.get((chosen or {}).get("train_loss", ""))

    @cached_property
    def _view(self) -> SeriesView | None:
        return self._train.view() if self._train is not None and len(self._train) else None

    @cached_property
    def speed(self) -> tuple[Floats, Floats] | None:
        """(step, steps per second), shapes (k,), k <= 256; None where nothing tells.

        From the times of rows; else a throughput that was logged, in its own unit.
        """
        return _speed(self._view, self._series.values())

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
        return _restarts(self._train, self._view) if self._train and self._train.restarts else ()

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

    @cached_property
    def setting(self) -> str:
        """What is trained, where that changes the advice (see `Finding.setting`)."""
        kind = kind_of(self._series)
        share = self.trained_share
        lora = "lora_rank" in self.settings or (share is not None and share < _ADAPTERS)
        return "lora" if lora and kind in ("", "sft") else kind

    @property
    def trained_share(self) -> float | None:
        """The part of the weights that is trained; None where the log does not say."""
        trainable, of = self.settings.get("trainable"), self.settings.get("parameters")
        return trainable / of if trainable and of else None


def kind_of(names: Iterable[str]) -> str:
    """What is trained, by the names of its metrics; "" where they do not say."""
    names = list(names)
    if any(_PREFERENCE.search(name) for name in names):
        return "dpo"
    if any(map(_REWARD.search, names)) and any(map(_POLICY.search, names)):
        return "rl"
    return "sft" if any(_LANGUAGE.search(name) for name in names) else ""


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
    took, made = np.diff(time), np.diff(step)
    good = (took > 0) & (made > 0)  # a time that is not known is no good either
    if np.count_nonzero(good) < 16:
        return None
    return step[1:][good].astype(float), made[good] / took[good]


def _epoch_starts(view: SeriesView | None) -> Floats:
    if view is None or view.epoch is None:
        return np.empty(0)
    every = _every(len(view), 4096)
    step, epoch = view.step[::every], view.epoch[::every]
    whole = np.floor(epoch + 1e-9)
    starts = np.flatnonzero(np.diff(whole) >= 1) + 1
    return step[starts][-_EPOCHS:].astype(float)


def _restarts(train: Series | None, view: SeriesView | None) -> tuple[Restart, ...]:
    if train is None or view is None or len(train.restarts) > len(train) / 20:
        return ()  # a counter that starts anew every few rows is no restart
    found: list[Restart] = []
    for at in train.restarts[-_RESTARTS:]:
        before, after = view.value[max(0, at - 12) : at], view.value[at : at + 12]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if not len(before) or not len(after):
            continue
        noise = 1.4826 * st.median(np.abs(np.diff(before))) / 2**0.5 if len(before) > 3 else 0.0
        found.append(
            Restart(
                int(view.step[at]),
                int(view.step[at - 1]),
                st.median(before),
                st.median(after),
                noise,
            )
        )
    return tuple(found)


def near(places: Sequence[float] | Floats, step: float, reach: float) -> float | None:
    """The place closest to a step within reach; None where there is none."""
    array = np.asarray(places, float)
    if not len(array):
        return None
    at = int(np.argmin(np.abs(array - step)))
    return float(array[at]) if abs(array[at] - step) <= reach else None
