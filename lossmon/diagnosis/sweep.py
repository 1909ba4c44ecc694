"""Which setting goes with which ending, over the runs of a sweep.

For each setting the runs are split in two, by a value or at a threshold, and the split is weighed
by Fisher's exact test (Fisher 1935): the chance that runs that go wrong fall so, if the setting had
nothing to do with it. Each value and each threshold of each setting is a test of its own, and what
is told of the best is the sum of the chances that each of them had to look as clear (Tarone 1990).
That is Bonferroni's bound without what cannot happen: of 12 runs, 6 of which went wrong, a
threshold that parts 3 from 9 never reaches the 0.002 of one that parts 6 from 6, and to count it
made a sweep of four rates and three seeds silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Value = str | int | float | bool | None

_LEVEL = 0.01  # of the corrected chance: one sweep without an effect in a hundred says something
_RUNS = 9  # at least: of fewer no split reaches that (4 of 4 and 0 of 5 is 0.008)
_ALIKE = 1 + 1e-7  # chances within a rounding of each other are one
_MOST_SETTINGS = 200
_MOST_VALUES = 64  # of a setting; one with more names runs


@dataclass(frozen=True)
class Association:
    """A setting that goes with an ending.

    Attributes:
        name: of the setting.
        rule: the side of the split on which runs go wrong: ">= 0.0003", "= adam".
        bad, of: runs that went wrong on this side, and all on it.
        other_bad, other_of: likewise on the other side.
        chance: that a sweep without any effect shows a split like this one, corrected.
    """

    name: str
    rule: str
    bad: int
    of: int
    other_bad: int
    other_of: int
    chance: float


class Split(NamedTuple):
    """Runs in two: those on one side of a value or threshold of a setting, and the others."""

    name: str
    rule: str
    side: NDArray[np.bool_]


class Sweep:
    """The settings of many runs, split in every way once, to be weighed against several endings.

    Args:
        settings: of each run.
    """

    def __init__(self, settings: Sequence[Mapping[str, Value]]) -> None:
        self._runs = len(settings)
        self._splits: list[Split] = []
        names = dict.fromkeys(name for one in settings for name in one)
        seen = set[bytes]()
        for name in list(names)[:_MOST_SETTINGS] if self._runs >= _RUNS else ():
            for split in _splits(name, [one.get(name) for one in settings]):
                # Settings that always change together are one: a scale of a rate, a folder's name.
                key = np.packbits(split.side ^ split.side[0]).tobytes()
                if key not in seen:
                    seen.add(key)
                    self._splits.append(split)
        self._sides = np.array([split.side for split in self._splits], bool)
        self._of = self._sides.sum(axis=1) if self._splits else np.empty(0, np.int64)

    def strongest(self, went_wrong: Sequence[bool]) -> Association | None:
        """The setting that goes with an ending most clearly; None where the evidence is thin.

        Args:
            went_wrong: whether each run did.
        """
        runs, wrong = self._runs, sum(went_wrong)
        if not self._splits or not 2 <= wrong <= runs - 2:
            return None
        bad = (self._sides & np.array(went_wrong, bool)).sum(axis=1)
        # The chance of a split is at least that of the very table: no other is looked at.
        least = _log_ways(bad, self._of, wrong - bad, runs - self._of)
        best, chance = -1, np.inf
        for at in np.argsort(least, kind="stable").tolist():
            if np.exp(least[at]) >= chance:
                break
            of = int(self._of[at])
            found = fisher(int(bad[at]), of, wrong - int(bad[at]), runs - of)
            if found < chance:
                best, chance = at, found
        corrected = self._corrected(chance, wrong)
        if corrected > _LEVEL:
            return None
        split, here, of = self._splits[best], int(bad[best]), int(self._of[best])
        return _told(split, here, of, wrong - here, runs - of, corrected)

    def _corrected(self, chance: float, wrong: int) -> float:
        """How likely any of the splits looks so clear by chance: the sum of what each can."""
        sizes, counts = np.unique(self._of, return_counts=True)
        each = [_reached(chance, wrong, of, self._runs) for of in sizes.tolist()]
        return min(1.0, float(np.dot(each, counts)))


def strongest(
    settings: Sequence[Mapping[str, Value]], went_wrong: Sequence[bool]
) -> Association | None:
    """The setting that goes with the ending of runs most clearly; see `Sweep`."""
    return Sweep(settings).strongest(went_wrong)


def _splits(name: str, values: Sequence[Value]) -> list[Split]:
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == len(values):
        levels = np.array(numbers, float)
        return [
            Split(name, f">= {cut:g}", levels >= cut) for cut in np.unique(levels)[1:_MOST_VALUES]
        ]
    words = np.array([str(one) for one in values])
    kinds = list(dict.fromkeys(words.tolist()))
    if not 1 < len(kinds) <= min(_MOST_VALUES, len(values) // 2):
        return []
    return [Split(name, f"= {kind}", words == kind) for kind in kinds]


def _told(
    split: Split, bad: int, of: int, other_bad: int, other_of: int, chance: float
) -> Association:
    """An association as seen from the side on which more runs go wrong."""
    name, rule, _ = split
    if bad * other_of >= other_bad * of:
        return Association(name, rule, bad, of, other_bad, other_of, chance)
    turned = rule.replace(">=", "<") if rule.startswith(">=") else rule.replace("=", "not", 1)
    return Association(name, turned, other_bad, other_of, bad, of, chance)


def _log_ways(
    bad: NDArray[np.int64],
    of: NDArray[np.int64],
    other_bad: NDArray[np.int64],
    other_of: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The logarithm of the chance of tables of two by two with these margins."""
    most = int(np.max(of + other_of))
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, most + 1)))))

    def ways(n: NDArray[np.int64], k: NDArray[np.int64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = logs[n] - logs[k] - logs[n - k]
        return found

    return ways(of, bad) + ways(other_of, other_bad) - ways(of + other_of, bad + other_bad)


def fisher(bad: int, of: int, other_bad: int, other_of: int) -> float:
    """The two-sided p value of Fisher's exact test of a table of two by two."""
    wrong = bad + other_bad
    here, chance = _tables(wrong, of, of + other_of)
    own = chance[bad - here[0]]
    return float(min(1.0, chance[chance <= own * _ALIKE].sum()))


def _reached(p: float, wrong: int, of: int, runs: int) -> float:
    """The chance that the test of a split comes to p or less: its largest p value up to there."""
    chance = np.sort(_tables(wrong, of, runs)[1])
    values = np.cumsum(chance)  # of tables that are as likely, the last one has their p value
    whole = np.append(chance[1:] > chance[:-1] * _ALIKE, True)
    return float(max(values[whole & (values <= p * _ALIKE)], default=0.0))


def _tables(wrong: int, of: int, runs: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many on a side may have gone wrong, and how likely each number is by chance."""
    here = np.arange(max(0, wrong - (runs - of)), min(of, wrong) + 1)
    sizes = np.full_like(here, of), np.full_like(here, runs - of)
    return here, np.exp(_log_ways(here, sizes[0], wrong - here, sizes[1]))
