"""What tells the curves of many runs apart: a hue, a stroke, a sign, for good."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from lossmon.chart.canvas import PATTERNS

HUES = 6  # styles run_0 ... run_5
_SIGNS = "*+ox#%@="


@dataclass(frozen=True)
class Identity:
    """How a run is drawn wherever several are.

    Attributes:
        style: the name of its hue's style.
        pattern: of its stroke; see `canvas.PATTERNS`.
        sign: the character it is drawn with in ASCII.
    """

    style: str
    pattern: int
    sign: str


class Identities:
    """Gives each name an identity that never changes while the program runs.

    A name begins at the hue of its hash, so that it mostly has the same one the next time, too.
    The first runs get hues of their own, later ones hues with another stroke.
    """

    def __init__(self) -> None:
        self._known: dict[str, Identity] = {}
        self._taken: set[tuple[int, int]] = set()

    def of(self, name: str) -> Identity:
        """The identity of a name."""
        known = self._known.get(name)
        if known is None:
            hue, pattern = self._free(zlib.crc32(name.encode("utf-8", "replace")) % HUES)
            sign = _SIGNS[(hue + HUES * pattern) % len(_SIGNS)]
            known = self._known[name] = Identity(f"run_{hue}", pattern, sign)
        return known

    def _free(self, first: int) -> tuple[int, int]:
        for pattern in range(len(PATTERNS)):
            for shift in range(HUES):
                place = ((first + shift) % HUES, pattern)
                if place not in self._taken:
                    self._taken.add(place)
                    return place
        return first, len(self._known) % len(PATTERNS)  # more runs than identities: labels tell
