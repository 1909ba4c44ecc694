"""Values that contradict each other: then a score is computed wrongly, and the training is not ill.

An accuracy of exactly 0 in each row beside a verification accuracy of 0.86, or a held-out one of 0
beside batches of 100 %: integer division, labels in another order, a threshold that nothing meets.
No over-fitting and no collapse gives exactly 0 to the last digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis.finding import CauseId
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When two scores contradict each other."""

    rows = Limit(2, "rows of a score, all exactly 0", "threads: two evaluations")
    agrees = Limit(3.0, "x train, of an eval loss that is as bad as the score", "threads: 13, 17")
    words = Limit(4, "rows of a token accuracy and a perplexity", "threads: 12")
    ppl = Limit(20.0, "perplexity, at which some next words are right", "threads: 8.8")
    good = Limit(0.3, "of all, that another score gets", "threads: 0.43, 0.86")


class Contradiction(NamedTuple):
    """A score at its worst beside one that is good.

    Attributes:
        name: the score that is 0 in each row.
        rows: how many there are.
        step: of the first.
        other, value: the score that is good, and its level as logged.
    """

    name: str
    rows: int
    step: int
    other: str
    value: float


# What is refuted where a score is computed wrongly: the model does learn.
REFUTED: tuple[CauseId, ...] = (
    "collapsed", "bad_labels", "frozen_gradients", "one_answer", "guessing", "lr_too_low",
    "lr_too_high", "wrong_output", "noisy_data", "blank_plateau", "memorising",
)  # fmt: skip
_ACCURACY = re.compile(r"acc(?:uracy)?")
# All of an answer at once is right far less often than each of its parts.
_WHOLE = re.compile(r"seq|exact|sent|full|joint|all|word|string|plate|line|instance|\bem\b")
# Background, blanks: a good score of one kind beside a bad one of another is usual there.
_USUAL = ("speech", "detection", "segmentation", "rl", "rlhf", "llm", "preference")


def contradiction(view: View) -> Contradiction | None:
    """An accuracy that is exactly 0 in all rows although another score is good; None for none."""
    if view.kind.id in _USUAL:
        return _of_words(view)
    scores = [one for one in view.around.scores if one.rises]
    zero = next(
        (
            one
            for one in scores
            if _is_accuracy(one.name) and len(one.value) >= Bounds.rows and not np.any(one.value)
        ),
        None,
    )
    if zero is None or _eval_agrees(zero.name, view):
        return None
    told = ((one.name, float(np.mean(one.value))) for one in scores if one.name != zero.name)
    for name, value in (*told, *view.around.lone_scores):
        if _is_accuracy(name) and Bounds.good <= share(value) <= 1:
            return Contradiction(zero.name, len(zero.value), int(zero.step[0]), name, value)
    return None


def _of_words(view: View) -> Contradiction | None:
    """No next word is ever right by its accuracy, and by the perplexity one of twenty is."""
    if view.kind.id != "llm":
        return None
    scores = (one for one in view.around.scores if one.rises and _is_accuracy(one.name))
    zero = next((one for one in scores if not np.any(one.value)), None)
    told = view.around.logged(r"(?:train(?:ing)?_)?(?:ppl|perplexity)")
    if zero is None or told is None or min(len(zero.value), len(told.value)) < Bounds.words:
        return None
    newest = float(told.value[-1])
    if not 1 <= newest <= Bounds.ppl:
        return None
    return Contradiction(zero.name, len(zero.value), int(zero.step[0]), told.name, newest)


def _eval_agrees(name: str, view: View) -> bool:
    """The eval loss is as bad as the score of eval says: a class that train never sees."""
    evals, train = view.sketches.get("eval_loss"), view.train
    if evals is None or train is None or not len(evals.newest) or not is_held_out(name):
        return False
    return float(evals.newest[-1]) > Bounds.agrees * abs(train.end)


def refuted(view: View) -> Iterator[CauseId]:
    """Causes that a contradiction rules out of any finding."""
    if contradiction(view) is not None:
        yield from REFUTED


def share(value: float) -> float:
    """A score as a share: 43 % is 0.43."""
    return value / 100 if value > 1.5 else value


def _is_accuracy(name: str) -> bool:
    form = plain(name)
    return bool(_ACCURACY.search(form)) and not _WHOLE.search(form)
