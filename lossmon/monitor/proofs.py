"""What the rows of two logs of one training prove of their steps, found out once.

It is asked at each look, and a comparison reads both logs: it is made anew when one has grown by an
eighth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lossmon.monitor.curves import Curves
from lossmon.monitor.kinship import evidence
from lossmon.monitor.log import Log

_GROWN = 1.125  # times the rows that a log had
_KNOWN = 1 << 13  # answers
_SAME = 0.95  # share of the rows that agree which are equally far apart in both logs

Key = tuple[object, ...]


@dataclass
class Proofs:
    """Answers to questions on the rows of two logs, by how many rows both had."""

    _known: dict[Key, tuple[tuple[int, int], int | None]] = field(default_factory=dict)

    def shift(self, one: Log, two: Log) -> int | None:
        """How many steps later each row of a log lies in the other; None where that differs.

        A printed log in which rows were lost is some steps off from there on.
        """
        return self.of(("shift",), one, two, lambda: _shift(one, two))

    def of(self, about: Key, one: Log, two: Log, asked: Callable[[], int | None]) -> int | None:
        """The answer to a question, which is asked again once a log has grown."""
        key = (*about, id(one), one.generation, id(two), two.generation)
        rows = one.records, two.records
        known = self._known.get(key)
        if known is not None and all(
            then <= now <= _GROWN * then for now, then in zip(rows, known[0], strict=True)
        ):
            return known[1]
        if len(self._known) >= _KNOWN:
            self._known.clear()
        found = asked()
        self._known[key] = rows, found
        return found


def _shift(one: Log, two: Log) -> int | None:
    proof = evidence(Curves(one), Curves(two))
    if proof is None:
        return None
    later = proof.second - proof.first
    shift = int(np.median(later))
    same = later == shift
    return shift if same[0] and same[-1] and np.mean(same) >= _SAME else None
