"""Eval stopped falling long ago while train falls on: what train learns does not carry over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import signs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pairs import eval_guesses
from lossmon.diagnosis.pattern import Example, Level, Pattern, Picture, StepMark
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import Pair, View
from lossmon.words import said


class Bounds(Limits):
    """When it holds: over-fitting that does not show as a rise of eval."""

    ratio = Limit(1.8, "x: eval over train now", "threads: 2.3")
    early = Limit(0.5, "of the evaluations, by which eval had come down", "runs")
    left = Limit(0.05, "of its level: eval has not fallen by more since", "words: flat")
    sank = Limit(0.25, "of its level: eval has not been lower by more since", "a quarter is a rise")
    train = Limit(0.4, "log drop of train since then", "a third of its level")
    opened = Limit(1.3, "x the ratio of that time", "dropout is a constant factor")
    nothing = Limit(0.1, "log drop of eval, of all of it", "threads: 0.06")
    heart = Limit(2.0, "log drop of train since then: the examples are known", "a seventh is left")
    always = Limit(4.0, "x train, at each evaluation", "threads: 5 to 10")
    evals = Limit(6, "evaluations", "runs")
    scores = Limit(4, "rows of an accuracy of train and of held-out data", "threads: 7")
    knows = Limit(0.85, "accuracy of train that knows its examples", "threads: 0.90")
    apart = Limit(0.2, "by which no held-out accuracy comes near it", "threads: 0.26")
    gained = Limit(0.03, "that the held-out one gained at most", "threads: none")


def find(view: View) -> Finding | None:
    """Eval is flat at a multiple of train, which it was not at first."""
    return _of_loss(view) or _of_score(view)


def _of_loss(view: View) -> Finding | None:
    pair = view.pair
    if pair is None or len(pair.value) < Bounds.evals or np.min(pair.train) <= 0:
        return None
    newest, train = pair.last(pair.value), pair.last(pair.train)
    if newest <= 0 or newest < Bounds.ratio * train:
        return None
    if (always := _always(view)) is not None:
        return always
    down = np.flatnonzero(pair.smooth <= (1 + Bounds.left) * newest)
    if not len(down) or down[0] > Bounds.early * len(pair.value):
        return None
    at = 0 if _never_fell(pair) else int(down[0])
    if float(np.min(pair.smooth[at:])) < (1 - Bounds.sank) * newest:
        return None  # it fell on and came back: that is a rise, and no standing still
    opened = newest / train > Bounds.opened * float(pair.value[at] / pair.train[at])
    if st.log_drop(float(pair.train[at]), train) < Bounds.train or not opened:
        return None
    step = int(pair.step[at])
    return Finding(
        "gap",
        "info",
        0.8,
        step,
        pair.name,
        said(
            "eval has stood at {newest:.4g} since step {step:,} while train fell from "
            "{pair_train:.4g} to {train:.4g}: it is {ratio:.2g} x train",
            newest=newest,
            step=step,
            pair_train=pair.train[at],
            train=train,
            ratio=newest / train,
        ),
        numbers={"gap": newest / train, "level": newest, "since_flat": float(step)},
    )


def _never_fell(pair: Pair) -> bool:
    """Eval came down by next to nothing at all, beside a train loss that did by far."""
    return pair.fall < Bounds.nothing and pair.train_fall >= Bounds.heart


def _of_score(view: View) -> Finding | None:
    """What is trained on is nearly all right, and of held-out data no more than at first."""
    own, held = (signs.accuracies(view, held_out=one) for one in (False, True))
    if not own or not held or view.tail or not (view.ended or view.rows_are_epochs):
        return None
    known, told = signs.share(own[0], view), signs.share(held[0], view)
    if min(len(known), len(told)) < Bounds.scores or not np.isfinite([*known, *told]).all():
        return None
    third = max(1, len(told) // 3)
    gained = st.median(told[-third:]) - st.median(told[:third])
    far = st.median(known[-third:]) - float(np.max(told))
    if st.median(known[-third:]) < Bounds.knows or far < Bounds.apart or gained > Bounds.gained:
        return None
    if gained < -Bounds.apart:
        return None  # it is lost, and does not stand
    return Finding(
        "gap",
        "warning",
        0.85,
        int(held[0].step[0]),
        held[0].name,
        said(
            "{held} stays between {low:.4g} and {high:.4g} while {own} went from {first:.4g} to "
            "{last:.4g}",
            held=held[0].name,
            low=float(np.min(held[0].value)),
            high=float(np.max(held[0].value)),
            own=own[0].name,
            first=float(own[0].value[0]),
            last=float(own[0].value[-1]),
        ),
        numbers={"since_flat": float(held[0].step[0])},
    )


def _always(view: View) -> Finding | None:
    """Eval is a multiple of train from its first evaluation on: that was not learned by heart."""
    pair = view.pair
    if pair is None or view.tail or not view.rows_are_epochs or view.curve:
        return None
    ratios = pair.value / pair.train
    if float(np.min(ratios)) < Bounds.always:
        return None
    return Finding(
        "gap",
        "info",
        0.8,
        int(pair.step[0]),
        pair.name,
        said(
            "eval is {first:.2g} x train at its first evaluation, and {ratio:.2g} x now, at "
            "{newest:.4g}",
            first=float(ratios[0]),
            ratio=float(ratios[-1]),
            newest=pair.last(pair.value),
        ),
        numbers={"gap": float(ratios[-1]), "always": float(np.min(ratios))},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if "always" in finding.numbers:
        words = said("it was so from the first evaluation on, and no example is learned by then")
        yield Reason("other_mode", words, 1.8, ("memorising",))
        yield Reason("split_mismatch", words, 1.7)
        return
    yield from eval_guesses(view)
    pair = view.pair
    if pair is None or "level" not in finding.numbers:
        return
    since = pair.train[pair.step >= finding.numbers["since_flat"]]
    now = pair.last(pair.train)
    if len(since) and st.log_drop(float(since[0]), now) >= Bounds.heart:
        why = said(
            "train fell from {first:.3g} to {now:.3g} meanwhile: next to nothing is left of it",
            first=float(since[0]),
            now=now,
        )
        yield Reason("memorising", why, 1.6)
        yield Reason("small_data", why, 1.4)


PATTERN = Pattern(
    id="gap",
    slot="pair",
    severity="info",
    find=find,
    needs=("train",),
    after=(
        "eval_apart",
        "eval_faster",
    ),
    forbids=("steps+", "capacity+"),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("memorising", "split_mismatch", "small_data"),
    picture=Picture(
        lines=(Level("level", "level", "since_step"),), marks=(StepMark("flat since"),)
    ),
    example=lambda of: Example({"train": of.fall - 0.35, "eval": 1.1 + 1.1 * np.exp(-20 * of.t)}),
)
