"""What a machine tells of a training beside its logs: GPUs, and whether its process still lives."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from lossmon.diagnosis.lifecycle import Signs
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import Gpu

MAX_GPUS = 64
MAX_POINTS = 1024  # of the utilisation that are kept; when full, neighbours merge
GPU_METRIC = "GPU use (%)"
_NEWEST = 6  # samples that tell whether the GPU is at work: about a minute
_ENOUGH = 3
_IDLE = 5.0  # per cent; a screen or a monitor uses so much
_BUSY = 20.0
_OLD_S = 120.0  # a sample that is older says nothing of now
_SPREAD = 30.0  # per cent between GPUs of one training that is worth a word
_GIB = 1 << 30


@dataclass(frozen=True)
class Sample:
    """One look at a machine.

    Attributes:
        time: by the clock of that machine, seconds since the Unix epoch.
        host: what that machine calls itself.
        own: of several GPUs, the ids of those that the user's processes are on.
        gpus: all of it.
        logs: path there -> what is known of its writers.
    """

    time: float
    gpus: tuple[Gpu, ...]
    logs: Mapping[str, Mapping[str, Any]]
    host: str = ""
    own: frozenset[str] = frozenset()


def read_sample(said: Any) -> Sample | None:
    """Understand a sample of `lossmon.logs.vitals`; it may come from another box, so trust nothing.

    Returns:
        None where it is none.
    """
    if not isinstance(said, dict) or finite(said.get("time")) is None:
        return None
    logs = said.get("logs")
    return Sample(
        float(said["time"]),
        tuple(
            Gpu(
                str(gpu.get("id", ""))[:8],
                str(gpu.get("name", ""))[:100],
                *(
                    finite(gpu.get(key))
                    for key in ("use", "memory", "memory_total", "temperature", "power")
                ),
            )
            for gpu in _list(said.get("gpus"))[:MAX_GPUS]
            if isinstance(gpu, dict)
        ),
        {path: one for path, one in logs.items() if isinstance(one, dict)}
        if isinstance(logs, dict)
        else {},
        str(said.get("host", ""))[:100],
        frozenset(id for id in _list(said.get("own"))[:MAX_GPUS] if isinstance(id, str)),
    )


class _History:
    """A figure over the run, at most `MAX_POINTS` points, each the mean of as many samples."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._points: list[tuple[int, float, float]] = []  # step, time, value
        self._width = 1  # samples in a point
        self._open: list[float] = []  # values of the point that is not full yet
        self._view: SeriesView | None = None

    def add(self, step: int, time: float, value: float) -> None:
        """Take a sample in."""
        self._view = None
        while self._points and self._points[-1][0] > step:
            self._points.pop()  # the training was resumed from an earlier step
            self._open = []
        self._open.append(value)
        point = (step, time, _mean(self._open))
        if len(self._open) > 1 and self._points:
            self._points[-1] = point
        else:
            self._points.append(point)
        if len(self._open) >= self._width:
            self._open = []
        if len(self._points) > MAX_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=False)
            self._points = [(b[0], b[1], (a[2] + b[2]) / 2) for a, b in pairs]
            self._width, self._open = 2 * self._width, []

    @property
    def view(self) -> SeriesView | None:
        """All of it; None where nothing was told."""
        if self._view is None and self._points:
            step, time, value = (np.array(column) for column in zip(*self._points, strict=True))
            self._view = SeriesView(self._name, "other", step.astype(np.int64), value, None, time)
        return self._view


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values)


# Name of the strip -> the figure of a GPU, which of several tells, and its unit. Memory and heat
# are those of the fullest and the hottest: they end a training first.
_VITALS: dict[str, tuple[Callable[[Gpu], float | None], Callable[[list[float]], float], float]] = {
    "GPU memory": (attrgetter("memory"), max, _GIB),
    "GPU temperature": (attrgetter("temperature"), max, 1.0),
    "GPU power": (attrgetter("power"), _mean, 1.0),
}


@dataclass
class Pulse:
    """The signs of life of one training.

    Attributes:
        gpus: those it uses; where that is not known, those that the user's processes are on, or
            all of the machine.
        writer: a process holds one of its logs open; False when all that did have ended.
        pid: of a process that holds one open.
        gone_since: when they ended, seconds since the Unix epoch by the clock here.
    """

    gpus: tuple[Gpu, ...] = ()
    writer: bool | None = None
    pid: int | None = None
    gone_since: float | None = None
    _heard: float = -math.inf
    _uses: list[float] = field(default_factory=list)  # the newest
    _kept: dict[str, _History] = field(default_factory=dict)  # what is told of its GPUs -> course

    def note(
        self, sample: Sample, paths: Sequence[str], step: int, now: float, at_work: bool = True
    ) -> None:
        """Take a sample.

        Args:
            sample: what the machine told.
            paths: the logs of the training, as the machine calls them.
            step: the newest step.
            now: seconds since the Unix epoch.
            at_work: it goes on as far as is known: else the GPUs are at work for others.
        """
        said = [sample.logs[path] for path in paths if path in sample.logs]
        self._heard = now
        self.writer, self.pid, self.gone_since = None, None, None
        held = [one for one in said if one.get("open") is True]
        if held:
            self.writer = True
            pid = finite(held[0].get("pid"))
            self.pid = None if pid is None else int(pid)
        elif said:
            self.writer = False
            ends = [finite(one.get("since")) for one in said]
            ago = sample.time - max([end for end in ends if end is not None], default=sample.time)
            self.gone_since = now - max(0.0, ago)  # the clock there may be hours off
        ids = {id for one in said for id in _list(one.get("gpus")) if isinstance(id, str)}
        used = tuple(gpu for gpu in sample.gpus if gpu.id in (ids or sample.own))
        self.gpus = used or sample.gpus
        uses = [gpu.use for gpu in self.gpus if gpu.use is not None]
        if uses:
            self._uses = [*self._uses[1 - _NEWEST :], _mean(uses)]
        if self.writer or (at_work and self.writer is None):
            if uses:
                self._keep(step, now, GPU_METRIC, self._uses[-1])
            for name, (told, among, unit) in _VITALS.items():
                values = [value for gpu in self.gpus if (value := told(gpu)) is not None]
                if values:
                    self._keep(step, now, name, among(values) / unit)

    def signs(self, now: float) -> Signs:
        """What follows for the training."""
        if now - self._heard > _OLD_S:
            return Signs(self.writer if self.writer is False else None, self.gone_since)
        gpu: Literal["idle", "busy"] | None = None
        if len(self._uses) >= _ENOUGH:
            if max(self._uses) <= _IDLE:
                gpu = "idle"
            elif _mean(self._uses) >= _BUSY:
                gpu = "busy"
        words = in_words(self.gpus, watts=True)
        return Signs(self.writer, self.gone_since, gpu, words, self.pid)

    @property
    def use(self) -> SeriesView | None:
        """The utilisation of its GPUs, their mean, in per cent; at most `MAX_POINTS` points."""
        return self._kept[GPU_METRIC].view if GPU_METRIC in self._kept else None

    @property
    def vitals(self) -> dict[str, SeriesView]:
        """The same of memory, temperature and power, by the names of their strips."""
        views = ((name, self._kept[name].view) for name in _VITALS if name in self._kept)
        return {name: view for name, view in views if view is not None}

    def _keep(self, step: int, time: float, name: str, value: float) -> None:
        self._kept.setdefault(name, _History(name)).add(step, time, value)


def in_words(gpus: Sequence[Gpu], watts: bool = False) -> str:
    """The GPUs in a few words: "GPU 97 % 71 GB", "8 GPUs 3-97 % 71 GB"; "" where there is none.

    Utilisation is the mean, or the range where they differ; memory is that of the fullest. A GB is
    2^30 bytes, as in the names of the cards.
    """
    if not gpus:
        return ""
    words = ["GPU" if len(gpus) == 1 else f"{len(gpus)} GPUs"]
    uses = [gpu.use for gpu in gpus if gpu.use is not None]
    if uses and max(uses) - min(uses) >= _SPREAD:
        words.append(f"{min(uses):.0f}-{max(uses):.0f} %")
    elif uses:
        words.append(f"{_mean(uses):.0f} %")
    memory = max([gpu.memory for gpu in gpus if gpu.memory is not None], default=None)
    if memory is not None:
        words.append(
            f"{memory / _GIB:.0f} GB" if memory >= 10 * _GIB else f"{memory / _GIB:.1f} GB"
        )
    power = [gpu.power for gpu in gpus if gpu.power is not None]
    if watts and power:
        words.append(f"{_mean(power):.0f} W")  # at 100 % it tells work from waiting
    return " ".join(words) if len(words) > 1 else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def finite(value: Any) -> float | None:
    """A number of JSON from another machine, where it is one that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
        return None
    return float(value) if math.isfinite(value) else None
