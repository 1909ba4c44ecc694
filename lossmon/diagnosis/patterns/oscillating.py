"""Frequent ups and downs, no stable downward trend."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import reasons, rewards, sawtooth, short
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.bets import spend
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import band, clip
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.patterns import noisy, not_decreasing
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    swing = Limit(0.35, "P95 - P5 of the detrended last 60 %, over the level", "words")
    wild = Limit(2.2, "likewise, whatever its shape", "losses of single examples: CV 0.5, 1.6 to 2")
    coloured = Limit(3.45, "P95 - P5 in noise sigmas", "white noise has 3.29")
    loud = Limit(
        0.9,
        "likewise, where there is no fall beneath it",
        "runs: to 0.83",
    )
    of_drop = Limit(0.45, "of the drop", "words: half")
    of_fall = Limit(1.5, "of the drop where it is significant", "runs: 3 and more")
    room = Limit(0.35, "of the start: while noise leaves room for such a fall, wait", "runs")
    straddles = Limit(0.2, "of the larger side of 0, that the smaller one has", "threads: 0.9")
    budget = Limit(0.02, "chance that such a fall is ever overlooked", "as of a rise")
    dependent = Limit(1.65, "standard errors of the rank von Neumann ratio", "usual: 95 %")
    far = Limit(2.5, "x its start, of its level: what swings there is sick", "words: 2 to 3")
    above = Limit(0.85, "of its rows that lie above its start, there", "prototype")
    grows = Limit(1.5, "x the swings of the first third, in the last", "samples scatter less")
    newest = Limit(64, "rows: more of them have other tests", "words")
    cycles = Limit(5, "times that it must have come again", "chance: 3 standard errors")
    longest = Limit(8, "rows of a rhythm", "prototype")
    again = Limit(0.7, "autocorrelation at its length", "noise: 0.2")
    height = Limit(0.8, "of the level: how high it goes", "threads: 1")
    edge = Limit(2.5, "von Neumann ratio: it alternates", "words")
    bursts = Limit(5.0, "99th percentile of the grad norm over its median", "runs")
    periodic = Limit(0.5, "autocorrelation at the length of an epoch", "runs")


def find(view: View) -> Finding | None:
    """Swings that are large against level and drop, and more than sampling noise."""
    train = view.train
    if train is None:
        return None
    far_up = _far_up(view)
    if view.too_soon and not far_up:
        return None
    if _straddles(train) or (rewards.judged(view) and rewards.swing(train) < Bounds.swing):
        return None
    if view.ended and (found := _saw_tooth(train)) is not None:
        return found  # of one that goes on it is looked at so often that noise has a rhythm once
    if len(train.value) < 2 * Enough.points:
        return _of_few(view)
    span, sigma = train.swing
    level = abs(train.level(0.7)) or train.scale
    swing = span / level
    if swing < Bounds.swing:
        return None
    newest = train.sketch.newest[-256:]  # points as logged: means of two hide an alternation
    ratio = st.von_neumann(newest[np.isfinite(newest)])
    chance = 6 / max(1, len(newest)) ** 0.5  # 3 standard errors of the ratio of white noise
    coloured = sigma > 0 and span / sigma >= _white(view)
    coloured |= ratio <= 2.0 - max(chance, 0.6) and not _fell(view)
    alternates = ratio >= 2.0 + chance
    calm = not _fell(view) and train.room <= not_decreasing.Bounds.room
    loud = swing >= Bounds.loud and (far_up or calm)
    wild = swing >= Bounds.wild
    if not (wild or loud or coloured or alternates):
        return None
    fell = _fell(view)
    # Sampling noise over a fall is never an oscillation, nor what is left of it in a smoothed log.
    least = Bounds.of_fall if fell and not wild else Bounds.of_drop
    if span < least * abs(train.drop):
        return None
    sampling = not alternates and _sampling(train)
    # Where it ends no lower than its first tenth, no fall can be beneath the swings.
    early = st.median(train.value[: max(3, len(train.value) // 10)])
    stays_up = swing >= Bounds.loud and (far_up or train.end >= max(early, train.start))
    if sampling and not far_up and _noise_may_hide(view):
        return None
    if not view.ended and train.room > Bounds.room and not stays_up:
        return None  # there may be a fall beneath it: more points will tell
    tail = st.blocks(train.value[int(0.3 * len(train.value)) :], 20)
    fall = st.mann_kendall(tail)
    if fall < -5 or (fall < -3 and (sampling or not coloured or tail[0] - tail[-1] > span)):
        return None
    since = train.at_step(int(0.4 * len(train.value)))
    return Finding(
        "oscillating",
        "warning",
        0.95 if stays_up else 0.9 if swing >= 2 * Bounds.swing else 0.7,
        since,
        train.name,
        said(
            "swings by {swing} of its level (P95 - P5 = {span:.3g}) with no stable fall over the "
            "last 60 %",
            swing=percent(swing),
            span=span,
        ),
        numbers={"swing": swing, "span": span, "von_neumann": ratio},
    )


def _straddles(train: LossCurve) -> bool:
    """Of a few rows on both sides of 0, as those of a density: a swing is no share of a level."""
    rows = train.sketch.newest
    if train.n >= Enough.points_no_plan or len(rows) < 2 or train.rises:
        return False
    least, most = float(np.nanmin(rows)), float(np.nanmax(rows))
    return least < 0 < most and min(-least, most) > Bounds.straddles * max(-least, most)


def _saw_tooth(train: LossCurve) -> Finding | None:
    """The same ups and downs again and again, however much their height falls.

    16, 18, 4, 13, 10, 1.6, 11, 8, 1.6, 9, 7, 1.7: of what comes again every three rows nothing is
    the noise of samples. Updates overshoot and come back, or few batches in one order differ.
    """
    rows = train.sketch.newest
    if (
        not 3 * Bounds.cycles <= train.n <= Bounds.newest
        or not np.isfinite(rows).all()
        or train.rises
    ):
        return None
    for lag in range(2, min(int(Bounds.longest), len(rows) // int(Bounds.cycles)) + 1):
        mean = np.convolve(rows, np.ones(lag) / lag, "valid")
        rest = rows[lag - 1 :] - mean
        rest = rest[np.isfinite(rest)]
        own = float(rest @ rest)
        if own <= 0 or len(rest) <= 2 * lag:
            continue
        again = float(rest[lag:] @ rest[:-lag]) / own * len(rest) / (len(rest) - lag)
        newest = rows[-2 * lag :]
        height = float(np.ptp(newest)) / max(abs(st.median(newest)), 1e-300)
        if again >= Bounds.again and height >= Bounds.height:
            return _of_period(train, lag, rows)
    return None


def _of_period(train: LossCurve, lag: int, rows: Floats) -> Finding:
    low, high = float(np.min(rows[-3 * lag :])), float(np.max(rows[-3 * lag :]))
    return Finding(
        "oscillating",
        "warning",
        0.8,
        train.at_step(0),
        train.name,
        said(
            "goes up and down between {low:.4g} and {high:.4g}, again every {lag} rows: that is no "
            "noise of samples",
            low=low,
            high=high,
            lag=lag,
        ),
        numbers={"span": high - low, "period": float(lag)},
    )


def _far_up(view: View) -> bool:
    """It swings about a multiple of its start: no fall that noise may hide makes that healthy.

    A rate of 4: from 2.2 to 30 within 20 rows, and between 0 and 80 since. It waits for as many
    rows as any run without a plan, not for a quarter of the plan, nor for a fall to be refuted.
    """
    train = view.train
    if train is None or train.n < Enough.points_no_plan or train.start <= 0 or view.warming_up:
        return False
    if train.value.max() < Bounds.far * train.start:
        return False  # as nearly always
    since = train.value[len(train.value) // 10 :]
    if st.median(since) < Bounds.far * train.start:
        return False
    return float(np.mean(since > train.start)) >= Bounds.above


def _sampling(train: LossCurve) -> bool:
    """Swings are those of samples: neighbours tell nothing of each other, nor do the swings grow.

    Whatever the noise is like: P95 - P5 of skewed noise is 4 and 5 of the sigmas that a median
    deviation gives it. Samples scatter less as their mean falls; updates that overshoot scatter
    more and more (0.4 about 2.3, then 1.5 about 2.0).
    """
    count = len(train.value)
    rest = st.detrend(train.value, 12)
    late = rest[int(0.4 * count) :]
    if st.rank_von_neumann(late) <= 2.0 - Bounds.dependent * 2.0 / len(late) ** 0.5:
        return False
    p5, p95 = st.quantiles(rest[: int(0.3 * count)], (0.05, 0.95))
    q5, q95 = st.quantiles(rest[int(0.7 * count) :], (0.05, 0.95))
    return float(q95 - q5) <= Bounds.grows * float(p95 - p5)


def _noise_may_hide(view: View) -> bool:
    """While a run goes on there may be a fall beneath swings that are mere noise.

    Null: since three tenths of the run it falls, by `room` of its start until the plan is over.
    Once the run has doubled for the k-th time this is refuted at the k-th share of a budget, so
    that all looks together refute what is true with a chance of at most `budget`, as far as looks
    within a doubling are one (they share most of their rows; `tests/diagnosis/test_live.py` holds
    it by simulation) and block means are normal (the central limit; memory is measured).

    Source: the union bound over doublings of Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform
    confidence sequences" (2021).
    """
    train = view.train
    assert train is not None
    if view.ended:
        return False
    doubled = max(1, round(math.log2(train.n / Enough.points)))
    errors = math.sqrt(2.0 * math.log(1.0 / (Bounds.budget * spend(doubled))))
    return train.room_of(errors, 0.3) > Bounds.room * (view.plan_share or Enough.plan)


def _of_few(view: View) -> Finding | None:
    """A few rows that leap about, with no fall beneath."""
    train, usual = view.train, short.swings(view)
    if usual is None or train is None:
        return None
    low, high = float(np.min(train.sketch.newest)), float(np.max(train.sketch.newest))
    return Finding(
        "oscillating",
        "warning",
        0.75,
        train.at_step(0),
        train.name,
        said(
            "leaps between {low:.4g} and {high:.4g}, by {usual} of its level from row to row, with "
            "no fall beneath",
            low=low,
            high=high,
            usual=percent(usual),
        ),
        numbers={"swing": usual, "span": high - low},
    )


def _white(view: View) -> float:
    """P95 - P5 in noise sigmas beyond which swings are more than independent noise.

    Noise has 3.29 of them, give or take what a sample of its length does; while a run goes on it
    is looked at so often that more is asked, and more where the curve has fallen on the whole.
    """
    train = view.train
    assert train is not None
    rows: float = max(1.0, 0.6 * len(train.value))
    return float(
        Bounds.coloured + (2 if view.ended else 6) / rows**0.5 + (0.2 if _fell(view) else 0.0)
    )


def _fell(view: View) -> bool:
    """There is a fall beneath the swings, over the run as a whole."""
    train = view.train
    assert train is not None
    return train.drop > 2.5 * train.drop_error and train.trend < -3


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    ratio = finding.numbers.get("von_neumann", 2.0)
    if ratio > Bounds.edge:
        yield Reason(
            "edge_of_stability",
            said(
                "the loss alternates from point to point (von Neumann ratio {ratio:.1f})",
                ratio=ratio,
            ),
            2.5,
        )
    if view.grad_norm is not None and np.isfinite(view.grad_norm[1]).any():
        p50, p99 = np.nanpercentile(view.grad_norm[1], (50, 99))
        if p50 > 0 and p99 > Bounds.bursts * p50:
            yield Reason(
                "lr_too_high",
                said(
                    "grad norm comes in bursts of {ratio:.3g} x its median {p50:.3g}",
                    ratio=p99 / p50,
                    p50=p50,
                ),
                2.0,
            )
    if "period" in finding.numbers:
        words = said("it overshoots and comes back, in one rhythm")
        yield Reason("lr_too_high", words, 2.2)
        words = said("few batches in one and the same order would differ so")
        yield Reason("data_order", words, 1.6)
    yield from sawtooth.reasons(view)
    yield from _constant_rate(view)
    yield from noisy.small_batch(view)
    yield from _periodic(view)
    yield from co.log_told(view)


def _constant_rate(view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    rate = view.rate[1]
    peak = float(np.nanmax(rate))
    tail = rate[int(0.4 * len(rate)) :]
    if peak > 0 and np.nanmin(tail) >= 0.95 * peak:
        yield Reason(
            "lr_too_high",
            said("learning rate stays at its peak {peak:.2g} throughout", peak=peak),
            1.0,
        )


def _periodic(view: View) -> Iterator[Reason]:
    """The ups and downs come again with each epoch."""
    train, starts = view.train, view.around.epoch_starts
    if train is None or len(starts) < 3:
        return
    length = float(np.median(np.diff(starts)))
    lag = round(length / reasons.spacing_of(train.step))
    tail = train.value[int(0.3 * len(train.value)) :]
    if lag < 4 or len(tail) < 3 * lag:
        return
    trend = np.interp(np.arange(len(tail)), np.linspace(0, len(tail) - 1, 5), st.blocks(tail, 5))
    rest = tail - trend
    power = float(np.sum(rest**2))
    again = float(np.sum(rest[lag:] * rest[:-lag])) / power if power > 0 else 0.0
    if again > Bounds.periodic:
        yield Reason(
            "data_order",
            said(
                "the same ups and downs come every {length:,.0f} steps, the length of an epoch "
                "(correlation {again:.2f})",
                length=length,
                again=again,
            ),
            2.8,
            ("lr_too_high", "small_batch"),  # neither knows where an epoch begins
        )


PATTERN = Pattern(
    id="oscillating",
    slot="train",
    severity="warning",
    find=find,
    needs=("train",),
    after=("rising",),
    keeps_since=True,
    hides=("spike",),  # the verdict says it already
    forbids=("rate+", "steps+"),
    sure=0.98,
    limits=Bounds,
    causes=_causes,
    # Of 5 threads: the rate 3, the order of the data 2.
    typical=("lr_too_high", "data_order", "small_batch"),
    typical_of={"rl": ("small_batch", "lr_too_high")},
    figures=lambda finding, view: band(finding, view) | clip(view),
    picture=Picture(lines=noisy.BAND, marks=(SINCE,)),
    example=lambda of: Example(
        {"train": 2 + 0.8 * np.sin(70 * of.t) * np.sin(11 * of.t) + 0.1 * of.noise}
    ),
)
