"""Of a run that goes wrong the nearest one that is well: what differs, and where they part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Floats, Ints, SeriesView
from lossmon.hparams.compare import words
from lossmon.hparams.flat import Value
from lossmon.monitor.baseline import curve_of
from lossmon.monitor.update import RunUpdate
from lossmon.text import printable
from lossmon.words import Words

_MOST_RUNS, _MOST_SETTINGS = 4096, 400
_LEAST_SHARED = 0.5  # of the settings of two siblings: of fewer, any run would be the nearest
_SHOWN = 6  # differences that are said
_BLOCKS = 64  # at most, that two curves are compared in
_OF_A_BLOCK = 4  # points of each curve at least
_APART = 4.0  # standard errors of the difference of two blocks
_VISIBLE = 0.02  # of the range of the healthy curve, by which they part at least


@dataclass(frozen=True)
class Difference:
    """A setting in which two runs differ, in words; "-" where one of them lacks it."""

    name: str
    here: str
    there: str


@dataclass(frozen=True)
class Sibling:
    """The nearest healthy run.

    Attributes:
        run: its name.
        differs: the settings in which they differ, those with a number first.
        more: how many there are beyond those.
        parts_at: the step from which the curves stay apart; None where they never do.
    """

    run: str
    differs: tuple[Difference, ...]
    more: int
    parts_at: int | None

    def in_words(self, tell: Words) -> list[str]:
        """What it tells, a line each: its name, what differs, where the curves part."""
        apart = [
            tell("{name} {here} (there {there})", name=one.name, here=one.here, there=one.there)
            for one in self.differs
        ]
        apart += [f"+{self.more}"] if self.more else []
        alike = tell("configured like it, as far as is known")
        lines = [printable(self.run), printable(tell(", ").join(apart) or alike)]
        if self.parts_at is not None:
            lines.append(tell("the curves part at step {step:,}", step=self.parts_at))
        return lines


class Siblings:
    """Finds siblings among runs; their settings are compared as numbers, all at once.

    Args:
        runs: all there are.
    """

    def __init__(self, runs: Sequence[RunUpdate]) -> None:
        self._runs = [run for run in runs if run.hparams.values][:_MOST_RUNS]
        names = dict.fromkeys(name for run in self._runs for name in run.hparams.values)
        self._names = [name for name in names if not self._is_a_label(name)][:_MOST_SETTINGS]
        codes: dict[str, int] = {}
        self._coded = np.array(
            [[self._code(run, name, codes) for name in self._names] for run in self._runs],
            np.int64,
        ).reshape(len(self._runs), len(self._names))
        self._well = np.array([is_well(run) for run in self._runs], bool)
        self._place = {run.run: at for at, run in enumerate(self._runs)}

    def of(self, update: RunUpdate) -> Sibling | None:
        """The nearest healthy run of one that goes wrong; None where there is none."""
        at = self._place.get(update.run)
        if at is None or is_well(update) or not self._names or not self._well.any():
            return None
        mine = self._coded[at]
        known = (self._coded >= 0) & (mine >= 0)
        equal = known & (self._coded == mine)
        either = (self._coded >= 0) | (mine >= 0)
        share = equal.sum(axis=1) / np.maximum(either.sum(axis=1), 1)
        share[~self._well] = -1.0
        share[at] = -1.0
        if share.max() < _LEAST_SHARED:
            return None
        equals = np.flatnonzero(share == share.max()).tolist()
        best = min(equals, key=lambda place: self._distance(update, self._runs[place]))
        other = self._runs[best]
        apart = [self._names[i] for i in np.flatnonzero(either[best] & ~equal[best])]
        apart.sort(key=lambda name: not isinstance(_value(update, name), int | float))
        differs = [
            Difference(name, _words(update, name), _words(other, name)) for name in apart[:_SHOWN]
        ]
        parted = parts_at(curve_of(update), curve_of(other))
        return Sibling(other.run, tuple(differs), len(apart) - len(differs), parted)

    def _distance(self, one: RunUpdate, two: RunUpdate) -> float:
        """How far the numbers of two runs are from each other, in factors of ten."""
        found = 0.0
        for name in self._names:
            pair = _value(one, name), _value(two, name)
            if all(isinstance(value, int | float) and value > 0 for value in pair):
                found += abs(math.log10(pair[0] / pair[1]))  # type: ignore[operator]
        return found

    def _is_a_label(self, name: str) -> bool:
        """Whether each run has its own words there, as a name or an output folder: no setting."""
        values = [run.hparams.values[name] for run in self._runs if name in run.hparams.values]
        texts = [value for value in values if isinstance(value, str)]
        return len(texts) == len(values) > 2 and len(set(texts)) == len(texts)

    def _code(self, run: RunUpdate, name: str, codes: dict[str, int]) -> int:
        """A number for a value; equal values have equal ones, and none is -1."""
        if name not in run.hparams.values:
            return -1
        return codes.setdefault(words(run.hparams.values[name]), len(codes))


def is_well(update: RunUpdate) -> bool:
    """Nothing is wrong with a run, as far as can be told."""
    return update.state != "failed" and all(
        finding.severity == "info" for finding in update.diagnosis.findings
    )


def parts_at(one: SeriesView | None, two: SeriesView | None) -> int | None:
    """The step from which a curve stays apart from a healthy one; None where it does not.

    Both are cut into blocks of the steps they share; a block is apart where the means differ by
    more than their standard errors explain. What is not finite is apart from everything. Around the
    first of them it is looked again, as finely as the rows allow: how long the curves are is no
    matter.
    """
    if one is None or two is None or not len(one) or not len(two):
        return None
    first = float(max(one.step[0], two.step[0]))
    last = float(min(one.step[-1], two.step[-1]))
    visible, found = -1.0, None  # the range of the healthy curve, measured on all that both have
    while True:
        parts = [
            np.count_nonzero((view.step >= first) & (view.step <= last)) for view in (one, two)
        ]
        most = int(min(parts)) // _OF_A_BLOCK
        blocks = min(_BLOCKS, most)
        if blocks < 2 or last <= first:
            return found
        edges = np.linspace(first, last, blocks + 1)
        levels = [_levels(view.step, view.value, edges) for view in (one, two)]
        means = [mean for mean, _ in levels]
        if visible < 0:
            finite = means[1][np.isfinite(means[1])]
            visible = _VISIBLE * float(np.ptp(finite)) if len(finite) else 0.0
        near = _alike(*levels)
        if not any((view.value <= 0).any() for view in (one, two)):
            near &= _alike(*(_levels(view.step, np.log(view.value), edges) for view in (one, two)))
        with np.errstate(invalid="ignore"):
            near |= np.abs(means[0] - means[1]) <= visible
        start = _after_last(near)
        if start is None:
            return found
        found = round(float(edges[start]))
        if most <= _BLOCKS:
            return found
        first, last = float(edges[max(0, start - 1)]), float(edges[min(start + 2, blocks)])


def _after_last(near: NDArray[np.bool_]) -> int | None:
    """The block behind the last where two curves are near; None where that is the last of all."""
    together = np.flatnonzero(near)
    if len(together) and together[-1] == len(near) - 1:
        return None
    return int(together[-1]) + 1 if len(together) else 0


def _alike(one: tuple[Floats, Floats], two: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    """Where their errors explain the difference of two means.

    What explodes shakes by its own size, and its errors would explain anything; its logarithm does
    not: a loss of 200,000 beside one of 0.1 was near it in one block of sixty.
    """
    (mean, error), (other, more) = one, two
    with np.errstate(invalid="ignore"):
        near: NDArray[np.bool_] = np.abs(mean - other) <= _APART * np.hypot(error, more)
    return near


def _levels(step: Ints, value: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """Mean of each block and its standard error, shapes (blocks,); NaN where a value is none."""
    places: NDArray[np.int64] = np.searchsorted(step, edges).astype(np.int64)
    places[-1] = int(np.searchsorted(step, edges[-1], side="right"))
    means, errors = np.full(len(edges) - 1, np.nan), np.zeros(len(edges) - 1)
    for i, (start, end) in enumerate(pairwise(places)):
        values = value[start:end]
        if len(values) and np.isfinite(values).all():
            means[i] = values.mean()
            errors[i] = values.std() / np.sqrt(len(values))
    return means, errors


def _value(run: RunUpdate, name: str) -> Value:
    return run.hparams.values.get(name)


def _words(run: RunUpdate, name: str) -> str:
    values = run.hparams.values
    return words(values[name]) if name in values else "-"
