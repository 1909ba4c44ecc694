"""What a few rows say of examples that are known by heart, and of one answer for all.

A perplexity of 1.00 beside 50,000 on held-out text, two evaluations between which train lost 98 %
and eval rose, an accuracy and an F1 that are the same in each row: values so far apart, or so much
alike, that two or three rows are enough for a word.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import signs
from lossmon.diagnosis.facts import digits
from lossmon.diagnosis.finding import PatternId
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When so few rows are worth a word."""

    rows = Enough.facts
    sure = Limit(1.05, "perplexity: each next word is known", "threads: 1.00 and 1.01")
    fell = Limit(
        0.33, "of train's first, that is left of it at the last evaluation", "threads: 2 %"
    )
    rose = Limit(1.2, "x eval's first, at the last one", "threads: 2.4 x")
    together = Limit(2.0, "x train's first, that eval's is at most", "gap: 1.8")
    parted = Limit(5.0, "x: by so much eval over train has grown", "threads: 116 x")
    digits = Limit(3, "digits of a score that is the same in each row", "0.5 of 10 may stay")
    share = Limit(0.00002, "of an F1, that is the one of one answer for all", "printed digits")
    passes = Limit(20, "passes over the data: so many learn anything by heart", "threads: 60")
    nothing = Limit(0.01, "loss of what is known", "threads: 0.0035")


def reasons(view: View) -> Iterator[Reason]:
    """The causes that such rows support."""
    yield from _each_word(view)
    yield from _parted(view)
    yield from _one_answer(view)
    yield from _late(view)


def _heart(why: str, of: PatternId) -> Iterator[Reason]:
    yield Reason("memorising", why, 1.7, of=of)
    yield Reason("small_data", why, 1.6, of=of)


def _each_word(view: View) -> Iterator[Reason]:
    """A perplexity next to 1 of what is trained on."""
    for one in view.around.each(r"(?:train(?:ing)?_)?(?:ppl|perplexity)"):
        if is_held_out(one.name) or len(one.value) < 2 or not np.isfinite(one.value).all():
            continue
        if float(one.value.min()) >= 1 and float(one.value.max()) <= Bounds.sure:
            why = said(
                "{name} is at most {most:.3g} in each of {rows:,} rows: each next word is known",
                name=one.name,
                most=float(one.value.max()),
                rows=len(one.value),
            )
            yield from _heart(why, "memorised")
            return


def _parted(view: View) -> Iterator[Reason]:
    """Between the first and the last evaluation train lost most, and eval rose."""
    pair = view.pair
    if pair is None or view.curve or len(pair.value) < 2 or "overfitting" in view.quiet:
        return
    first, last = float(pair.value[0]), float(pair.value[-1])
    before, now = float(pair.train[0]), float(pair.train[-1])
    if min(first, last, before, now) <= 0 or not np.isfinite([first, last, before, now]).all():
        return
    if now > Bounds.fell * before or last < Bounds.rose * first:
        return
    if first > Bounds.together * before or last / now < Bounds.parted * first / before:
        return  # what was apart from the first on was not learned
    if signs.missed(view) is not None:
        return
    why = said(
        "from the first evaluation to the last train went from {before:.3g} to {now:.3g} and eval "
        "from {first:.3g} to {last:.3g}",
        before=before,
        now=now,
        first=first,
        last=last,
    )
    yield from _heart(why, "overfitting")


def _one_answer(view: View) -> Iterator[Reason]:
    """Two scores that are the same to the last digit in each row; or an F1 that tells it."""
    if view.kind.id in ("rl", "boosting", "speech", "detection"):
        return
    same = [
        one
        for one in view.around.scores
        if one.rises and len(one.value) >= 2 and np.ptp(one.value) == 0 and 0 < one.value[0] < 1
    ]
    accuracy = next((one for one in same if "acc" in one.name.lower()), None)
    f1 = next((one for one in same if "f1" in plain(one.name)), None)
    if accuracy is not None and f1 is not None:
        right, told = float(accuracy.value[0]), float(f1.value[0])
        if abs(2 * right / (1 + right) - told) <= Bounds.share:
            why = said(
                "{name} is {value:.5g} and {f1} {told:.5g} in each of {rows:,} rows: just what one "
                "answer for all gives",
                name=accuracy.name,
                value=right,
                f1=f1.name,
                told=told,
                rows=len(f1.value),
            )
            yield Reason("one_answer", why, 1.9, of="worst_score")
            yield Reason("collapsed", why, 1.8, of="worst_score")
            return
    plain_ones = [
        one
        for one in same
        if len(one.value) >= Bounds.rows and digits(float(one.value[0])) >= Bounds.digits
    ]
    if len(plain_ones) >= 2:
        why = said(
            "{name} is {value:.5g} and {other} {told:.5g} in each of {rows:,} rows, to the last "
            "digit",
            name=plain_ones[0].name,
            value=float(plain_ones[0].value[0]),
            other=plain_ones[1].name,
            told=float(plain_ones[1].value[0]),
            rows=len(plain_ones[0].value),
        )
        yield Reason("one_answer", why, 1.6, of="worst_score")
        yield Reason("collapsed", why, 1.5, of="worst_score")


def _late(view: View) -> Iterator[Reason]:
    """Next to nothing is left of the loss in a pass of which there were many, and no eval tells."""
    train = view.train
    if train is None or train.rises or view.curve or view.kind.id not in ("", "llm", "lora"):
        return
    if "eval_loss" in view.sketches or not len(train.sketch.newest):
        return
    passes, values = view.epochs or 0.0, train.sketch.newest
    if passes < Bounds.passes or len(values) < Bounds.rows or not np.isfinite(values).all():
        return
    if 0 < float(values.min()) <= values.max() <= Bounds.nothing:
        why = said(
            "{name} is at most {most:.2g} in each of {rows:,} rows, in pass {passes:.0f} over the "
            "data, and no held-out data tell whether more was learned",
            name=train.name,
            most=float(values.max()),
            rows=len(values),
            passes=passes,
        )
        yield Reason("memorising", why, 1.4, of="memorised")
        yield Reason("overfit_suspected", why, 1.3, of="memorised")
