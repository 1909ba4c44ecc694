"""Memory grows from row to row and goes on: it will run out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said

_NAMES = (
    r"(?:gpu|cuda|max|peak|host|cpu|ram|device|reserved|allocated|used)?_?mem(?:ory)?"
    r"(?:_(?:gib|gb|mb|mib|allocated|used|usage|reserved|alloc|max|peak))*|rss(?:_\w+)?|vram\w*"
)
_GIB = {"gib": 1.0, "gb": 1e9 / 2**30, "mib": 1 / 1024, "mb": 1e6 / 2**30, "": math.nan}
_UNIT = re.compile(r"(?:^|[^a-z])(gib|gb|mib|mb)(?:$|[^a-z])", re.I)
_CAPACITY = re.compile(r"total capacity of ([\d.]{1,12}) GiB")
_CARDS = (8, 12, 16, 24, 32, 40, 48, 80, 96, 141, 192)  # GiB of usual cards


class Bounds(Limits):
    """When it holds."""

    rows = Limit(20, "rows", "caches fill at first")
    trend = Limit(4.0, "Mann-Kendall z of block medians over the last two thirds", "words: 3 to 5")
    rise = Limit(0.05, "of the level, over the last two thirds", "allocators move by 1 to 2 %")
    goes_on = Limit(0.5, "of that rise in its second half: a peak that is seldom beaten slows down",
                    "a peak over n rows grows as its logarithm")  # fmt: skip


def find(view: View) -> Finding | None:
    """A rise without an end, by a line through block medians."""
    memory = view.around.logged(_NAMES)
    if memory is None or len(memory.value) < Bounds.rows:
        return None
    tail = slice(len(memory.value) // 3, None)
    value, step = memory.value[tail], memory.step[tail]
    if not np.isfinite(value).all() or np.min(value) <= 0:
        return None
    levels = st.blocks(value, 24)
    rise, first = float(levels[-1] - levels[0]), float(levels[0])
    late = float(levels[-1] - levels[len(levels) // 2])
    if rise < Bounds.rise * first or late < Bounds.goes_on * 0.8 * rise:
        return None
    if st.mann_kendall(levels) < Bounds.trend:
        return None
    slope = rise / max(float(step[-1] - step[0]), 1e-9) * len(levels) / max(len(levels) - 1, 1)
    numbers, words = _forecast(memory, view, slope)
    return Finding(
        "memory_growth",
        "warning",
        0.9,
        int(memory.step[0]),
        memory.name,
        said(
            "{name} grew from {first:.4g} to {last:.4g} and goes on, by {slope:.3g} a step{words}",
            name=memory.name,
            first=memory.value[0],
            last=memory.value[-1],
            slope=slope,
            words=words,
        ),
        numbers={"growth": slope, **numbers},
    )


def _forecast(memory: Logged, view: View, slope: float) -> tuple[dict[str, float], str]:
    """When it will be full: by what an error told of the card, else by the next usual size."""
    unit = _UNIT.search(memory.name)
    gib = _GIB[unit[1].lower() if unit else ""]
    now = float(memory.value[-1]) * gib
    told = _CAPACITY.search(view.around.failure)
    if told is not None and told[1].count(".") <= 1:
        size = float(told[1])
    else:
        size = float(next((card for card in _CARDS if card > now), math.nan))
    left = (size - now) / (slope * gib) if slope > 0 else math.nan
    if not (math.isfinite(left) and left >= 0):
        return {}, ""
    full = float(memory.step[-1]) + left
    return {"full_step": full, "memory_size": size}, (
        said("; {size:.4g} GiB are full at step {full:,}", size=size, full=round(full))
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("memory_leak", finding.evidence, 3.0)


PATTERN = Pattern(
    id="memory_growth",
    slot="beside",
    severity="warning",
    find=find,
    logs=(_NAMES,),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("memory_leak", "longer_samples"),
)
