"""What a log is compared with others by: its curves, and what remains of it in another process."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from lossmon.formats.lexicon import (
    ACCURACY,
    EVAL_LOSS,
    GRAD_NORM,
    LEARNING_RATE,
    OTHER_LOSS,
    TRAIN_LOSS,
)
from lossmon.history.columns import Ints, Series
from lossmon.history.run import History
from lossmon.hparams import STORES
from lossmon.monitor.agreement import Curve
from lossmon.monitor.log import Log
from lossmon.monitor.row_keys import Keys, rows_of

_BROKEN_OFF = 6  # rows of a training of which fewer tell nothing
_MEASURED = (TRAIN_LOSS, EVAL_LOSS, GRAD_NORM, OTHER_LOSS, ACCURACY)


@dataclass(frozen=True, eq=False)
class Trace:
    """What remains of a log that another process has read: what it is compared by.

    Attributes:
        told: its metrics; as bytes on the way between processes, since most are compared with none.
        start: of a log that is no file: its settings stand there.
        keys: what it is found by, where that is known.
        inexact: see `is_inexact`.
    """

    path: str
    format: str
    records: int
    chosen: Mapping[str, str]
    told: History | bytes = field(repr=False)
    generation: int = 0
    start: bytes | None = None
    within: str = ""
    run: str = ""
    keys: Keys | None = field(default=None, repr=False)
    inexact: bool = False

    @property
    def history(self) -> History:
        """The metrics that it is compared by."""
        return self.told if isinstance(self.told, History) else self._unpacked

    @cached_property
    def _unpacked(self) -> History:
        assert isinstance(self.told, bytes)
        history: History = pickle.loads(self.told)  # as a process of ours has sent it
        return history

    def packed(self) -> Trace:
        """The same for another process."""
        return replace(self, told=pickle.dumps(self.history, pickle.HIGHEST_PROTOCOL))


Told = Log | Trace  # what is known of a log that is compared with others


def trace_of(log: Told, keys: Keys | None = None) -> Trace:
    """What a log is compared by, without its decoder and the metrics that say nothing here."""
    history = History(
        log.history.role_of, plan=log.history.plan, step=log.history.step, epoch=log.history.epoch
    )
    # What a search seeks ("f_min") is the curve that its log is known by, and measures nothing.
    known = {log.chosen.get(TRAIN_LOSS), log.chosen.get(EVAL_LOSS)}
    history.series |= {
        name: one
        for name, one in log.history.series.items()
        if one.role in _MEASURED or one.role == LEARNING_RATE or name in known
    }
    return Trace(
        log.path,
        log.format,
        log.records,
        log.chosen,
        history,
        start=log.start if log.format in STORES else None,
        within=log.within,
        run=log.run,
        keys=keys,
        inexact=is_inexact(log),
    )


def is_inexact(log: Told) -> bool:
    """Whether most rows of a log lie about where they belong: a bar shows or places them."""
    if isinstance(log, Trace):
        return log.inexact
    facts = log.decoder.facts if log.decoder is not None else None
    return facts is not None and 2 * facts.inexact_rows >= max(1, log.records)


class Curves:
    """The curves of a log that are compared, taken anew only when the log has grown.

    Args:
        log: the log.
    """

    def __init__(self, log: Told) -> None:
        self.log = log
        self.stamp = (log.generation, log.records)
        self._curves: dict[str, Curve] = {}

    @cached_property
    def names(self) -> list[str]:
        """The metrics that are measured."""
        series = self.log.history.series
        return [name for name, one in series.items() if one.role in _MEASURED and len(one)]

    @property
    def keys(self) -> Keys:
        """What the log is found by among others."""
        if isinstance(self.log, Trace) and self.log.keys is not None:
            return self.log.keys
        return () if self.main is None else rows_of(self.main)

    def of(self, role: str) -> list[str]:
        """The metrics of a role, whether they are measured or set."""
        several = self.log.history.series.items()
        return [name for name, one in several if one.role == role and len(one)]

    def chosen(self, role: str) -> Curve | None:
        """The curve that plays a role."""
        name = self.log.chosen.get(role)
        return None if name is None else self[name]

    def __getitem__(self, name: str) -> Curve:
        found = self._curves.get(name)
        if found is None:
            found = self._curves[name] = Curve.of(self.log.history.series[name].kept())
        return found

    @property
    def main(self) -> Curve | None:
        """The curve that the log is known by."""
        chosen = self.log.chosen
        name = chosen.get(TRAIN_LOSS) or chosen.get(EVAL_LOSS) or next(iter(self.names), None)
        return None if name is None else self[name]


def has_curve(log: Told) -> bool:
    """Whether a log holds anything that it can be compared by."""
    return any(one.role in _MEASURED and len(one) for one in log.history.series.values())


def beginnings(log: Told) -> Ints:
    """The first steps of the trainings that stand in a log, one after the other.

    One begins where the log says so, or where its epochs are again as at first. Of a few rows it
    was broken off, and what follows is the same training.
    """
    series = _trained(log)
    if series is None:
        return np.zeros(0, np.int64)
    view = series.kept()
    begun = view.step.searchsorted([stage.step for stage in log.history.stages])
    if view.epoch is not None:
        fell = np.flatnonzero(np.diff(view.epoch) < 0) + 1
        begun = np.union1d(begun, fell[view.epoch[fell] <= view.epoch[0]])
    ends = np.append(np.union1d(begun, [0]), len(view))
    found: Ints = view.step[ends[:-1][np.diff(ends) >= _BROKEN_OFF]]
    return found


def goes_back_to_start(log: Told) -> bool:
    """Whether a training began anew in a log that counts its steps anew."""
    series = _trained(log)
    return series is not None and any(
        step <= series.view().step[0] for step in series.restart_steps
    )


def _trained(log: Told) -> Series | None:
    """The points of the train loss; None where there is none."""
    name = log.chosen.get(TRAIN_LOSS)
    series = None if name is None else log.history.series[name]
    return series if series is not None and len(series) else None
