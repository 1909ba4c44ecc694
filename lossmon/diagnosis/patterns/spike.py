"""Isolated and recovered: one or a few points far above their neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.figures import Numbers, clip
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Draft, Example, Level, Pattern, Picture, StepMark
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    errors = Limit(8.0, "noise sigmas above its neighbours", "runs")
    of_level = Limit(0.5, "of the level there", "runs")
    of_tail = Limit(5.0, "x the 95th percentile of all excesses: batches have heavy tails", "runs")
    of_drop = Limit(0.1, "of the whole fall of the run", "runs")


_HALF = 10  # buckets on either side that a spike must stand out from


def find(view: View) -> Finding | None:
    """Points that stand out by many noise sigmas and by half of the level there."""
    train = view.train
    if train is None or len(train.value) < 3 * Enough.points:
        return None
    high = np.where(np.isfinite(train.sketch.high), train.sketch.high, train.value)
    levels = _around(train.value)
    near = np.flatnonzero(high > levels + 0.4 * np.abs(levels))
    if not len(near):
        return None
    # A smooth baseline that short spikes do not move: medians over 21 buckets.
    around_each = near[:, None] + np.arange(-_HALF, _HALF + 1)
    places = np.minimum(np.maximum(around_each, 0), len(train.value) - 1)
    windows = train.value[places]
    base = train.value.copy()
    base[near] = st.row_medians(windows)
    around = np.zeros_like(base)
    around[near] = 1.4826 * st.row_medians(np.abs(windows - base[near, None]))
    # Of the buckets around, as a spike makes its own bucket wide.
    inner = train.sketch.deviation[places]
    sigma = np.full_like(base, 1e-300)
    sigma[near] = np.maximum(np.maximum(around[near], st.row_medians(inner)), 1e-300)
    excess = np.zeros_like(base)
    excess[near] = high[near] - base[near]
    out = (excess > Bounds.errors * sigma) & (excess > Bounds.of_level * np.abs(base))
    out &= excess > Bounds.of_drop * abs(train.start - train.low)
    out &= excess > Bounds.of_tail * st.quantiles(high - levels, (0.95,))[0]
    out[: max(3, len(out) // 50)] = False  # the first steps fall steeply: no spikes there
    groups = np.flatnonzero(out & ~np.concatenate(([False], out[:-1])))
    if not len(groups) or len(groups) > max(4, len(out) // 40) or out[-1]:
        return None
    worst = int(np.argmax(np.where(out, excess, -np.inf)))
    step = train.at_step(worst)
    more = said(", and {more} more", more=len(groups) - 1) if len(groups) > 1 else ""
    return Finding(
        "spike",
        "info",
        0.9,
        train.at_step(int(groups[0])),
        train.name,
        said(
            "jumped to {high:.4g} from {base:.4g} at step {step:,} and recovered{more}",
            high=high[worst],
            base=base[worst],
            step=step,
            more=more,
        ),
        numbers={
            "spike_step": float(step),
            "value": float(high[worst]),
            "count": float(len(groups)),
        },
    )


def _around(value: Floats) -> Floats:
    """A level near each bucket that no spike lifts: the least of three medians of seven."""
    level = st.blocks(value, len(value) // 7)
    after = np.concatenate((level[1:], level[-1:]))
    before = np.concatenate((level[:1], level[:-1]))
    level = np.minimum(level, np.minimum(after, before))
    around = level.repeat(7)
    around = np.concatenate((around, level[-1:].repeat(max(0, len(value) - len(around)))))
    return np.asarray(around[: len(value)])


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    at = int(finding.numbers.get("spike_step", finding.since_step))
    yield from (r for r in co.at_onset(view, at) if r.id != "data_changed")


def _figures(finding: Finding, view: View) -> Numbers:
    train = view.train
    if train is None:
        return {}
    at = int(np.searchsorted(train.step, finding.numbers.get("spike_step", finding.since_step)))
    around = train.value[max(0, at - _HALF) : at + _HALF + 1]
    base, sigma = st.median(around), st.mad(around)
    limit = base + max(Bounds.errors * sigma, Bounds.of_level * abs(base))
    return {"base": base, "threshold": limit} | clip(view)


def _example(of: Draft) -> Example:
    needle = np.zeros(len(of.t))
    needle[[int(0.375 * len(of.t)), int(0.708 * len(of.t))]] = (1.5, 1.1)
    return Example({"train": of.fall + needle})


PATTERN = Pattern(
    id="spike",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    forbids=("rate+",),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("bad_batch", "lr_too_high"),
    figures=_figures,
    picture=Picture(
        lines=(Level("limit", "threshold"), Level("usual", "base")),
        marks=(StepMark("spike", "spike_step"),),
        near="spike_step",
    ),
    example=_example,
)
