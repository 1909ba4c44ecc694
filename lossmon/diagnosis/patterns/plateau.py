"""Clear drop early, later stuck near one value, and that value is high."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import dials, pairs, rates, settled
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import Numbers, best_eval
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    level = Limit(0.38, "end level over start level: a curve that fell far is healthy", "runs")
    left = Limit(0.03, "of the drop left at 40 %, there and by its fit", "words: 2 %, grey to 6 %")
    tail = Limit(0.035, "fall over the last 60 %, over the level", "words: 2 %, grey to 6 %")
    high = Limit(
        0.60,
        "likewise: high, so that the grey zone of the words counts",
        "runs",
    )
    left_high = Limit(0.06, "of the drop left at 40 %, there", "words")
    tail_high = Limit(0.03, "fall over the last 60 %, there", "words")
    falls = Limit(
        3.0, "standard errors of the fall over the last 60 %: it goes on", "words: 3 to 5"
    )
    flat = Limit(0.02, "of the level: fall of a line through the last 60 %", "words")
    plan = Limit(0.5, "of the plan, before it is said", "prototype")
    dead_rate = Limit(0.03, "of its peak: the rate is spent", "words")
    dead_share = Limit(0.3, "of the run with a spent rate", "words")
    calm = Limit(0.05, "of its start: the grad norm has fallen", "runs")


def find(view: View, looser: float = 1.0, *, held: bool = True) -> Finding | None:
    """It stopped falling early, abruptly or at a high level, and has been flat since.

    Args:
        view: the run.
        looser: by what thresholds are multiplied, to see whether it nearly holds.
        held: it waits for half of the plan.
    """
    train = view.train
    if train is None or len(train.value) < 1.5 * Enough.points or train.drop <= 0:
        return None
    if view.tail:
        return None
    if held and not view.done and (view.plan_share or 0.0) < Bounds.plan:
        return None
    high = train.end / train.start if train.start > 0 and train.end > 0 else 0.0
    end = max(abs(train.end), 1e-300)
    left, error = train.left(0.4), train.block_error / train.drop
    tail_fall, tail_error = (train.level(0.42) - train.end) / end, train.block_error / end
    # How far the measured figures may lie above those of the words, by their standard errors.
    stopped = left <= looser * Bounds.left + 0.5 * error
    stopped &= tail_fall <= looser * Bounds.tail + 2 * tail_error
    barely = left <= looser * Bounds.left_high + 2 * error
    barely &= tail_fall <= looser * Bounds.tail_high + tail_error
    # A line through the last 60 % has a fraction of the noise of medians around its ends.
    line, t = st.line(train.value[int(0.4 * len(train.value)) :])
    if left > Bounds.left_high and t >= Bounds.falls:
        return None  # what falls beyond the grey zone, and by more than noise, is not stuck
    flat = abs(line) <= looser * min(Bounds.flat * end, Bounds.left * train.drop)
    stopped |= flat and left <= Bounds.left_high + 2 * error
    if not ((high >= Bounds.level and stopped) or (high >= Bounds.high and barely)):
        return None
    if view.once(dials.moved) is not None:
        return None  # what was lifted by design has not stood since then
    if not _below(view) and view.once(settled.left) > looser * Bounds.left:
        return None
    plain = stopped and high >= Bounds.level + 0.05 and left < Bounds.left
    since = _since(train)
    return Finding(
        "plateau",
        "info",
        0.9 if plain else 0.65,
        since,
        train.name,
        said(
            "fell from {start:.4g} to {end:.4g} and has been flat since step "
            "{since:,}: {tail_fall:+.1%} over the last 60 %",
            start=train.start,
            end=train.end,
            since=since,
            tail_fall=tail_fall,
        ),
        numbers={"level": train.end, "tail_fall": tail_fall},
    )


def _below(view: View) -> bool:
    """Eval shows that lower can be had, and that train is stuck: the grey zone counts as well."""
    found = view.once(pairs.ahead)
    return found is not None and found.stuck


def _since(train: LossCurve) -> int:
    """The step after which less than a tenth of the drop was left."""
    levels = st.blocks(train.value, 20)
    line = train.end + 0.1 * train.drop
    place = next((i for i, level in enumerate(levels) if level <= line), 0)
    return train.at_step(int(place / len(levels) * len(train.value)))


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from rates.rate_fell(view, finding.since_step)
    if view.rate is not None:
        step, rate = view.rate
        peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
        low = rate < Bounds.dead_rate * peak
        if peak > 0 and np.mean(low) >= Bounds.dead_share and low[-1]:
            since = int(step[int(np.flatnonzero(~low)[-1]) + 1])
            yield Reason(
                "lr_decayed",
                said(
                    "learning rate has been under {dead:.0%} of its peak {peak:.2g} "
                    "since step {since:,}",
                    dead=Bounds.dead_rate,
                    peak=peak,
                    since=since,
                ),
                3.0,
            )
    if rates.rate_is_constant(view):
        peak = float(np.nanmax(view.rate[1])) if view.rate is not None else 0.0
        yield Reason("lr_constant", said("learning rate stays at {peak:.2g}", peak=peak), 1.0)
    yield from pairs.eval_rises(view)
    if view.grad_norm is not None and np.isfinite(view.grad_norm[1]).all():
        norm = view.grad_norm[1]
        early = float(np.median(norm[: max(3, len(norm) // 20)]))
        late = float(np.median(norm[-max(3, len(norm) // 10) :]))
        if early > 0 and late < Bounds.calm * early:
            yield Reason(
                "local_optimum",
                said(
                    "grad norm fell to {late:.2g}, {ratio} of its start",
                    late=late,
                    ratio=percent(late / early, 1),
                ),
                1.2,
            )


def _figures(finding: Finding, view: View) -> Numbers:
    return {"wasted_steps": float(view.step - finding.since_step), **best_eval(view)}


PATTERN = Pattern(
    id="plateau",
    slot="train",
    severity="info",
    find=find,
    needs=("train",),
    after=("not_converged",),
    supported="warning",
    limits=Bounds,
    causes=_causes,
    typical=("data_floor", "local_optimum", "overfit_suspected"),
    figures=_figures,
    picture=Picture(lines=(Level("level", "level", "since_step"),), marks=(SINCE,)),
    example=lambda of: Example({"train": 1.5 + 0.8 * np.exp(-25 * of.t) + 0.02 * of.noise}, 0.15),
)
