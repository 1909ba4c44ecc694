"""Which setting goes with which ending, over the runs of a sweep.

For each setting the runs are split in two, by a value or at a threshold, and the split is weighed
by Fisher's exact test (Fisher 1935): the chance that runs that go wrong fall so, if the setting had
nothing to do with it. Each value and each threshold of each setting is a test of its own, and the
chance of the best is multiplied by how many there were (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | int | float | bool | None

_LEVEL = 0.01  # of the corrected chance: one sweep without an effect in a hundred says something
_RUNS = 8  # at least: of fewer no split can be told from chance
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


def strongest(
    settings: Sequence[Mapping[str, Value]], went_wrong: Sequence[bool]
) -> Association | None:
    """The setting that goes with the ending most clearly; None where the evidence is thin.

    Args:
        settings: of each run.
        went_wrong: whether each run did.
    """
    runs, wrong = len(went_wrong), sum(went_wrong)
    if runs < _RUNS or not 2 <= wrong <= runs - 2:
        return None
    tests = 0
    best: Association | None = None
    names = dict.fromkeys(name for one in settings for name in one)
    seen = set[tuple[object, ...]]()
    for name in list(names)[:_MOST_SETTINGS]:
        values = [one.get(name) for one in settings]
        splits = _splits(values)
        # Settings that always change together are one: a scale of a rate, a name of a folder.
        fresh = [split for split in splits if _key(split[1]) not in seen]
        seen |= {_key(split[1]) for split in fresh}
        tests += len(fresh)
        for rule, side in fresh:
            found = _weigh(name, rule, side, went_wrong)
            if best is None or found.chance < best.chance:
                best = found
    if best is None:
        return None
    corrected = min(1.0, best.chance * tests)
    if corrected > _LEVEL:
        return None
    return Association(
        best.name, best.rule, best.bad, best.of, best.other_bad, best.other_of, corrected
    )


def _key(side: Sequence[bool]) -> tuple[object, ...]:
    """A split whichever way round it is said."""
    return tuple(one == side[0] for one in side)


def _splits(values: Sequence[Value]) -> list[tuple[str, list[bool]]]:
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == len(values):
        return [
            (f">= {cut:g}", [float(one) >= cut for one in numbers])
            for cut in sorted({float(one) for one in numbers})[1:_MOST_VALUES]
        ]
    kinds = list(dict.fromkeys(str(one) for one in values))
    if not 1 < len(kinds) <= min(_MOST_VALUES, len(values) // 2):
        return []
    return [(f"= {kind}", [str(one) == kind for one in values]) for kind in kinds]


def _weigh(name: str, rule: str, side: Sequence[bool], wrong: Sequence[bool]) -> Association:
    of = sum(side)
    bad = sum(a and b for a, b in zip(side, wrong, strict=True))
    other_of, other_bad = len(side) - of, sum(wrong) - bad
    chance = fisher(bad, of, other_bad, other_of)
    if bad * other_of >= other_bad * of:
        return Association(name, rule, bad, of, other_bad, other_of, chance)
    turned = rule.replace(">=", "<") if rule.startswith(">=") else rule.replace("=", "not", 1)
    return Association(name, turned, other_bad, other_of, bad, of, chance)


def fisher(bad: int, of: int, other_bad: int, other_of: int) -> float:
    """The two-sided p value of Fisher's exact test of a table of two by two."""
    wrong, runs = bad + other_bad, of + other_of
    whole = math.comb(runs, wrong)
    ways = [
        math.comb(of, k) * math.comb(other_of, wrong - k)
        for k in range(max(0, wrong - other_of), min(of, wrong) + 1)
    ]
    here = math.comb(of, bad) * math.comb(other_of, other_bad)
    return sum(way for way in ways if way <= here) / whole
