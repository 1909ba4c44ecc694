"""Which task of a job wrote a line: the label in front of it, as `srun --label` and pdsh write it.

"0: step 10 loss 2.3" may as well begin with an index that grows from line to line. Labelled lines
are held back until they tell the two apart, nearly always with the second one.
"""

from __future__ import annotations

import re
from itertools import pairwise

_LABEL = re.compile(rb" {0,4}(\d{1,4}):(?!\d\d:\d\d) ?")  # and no time of day
_PLACE = re.compile(rb"(?i)\b(?:epoch|step|iter|iteration|batch|global_step)s?\b\D{0,4}(\d*)")
_VALUE = re.compile(rb"\d\.\d")
_TELLING = 12  # labels in a row that tell in any case whether they are ranks
_FEW = 4  # or so many, where the log ends
_LOOKED_AT = 5000  # lines; later on no labels begin


class Labels:
    """Takes the labels off the lines of a stream, once it is clear that they are labels."""

    def __init__(self) -> None:
        self._held: list[bytes] = []  # labelled lines that do not tell yet
        self._seen = 0
        self._ranks: bool | None = None  # what the labels are; None until it is clear

    @property
    def holds(self) -> bool:
        """Lines are held back."""
        return bool(self._held)

    def strip(self, lines: list[bytes]) -> list[bytes]:
        """The lines without labels; some may be held back until later ones come."""
        if self._ranks is not None:
            return [_LABEL.sub(b"", line, 1) for line in lines] if self._ranks else lines
        given: list[bytes] = []
        if not self._held and not any(line[:1] in b" 0123456789" for line in lines):
            given = lines
        else:
            for at, line in enumerate(lines):
                if _LABEL.match(line):
                    self._held.append(line)
                    self._ranks = _are_ranks(self._held, _TELLING)
                    if self._ranks is not None:
                        return given + self.strip(self._let_go() + lines[at + 1 :])
                else:
                    given += [*self._let_go(), line]
        self._seen += len(lines)
        if self._seen > _LOOKED_AT and not self._held:
            self._ranks = False
        return given

    def flush(self) -> list[bytes]:
        """What is held back; the log ends here."""
        if self._ranks is None:
            self._ranks = _are_ranks(self._held, _FEW) or False
        return self.strip(self._let_go())

    def _let_go(self) -> list[bytes]:
        held, self._held = self._held, []
        return held


def _are_ranks(lines: list[bytes], telling: int) -> bool | None:
    """Whether labels are those of ranks; None where fewer than `telling` lines leave it open.

    A rank comes again and again, and the lines of several say themselves where they stand. An index
    grows, and may start anew with every epoch.
    """
    labels = [int(found[1]) for found in map(_LABEL.match, lines) if found]
    places = [found[1] for found in map(_PLACE.search, lines) if found]
    placed = 2 * len(places) >= len(lines)
    again = any(after <= before for before, after in pairwise(labels))
    if placed and again:
        return True
    if len(set(labels)) == 1:
        return True if len(lines) >= telling else None
    # Ranks that follow upon each other are at the same place; rows without one have the index.
    clear = len(set(places)) > 1 if placed else all(map(_VALUE.search, lines))
    return False if clear or len(lines) >= telling else None
