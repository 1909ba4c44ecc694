"""Which logs make up one training: all pairs that may belong together, and the best way to join.

The answer depends on what the logs hold and where they lie, never on the order in which they were
found nor on the target that led to them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import nsmallest
from itertools import combinations, product
from operator import itemgetter
from typing import Generic, TypeVar

from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.curves import Curves, Trace, has_curve
from lossmon.monitor.kinship import UNKNOWN, Kinship, kept_run, kinship, may_be_kin
from lossmon.monitor.log import Log
from lossmon.monitor.row_keys import Keys
from lossmon.text import common_folder
from lossmon.words import said

_NEAR = 48  # logs of a folder, and of those above it, that are compared with each other
_CROWDED = 96  # logs with one key: it tells nothing
_HITS = 2  # rows of a log that stand in another, too, before the two are compared
_MOST_FOUND = 16  # logs that are found by keys
_MET_AT_MOST = 256  # logs that hold one of its rows, before no further row is asked for
_BY_CHANCE = 1  # rows more in common than many logs have
_PART = 2  # of the rows of the shorter log one in common: that is no chance, however many do
_MOST_JOINED = 64  # logs of one training
_OF_STORE = 8  # logs of a run that a store keeps: they are compared with others


L = TypeVar("L", bound=Log | Trace)


class Joining(Generic[L]):
    """Remembers what was compared; `groups` gives the trainings.

    Args:
        folder: gives the folder of the training that seems to have written a log.
        hand: what the user says of pairs of logs.
    """

    def __init__(self, folder: Callable[[str], str], hand: ByHand | None = None) -> None:
        self._folder_of = folder
        self._hand = hand or ByHand()
        self._listed: dict[int, dict[L, None]] = {}  # by the user, as one run
        self._folders: dict[L, str] = {}
        self._in: dict[str, dict[L, None]] = {}
        self._below: dict[str, list[str]] = {}  # folders that hold logs, while they are few
        self._curves: dict[L, Curves] = {}
        self._keys: dict[L, Keys] = {}
        self._holders: dict[int, L | dict[L, None]] = {}  # one log, as of most keys, or several
        self._kin: dict[L, dict[L, tuple[tuple[Curves, Curves] | None, Kinship]]] = {}
        self._kept: dict[str, dict[L, None]] = {}  # together by a store, as one run

    def take(self, *logs: L) -> None:
        """Logs are new or have grown: compare each with those that may be of its training."""
        compared = [log for log in logs if self._is_compared(log)]
        for log in compared:  # each is to find the others, in whatever order they came
            self._place(log)
            self._look(log, anew=True)
        done = set[L]()
        for log in compared:
            known = self._kin.get(log, {})
            for other in dict.fromkeys((*self._near(log), *known)):
                if other in done and other in known:
                    continue  # it met this one just now
                if not self._are_strangers(log, other):
                    self._compare(log, other)
            done.add(log)

    def _is_compared(self, log: L) -> bool:
        """Whether a log is to be compared with others; of a run that a store keeps, a few are.

        A folder says which files of MLflow's are one run, and there are hundreds of them.
        """
        run = kept_run(log)
        if not run or log in self._folders:
            return True
        kept = self._kept.setdefault(run, {})
        kept[log] = None
        return has_curve(log) and len(self._compared(list(kept))) < _OF_STORE

    def _are_strangers(self, log: L, other: L) -> bool:
        """Whether two logs that met by what they hold are of two trainings beyond doubt.

        So it is nearly always, and how they stand to each other is found out if it is asked for.
        """
        met = self._kin.get(log, {}).get(other, _MET) is _MET
        if not met or self._folders[log] == self._folders[other]:
            return False
        if self._hand.says(log.path, other.path):
            return False
        if may_be_kin(self._look(log, anew=False), self._look(other, anew=False)):
            return False
        self._kin.setdefault(log, {})[other] = self._kin.setdefault(other, {})[log] = _MET
        return True

    def _look(self, log: L, *, anew: bool) -> Curves:
        """The curves of a log, taken again where it began anew, or, on demand, where it has grown.

        One that was emptied has other metrics than those that are remembered of it.
        """
        curves = self._curves.get(log)
        stale = curves is None or curves.stamp[0] != log.generation
        if curves is None or stale or (anew and curves.stamp[1] != log.records):
            self._curves[log] = curves = Curves(log)
            self._note_keys(log, curves)
        return curves

    def forget(self, log: L) -> None:
        """A log is no more."""
        self._kept.get(kept_run(log), {}).pop(log, None)
        if log not in self._folders:
            return
        for row in self._keys.pop(log, ()):
            for key in row:
                self._let_go(key, log)
        self._curves.pop(log, None)
        for logs in self._listed.values():
            logs.pop(log, None)
        for other in self._kin.pop(log, ()):
            self._kin.get(other, {}).pop(log, None)
        folder = self._folders.pop(log)
        del self._in[folder][log]
        if self._in[folder]:
            return
        del self._in[folder]
        for path in {*_above(folder), ""} - {folder}:
            below = self._below.get(path, [])
            if folder in below:
                below.remove(folder)

    def cluster(self, log: L) -> list[L]:
        """All logs that have to be looked at together with a log, by path."""
        found = {log: None}
        waiting = [log]
        while waiting:
            one = waiting.pop()
            met = self._kin.get(one, {}).items()
            kin = [other for other, (_, kin) in met if kin.verdict in _TOGETHER]
            for other in (*kin, *self._kept.get(kept_run(one), ())):
                if other not in found:
                    found[other] = None
                    waiting.append(other)
        return sorted(found, key=lambda one: one.path)

    def groups(self, cluster: Sequence[L]) -> list[list[L]]:
        """Split a cluster into trainings; logs stand by path, and trainings by their first log."""
        if len(cluster) == 1:  # as nearly all
            return [list(cluster)]
        kept: dict[str, list[L]] = {}
        for log in sorted(cluster, key=_path):
            kept.setdefault(kept_run(log) or log.path, []).append(log)
        parts = list(kept.values())
        parts = self._join_proven(parts)
        for hint in ({"same", "parts"}, {"same", "parts", "beside"}):
            parts = self._join_hinted(parts, hint)
        return sorted(parts, key=lambda part: part[0].path)

    def obey(self, hand: ByHand) -> None:
        """The user says something else: what was found out is found out anew."""
        self._hand = hand
        self._kin.clear()
        self._listed.clear()
        for log in self._folders:
            self._note_lists(log)

    def why(self, log: L, others: Iterable[L]) -> str:
        """What a log was joined to others by, in words; empty where it was not."""
        found = [(self._known(log, other), other) for other in others if other is not log]
        joined = [pair for pair in found if pair[0].why and pair[0].verdict in _TOGETHER]
        best = max(joined, key=lambda pair: (pair[0].strength, pair[1].path), default=None)
        if best is None:
            return _KEPT.why if self._kept.get(kept_run(log)) and others else ""
        return said(
            "{why}, with {other}", why=best[0].why, other=_seen_from(log.path, best[1].path)
        )

    def why_not(self, log: L) -> str:
        """Which log holds the same values and is another run all the same, and why."""
        kin = self._kin.get(log, {}).items()
        near = [(one, other) for other, (_, one) in kin if one.verdict == "apart" and one.strength]
        best = max(near, key=lambda pair: (pair[0].strength, pair[1].path), default=None)
        if best is None:
            return ""
        return said("{why}: {other}", why=best[0].why, other=_seen_from(log.path, best[1].path))

    def keys(self, log: L) -> Keys | None:
        """What a log is found by, where that was found out and holds still."""
        curves = self._curves.get(log)
        same = curves is not None and curves.stamp == (log.generation, log.records)
        return self._keys.get(log) if same else None

    def _place(self, log: L) -> None:
        folder, before = self._folder_of(log.path), self._folders.get(log)
        if folder == before:
            return
        if before is not None:
            self._in[before].pop(log, None)
            self._curves.pop(log, None)
        self._folders[log] = folder
        if folder not in self._in:
            self._note_folder(folder)
        self._in.setdefault(folder, {})[log] = None
        self._note_lists(log)

    def _note_folder(self, folder: str) -> None:
        """Note it with those above it: to look through 20,000 for each log took minutes."""
        for path in {*_above(folder), ""} - {folder}:
            below = self._below.setdefault(path, [])
            if len(below) <= _NEAR:
                below.append(folder)

    def _note_lists(self, log: L) -> None:
        for at in self._hand.lists(log.path):
            self._listed.setdefault(at, {})[log] = None

    def _near(self, log: L) -> list[L]:
        """Logs that may be of the same training: by where they lie, and by what they hold."""
        found: dict[L, None] = {}
        for folder in self._line(self._folders[log]):
            logs = self._in[folder]
            if len(logs) <= _NEAR:
                found |= logs
        found |= dict.fromkeys(self._telling(log))
        for at in self._hand.lists(log.path):
            found |= self._listed.get(at, {})
        found.pop(log, None)
        return [one for one in found if one in self._curves]

    def _telling(self, log: L) -> list[L]:
        """The logs with which one has so many rows in common that it tells something.

        Of 10,000 runs of one configuration hundreds have two rows in common with any, and some
        five: what more of them have than are looked at is chance, and so is one row more, unless it
        is a good part of all.
        """
        rows, hits = self._keys[log], Counter[L]()
        asked, least, crowd, more = 0, min(_HITS, len(rows)), -_BY_CHANCE, 0
        for holders in self._holding(rows):
            hits.update(holders)
            asked += 1
        for count, logs in sorted(Counter(hits.values()).items(), reverse=True):
            more += logs
            if more > _MOST_FOUND + 1:  # this one is among them
                crowd = count
                break
        some = [
            (-count, one.path, one)
            for one, count in hits.items()
            if count >= least
            and (count > crowd + _BY_CHANCE or _PART * count >= min(asked, len(self._keys[one])))
        ]
        return [one for *_, one in nsmallest(_MOST_FOUND, some, key=_by_hits)]

    def _holding(self, rows: Keys) -> Iterator[set[L]]:
        """The logs that hold each row that any other holds, each once, by whichever of its keys.

        The rarest tell most and come first, until more logs were met than can be looked at.
        """
        held: list[tuple[int, list[dict[L, None]]]] = []
        for row in rows:
            known = [self._holders[key] for key in row]  # one alone is the one that asks
            several = [one for one in known if type(one) is dict and len(one) <= _CROWDED]
            if several:
                held.append((sum(map(len, several)), several))
        held.sort(key=itemgetter(0))
        room = _MET_AT_MOST
        for count, several in held:
            if room >= 0:
                yield set(several[0]).union(*several[1:])
                room -= count

    def _line(self, folder: str) -> list[str]:
        """The folder, those above it that hold logs, and, where they are few, those below."""
        line = [folder, *(path for path in _above(folder) if path in self._in)]
        below = self._below.get("" if folder == os.curdir else folder, [])
        if len(below) > _NEAR:
            return line
        return line + [one for one in below if one != folder]

    def _note_keys(self, log: L, curves: Curves) -> None:
        for row in self._keys.pop(log, ()):
            for key in row:
                self._let_go(key, log)
        self._keys[log] = keys = curves.keys
        for row in keys:
            for key in row:
                holders = self._holders.setdefault(key, log)
                if isinstance(holders, dict):
                    holders[log] = None
                elif holders is not log:
                    self._holders[key] = {holders: None, log: None}

    def _let_go(self, key: int, log: L) -> None:
        holders = self._holders.get(key)
        if isinstance(holders, dict):
            holders.pop(log, None)
            if not holders:
                del self._holders[key]
        elif holders is log:
            del self._holders[key]

    def _compare(self, log: L, other: L) -> Kinship:
        one, two = (log, other) if log.path <= other.path else (other, log)
        curves = self._look(one, anew=False), self._look(two, anew=False)
        known = self._kin.setdefault(one, {}).get(two)
        if known is None or known[0] != curves:
            said = _BY_HAND.get(self._hand.says(one.path, two.path) or "")
            if kept_run(one) and kept_run(one) == kept_run(two):
                said = _KEPT
            kin = said or kinship(*curves, self._folders[one], self._folders[two])
            known = curves, kin
            self._kin[one][two] = self._kin.setdefault(two, {})[one] = known
        return known[1]

    def _known(self, one: L, two: L) -> Kinship:
        """What was found out about two logs so far."""
        known = self._kin.get(one, {}).get(two)
        return UNKNOWN if known is None else known[1]

    def _join_proven(self, parts: list[list[L]]) -> list[list[L]]:
        """Join what holds the same values, the strongest proof first."""
        merged = {id(part): part for part in parts}
        part_of = {log: part for part in parts for log in self._compared(part)}
        pairs = [(one, two, self._known(one, two)) for one, two in combinations(part_of, 2)]
        proven = [pair for pair in pairs if pair[2].verdict == "same"]
        proven.sort(key=lambda pair: (-pair[2].strength, pair[0].path, pair[1].path))
        for one, two, _ in proven:
            mine, theirs = part_of[one], part_of[two]
            both = self._compared(mine), self._compared(theirs)
            if mine is theirs or sum(map(len, both)) > _MOST_JOINED:
                continue
            if any(self._compare(a, b).verdict == "apart" for a, b in product(*both)):
                continue
            mine += theirs
            del merged[id(theirs)]
            part_of |= dict.fromkeys(both[1], mine)
        return [sorted(part, key=_path) for part in merged.values()]

    def _compared(self, part: Sequence[L]) -> list[L]:
        """The logs of a part that are compared with others."""
        return [log for log in part if log in self._folders]

    def _join_hinted(self, parts: list[list[L]], hints: set[str]) -> list[list[L]]:
        """Join what stands together, where there is but one way to do so."""
        linked: dict[int, set[int]] = {i: set() for i in range(len(parts))}
        for i, j in combinations(range(len(parts)), 2):
            pairs = product(self._compared(parts[i]), self._compared(parts[j]))
            found = {self._compare(a, b).verdict for a, b in pairs}
            if found & hints and not found & {"apart", "strangers"}:
                linked[i].add(j)
                linked[j].add(i)
        joined: list[list[L]] = []
        done: set[int] = set()
        for at, part in enumerate(parts):
            if at in done:
                continue
            together = {at, *linked[at]}
            if all({one, *linked[one]} == together for one in together):
                done |= together
                part = sorted((log for one in together for log in parts[one]), key=_path)
            joined.append(part)
        return joined


def _seen_from(log: str, other: str) -> str:
    """The path of another log without the folders that both are in."""
    folder = common_folder((log, other))
    return other[len(folder) + 1 :] if folder else other


@lru_cache(maxsize=1024)
def _above(folder: str) -> tuple[str, ...]:
    """The folders above one, from the nearest."""
    above = os.path.dirname(folder)
    return (above, *_above(above)) if above != folder else ()


def _path(log: Log | Trace) -> str:
    return log.path


def _by_hits(found: tuple[int, str, object]) -> tuple[int, str]:
    return found[:2]


_TOGETHER = ("same", "parts", "beside")
_MET = (None, UNKNOWN)  # of two logs that were not compared
_KEPT = Kinship("same", 0.0, said("the store holds them as one run"))
_BY_HAND = {
    "together": Kinship("same", float("inf"), said("joined by hand")),
    "apart": Kinship("apart", float("inf"), said("parted by hand")),
}
