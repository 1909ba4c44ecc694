"""What the last error line of a log says of its cause."""

from __future__ import annotations

import re

from lossmon.diagnosis.finding import Cause, CauseId
from lossmon.words import said

_WORDS: tuple[tuple[CauseId, str], ...] = (
    ("out_of_memory", r"out of memory|OutOfMemory|\boom\b|oom[-_ ]?kill"),
    ("collective_timeout", r"NCCL|collective operation|Watchdog|timed? ?out"),
    ("killed", r"killed|SIGKILL|SIGTERM|CANCELLED|Interrupt|Terminated|exitcode: -(?:9|15)"),
    ("disk_full", r"No space left|Disk quota|ENOSPC"),
    ("shape_mismatch", r"size mismatch|shapes?\b.{0,60}(?:mismatch|cannot be)|must match"),
    ("bad_index", r"device-side assert|index out of (?:range|bounds)|IndexError|CUBLAS_STATUS"),
    ("loss_scale", r"(?:loss|grad)[ _-]?scale|\bscale is (?:at|too)"),
    ("nan_in_data", r"input (?:contains|X contains) nan"),
    ("numeric_overflow", r"\bnan\b|non-?finite|FloatingPoint"),
    ("missing_file", r"FileNotFound|No such file|ModuleNotFound|ImportError"),
)
_DEATHS = tuple((id_, re.compile(pattern, re.I)) for id_, pattern in _WORDS)


def causes_of_failure(text: str) -> tuple[Cause, ...]:
    """The cause that an error line names; empty where it names none that is known.

    Args:
        text: the last line of a traceback, an out-of-memory, NCCL or killed message.
    """
    return next(
        ((Cause(id_, said("by the error's own words")),) for id_, p in _DEATHS if p.search(text)),
        (),
    )
