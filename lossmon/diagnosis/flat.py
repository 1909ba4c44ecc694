"""Why a curve may not fall: reasons, and the trend that is drawn through it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.chance import Bounds as Chances
from lossmon.diagnosis.chance import chance_of
from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
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
    few_trained = Limit(0.002, "of the weights: too few are trained", "LoRA of rank 1")


def reasons(finding: Finding, view: View) -> Iterator[Reason]:
    """The rate, the gradients, guessing, what the log says, what is trained."""
    of_rate = list(_rate(view))
    yield from of_rate
    # Gradients that flow speak against the data only where the rate is no reason.
    yield from (r for r in _gradient(view) if not (of_rate and r.id == "bad_labels"))
    yield from _guessing(view)
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


def _rate(view: View) -> Iterator[Reason]:
    if view.rate is None:
        return
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
    """The level is that of guessing."""
    chance = chance_of(view)
    if chance is not None and view.train is not None:
        told = chance.within > Chances.usual
        yield Reason(
            "guessing",
            said(
                "the loss stands at {end:.4g}; guessing among {chance_words} gives {chance_sum}",
                end=view.train.end,
                chance_words=chance.words,
                chance_sum=chance.sum,
            ),
            3.0 if told else 1.5,
        )


def trend(finding: Finding, view: View) -> Numbers:
    """The straight trend through block medians, at the ends of the curve."""
    train = view.train
    if train is None:
        return {}
    blocks = st.blocks(train.value, 48)
    slope = st.theil_sen(blocks)
    middle = st.median(blocks - slope * np.arange(len(blocks)))
    return {"trend_start": middle, "trend_end": middle + slope * (len(blocks) - 1)}
