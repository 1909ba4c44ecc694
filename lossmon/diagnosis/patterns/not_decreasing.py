"""Stays high the whole time, no downward trend."""

from __future__ import annotations

from lossmon.diagnosis import flat, offset, rewards
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent, standard_errors
from lossmon.diagnosis.contradictions import contradiction
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    drop = Limit(0.03, "of the start level", "words: 2 %, grey to 10 %")
    noisy = Limit(0.10, "of it, where the drop is not significant", "words: grey to 10 %")
    room = Limit(0.2, "of it: while noise leaves room for such a fall, wait", "runs")
    projected = Limit(0.06, "of it at the end of the plan: likewise", "words: grey to 10 %")
    points = Limit(
        1000,
        "points: wait while it falls, with no known plan",
        "runs",
    )
    errors = Limit(2.0, "standard errors below its start: then it falls", "usual: 95 %")
    risen = Limit(7.0, "standard errors: from there on it rises", "rising")
    trend_few = Limit(-2.6, "likewise of few rows, of which -4 is the most", "1 of 200 in noise")
    updates = Limit(
        100, "updates, by a counter that leaves some out: no training yet", "threads: 50"
    )
    no_rise = Limit(-2.0, "Mann-Kendall z of a reward, row by row: no rise", "usual: 95 %")
    trend = Limit(-3.5, "Mann-Kendall z of block medians: a steady fall", "runs")


def find(view: View) -> Finding | None:
    """The drop is a few per cent of the start level, or no more than noise."""
    train = view.train
    if train is None or len(train.value) < Enough.points or view.too_soon or view.tail:
        return None
    if (flat_reward := _flat_reward(view, train)) is not None:
        return flat_reward
    drop = train.drop / train.scale
    if abs(drop) > 4 * Bounds.noisy:
        return None  # as nearly always
    if contradiction(view) is not None:  # what another score says is learned does not stand still
        return None
    errors = train.drop / max(train.drop_error, 1e-300)
    fell_before = (train.start - train.low) / train.scale
    small = abs(drop) <= Bounds.drop
    # Of a rise that is no more than noise nothing else tells.
    lost_in_noise = -Bounds.risen < errors < Bounds.errors and abs(drop) <= 4 * Bounds.noisy
    trend = train.trend
    falls = trend < Bounds.trend
    if train.n < Enough.points_live:  # whose blocks are too few for any trend
        falls = st.mann_kendall(train.value) < Bounds.trend_few
    if lost_in_noise and drop > Bounds.noisy and falls:
        lost_in_noise = False  # noisy points, and yet a steady fall beneath them
    if not (small or lost_in_noise) or more_will_tell(view):
        return None
    few = train.n < Enough.points_live and not view.rows_are_epochs
    if few and not small and _just_begun(train):
        return None
    if few and not small and train.room > Bounds.room:
        return None  # a paste of a few batches, beneath whose noise it may well fall
    if small and (offset.hidden(view) is not None or _bends(view, errors, trend, drop)):
        return None
    if fell_before > 0.5 and not lost_in_noise:
        return None
    side = said("below") if (drop >= 0) != train.rises else said("above")
    words = said(
        "{drop} {side} its first rows ({start:.4g})",
        drop=percent(abs(drop), 1),
        side=side,
        start=train.shown(train.start),
    )
    return Finding(
        "not_decreasing",
        "warning",
        0.9 if drop <= Bounds.drop / 2 or errors < 1.5 else 0.7,
        train.at_step(0),
        train.name,
        said(
            "after {n:,} points {noun} is {words} ({errors})",
            n=train.n,
            noun=train.noun,
            words=words,
            errors=standard_errors(abs(errors)),
        ),
        numbers={"drop": drop, "level": train.end},
    )


def _flat_reward(view: View, train: LossCurve) -> Finding | None:
    """A reward whose rows show no rise by their order, and whose halves have one median.

    Single episodes end late by chance: 51, 16, 12 and 21 behind 160 others of about 10 are no rise.
    """
    if not rewards.judged(view) or train.n < Enough.points_live:
        return None
    values = train.value
    half = len(values) // 2
    early, late = st.median(values[:half]), st.median(values[half:])
    same = abs(late - early) <= Bounds.noisy * abs(early)
    if not same or not Bounds.no_rise < st.mann_kendall(values) < -Bounds.no_rise:
        return None
    if more_will_tell(view):
        return None
    return Finding(
        "not_decreasing",
        "warning",
        0.8,
        train.at_step(0),
        train.name,
        said(
            "over {n:,} points the median of {noun} is {early:.4g} in the first half and "
            "{late:.4g} in the second: no rise",
            n=train.n,
            noun=train.noun,
            early=train.shown(early),
            late=train.shown(late),
        ),
        numbers={"drop": (early - late) / train.scale, "level": train.end},
    )


def _just_begun(train: LossCurve) -> bool:
    """Every fifth step is told, up to step 50: so few updates show the noise of batches alone."""
    steps = train.sketch.newest_step.astype(float)
    return bool(steps[-1] < Bounds.updates and st.median(st.steps(steps)) > 1)


def more_will_tell(view: View) -> bool:
    """While a run goes on: the rate still warms up, or the fall so far may add up to a fair one."""
    train = view.train
    assert train is not None
    if view.done:
        return False
    if view.warming_up or offset.may_be_hidden(view):
        return True
    if train.room / (view.plan_share or Enough.plan) > Bounds.projected:
        return True
    falls = train.trend < Bounds.trend
    return view.plan_share is None and train.n < Bounds.points and falls


def _bends(view: View, errors: float, trend: float, drop: float) -> bool:
    """A real drop bends towards its floor, also where rows have no noise (see `offset`)."""
    train = view.train
    assert train is not None
    bends = 0 <= train.left(0.4) < 0.35
    return errors > 60 and trend < -4 and bends and drop > 0.004


PATTERN = Pattern(
    id="not_decreasing",
    slot="train",
    severity="warning",
    find=find,
    needs=("train",),
    after=("oscillating",),
    forbids=("capacity-",),
    limits=Bounds,
    causes=flat.reasons,
    # Of 40 threads whose loss or score did not move: the last layer or loss 7, a rate too large 6,
    # data not shuffled 6, labels 5, no update 4, the start or normalisation 3, the framework 3;
    # a rate too low 6, of which 5 logs show it.
    typical=("wrong_output", "collapsed", "data_order", "bad_labels", "frozen_gradients"),
    typical_of={
        "rl": ("few_steps", "exploration", "returns_unscaled", "lr_too_high"),
        "lora": ("frozen_gradients", "bad_labels", "empty_targets", "lr_too_low"),
        "llm": ("bad_labels", "frozen_gradients", "data_floor"),
        "speech": ("blank_plateau", "bad_labels", "lr_too_high"),
        "regression": ("collapsed", "unscaled", "bad_labels"),
        "segmentation": ("one_answer", "bad_labels", "wrong_output"),
        "detection": ("bad_labels", "rate_for_batch", "frozen_gradients"),
        "preference": ("same_reference", "bad_labels"),
        "contrastive": ("collapsed", "bad_labels", "small_batch"),
        "boosting": ("objective_mismatch", "bad_labels", "lr_too_low"),
    },
    figures=flat.trend,
    picture=Picture(lines=flat.TREND, marks=(SINCE,)),
    example=lambda of: Example({"train": 2.3 + 0.03 * of.noise}),
)
