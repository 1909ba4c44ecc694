"""What looks odd in a curve that gets better and is usual: said, so that nobody mends it.

An AUC of 0.5 in the first 14 rounds of boosting, the accuracy of one batch at 0 among thousands of
classes, a likelihood of a density that falls below 0, an eval below train.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it is said."""

    alike = Limit(3, "first rows that are alike to the last digit", "threads: 14 of 22")
    most = Limit(0.8, "of the rows, that may be so", "threads: 14 of 22")
    classes = Limit(4.0, "loss of 50 classes and more, at chance", "ln C")
    below = Limit(0.97, "x train, below which eval is lower", "runs")
    lower = Limit(0.8, "of the evals that are", "runs")
    largest = Limit(4096, "examples of a batch", "usual recipes")


_ACCURACY = re.compile(r"acc|top_?1(?!\d)|prec_?1(?!\d)")


def reasons(view: View) -> Iterator[Reason]:
    """Of a curve that gets better."""
    yield from _late_start(view)
    yield from _of_a_batch(view)
    yield from _density(view)
    yield from eval_below(view)
    yield from stopped(view)


def stopped(view: View) -> Iterator[Reason]:
    """Early stopping ended it for want of progress, and there was progress in each row."""
    if not view.around.stopped_early(view.step):
        return
    for one in view.around.scores:
        rows = one.value if one.rises else -one.value
        if len(rows) > Enough.facts and is_held_out(one.name) and bool((np.diff(rows) > 0).all()):
            why = said(
                "it was stopped early, and {name} had got better in each of {rows:,} rows, from "
                "{first:.4g} to {last:.4g}",
                name=one.name,
                rows=len(rows),
                first=float(one.value[0]),
                last=float(one.value[-1]),
            )
            yield Reason("stop_direction", why, 2.2)
            return


def eval_below(view: View) -> Iterator[Reason]:
    """Eval lies below train nearly throughout: what only train carries."""
    pair = view.pair
    if pair is None or len(pair.value) < Enough.facts or view.train is None or view.train.rises:
        return
    if view.kind.id == "boosting" or not float(np.min(pair.value)) > 0:  # trees have no dropout
        return
    if np.mean(pair.value < Bounds.below * pair.train) >= Bounds.lower:
        why = said(
            "eval lies below train in {share:.0%} of the evals, usually at {ratio:.0%} of it",
            share=np.mean(pair.value < pair.train),
            ratio=np.median(pair.value / pair.train),
        )
        yield Reason("regularised_train", why, 1.5)
        yield Reason("easy_eval", why, 1.1)


def _late_start(view: View) -> Iterator[Reason]:
    train = view.train
    if train is None or not len(train.sketch.head):
        return
    head = train.sketch.head
    other = np.flatnonzero(head != head[0])
    alike = int(other[0]) if len(other) else 0
    if Bounds.alike <= alike <= Bounds.most * train.n:
        why = said(
            "{name} is {value:.4g} in the first {rows:,} rows and gets better since",
            name=train.name,
            value=train.shown(float(head[0])),
            rows=alike,
        )
        yield Reason("late_start", why, 2.0)


def _of_a_batch(view: View) -> Iterator[Reason]:
    train = view.train
    if train is None or train.rises or train.start < Bounds.classes:
        return
    for score in view.around.scores:
        if is_held_out(score.name) or not _ACCURACY.search(plain(score.name)):
            continue
        some = score.value[score.value > 0]
        if len(score.value) < Enough.facts or 2 * len(some) > len(score.value):
            continue
        if len(some):
            least = float(np.min(some))
            batch = round((100.0 if least > 1 else 1.0) / least)
            if batch > Bounds.largest:
                continue
            why = said(
                "{name} is 0 in {zeros:,} of {rows:,} rows and {least:.4g} in others: one right "
                "answer in a batch of {batch:,}",
                name=score.name,
                zeros=len(score.value) - len(some),
                rows=len(score.value),
                least=least,
                batch=batch,
            )
            yield Reason("batch_accuracy", why, 2.0)
            return


def through_zero(view: View) -> bool:
    """It went down through 0, and nothing tells what it measures: that may be right, or a fault."""
    train = view.train
    if train is None or train.rises or view.curve or view.kind.id != "":
        return False
    return len(train.sketch.head) > 0 and train.end < 0 < float(train.sketch.head[0])


def _density(view: View) -> Iterator[Reason]:
    train = view.train
    if train is None or train.rises or not train.end < 0 < train.start + abs(train.end):
        return
    if view.kind.id in ("", "regression", "gan") or view.curve:
        why = said("{name} goes down through 0 to {end:.4g}", name=train.name, end=train.end)
        if len(train.sketch.head) and train.sketch.head[0] > 0:
            yield Reason("density", why, 1.5)
            if through_zero(view):
                yield Reason("loss_sign", why, 1.3)
                yield Reason("unbounded_loss", why, 1.2)
