"""Which task of a job wrote a line: the label in front of it, as `srun --label` and pdsh write it.

"0: step 10 loss 2.3" may as well begin with an index that grows from line to line. A few lines in a
row tell the two apart, and are held back until they do.
"""

from __future__ import annotations

import re
from itertools import pairwise

_LABEL = re.compile(rb" {0,4}(\d{1,4}): ?")
_PLACE = re.compile(rb"(?i)\b(?:epoch|step|iter|iteration|batch|global_step)s?\b")
_TELLING = 12  # labels in a row that tell whether they are ranks
_FEW = 4  # or so many, where the log ends
_LOOKED_AT = 5000  # lines; later on no labels begin


class Labels:
    """Takes the labels off the lines of a stream, once it is clear that they are labels."""

    def __init__(self) -> None:
        self._held: list[bytes] = []  # labelled lines that do not tell yet
        self._seen = 0
        self._strip = False
        self._decided = False

    def strip(self, lines: list[bytes]) -> list[bytes]:
        """The lines without labels; some may be held back until later ones come."""
        if self._decided:
            return [_LABEL.sub(b"", line, 1) for line in lines] if self._strip else lines
        if not self._held and not any(line[:1] in b" 0123456789" for line in lines):
            self._count(len(lines))
            return lines
        given: list[bytes] = []
        for at, line in enumerate(lines):
            if _LABEL.match(line):
                self._held.append(line)
                if len(self._held) == _TELLING:
                    self._decided, self._strip = True, _are_ranks(self._held)
                    held, self._held = self._held, []
                    return given + self.strip(held + lines[at + 1 :])
            else:
                given += self._held
                given.append(line)
                self._held.clear()
        self._count(len(lines))
        return given

    def flush(self) -> list[bytes]:
        """What is held back; the log ends here."""
        held, self._held = self._held, []
        self._decided = True
        self._strip = self._strip or (len(held) >= _FEW and _are_ranks(held))
        return self.strip(held)

    def _count(self, lines: int) -> None:
        self._seen += lines
        self._decided |= self._seen > _LOOKED_AT and not self._held


def _are_ranks(lines: list[bytes]) -> bool:
    """One rank comes again and again; of several the lines say themselves where they stand.

    An index grows, and may start anew with every epoch.
    """
    labels = [int(found[1]) for found in map(_LABEL.match, lines) if found]
    if len(set(labels)) == 1:
        return True
    placed = sum(_PLACE.search(line) is not None for line in lines)
    return 2 * placed >= len(lines) and any(b <= a for a, b in pairwise(labels))
