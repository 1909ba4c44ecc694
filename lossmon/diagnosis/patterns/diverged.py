"""NaN or infinity, or far above the start and staying there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import facts, flat, lost, risen, short
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import Numbers, best_eval, checkpoint_step, resume_step
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture
from lossmon.diagnosis.patterns import part_nan, zero_loss
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    factor = Limit(2.5, "x the start level, sustained", "words: 2 to 3")
    far = Limit(10.0, "x the start level: so far away it may swing as it likes", "runs")
    share = Limit(0.05, "of the run, its newest part, that must be up there", "runs")
    above = Limit(0.85, "of its newest part that must be up there, however it swings", "prototype")
    rounded = Limit(0.02, "of the values may be 0 by rounding", "logs in 5 decimals")
    from_far = Limit(0.05, "of its start: a loss that falls from above it to 0 is lost", "threads")
    facts = Enough.facts
    several = Limit(4, "values that are no number: how often one comes is known", "words: several")
    learned = Limit(0.02, "of the first loss, that it fell before it rose", "words: nothing")
    back = Limit(0.02, "of the run that must be finite again before it counts as over", "runs")


def find(view: View) -> Finding | None:
    """Holds from the first non-finite value on, until finite ones have come back for a while."""
    train = view.train
    if train is None or not train.n:
        return None
    zeroed = _zeroed(view, train)
    if zeroed is not None:
        return zeroed
    return _no_number(view) or _of_the_loss(view) or _blown(view, train) or _far_above(view, train)


def _no_number(view: View) -> Finding | None:
    """Where each third value is NaN it has been so since the first of them."""
    train = view.train
    if train is None or not facts.no_number(train.sketch.newest).any():
        return None
    part = lost.told_by(view).train
    if part is not None and part is not train:
        return _of_a_part(part, train)
    found = facts.scattered(train.sketch.logged, facts.no_number, _apart)
    if found is None or found.behind >= max(3, Bounds.back * found.of):
        return None
    words = said(
        "loss is {kind} since step {step:,}; {broken:,} of {n:,} values are not finite",
        **_told(found),
    )
    return _finding(train, found.since, 0.99, words)


def _of_a_part(part: LossCurve, train: LossCurve) -> Finding | None:
    """It ended before the total was told for the first time, or once more."""
    found = facts.scattered(part.sketch.logged, facts.no_number, _apart)
    if found is None:
        return None
    words = said(
        "{name} is {kind} since step {step:,}; {broken:,} of {n:,} values are not finite",
        name=part.name,
        **_told(found),
    )
    return _finding(train, found.since, 0.99, words)


def _told(found: facts.Scattered) -> dict[str, Any]:
    kind = said("NaN") if math.isnan(found.value) else said("infinite")
    return {"kind": kind, "step": found.since, "broken": found.times, "n": found.of}


def _apart(bad: int, n: int) -> float:
    """Rows from one bad value to the next, up to which they belong together."""
    usual = n / bad if bad >= Bounds.several else 0.0
    return float(max(3.0, Bounds.back * n, 3 * usual))


def _of_the_loss(view: View) -> Finding | None:
    """A policy's loss is NaN, whatever the reward that it is judged by still says."""
    logged = view.around.rows(view.around.loss_name) if view.curve else None
    found = None if logged is None else facts.stretch(logged, np.isnan)
    if found is None or found.rows < Bounds.facts:
        return None
    name = view.around.loss_name
    words = said("{name} is NaN in the last {rows:,} rows", name=name, rows=found.rows)
    return Finding("diverged", "critical", 0.99, found.since, name, words)


def _zeroed(view: View, train: LossCurve) -> Finding | None:
    """A loss that is exactly 0 row after row: a NaN that the logger hides.

    Hugging Face's Trainer logs a NaN loss as 0.0 unless logging_nan_inf_filter is off. The grad
    norm gives it away; where none is logged, that no loss learns its way to 0 from far above.
    """
    zeros, grad = facts.same(train.sketch), facts.broken(view.sketches.get("grad_norm"))
    if train.rises or zeros is None or zeros.value != 0.0:
        return None
    words = said(
        "loss is logged as exactly 0 in the last {rows:,} rows since step {since:,}",
        rows=zeros.rows,
        since=zeros.since,
    )
    if grad is not None:
        words += said(", while grad norm is NaN")
    elif facts.broken(view.sketches.get("eval_loss")) is not None:
        words += said(", while eval loss is NaN")
    else:
        before = facts.before(train.sketch, zeros.since)
        far = len(before) > 0 and st.median(before) > Bounds.from_far * abs(train.start)
        if zeros.rows < Bounds.facts or not far or zero_loss.perfect(view, zeros.since):
            return None
        words += said(", from {before:.4g} one row before", before=before[-1])
    return _finding(
        train, zeros.since, 0.97, said("{words}: a NaN loss that the logger filtered", words=words)
    )


def _blown(view: View, train: LossCurve) -> Finding | None:
    """The newest of a few rows are a hundred times all before: nobody waits for twenty of them."""
    found = short.blown(view)
    if found is None:
        return None
    at, usual = found
    since, level = int(train.sketch.newest_step[at]), float(train.sketch.newest[-1])
    told = {"level": level, "ratio": level / usual, "usual": usual}
    words = (
        said(
            "loss {level:.4g} is {ratio:.3g} x what it was before, {usual:.4g}, and stays up there "
            "since step {since:,}",
            **told,
            since=since,
        )
        if at < len(train.sketch.newest) - 1
        else said(
            "loss {level:.4g} is {ratio:.3g} x what it was before, {usual:.4g}, and {eval} leapt "
            "with it",
            **told,
            eval=view.name_of("eval_loss"),
        )
    )
    return _finding(train, since, 0.97, words)


def _far_above(view: View, train: LossCurve) -> Finding | None:
    values = train.value
    if train.n < view.enough or len(values) < Enough.points or train.start <= 0:
        return None
    newest = values[-max(3, int(Bounds.share * len(values))) :]
    line = Bounds.factor * train.start
    if newest.max() <= line:
        return None  # as nearly always
    if np.mean(values <= 0) > Bounds.rounded:
        return None  # a loss that goes below 0 has no start to be a multiple of
    stays = np.min(newest) > line and train.drop < -5 * train.drop_error
    far = st.median(newest) > Bounds.far * train.start and np.mean(newest > line) >= Bounds.above
    if not (stays or (far and train.end > line)):
        return None
    low, level = train.low, st.median(newest)
    # It has risen no later than where it crosses the line: a tenth of the way up to 1e8, where each
    # row is five times the last, is the row before the newest.
    rise = min(train.end, level, low + (line - low) / risen.Bounds.left) - low
    since = train.at_step(risen.onset(train, low, rise))
    first, last = float(train.sketch.head[0]), float(train.sketch.newest[-1])
    if first > 0 and lost.never_fell(train):  # it is the start, and the lowest of all
        return _finding(
            train,
            train.at_step(0),
            0.9,
            said(
                "loss {last:.4g} is {ratio:.3g} x its first, {first:.4g}: each row stands above "
                "the one before",
                last=last,
                ratio=last / first,
                first=first,
            ),
        )
    return _finding(
        train,
        since,
        0.9,
        said(
            "loss {level:.4g} is {ratio:.3g} x its first rows ({start:.4g}) and stays there; it "
            "left its lowest level at step {since:,}",
            level=level,
            ratio=level / train.start,
            start=train.start,
            since=since,
        ),
    )


def _unlearned(view: View, since: int) -> float:
    """The first loss of a run that hardly stood below it before it rose; NaN of any other.

    Of 953, 1,914, 5,464, ... 2.7e8 no row has weights to go back to. What a log that begins in the
    middle was like before, nobody knows.
    """
    rows = None if view.train is None or view.tail else view.train.sketch.logged
    first = math.nan if rows is None else float(rows.value[0])
    if rows is None or not math.isfinite(first) or first == 0.0:  # 0: a NaN that the logger hides
        return math.nan
    before = rows.value[rows.step < since]
    learned = len(before) > 0 and np.nanmin(before) < first - Bounds.learned * abs(first)
    return math.nan if learned else first


def _finding(train: LossCurve, since: int, confidence: float, evidence: str) -> Finding:
    return Finding("diverged", "critical", confidence, since, train.name, evidence)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    at = finding.since_step
    yield from (r for r in co.at_onset(view, at) if r.id != "data_changed")  # NaN is fast
    yield from lost.ways(view, at)
    if (found := short.blown(view)) is not None and view.train is not None:
        rows = view.train.sketch.newest
        words = said(
            "the loss leapt from {before:.3g} to {newest:.3g} within one row",
            before=float(rows[found[0] - 1]),
            newest=float(rows[found[0]]),
        )
        yield Reason("lr_too_high", words, 2.1)
        yield Reason("exploding_gradients", words, 2.0)
    # Values that are learned from themselves climb evenly, too: a kind knows better why.
    if view.train is not None and not view.curve and view.kind.id not in PATTERN.typical_of:
        yield from lost.uphill(view.train)
    yield from part_nan.of_parts(view)
    yield from co.after_eval(view, at)
    yield from (r for r in flat.saturated(view) if r.id == "lr_too_high")
    if view.rate is not None:
        highest = float(np.nanmax(view.rate[1]))
        if highest >= 0.1:
            yield Reason(
                "lr_too_high", said("learning rate is {highest:.3g}", highest=highest), 1.0
            )


def _figures(finding: Finding, view: View) -> Numbers:
    view = lost.told_by(view)
    train = view.train
    line = Bounds.factor * train.start if train is not None and train.start > 0 else math.nan
    numbers = {"threshold": line}
    first = _unlearned(view, finding.since_step)
    if math.isfinite(first):
        return numbers | {"unlearned": first}
    broken = any(one.id == "broken_weights" for one in lost.ways(view, finding.since_step))
    # What was never sound has nothing to go back to; what still is needs no step back.
    if train is not None and not broken and not lost.single_batches(train):
        sound = lost.last_sound(train, finding.since_step)
        step = min(resume_step(finding, view), sound) if sound > 0 else math.nan
        numbers |= {"resume_step": step} | checkpoint_step(view, step)
    return numbers | best_eval(view, finding.since_step)


PATTERN = Pattern(
    id="diverged",
    slot="train",
    severity="critical",
    find=find,
    needs=("train",),
    hides=("train", "pair", "untold", "beside"),
    forbids=("rate+", "steps+", "capacity+"),
    looks=2,
    sure=0.97,  # NaN needs no second look
    urgent=True,
    limits=Bounds,
    causes=_causes,
    # Of 39 threads: the rate 19, the data 8, numbers that overflow 5, gradients 4, code 3, Adam 1.
    typical=("lr_too_high", "nan_in_data", "numeric_overflow", "exploding_gradients"),
    typical_of={
        "rl": ("bootstrap", "returns_unscaled"),
        "detection": ("rate_for_batch", "part_targets"),  # of 8 threads 4 each
        "speech": ("lr_too_high", "impossible_target"),
        "llm": ("lr_too_high", "numeric_overflow", "empty_targets"),
        "diffusion": ("numeric_overflow",),
        "segmentation": ("lr_too_high", "numeric_overflow", "target_range"),
        "regression": ("lr_too_high", "unscaled"),
        "gan": ("unbalanced_game",),
        "potential": ("bad_batch",),
        "boosting": ("weak_l2", "objective_mismatch", "unscaled"),
    },
    figures=_figures,
    picture=Picture(
        lines=(Level("limit", "threshold"), Level("start", "start")), marks=(SINCE,), log_far=True
    ),
    example=lambda of: Example(
        {"train": of.fall + np.where(of.t > 0.7, np.exp(18 * (of.t - 0.7)) - 1, 0)}, 0.7
    ),
)
