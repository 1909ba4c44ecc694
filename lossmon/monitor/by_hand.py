"""Which logs the user joins or parts by hand: it goes before all that values say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from lossmon.settings import Lists, Settings

Word = Literal["together", "apart"]
_MOST = 200  # lists that are kept


class ByHand:
    """What the user says of pairs of logs.

    Args:
        together: lists of logs that are one run; see `lossmon.config.joining`.
        apart: lists of logs that are not.
    """

    def __init__(self, together: Lists = (), apart: Lists = ()) -> None:
        self.together, self.apart = together, apart
        self._known: dict[str, tuple[dict[int, int], dict[int, int]]] = {}

    @staticmethod
    def of(settings: Settings) -> ByHand:
        """What the settings in force say."""
        return ByHand(settings.together, settings.apart)

    def says(self, one: str, two: str) -> Word | None:
        """Whether two logs are one run by the user's word; None where nothing was said."""
        if not (self.together or self.apart):
            return None
        (joined, parted), (with_, from_) = self._entries(one), self._entries(two)
        if any(parted[at] != from_[at] for at in parted.keys() & from_.keys()):
            return "apart"
        return "together" if joined.keys() & with_.keys() else None

    def lists(self, log: str) -> Sequence[int]:
        """The lists of logs that are together in which a log stands."""
        return list(self._entries(log)[0]) if self.together else ()

    def join(self, logs: Sequence[str]) -> ByHand:
        """The same, but these logs are one run."""
        return self._with(logs, "together")

    def part(self, logs: Sequence[str]) -> ByHand:
        """The same, but these logs are a run each."""
        return self._with(logs, "apart")

    def _with(self, logs: Sequence[str], word: Word) -> ByHand:
        """What was said of these very logs before gives way to what is said last.

        The contrary, said of these and no others, takes it back: nothing is left of either.
        """
        said = tuple(sorted(map(full, logs)))
        new = set(said)
        kept = [
            tuple(one for one in lists if len(new & set(one)) < 2)
            for lists in (self.together, self.apart)
        ]
        at, contrary = (0, self.apart) if word == "together" else (1, self.together)
        if said not in contrary:
            kept[at] = (*kept[at], said)[-_MOST:]
        return ByHand(kept[0], kept[1])

    def _entries(self, log: str) -> tuple[dict[int, int], dict[int, int]]:
        """Where a log stands: list -> entry, of both kinds."""
        found = self._known.get(log)
        if found is None:
            path = full(log)
            found = self._known[log] = _stands(path, self.together), _stands(path, self.apart)
        return found


def full(log: str) -> str:
    """The path of a log by which it is known wherever one stands; one on a box stays as it is."""
    return log if not os.path.exists(log) else os.path.abspath(log)


def _stands(path: str, lists: Lists) -> dict[int, int]:
    found: dict[int, int] = {}
    for at, entries in enumerate(lists):
        for entry, wanted in enumerate(entries):
            wanted = os.path.expanduser(wanted)
            if fnmatchcase(path, wanted) or fnmatchcase(path, f"*/{wanted}"):
                found.setdefault(at, entry)
    return found
