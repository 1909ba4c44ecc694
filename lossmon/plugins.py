"""What other packages offer under an entry point, found without importing what finds it."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from lossmon import regular

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@lru_cache(maxsize=8)
def offered(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group; nothing of them is imported."""
    if not any(_offers(place, group) for place in sys.path):
        return ()
    from importlib import metadata  # takes longer to import than all else that a log needs

    return tuple(metadata.entry_points(group=group))


def _offers(place: str, group: str) -> bool:
    """Whether a package installed here may offer something; an archive always may."""
    try:
        with os.scandir(place or ".") as entries:
            named = [e.path for e in entries if e.name.lower().endswith((".dist-info", "egg-info"))]
    except OSError:
        return os.path.isfile(place)
    return any(_names(os.path.join(path, "entry_points.txt"), group) for path in named)


def _names(path: str, group: str) -> bool:
    try:
        with open(path, "rb", opener=regular.opener) as file:
            return group.encode() in file.read()
    except OSError:
        return False
