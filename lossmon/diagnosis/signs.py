"""What single values give away, however few there are: they are out of the range of their kind.

A loss of 4e8 is that of targets nobody scaled; one that runs from 1e6 through 0 to -3e6 has no
floor; a language model's mean over tokens cannot be 22; an accuracy of 0.5 after fifty steps, and 0
after two hundred, is that of data in the order of their classes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import lost, short
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When a value speaks."""

    facts = Enough.facts
    learned = Limit(0.5, "accuracy of what is trained on: it is learned", "threads: 0.6 to 0.91")
    missed = Limit(0.05, "of that accuracy, which held-out data reach", "threads: 0 to 0.015")
    as_bad = Limit(3.0, "x train, that the eval loss is: it says the same", "threads: 13 to 17")
    below = short.Bounds.below
    idle = Limit(1e-6, "learning rate at which nothing moves", "usual recipes")
    apart = Limit(4.0, "x train, at each evaluation from the first on", "threads: 7 to 80")
    flat = Limit(0.003, "of the level: spread of rows at guessing", "threads: 5.7094 to 5.7154")
    guess = Limit(3.0, "x 1 / C, that no accuracy of a batch exceeds", "threads")
    classes = Limit(1.5, "loss of five classes and more, at guessing", "ln C")
    fell = Limit(0.1, "of the first loss: a whole training that fell by less", "threads: 4 %")
    half = Limit(0.5, "accuracy, beyond which it may be right", "threads: 0 to 0.1")
    moves = Limit(0.02, "by which such an accuracy moves", "threads: 0.002")
    began = Limit(0.2, "accuracy of the first report", "threads: 0.51")
    left = Limit(0.3, "of that accuracy, that is left", "threads: 0.12")
    above = Limit(2.0, "x the loss of guessing, of the first epoch's mean", "threads: 3.3")


_PRETRAINED = ("llm", "lora", "preference", "rlhf", "diffusion", "speech", "rl", "gan")
_FROM_SCRATCH = ("", "classifier", "regression")
_ACCURACY = re.compile(r"acc(?:uracy)?1?(?:_|$)|prec_?1(?:_|$)|top_?1(?:_|$)")


def of_losses(values: Floats, view: View) -> Iterator[Reason]:
    """Of all rows of a short log, each of them a number."""
    yield from _below_zero(values, view)
    if float(values.min()) <= 0:
        return
    yield from _unscaled(values, view)
    yield from _beyond_vocabulary(values, view)
    yield from _idle(values, view)
    yield from _missed(view)
    yield from _apart(view)
    if len(values) >= Bounds.facts:
        yield from _cheap(view)
        yield from _guesses(values, view)
        yield from _whole(values, view)


def of_scores(view: View) -> Iterator[Reason]:
    """Of accuracies, where no loss is logged beside them."""
    if view.around.loss is not None or view.kind.id not in ("", "classifier"):
        return
    for score in accuracies(view, held_out=False):
        if len(score.value) >= Bounds.facts and np.isfinite(score.value).all():
            yield from _sorted(score, view)
            yield from _of_a_batch(score, view)
            return


def accuracies(view: View, *, held_out: bool) -> tuple[Logged, ...]:
    """The accuracies of what is trained on, or of held-out data."""
    return tuple(
        one
        for one in view.around.scores
        if one.rises
        and _ACCURACY.search(plain(one.name))
        and is_held_out(one.name) == held_out
        and len(one.value)
    )


def share(score: Logged, view: View) -> Floats:
    """Its rows as shares: 43 % is 0.43, and so is what stands beside a top-5 of 2.7."""
    beside = view.around.logged(r"(?:prec|acc|top|top_acc|acc_top)_?5")
    highest = max(float(np.nanmax(one.value)) for one in (score, beside) if one is not None)
    return score.value / 100 if highest > 1.5 else score.value


class Missed(NamedTuple):
    """Held-out answers that are nearly all wrong, by accuracy and loss alike.

    Attributes:
        held, own: names of the accuracies of eval and of train.
        step: of the first evaluation.
        evals: how many there are.
        missed, learned: what they reach, as shares.
        loss: of eval.
    """

    held: str
    own: str
    step: int
    evals: int
    missed: float
    learned: float
    loss: float


def missed(view: View) -> Missed | None:
    """Eval is worse than guessing while train is learned; None where it is not."""
    train, evals = view.train, view.sketches.get("eval_loss")
    if view.kind.id not in ("", "classifier") or train is None or train.rises or evals is None:
        return None
    ends = evals.newest[-1:], train.sketch.newest[-1:]
    if not all(map(len, ends)) or not ends[0][0] > Bounds.as_bad * abs(ends[1][0]):
        return None  # as nearly always
    held, own = accuracies(view, held_out=True)[:1], accuracies(view, held_out=False)[:1]
    if not held or not own or not np.isfinite(held[0].value).all():
        return None
    learned = float(np.nanmedian(share(own[0], view)[-3:]))
    # A share of 0.31 may be a third of a per cent: the scores of one log are written alike.
    per_cent = float(np.nanmax(own[0].value)) > 1.5
    reached = st.median(held[0].value[-5:]) / (100 if per_cent else 1)
    loss = st.median(evals.newest[-3:])
    if learned < Bounds.learned or reached > Bounds.missed * learned:
        return None
    if not loss > Bounds.as_bad * abs(train.end):
        return None
    step = int(held[0].step[0])
    return Missed(held[0].name, own[0].name, step, len(held[0].value), reached, learned, loss)


def above_guessing(view: View) -> Iterator[Reason]:
    """The first epoch costs far more than guessing, at an accuracy of guessing: it was thrown off.

    A first mean of 2.27 of two classes: an answer that knows nothing costs 0.69.
    """
    train = view.train
    if train is None or train.rises or view.tail or not len(train.sketch.head):
        return
    own = accuracies(view, held_out=False)
    if not own or not np.isfinite(own[0].value).all():
        return
    first, right = float(train.sketch.head[0]), float(share(own[0], view)[0])
    if not 0.02 <= right <= 0.55:
        return
    guessing = math.log(1 / right)
    if first >= Bounds.above * max(guessing, math.log(2)):
        why = said(
            "train begins at {first:.3g} with {right:.0%} right, where guessing costs "
            "{guessing:.2g}: updates threw it off",
            first=first,
            right=right,
            guessing=guessing,
        )
        yield Reason("lr_too_high", why, 2.0)


class Cheap(NamedTuple):
    """Wrong answers that cost less than any can, while the accuracy does not move.

    Attributes:
        name: the accuracy.
        wrong: the share of wrong answers.
        loss: what they cost in all.
    """

    name: str
    wrong: float
    loss: float


def cheap(view: View) -> Cheap | None:
    """A loss below ln 2 for each wrong answer: some other class had at least the right one's share.

    An accuracy of 0.10 beside 0.60, of 0 beside 0.02: it is computed wrongly, or the loss is no
    cross-entropy.
    """
    train = view.train
    if train is None or train.rises or view.curve or view.kind.id != "classifier":
        return None
    own, losses = accuracies(view, held_out=False), train.sketch.newest
    if not own or min(len(own[0].value), len(losses)) < Bounds.facts:
        return None
    right = share(own[0], view)
    if not np.isfinite([*right, *losses]).all() or float(losses.min()) <= 0:
        return None
    if float(right.max()) > Bounds.half or float(np.ptp(right)) > Bounds.moves:
        return None
    wrong, loss = 1 - float(np.mean(right)), float(losses[-1])
    if loss >= wrong * math.log(2):
        return None
    return Cheap(own[0].name, wrong, loss)


def of_cheap(found: Cheap, weight: float) -> Iterator[Reason]:
    """The cause of it."""
    why = said(
        "{wrong:.0%} wrong answers by {name} would cost {least:.2g} of a cross-entropy at "
        "least, and cost {loss:.3g}",
        wrong=found.wrong,
        name=found.name,
        least=found.wrong * math.log(2),
        loss=found.loss,
    )
    yield Reason("metric_wrong", why, weight)


def _cheap(view: View) -> Iterator[Reason]:
    found = cheap(view)
    if found is not None:
        yield from of_cheap(found, 1.9)


def _below_zero(values: Floats, view: View) -> Iterator[Reason]:
    """It goes down through 0 and on: no cross-entropy, and maybe no loss that has a floor."""
    newest = float(values[-1])
    if newest > Bounds.below or view.kind.id in _PRETRAINED or len(values) < Bounds.facts:
        return
    words = said(
        "it went from {first:.4g} through 0 to {newest:.4g}", first=float(values[0]), newest=newest
    )
    if float(values[0]) <= 0:
        words = said("it went from {first:.4g} to {newest:.4g}", first=values[0], newest=newest)
    steady = bool((st.steps(values) < 0).all())
    of_targets = said("{words}: a cross-entropy of targets beyond 1 does so", words=words)
    yield Reason("target_range", of_targets, 1.7 if steady else 1.4)
    yield Reason("density", words, 1.6)
    if steady:
        yield Reason("unbounded_loss", words, 1.5)


def _unscaled(values: Floats, view: View) -> Iterator[Reason]:
    first = float(values[0])
    if first >= lost.Bounds.unscaled and not view.curve and view.kind.id not in _PRETRAINED:
        yield Reason("unscaled", said("the very first loss is {start:.2g}", start=first), 1.9)


def _beyond_vocabulary(values: Floats, view: View) -> Iterator[Reason]:
    """Above ln of any vocabulary in each row, and falling: not a mean over tokens."""
    if view.kind.id not in ("", "llm", "lora") or view.grad_norm is None or view.rate is None:
        return
    least = float(values.min())
    if least <= lost.Bounds.untouched or values[-1] > values[0] or values[0] > 1000:
        return
    why = said(
        "{least:.4g} and more: of a language model, guessing among any vocabulary costs at most "
        "{most:.3g} a token",
        least=least,
        most=float(lost.Bounds.untouched),
    )
    yield Reason("summed_loss", why, 1.8)
    yield Reason("bad_state", why, 1.6)


def _idle(values: Floats, view: View) -> Iterator[Reason]:
    """A rate that is next to nothing, and no warm-up."""
    if view.rate is None or len(view.rate[1]) < 2 or view.kind.id in _PRETRAINED:
        return
    rate = view.rate[1]
    peak = float(np.nanmax(rate))
    if 0 < peak <= Bounds.idle and rate[-1] <= rate[0] and not view.tail:
        why = said(
            "learning rate is at most {peak:.2g} and does not rise: nothing moves at that",
            peak=peak,
        )
        yield Reason("lr_too_low", why, 1.8)


def _missed(view: View) -> Iterator[Reason]:
    found = missed(view)
    if found is not None:
        why = said(
            "{name} is {missed:.2%}, beside {own} of {learned:.0%}",
            name=found.held,
            missed=found.missed,
            own=found.own,
            learned=found.learned,
        )
        yield Reason("other_mode", why, 1.8)
        yield Reason("eval_statistics", why, 1.7)
        yield Reason("classes_apart", why, 1.6)


def _apart(view: View) -> Iterator[Reason]:
    """Eval is a multiple of train at each evaluation, the first among them."""
    pair = view.pair
    if pair is None or view.curve or view.tail or len(pair.value) < 2:
        return
    if float(np.min(pair.train)) <= 0 or not np.isfinite(pair.value).all():
        return
    ratios = pair.value / pair.train
    if float(np.min(ratios)) >= Bounds.apart:
        why = said(
            "eval is {first:.3g} x train at its first evaluation, and never below {least:.3g} x",
            first=float(ratios[0]),
            least=float(np.min(ratios)),
        )
        yield Reason("other_mode", why, 1.5)
        yield Reason("split_mismatch", why, 1.4)


def _guesses(values: Floats, view: View) -> Iterator[Reason]:
    """It does not move, and no accuracy is above what guessing among e^loss classes gives."""
    level = st.median(values)
    if level < Bounds.classes or float(np.ptp(values)) > Bounds.flat * level:
        return
    own = accuracies(view, held_out=False)
    most = Bounds.guess * math.exp(-level)
    if not own or not len(own[0].value) >= 2 or float(np.max(share(own[0], view))) > most:
        return
    why = said(
        "it stands at {level:.4g}, as guessing among {classes:,} classes gives, and {name} is not "
        "better either",
        level=level,
        classes=round(math.exp(level)),
        name=own[0].name,
    )
    yield Reason("not_started", why, 1.7 if view.tail else 1.45)


def _whole(values: Floats, view: View) -> Iterator[Reason]:
    """A training is over by its own plan, and hardly fell: no statistics of so few rows say so."""
    if view.plan_share is None or view.plan_share < Enough.done or view.tail:
        return  # of a log that merely ends nobody knows what was to come
    if view.kind.id not in _FROM_SCRATCH or view.grad_norm is not None:
        return
    fell = 1 - float(values[-1]) / float(values[0])
    if not -Bounds.fell < fell < Bounds.fell or len(values) < Bounds.facts + 1:
        return
    if float(values.min()) < (1 - 2 * Bounds.fell) * float(values[0]):
        return
    why = said(
        "the training is over, and went from {first:.4g} to {newest:.4g}",
        first=float(values[0]),
        newest=float(values[-1]),
    )
    yield Reason("wrong_output", why, 1.4)
    yield Reason("frozen_gradients", why, 1.3)
    yield Reason("lr_too_low", why, 1.1)


def _sorted(score: Logged, view: View) -> Iterator[Reason]:
    """So good so soon, and worse with each report: the batches hold one class after the other."""
    values = share(score, view)
    first, newest = float(values[0]), float(values[-1])
    if view.tail or first < Bounds.began or newest > Bounds.left * first:
        return
    if float(np.max(values[1:])) > 0.5 * first:
        return
    why = said(
        "{name} is {first:.3g} in the first row and {newest:.3g} now: nothing is learned so soon, "
        "batches of one class are told by heart",
        name=score.name,
        first=first,
        newest=newest,
    )
    yield Reason("data_order", why, 1.7)
    yield Reason("lr_too_high", why, 1.4)


def _of_a_batch(score: Logged, view: View) -> Iterator[Reason]:
    if not np.any(score.value) and not view.rows_are_epochs:
        why = said(
            "{name} is 0 in {rows:,} rows, each of a few batches of one epoch",
            name=score.name,
            rows=len(score.value),
        )
        yield Reason("batch_accuracy", why, 1.5)
