"""All logs below targets on this machine, for those that read them once."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

from lossmon.logs.files import LocalFiles, reason
from lossmon.logs.follower import Follower


class Listing(NamedTuple):
    """What is there.

    Attributes:
        logs: paths.
        barred: folders that can't be looked into -> why.
        whole: no target holds more than is followed.
    """

    logs: list[str]
    barred: dict[str, str]
    whole: bool


def listed(paths: Sequence[str], within_s: float = math.inf) -> Listing:
    """Go through targets once, without reading any log; what takes longer is left at that."""
    files = LocalFiles()
    follower = Follower(paths, files=files)
    end = time.monotonic() + within_s
    follower.poll(limit_bytes=0)
    while follower.scanning and time.monotonic() < end:
        follower.poll(limit_bytes=0)
    barred = {path: reason(error) for path, error in files.barred.items()}
    return Listing(follower.logs(), barred, not (follower.full or files.cut))
