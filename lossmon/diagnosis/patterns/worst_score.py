"""The score that counts is at its worst, or the same to the last digit, in every row."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import facts, majority, signs
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.contradictions import REFUTED, Contradiction, contradiction
from lossmon.diagnosis.facts import digits
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.unwon import unwon
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(6, "rows, all of them the same", "a fact; the first evaluations may be so")
    together = Limit(3, "rows of all scores, all at their worst, while the loss falls", "threads")
    plain = Limit(4, "rows of a score of digits that no small set of examples gives", "threads: 4")
    set = Limit(60, "examples of a small set", "0.8667 is 13 of 15")
    ends = Limit(6, "newest rows that are the same to the last digit", "a fact, as above")
    lost = Limit(0.8, "of its best: it fell to where it stays", "threads: 0.318 to 0.098")
    decimals = Limit(4, "digits of some other row: it is not rounded", "threads: 0.1113")
    digits = Limit(3, "digits of scores that stay the same", "0.5 of 10 examples may stay")
    share = Limit(0.0005, "of a macro F1: it is that of one answer for all", "threads")
    moves = Limit(10, "rows of a score that hardly moves", "threads")
    still = Limit(0.03, "of its level: spread of block medians", "threads")
    good = Limit(0.9, "of all: from there on little is left to gain", "words")
    far = Limit(0.5, "of the start level of the loss, that is left", "words")
    small = Limit(0.3, "loss of a classifier that is mostly right", "half of ln 2")
    fell = Limit(0.15, "of the loss: it learns", "threads")


def find(view: View) -> Finding | None:
    """An accuracy of exactly 0, a WER of exactly 1; or any score that never moves."""
    return _fact(view) or _stuck(view) or _fell(view) or majority.found(view)


def _fell(view: View) -> Finding | None:
    """It fell from one row to the next, and is the same to the last digit in each row since."""
    for score in view.around.scores:
        values = score.value
        if not score.rises or len(values) <= Bounds.ends or not np.isfinite(values).all():
            continue
        same = values == values[-1]
        since = len(values) - int(np.argmin(same[::-1])) if not same.all() else 0
        value, rows = float(values[-1]), len(values) - since
        if not since or rows < Bounds.ends or value >= Bounds.lost * float(values[:since].max()):
            continue
        if max(map(digits, values.tolist())) < Bounds.decimals:
            continue
        return Finding(
            "worst_score",
            "warning",
            0.9,
            int(score.step[since]),
            score.name,
            said(
                "{name} is {value:.4g} to the last digit in the last {rows:,} rows, from "
                "{before:.4g} one row before",
                name=score.name,
                value=value,
                rows=rows,
                before=values[since - 1],
            ),
            numbers={"fell": value},
        )
    return None


def _stuck(view: View) -> Finding | None:
    """The score of what is trained on hardly moves while its loss falls by far."""
    train = view.train
    if train is None or train.n < Bounds.moves or view.too_soon or train.rises:
        return None
    if not 0 < train.end < Bounds.far * train.start:
        return None
    own = [
        one
        for one in view.around.scores
        if one.rises and not is_held_out(one.name) and len(one.value) >= Bounds.moves
    ]
    if not own:
        return None
    score = own[0]
    value = st.median(score.value)
    full = value / 100 if value > 1 else value
    spread = float(np.ptp(st.blocks(score.value, 12)))
    if not 0 < full < Bounds.good or not spread <= Bounds.still * value:
        return None
    return Finding(
        "worst_score",
        "warning",
        0.85,
        int(score.step[0]),
        score.name,
        said(
            "{name} stays between {low:.4g} and {high:.4g} while the loss falls from {start:.4g} "
            "to {end:.4g}",
            name=score.name,
            low=np.min(score.value),
            high=np.max(score.value),
            start=train.start,
            end=train.end,
        ),
        numbers={"stuck": value},
    )


def _fact(view: View) -> Finding | None:
    """Each row is the same."""
    goal, against = view.around.goal, contradiction(view)
    if against is not None:
        return _contradicted(against)
    if (lost := unwon(view)) is not None:
        return _same_in_all(view.name_of("train_loss"), lost.value, lost.since, lost.rows, "")
    if goal is None or not len(goal.value) or np.ptp(goal.value) != 0:
        return None
    value = float(goal.value[0])
    worst = _is_worst(goal, value)
    few = len(goal.value) < Bounds.rows
    if worst and _of_batches(goal, view):
        return None
    if few and not (worst and _few_but_plain(view)) and not _of_many_examples(goal):
        return None
    still = _still(view)
    told = sum(digits(one) for one in still.values()) >= Bounds.digits or _guesses(goal)
    if not worst and (not told or value in ((1.0, 100.0) if goal.rises else (0.0,))):
        return None
    what = said("its worst") if worst else ""
    return _same_in_all(goal.name, value, int(goal.step[0]), goal.of, what)


def _is_worst(goal: Logged, value: float) -> bool:
    """A WER of 1 is one of 100 %."""
    return value in ((0.0,) if goal.rises else (1.0, 100.0))


def _same_in_all(name: str, value: float, since: int, rows: int, what: str) -> Finding:
    what = what or said("the same to the last digit")
    words = said(
        "{name} is {value:.4g}, {what}, in all {rows:,} rows",
        name=name,
        value=value,
        what=what,
        rows=rows,
    )
    return Finding("worst_score", "warning", 0.97, since, name, words, numbers={"score": value})


def _contradicted(against: Contradiction) -> Finding:
    return Finding(
        "worst_score",
        "warning",
        0.97,
        against.step,
        against.name,
        said(
            "{name} is exactly 0 in all {rows:,} rows, beside {other} of {value:.4g}",
            name=against.name,
            rows=against.rows,
            other=against.other,
            value=against.value,
        ),
        numbers={"score": 0.0, "other": against.value},
    )


def _of_batches(goal: Logged, view: View) -> bool:
    """Of single batches, without any loss: among 85,000 classes 0 is usual for thousands of them.

    An ArcFace log prints acc=0.000000 every 128 batches, beside a verification at 0.85.
    """
    if is_held_out(goal.name) or not goal.rises or view.rows_are_epochs or view.train is None:
        return False
    return view.around.loss is None and len(goal.value) < Enough.points_live


def _guesses(goal: Logged) -> bool:
    """Exactly 1 / C: an AUC or an accuracy of 0.5, 0.1, as one answer for all gives."""
    value = float(goal.value[0])
    return goal.rises and 0 < value <= 0.5 and abs(round(1 / value) * value - 1) < 1e-9


def _of_many_examples(goal: Logged) -> bool:
    """0.73037 in four rows: no small set of examples gives such a share."""
    value = float(goal.value[0])
    if len(goal.value) < Bounds.plain or digits(value) < Bounds.decimals or not 0 < value < 1:
        return False
    given = np.arange(2, int(Bounds.set) + 1) * value
    return not np.any(np.abs(given - np.round(given)) < 0.01)


def _still(view: View) -> dict[str, float]:
    """Held-out scores of which no row differs from another, with their value."""
    rows = (one for one in view.around.scores if len(one.value) >= Bounds.plain)
    return {one.name: float(one.value[0]) for one in rows if np.ptp(one.value) == 0}


def _few_but_plain(view: View) -> bool:
    """Each score of train and eval is at 0 in each row, while the loss falls."""
    scores = [one for one in view.around.scores if one.rises]
    rows = sum(len(one.value) for one in scores)
    zero = all(np.all(one.value == 0.0) for one in scores)
    return rows >= Bounds.together and zero and _falls(view) is not None


def _falls(view: View) -> tuple[str, float, float] | None:
    """(name, first, last) of the loss that falls, of eval before that of train; None for none."""
    for role in ("eval_loss", "train_loss"):
        sketch = view.sketches.get(role)
        if sketch is None or len(sketch.newest) < 2 or not np.isfinite(sketch.newest).all():
            continue
        rows = min(3, len(sketch.newest) // 2)
        first, last = st.median(sketch.head[:rows]), st.median(sketch.newest[-rows:])
        if last < (1 - Bounds.fell) * first:
            return view.name_of(role), first, last
    return None


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    against = contradiction(view)
    if "stuck" in finding.numbers:
        why = said("the loss of the same examples falls by far, which such a score would show")
        yield Reason("metric_wrong", why, 1.8, REFUTED)
    elif against is not None:
        why = said(
            "{other} of {value:.4g} shows that it learns, and no model is wrong each time",
            other=against.other,
            value=against.value,
        )
        yield Reason("metric_wrong", why, 3.0, REFUTED)
    elif "fell" in finding.numbers:
        yield from _why_lost(finding, view)
    else:
        value, goal = finding.numbers["score"], view.around.goal
        worst = goal is not None and _is_worst(goal, value)
        yield from _evals_stale(view)
        if worst:
            yield from _loss_falls(view)
        elif goal is not None and goal.rises and view.kind.id != "boosting":
            yield _one_answer(value, view)
            yield from majority.unmoved(view)
            if not view.tail:
                words = said("batches that hold one class after the other end so")
                yield Reason("data_order", words, 1.3)


def _why_lost(finding: Finding, view: View) -> Iterator[Reason]:
    """Weights that are NaN, where no loss tells that they are none; else one answer for all."""
    why = said(
        "{value:.4g} is then the share of one class: all answers are one",
        value=finding.numbers["fell"],
    )
    if view.around.loss is None and "eval_loss" not in view.sketches:
        words = said("no loss is logged: weights that are NaN give one class for everything, too")
        yield Reason("numeric_overflow", words, 1.9)
    yield Reason("lr_too_high", why, 1.8)
    yield Reason("collapsed", why, 1.7)


def _evals_stale(view: View) -> Iterator[Reason]:
    """The eval loss never moves either, while train learns: an old model is evaluated."""
    train = view.train
    learns = train is not None and train.end < (1 - Bounds.fell) * train.start
    if learns and _same(view, "eval_loss"):
        why = said(
            "{name} is the same to the last digit, too, while train moves",
            name=view.name_of("eval_loss"),
        )
        yield Reason("stale_eval", why, 2.4)


def _loss_falls(view: View) -> Iterator[Reason]:
    """A loss falls beside a score at its worst: the score does not measure what is learned."""
    goal = view.around.goal
    if goal is not None and _OF_BOXES.search(plain(goal.name)):
        why = said("the loss falls, and no box is right: classes or boxes are told otherwise there")
        yield Reason("bad_labels", why, 1.9, ("collapsed", "frozen_gradients"))
        yield Reason("metric_wrong", why, 1.2)
        return
    if view.kind.id in _MAY_BE_WORST:
        return
    yield from _small_loss(view)
    falls = _falls(view)
    if falls is None:
        return
    name, first, last = falls
    why = said(
        "{name} falls from {first:.4g} to {last:.4g} all the while: it learns, and the "
        "score does not see it",
        name=name,
        first=first,
        last=last,
    )
    yield Reason("metric_wrong", why, 2.0, REFUTED)


def _small_loss(view: View) -> Iterator[Reason]:
    """A loss that only right answers give, beside an accuracy of 0 of the very same examples."""
    own = [one for one in view.around.scores if one.rises and "acc" in one.name.lower()]
    train = [one for one in own if not is_held_out(one.name)]
    curve = view.train
    if (found := signs.cheap(view)) is not None:
        yield from signs.of_cheap(found, 2.2)
    if curve is None or curve.rises or not train or any(np.any(one.value != 0) for one in own):
        return
    if 0 < curve.end < Bounds.small:
        why = said(
            "a loss of {end:.3g} is that of answers of which most are right, or no cross-entropy "
            "at all: such an accuracy of 0 is an integer division, or the measure of another task",
            end=curve.end,
        )
        yield Reason("metric_wrong", why, 2.2, REFUTED)


def _one_answer(value: float, view: View) -> Reason:
    """The share of one class; for certain where an F1 is the one that this answer has.

    One answer for all that is right for a share v of the examples has an F1 of 2 v / (1 + v) in
    its class and 0 in the others: a macro F1 of that over the number of classes.
    """
    own = 2 * value / (1 + value)
    f1 = next((v for n, v in _still(view).items() if _F1.search(plain(n)) and 0 < v < 1), None)
    if f1 is not None and 0 < value < 1:
        classes = own / f1
        if abs(own / max(1, round(classes)) - f1) <= Bounds.share:
            why = said(
                "an F1 of {f1:.4g} at {value:.4g} is that of one answer among {classes:.0f}",
                f1=f1,
                value=value,
                classes=classes,
            )
            return Reason("one_answer", why, 3.0)
    why = said("{value:.4g} is then the share of one class among what is evaluated", value=value)
    return Reason("one_answer", why, 1.5)


def _same(view: View, role: str) -> bool:
    """Each row of it is the same."""
    found = facts.same(view.sketches.get(role))
    return found is not None and found.whole and found.rows >= Bounds.together


_OF_BOXES = re.compile(r"(?:^|_)m?ap(?:_?50\w*)?(?:_|$)")
_F1 = re.compile(r"(?:^|_)f1(?:_|$)")
# Blanks alone, background alone, no box yet: the first thing that such models learn.
_MAY_BE_WORST = ("speech", "segmentation", "detection")


PATTERN = Pattern(
    id="worst_score",
    slot="beside",
    severity="warning",
    find=find,
    hides=("healthy", "healthy_pair", "untold"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    # Of 11 threads: the score itself 4, the order of the data 3, normalisation 2, labels 1.
    typical=("collapsed", "data_order", "bad_labels", "metric_wrong"),
    typical_of={
        "speech": ("blank_plateau", "bad_labels", "lr_too_high"),
        "segmentation": ("one_answer", "bad_labels", "target_range"),
        "boosting": ("no_split", "bad_labels"),
        "detection": ("bad_labels", "few_steps", "rate_for_batch"),
        "rl": ("exploration", "lr_too_high", "policy_collapsed"),
    },
)
