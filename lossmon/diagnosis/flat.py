"""Why a curve may not fall: reasons, and the trend that is drawn through it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import low_rate, rates, sawtooth
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.chance import Bounds as Chances
from lossmon.diagnosis.chance import by_score, chance_of, guessing_for_epochs
from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.pattern import Level, Trend
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said

TREND = (Level("start", "start"), Trend("trend", "trend_start", "trend_end"))


class Bounds(Limits):
    """Of the reasons."""

    high_rate = Limit(0.1, "learning rate that only plain SGD bears", "threads: 1.0 with Adam")
    tiny_rate = Limit(1e-7, "learning rate that moves nothing", "words")
    tiny_grad = Limit(1e-6, "grad norm that is none", "words: next to 0")
    round = Limit(0.004, "of a round level: it stands there", "threads: 1.0007 to 1.0034")
    begins = Limit(0.004, "of the level of guessing, at which each row stands", "threads")
    creeps = Limit(0.002, "of the level of guessing, by which it rises", "threads: 2.300 to 2.312")
    above = Limit(0.001, "of the level of guessing, beyond which it is above it", "printed digits")
    costs = Limit(0.01, "of the most that a wrong answer can cost", "Keras: 7.97 and 8.06")
    caffe = Limit(87.3365, "loss at the smallest float, whose logarithm it is", "Caffe")
    exact = Limit(
        4e-6, "of a value of six digits, a mean over a batch", "Caffe: 87.3362 to 87.3366"
    )
    weights = Limit(64, "x such a loss: its weight, or that of its parts", "threads: 20")
    units = Limit(1e3, "loss in units of the targets' own", "threads")
    few_trained = Limit(0.002, "of the weights: too few are trained", "LoRA of rank 1")


def reasons(finding: Finding, view: View) -> Iterator[Reason]:
    """The rate, the gradients, guessing, what the log says, what is trained."""
    yield from sawtooth.reasons(view)
    of_rate = list(_rate(view))
    yield from of_rate
    yield from _creeps_down(view)
    # Gradients that flow speak against the data only where the rate is no reason.
    yield from (r for r in _gradient(view) if not (of_rate and r.id == "bad_labels"))
    yield from _guessing(view)
    yield from saturated(view)
    yield from at_smallest(view)
    yield from _own_units(view)
    yield from co.log_told(view)
    yield from few_trained(view)


def few_trained(view: View) -> Iterator[Reason]:
    """Next to no weights are trained."""
    share = view.around.trained_share
    if share is not None and share < Bounds.few_trained:
        trained = view.around.settings["trainable"]
        yield Reason(
            "low_capacity",
            said(
                "only {trained:,.0f} weights are trained, {share:.2%} of all",
                trained=trained,
                share=share,
            ),
            1.2,
        )


def _creeps_down(view: View) -> Iterator[Reason]:
    """It falls, steadily, by next to nothing."""
    train = view.train
    if train is None or not low_rate.steady_fall(view):
        return
    why = said(
        "it goes down by {drop} in {rows:,} rows, steadily and no slower at the end: the gradients "
        "are right, and the steps too small",
        drop=percent(train.drop / train.scale, 1),
        rows=train.n,
    )
    yield Reason("lr_too_low", why, 2.4, ("bad_labels", "frozen_gradients", "collapsed"))
    if view.rate is None or view.rate[1][-1] > view.rate[1][0]:
        yield Reason("lr_warmup", why, 2.0)


def _rate(view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
    yield from rates.beyond_usual(view, view.step)
    step, rate = view.rate
    newest, peak = float(rate[-1]), float(np.nanmax(rate))
    if peak < Bounds.tiny_rate:
        words = said("at most {peak:.2g}", peak=peak) if peak > 0 else said("0 in the log")
        yield Reason("lr_too_low", said("learning rate is {words}", words=words), 3.0)
    elif peak >= Bounds.high_rate and view.kind.id not in ("boosting", "rl"):
        words = said("learning rate is {peak:.3g}: with Adam 0.001 is usual", peak=peak)
        yield Reason("lr_too_high", words, 1.6)
    elif newest == peak and rate[0] < 0.5 * newest:
        yield Reason(
            "lr_warmup",
            said(
                "learning rate is still rising: {newest:.2g} at step {step:,}",
                newest=newest,
                step=int(step[-1]),
            ),
            2.5,
        )
    elif low_rate.is_the_reason(view) and view.grad_norm is not None:
        words = said(
            "learning rate is at most {peak:.2g}, and grad norm is {norm:.2g}: gradients reach the "
            "weights, in steps too small to move them",
            peak=peak,
            norm=float(np.nanmedian(view.grad_norm[1])),
        )
        yield Reason("lr_too_low", words, 3.3)  # more than that it guesses, as it does at first
    elif low_rate.is_low(view) and view.grad_norm is None:
        words = said("learning rate is at most {peak:.2g}, far below what is usual", peak=peak)
        yield Reason("lr_too_low", words, 1.8)


def _gradient(view: View) -> Iterator[Reason]:
    if view.grad_norm is None or not np.isfinite(view.grad_norm[1]).any():
        return
    norm = float(np.nanmedian(view.grad_norm[1]))
    if norm < Bounds.tiny_grad:
        yield Reason(
            "frozen_gradients",
            said("grad norm is {norm:.2g}: no gradient reaches the weights", norm=norm),
            3.0,
        )
    else:
        yield Reason(
            "bad_labels",
            said("grad norm is {norm:.2g}: gradients do reach the weights", norm=norm),
            0.8,
        )


def _guessing(view: View) -> Iterator[Reason]:
    """The level is that of guessing, or of one answer for everything."""
    train, chance = view.train, chance_of(view) or guessing_for_epochs(view)
    if train is None:
        return
    guessed = by_score(view)
    if guessed is not None:
        words = said(
            "{name} has not left 1 in {among:,.0f} since its first row",
            name=train.name,
            among=guessed.among,
        )
        yield Reason("not_started", words, 2.2, ("collapsed", "lr_too_low"))
        return
    if chance is None:
        yield from _round_level(view)
        return
    told = chance.within > Chances.usual
    why = said(
        "the loss stands at {end:.4g}; guessing among {chance_words} gives {chance_sum}",
        end=train.end,
        chance_words=chance.words,
        chance_sum=chance.sum,
    )
    weight = 3.0 if told else 1.5
    if -train.drop > max(4 * train.drop_error, Bounds.creeps * train.end):
        above = train.end - chance.level > max(4 * train.drop_error, Bounds.above * chance.level)
        words = (
            said(
                "it creeps up from {start:.5g} to {end:.5g}, above guessing: the updates do harm",
                start=train.start,
                end=train.end,
            )
            if above
            else said(
                "it was at {first:.4g}, and has come back to {chance_sum}, as guessing among "
                "{chance_words} gives",
                first=float(np.nanmin(train.sketch.newest)),
                chance_sum=chance.sum,
                chance_words=chance.words,
            )
        )
        yield Reason("lr_too_high", words, weight + 0.2)
    if told and _never_better(view, chance.level) and view.kind.id in ("", "classifier"):
        words = said(
            "{why}, and nothing since the first row was better by {share}",
            why=why,
            share=percent(Bounds.begins, 1),
        )
        yield Reason("bad_labels", words, weight + 0.15, ("lr_too_low",))
        yield Reason("frozen_gradients", words, weight + 0.05)
    # That it guesses is what is seen; one answer for all is how it comes about.
    yield Reason(_GUESSES.get(view.kind.id, "collapsed"), why, weight + 0.1)
    if view.kind.id in ("", "classifier"):
        yield Reason("wrong_output", why, weight + 0.02)
    yield Reason("guessing", why, weight)


def _never_better(view: View, level: float) -> bool:
    """It begins at guessing, to the third digit, and no row leaves it by more."""
    train = view.train
    if train is None or view.tail or not len(train.sketch.head):
        return False
    low = float(np.min(train.value))
    return abs(float(train.sketch.head[0]) / level - 1) <= Bounds.begins and (
        low >= (1 - Bounds.begins) * level
    )


_GUESSES: dict[str, CauseId] = {
    "llm": "bad_state", "lora": "frozen_gradients", "preference": "same_reference",
}  # fmt: skip


def _own_units(view: View) -> Iterator[Reason]:
    """A regression whose loss is that of prices or pixels."""
    train = view.train
    if train is not None and view.kind.id in ("", "regression") and train.end > Bounds.units:
        why = said(
            "the loss stands at {end:.3g}: a mean over scaled targets or classes is far less",
            end=train.end,
        )
        yield Reason("unscaled", why, 1.4)


def saturated(view: View) -> Iterator[Reason]:
    """Each wrong answer costs -ln(epsilon): outputs are at 0 or 1, whatever the input.

    Keras clips at 1e-7: of two classes of equal size, 0.5 x 16.118 = 8.059.
    """
    train, score = view.train, _accuracy(view)
    if train is None or score is None or train.rises or view.curve:
        return
    share = score.late(0.5)
    wrong = 1 - (share / 100 if share > 1 else share)
    if not 0.02 < wrong <= 1:
        return
    cost = next((c for c in COSTS if abs(train.end / wrong / c - 1) <= Bounds.costs), None)
    if cost is not None:
        why = said(
            "{end:.4g} is {wrong:.0%} wrong answers at {cost:.4g} each, the most that one can "
            "cost: outputs are all at 0 or 1",
            end=train.end,
            wrong=wrong,
            cost=cost,
        )
        yield Reason("wrong_output", why, 2.6)
        yield Reason("unscaled", why, 2.5)
        yield Reason("lr_too_high", why, 2.4)


COSTS = (15.942, 16.118, 27.631, 34.539, 100.0)  # -ln of 2^-23, 1e-7, 1e-12, 1e-15; PyTorch's cap


def smallest_floats(loss: float) -> int:
    """How often 87.3365, -ln of the smallest float, a loss is; 0 where it is no multiple of it."""
    times = round(loss / Bounds.caffe) if np.isfinite(loss) else 0
    exact = times > 0 and abs(loss / (times * Bounds.caffe) - 1) <= Bounds.exact
    return times if exact and times <= Bounds.weights else 0


def at_smallest(view: View) -> Iterator[Reason]:
    """Caffe prints 87.3365, -ln of the smallest float, where outputs are infinite or no number."""
    train = view.train
    if train is None or train.rises or view.curve:
        return
    if times := smallest_floats(train.end):
        why = (
            said("{end:.6g} is -ln of the smallest float", end=train.end)
            if times == 1
            else said(
                "{end:.6g} is {times} x 87.3365, which is -ln of the smallest float",
                end=train.end,
                times=times,
            )
        )
        yield Reason("lr_too_high", why, 2.8, ("collapsed",))
        yield Reason("numeric_overflow", why, 2.7)
        yield Reason("bad_labels", why, 1.2)


def _accuracy(view: View) -> Logged | None:
    """An accuracy, on what is trained where it is logged."""
    named = [
        one for one in view.around.scores
        if one.rises and "acc" in one.name.lower() and len(one.value) >= 3
    ]  # fmt: skip
    return min(named, key=lambda one: is_held_out(one.name), default=None)


def _round_level(view: View) -> Iterator[Reason]:
    """A contrastive loss at its margin, or scaled targets at their variance: all outputs alike."""
    train = view.train
    assert train is not None
    if view.kind.id not in ("", "contrastive", "regression") or view.curve or train.rises:
        return
    level = next((one for one in ROUND if abs(train.end / one - 1) <= Bounds.round), None)
    if level is not None and np.all(train.value[len(train.value) // 2 :] > (1 - 0.01) * level):
        yield Reason(
            "collapsed",
            said(
                "the loss settles at {end:.4g}: {level:g}, as a round margin or the variance of "
                "scaled targets, is what one answer for all gives",
                end=train.end,
                level=level,
            ),
            1.4,
        )


ROUND = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0)


def trend(finding: Finding, view: View) -> Numbers:
    """The straight trend through block medians, at the ends of the curve."""
    train = view.train
    if train is None:
        return {}
    blocks = st.blocks(train.value, 48)
    slope = st.theil_sen(blocks)
    middle = st.median(blocks - slope * np.arange(len(blocks)))
    return {"trend_start": middle, "trend_end": middle + slope * (len(blocks) - 1)}
