"""Steps come at half the former speed or less, and it stays so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    slower = Limit(0.5, "of the former speed, for good", "words")
    share = Limit(0.08, "of the run that it must have lasted", "runs")
    steady = Limit(0.65, "of the former speed that the slower part must stay below", "runs")


_BLOCKS = 32  # medians in which pauses (evaluations, checkpoints, a night asleep) do not show
_FIRST = 4  # blocks before and after a change


def find(view: View) -> Finding | None:
    """One change of level in the speed, from above to half or less, that lasts to now."""
    speed = view.around.speed
    if speed is None or len(speed[0]) < 16:
        return None
    step, value = speed
    levels = st.blocks(value, min(_BLOCKS, len(value) // 2))
    at = _change(levels, Bounds.slower)
    if at is None or len(levels) - at < max(2, Bounds.share * len(levels)):
        return None
    before, after = st.median(levels[:at]), st.median(levels[at:])
    since = _onset(value, at / len(levels), 0.5 * (before + after))
    return Finding(
        "slowdown",
        "info",
        0.85,
        int(step[since]),
        view.train.name if view.train is not None else "",
        said(
            "{before:.3g} steps/s until step {step:,}, {after:.3g} since: {ratio:.2g} times slower",
            before=before,
            step=int(step[since]),
            after=after,
            ratio=before / max(after, 1e-300),
        ),
        numbers={"before": before, "after": after, "slower": before / max(after, 1e-300)},
    )


def _change(levels: Floats, share: float) -> int | None:
    """The first block after which every level is at half of what was usual before."""
    if np.max(levels[-2:]) > Bounds.steady * np.max(levels):
        return None
    fastest = np.maximum.accumulate(levels)
    later = np.maximum.accumulate(levels[::-1])[::-1]  # the fastest from a block on
    possible = later[_FIRST:-1] <= Bounds.steady * fastest[_FIRST - 1 : -2]  # no median is faster
    for at in map(int, _FIRST + np.flatnonzero(possible)):
        before = st.median(levels[:at])
        after = levels[at:]
        slow = st.median(after) <= share * before and np.max(after) <= Bounds.steady * before
        if slow and np.mean(levels[:at] >= 0.7 * before) >= 0.75:
            return at
    return None


def _onset(value: Floats, share: float, line: float) -> int:
    """The sample at which the speed crosses a line for good, near a share of the run."""
    start = max(0, int(share * len(value)) - len(value) // _BLOCKS - 2)
    above = np.flatnonzero(st.median3(value)[start:] > line)
    inside = above[above < 3 + 2 * len(value) // _BLOCKS + 2]
    return min(start + (int(inside[-1]) + 1 if len(inside) else 0), len(value) - 1)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    for reason in (
        *co.batch_changed(view, finding.since_step),
        *co.resumed(view, finding.since_step),
    ):
        yield reason._replace(
            id="batch_changed" if reason.id == "batch_changed" else "other_machine"
        )
    for reason in co.epoch_began(view, finding.since_step):
        yield reason._replace(id="longer_samples")
    yield from (r for r in co.log_told(view, finding.since_step) if r.id == "out_of_memory")


PATTERN = Pattern(
    id="slowdown",
    slot="beside",
    severity="info",
    find=find,
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("shared_gpu", "slow_data", "longer_samples"),
    picture=Picture(
        curve="speed",
        lines=(
            Level("before", "before", until="since_step"),
            Level("after", "after", "since_step"),
        ),
        marks=(SINCE,),
    ),
    example=lambda of: Example({"steps/s": 2 + 0.05 * of.noise - 1.1 * of.after(0.6)}, 0.6),
)
